// An engine: what channels live in, and the room server where no url is given.

import { Channel } from './channel.js';
import { TYPES, handleOf, lib, optionsOf, statsOf, textOf } from './library.js';

export class Engine {
  #handle;
  #channels = new Set();
  #closing = null;

  constructor(options) {
    this.#handle = handleOf(lib.engine_new, optionsOf('stoa_engine_options', options));
  }

  get url() {
    return textOf(lib.engine_url, this.#handle);
  }

  channel(options) {
    const channel = new Channel(this.#handle, options, (closed) => this.#channels.delete(closed));
    this.#channels.add(channel);
    return channel;
  }

  buildToken(room, user, ttl = 3600) {
    return textOf(lib.engine_build_token, this.#handle, room, user, ttl);
  }

  stats() {
    return statsOf(lib.engine_get_stats, TYPES.stoa_engine_stats, this.#handle);
  }

  serverStats() {
    return statsOf(lib.engine_get_server_stats, TYPES.stoa_server_stats, this.#handle);
  }

  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  async #close() {
    await lib.engine_free.async(this.#handle);
    await Promise.all([...this.#channels].map((channel) => channel.close()));
  }
}
