// A room server, which programs on other machines and browsers can join.

import { TYPES, handleOf, lib, numberOf, optionsOf, statsOf, textOf } from './library.js';

export class Server {
  #handle;
  #alive;
  #closing = null;

  constructor(options) {
    this.#handle = handleOf(lib.server_new, optionsOf('stoa_server_options', options));
    this.#alive = setInterval(() => {}, 2 ** 31 - 1); // as any server of Node keeps its process
  }

  get url() {
    return textOf(lib.server_url, this.#handle);
  }

  get port() {
    return numberOf(lib.server_port, Uint32Array, this.#handle);
  }

  get udpPort() {
    return numberOf(lib.server_udp_port, Uint32Array, this.#handle);
  }

  stats() {
    return statsOf(lib.server_get_stats, TYPES.stoa_server_stats, this.#handle);
  }

  close() {
    clearInterval(this.#alive);
    this.#closing ??= lib.server_free.async(this.#handle).then(() => {});
    return this.#closing;
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }
}
