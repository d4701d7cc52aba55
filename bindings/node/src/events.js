// What happens on a channel: its events by name, and waiting for them.

import { EventEmitter } from 'node:events';

import koffi from 'koffi';

import { StoaError } from './error.js';
import { CONSTANTS, wordsOf } from './header.js';
import { TYPES, camel, lib, memoryOf, must, numberOf } from './library.js';
import { Watch } from './watch.js';

const { OK, INTERRUPTED, TIMED_OUT, ERROR_LIMIT } = CONSTANTS.STATUS;
const { MUTED, RELIABLE, SPEAKING } = CONSTANTS.EVENT_FLAG;
const BEAT = 100; // ms after which a wait looks again by itself: room in a queue is no event
const TURN = 64; // events that one channel tells before others get their turn

const states = (words) => [
  ['oldState', (event) => words[event.old_state]],
  ['newState', (event) => words[event.new_state]],
];
const bytesOf = (event) => (event.data_length ? Buffer.from(koffi.decode(event.data, koffi.array('uint8_t', event.data_length, 'Typed'))) : Buffer.alloc(0));
const textOf = (event) => bytesOf(event).toString();
const same = (name) => [camel(name), (event) => event[name]];

const user = same('user');
const track = same('track');
const topic = same('topic');
const messageId = same('message_id');
const id = same('id');
const data = ['data', bytesOf];
const elapsed = ['elapsed', (event) => event.elapsed_us / 1000];
const reason = ['reason', (event) => lib.reason_name(event.reason)];
const error = ['error', (event) => (event.status === OK ? undefined : new StoaError(event.status, event.text))];
const format = ['format', (event) => wordsOf('FORMAT')[event.format]];
const dropped = ['dropped', (event) => event.id];
const flag = (name, bit) => [name, (event) => (event.flags & bit) !== 0];
const FORMAT_BYTES = CONSTANTS.FORMAT.BYTES;

// For each event, as the header numbers them from 1, what it tells.
const EVENTS = [
  ['connection_state_changed', ...states(wordsOf('STATE')), reason, error, elapsed],
  ['user_joined', user],
  ['user_left', user, reason],
  ['audio_subscribe_state_changed', user, ...states(wordsOf('SUBSCRIBE')), elapsed],
  ['user_muted', user, flag('muted', MUTED)],
  ['stream_ended', user, track],
  ['played', id, ['interrupted', (event) => event.status === INTERRUPTED]],
  ['data_received', user, topic, data, flag('reliable', RELIABLE)],
  ['overflow', dropped],
  ['user_speaking', user, same('level'), flag('speaking', SPEAKING)],
  ['stream_message', user, messageId, format, topic, ['message', (event) => (event.format === FORMAT_BYTES ? bytesOf : textOf)(event)]],
  ['stream_message_error', user, messageId, format, error],
  ['message_sent', ['ticket', (event) => event.id], messageId, error],
  ['token_will_expire', ['left', (event) => event.elapsed_us / 1000]],
  ['starving', ['gap', (event) => event.elapsed_us / 1000]],
  ['stream_overflow', user, track, dropped],
  ['speech_started', user],
  ['speech_ended', user, elapsed],
  ['user_metadata_changed', user, ['metadata', textOf]],
  ['user_attributes_changed', user, ['attributes', (event) => JSON.parse(textOf(event))]],
  ['connection_quality_changed', user, ...states(wordsOf('QUALITY'))],
  ['room_metadata_changed', ['metadata', textOf]],
  ['rpc_called', user, id, ['method', (event) => event.topic], ['payload', textOf], ['callId', (event) => event.message_id], ['within', (event) => event.elapsed_us / 1000]],
  ['rpc_answered', user, ['ticket', (event) => event.id], ['rpcCode', (event) => (event.status === OK ? 0 : event.reason)], error, ['payload', textOf]],
  ['microphone_muted', flag('muted', MUTED)],
  ['permissions_changed', user, ['permission', (event) => JSON.parse(textOf(event))]],
  ['user_name_changed', user, ['userName', textOf]],
];

/** The names of all events. */
export const EVENT_NAMES = Object.freeze(EVENTS.map(([name]) => name));

// What Node's own events.once() and newListener need beside.
const LISTENED = new Set([...EVENT_NAMES, 'error', 'newListener', 'removeListener']);

function told(event) {
  const [name, ...members] = EVENTS[event.kind - 1] ?? [lib.event_name(event.kind)];
  return { name, time: event.time_us / 1000, ...Object.fromEntries(members.map(([member, of]) => [member, of(event)])) };
}

/** The part of a channel that events go through. Nobody outside knows `_handle`, nor what else begins with an underscore. */
export class Events extends EventEmitter {
  #watch;
  #memory = memoryOf(TYPES.stoa_event);
  #waiting = new Map(); // those who wait: a function that has each ask again, and which events are news to it

  constructor(handle) {
    super();
    Object.defineProperty(this, '_handle', { value: handle });
    this.#watch = new Watch(numberOf(lib.channel_event_descriptor, Int32Array, handle), () => this.#drain());
    this.#watch.start();
    this.on('newListener', (name) => {
      if (!LISTENED.has(name)) throw new TypeError(`no event is named ${String(name)}: there are ${EVENT_NAMES.join(', ')}`);
    });
  }

  /** What is done with an event: a class of more tells itself before the listeners, or instead. */
  _tell(event) {
    this.emit(event.name, event);
  }

  /** Nothing comes any more, and all who wait look once more. */
  _end() {
    this.#watch.stop();
    this._wake();
  }

  _wake() {
    for (const wake of this.#waiting.keys()) wake();
  }

  /**
   * Asks at once, after events that this is about, and after each beat, until it is so. me: gets a function that has it asked now.
   * It throws what ready() throws, the signal's reason, and STOA_TIMED_OUT after `timeout` ms, with what `late` says.
   */
  async _until(ready, { signal, timeout = Infinity, late, beat = BEAT, about = () => true, me = {} } = {}) {
    signal?.throwIfAborted();
    const end = performance.now() + timeout;
    while (!ready()) {
      const left = end - performance.now();
      if (left <= 0) throw new StoaError(TIMED_OUT, `${late} within ${timeout} ms`);
      await this.#news(me, about, Math.min(beat, left), signal);
      signal?.throwIfAborted();
    }
  }

  /** The same for what is done in the order of the calls: `line` has those who wait. */
  async _inLine(line, ready, options) {
    options.signal?.throwIfAborted();
    if (!line.length && ready()) return;
    const me = {};
    line.push(me);
    try {
      if (line[0] !== me) await this._until(() => line[0] === me, { signal: options.signal, beat: Infinity, about: () => false, me });
      await this._until(ready, options);
    } finally {
      line.splice(line.indexOf(me), 1);
      line[0]?.wake?.();
    }
  }

  #news(me, about, ms, signal) {
    return new Promise((resolve) => {
      const timer = ms < Infinity && setTimeout(() => me.wake(), ms);
      me.wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', me.wake);
        this.#waiting.delete(me.wake);
        resolve();
      };
      signal?.addEventListener('abort', me.wake);
      this.#waiting.set(me.wake, about);
    });
  }

  #drain() {
    for (let count = 0; count < TURN; count++) {
      const status = lib.channel_poll_event(this._handle, 0, this.#memory);
      // Its engine was closed, or it was itself: nothing comes any more.
      if (status < 0 && status !== ERROR_LIMIT) return this._end();
      if (status !== OK) return;
      const event = this.#taken();
      // Before the listeners, of which one may throw. Who waits for an event that was dropped is not to wait for ever.
      for (const [wake, about] of this.#waiting) if (event.name === 'overflow' || about(event)) wake();
      this._tell(event);
    }
  }

  #taken() {
    try {
      return told(koffi.decode(this.#memory, TYPES.stoa_event));
    } finally {
      must(lib.event_free(this.#memory));
    }
  }
}
