// What users send each other beside sound: messages, data packets, and calls of methods.

import { Events } from './events.js';
import { RpcError } from './error.js';
import { CONSTANTS } from './header.js';
import { lib, must, optionsOf, textOf } from './library.js';

const { OK, QUEUE_FULL, TIMED_OUT } = CONSTANTS.STATUS;
const { FORMAT, RPC } = CONSTANTS;

/** The bytes of a text, or of an array's part of its buffer. */
function bytesOf(data) {
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError(`what is sent is a string, a Buffer or another typed array, not ${typeof data}`);
}

const tells = (name, ticket) => (event) => event.name === name && event.ticket === Number(ticket);

/** What of a sentence fits into the answer. */
const beginning = (sentence) => sentence.slice(0, new TextEncoder().encodeInto(sentence, new Uint8Array(256)).read);

export class Messages extends Events {
  #messages = []; // who waits for room, in the order of the calls
  #data = [];
  #calls = [];
  #methods = new Map();

  async sendMessage(data, { signal, ...given } = {}) {
    const bytes = bytesOf(data);
    const format = given.format ?? (typeof data === 'string' ? 'text' : 'bytes');
    const options = optionsOf('stoa_message_options', { ...given, format }, { format: FORMAT });
    const ticket = new BigUint64Array(1);
    const queued = () => must(lib.channel_send_message(this._handle, bytes, bytes.length, options, ticket)) !== QUEUE_FULL;
    await this._inLine(this.#messages, queued, { signal, about: (event) => event.name === 'message_sent' });
    const sent = () => must(lib.channel_wait_sent(this._handle, ticket[0], 0)) === OK;
    await this._until(sent, { signal, beat: Infinity, about: tells('message_sent', ticket[0]) });
  }

  async sendData(data, { signal, ...given } = {}) {
    const bytes = bytesOf(data);
    const options = optionsOf('stoa_data_options', given);
    const taken = () => must(lib.channel_send_data(this._handle, bytes, bytes.length, options)) !== QUEUE_FULL;
    await this._inLine(this.#data, taken, { signal });
  }

  async call(user, method, payload = '', { signal, timeout = 0 } = {}) {
    const ticket = new BigUint64Array(1);
    const begun = () => must(lib.channel_rpc_call(this._handle, user, method, payload, timeout, ticket)) !== QUEUE_FULL;
    await this._inLine(this.#calls, begun, { signal });
    let answer;
    const answered = () => (answer = this.#answerOf(ticket[0])) !== undefined;
    await this._until(answered, { signal, beat: Infinity, about: tells('rpc_answered', ticket[0]) });
    return answer;
  }

  /** A method that was registered before is replaced. */
  register(method, answer) {
    if (typeof answer !== 'function') throw new TypeError(`the method ${method} is to be a function`);
    must(lib.channel_rpc_register(this._handle, method));
    this.#methods.set(method, answer);
  }

  unregister(method) {
    must(lib.channel_rpc_unregister(this._handle, method));
    this.#methods.delete(method);
  }

  _tell(event) {
    if (event.name === 'rpc_called') this.#answer(event);
    super._tell(event);
  }

  /** The text that a call was answered with; undefined: it was not yet. */
  #answerOf(ticket) {
    const code = new Uint32Array(1);
    const status = lib.channel_rpc_wait(this._handle, ticket, 0, code, null, 0, null);
    if (code[0]) throw new RpcError(code[0], lib.last_error(), status);
    if (status === TIMED_OUT) return undefined;
    return textOf(lib.channel_rpc_wait, this._handle, ticket, 0, code);
  }

  async #answer({ id, user, method, payload, within }) {
    try {
      const answer = await this.#methods.get(method)(payload, { user, within });
      must(lib.channel_rpc_answer(this._handle, id, answer));
    } catch (error) {
      // What went wrong inside is not for others, unless it was meant for them.
      const meant = error instanceof RpcError;
      const [code, sentence] = meant ? [error.rpcCode, beginning(error.message)] : [RPC.APPLICATION_ERROR, 'the method failed'];
      const status = lib.channel_rpc_fail(this._handle, id, code, sentence);
      if (!meant && status === OK) process.emitWarning(`the method ${method} failed: ${error?.stack ?? error}`);
    }
  }
}
