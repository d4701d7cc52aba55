// A channel: one user's conversation in a room.

import { time } from './clock.js';
import { StoaError } from './error.js';
import { CONSTANTS, wordsOf } from './header.js';
import { TYPES, handleOf, lib, must, mustOf, numberOf, optionsOf, statsOf, textOf } from './library.js';
import { People } from './people.js';

const { QUEUE_FULL, ERROR_DISCONNECTED } = CONSTANTS.STATUS;
const { QUEUE, DUMP } = CONSTANTS;
const STATES = wordsOf('STATE');
const SEND_QUEUE_MS = 30000; // the library's default
// The numbers of marks that played() puts, beyond those of programs.
const OWN_MARKS = 2n ** 63n;

const hasEnded = (state) => state === 'disconnected' || state === 'failed';

export class Channel extends People {
  #channels;
  #beat;
  #interrupts = 0;
  #pushing = []; // who waits for room in the send queue, in the order of the calls
  #marks = 0n;
  #reached = new Map(); // of the marks of played(): whether what was before was dropped; null: it has not left
  #closing = null;
  #forget;

  /** forget: called once it is closed. */
  constructor(engine, given, forget) {
    const options = optionsOf('stoa_channel_options', given, { sendPolicy: QUEUE, receivePolicy: QUEUE });
    super(handleOf(lib.channel_new, engine, options));
    this.#channels = options.channels || 1;
    this.#beat = Math.max(5, Math.min(100, (options.send_queue_ms || SEND_QUEUE_MS) / 2));
    this.#forget = forget;
  }

  get state() {
    return STATES[numberOf(lib.channel_state, Uint32Array, this._handle)];
  }

  get name() {
    return textOf(lib.channel_name, this._handle);
  }

  get user() {
    return textOf(lib.channel_user, this._handle);
  }

  get token() {
    return textOf(lib.channel_token, this._handle);
  }

  async connect({ timeout = 15000, signal } = {}) {
    signal?.throwIfAborted();
    // What happened before is of the connection before.
    const since = time();
    let ended = null;
    const note = (event) => {
      if (event.time > since && hasEnded(event.newState)) ended = event;
    };
    const joined = () => {
      if (ended) throw ended.error ?? new StoaError(ERROR_DISCONNECTED, `channel "${this.name}" was left while it was joined`);
      return this.state === 'connected';
    };
    this.prependListener('connection_state_changed', note);
    try {
      must(lib.channel_connect(this._handle, 0));
      try {
        await this._until(joined, { timeout, signal, late: `channel "${this.name}" was not joined` });
      } catch (error) {
        await this.disconnect().catch(() => {}); // the next connect() is to be possible
        throw error;
      }
    } finally {
      this.off('connection_state_changed', note);
    }
  }

  async disconnect({ timeout = 5000, signal } = {}) {
    signal?.throwIfAborted();
    must(lib.channel_disconnect(this._handle, 0));
    await this._until(() => hasEnded(this.state), { timeout, signal, late: `channel "${this.name}" was not left` });
  }

  reconnect() {
    must(lib.channel_reconnect(this._handle));
  }

  renewToken(token) {
    must(lib.channel_renew_token(this._handle, token));
  }

  async pushAudio(samples, { signal } = {}) {
    const push = samples instanceof Int16Array ? lib.channel_push_audio : lib.channel_push_audio_f32;
    if (!(samples instanceof Int16Array || samples instanceof Float32Array)) throw new TypeError('sound is an Int16Array or a Float32Array');
    if (samples.length % this.#channels) throw new TypeError(`${samples.length} values are no whole samples of ${this.#channels} channels`);
    const interrupts = this.#interrupts;
    const accepted = new BigUint64Array(1);
    let rest = samples;
    const pushed = () => {
      if (this.#interrupts !== interrupts) return true;
      const status = must(push(this._handle, rest, rest.length / this.#channels, 0, accepted));
      rest = rest.subarray(Number(accepted[0]) * this.#channels);
      return status !== QUEUE_FULL;
    };
    await this._inLine(this.#pushing, pushed, { signal, beat: this.#beat, about: () => false });
    return this.#interrupts === interrupts;
  }

  interrupt() {
    this.#interrupts++;
    const [sent, dropped] = [new BigUint64Array(1), new BigUint64Array(1)];
    must(lib.channel_interrupt(this._handle, sent, dropped));
    this._wake();
    return { sent: Number(sent[0]), dropped: Number(dropped[0]) };
  }

  get queued() {
    return numberOf(lib.channel_queued, BigUint64Array, this._handle) / 1000;
  }

  mark(id) {
    must(lib.channel_mark(this._handle, id));
  }

  async played({ signal } = {}) {
    const id = OWN_MARKS + this.#marks++;
    const interrupts = this.#interrupts;
    must(lib.channel_mark(this._handle, id));
    this.#reached.set(id, null);
    // The first is for a mark whose event was lost, since too many waited.
    const reached = () => (this.queued === 0 && this.#interrupts === interrupts) || this.#reached.get(id) !== null;
    try {
      await this._until(reached, { signal, beat: Infinity, about: (event) => event.id === id });
      return !this.#reached.get(id);
    } finally {
      this.#reached.delete(id);
    }
  }

  mute(muted = true) {
    must(lib.channel_mute(this._handle, muted ? 1 : 0));
  }

  setVad(options) {
    must(lib.channel_set_vad(this._handle, options ? optionsOf('stoa_vad_options', options) : null));
  }

  async setDump(options) {
    const given = options && optionsOf('stoa_dump_options', options, { what: DUMP });
    mustOf(await lib.channel_set_dump.async(this._handle, given ?? null), lib.channel_last_error, this._handle);
  }

  get dumpDropped() {
    return numberOf(lib.channel_dump_dropped, BigUint64Array, this._handle);
  }

  stats() {
    return statsOf(lib.channel_get_stats, TYPES.stoa_channel_stats, this._handle);
  }

  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  _tell(event) {
    if (event.name !== 'played' || event.id < OWN_MARKS) super._tell(event);
    else if (this.#reached.has(event.id)) this.#reached.set(event.id, event.interrupted);
  }

  async #close() {
    await lib.channel_free.async(this._handle);
    this._end();
    this.#forget(this);
  }
}
