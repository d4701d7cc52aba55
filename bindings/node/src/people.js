// The others in the room: who they are, what they tell of themselves, and hearing them.

import { CONSTANTS, wordsOf } from './header.js';
import { StoaError } from './error.js';
import { handleOf, lib, must, mustOf, numberOf, textOf } from './library.js';
import { Messages } from './messages.js';
import { Stream } from './stream.js';

const { OK, ERROR_NOT_FOUND } = CONSTANTS.STATUS;
const SUBSCRIBE = wordsOf('SUBSCRIBE');

/** What a promise comes to, unless the signal is aborted before. */
async function unless(signal, promise) {
  if (!signal) return promise;
  let stop;
  const aborted = new Promise((_, reject) => signal.addEventListener('abort', (stop = () => reject(signal.reason))));
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', stop));
}

export class People extends Messages {
  users() {
    const users = [];
    try {
      for (;;) users.push(textOf(lib.channel_user_at, this._handle, users.length));
    } catch (error) {
      if (error instanceof StoaError && error.status === ERROR_NOT_FOUND) return users;
      throw error;
    }
  }

  userInfo(user = '') {
    return JSON.parse(textOf(lib.channel_user_info, this._handle, user));
  }

  roomInfo() {
    return JSON.parse(textOf(lib.channel_room_info, this._handle));
  }

  async setUserInfo({ name, metadata, attributes }, { signal } = {}) {
    const changed = attributes && JSON.stringify(attributes);
    signal?.throwIfAborted();
    // It answers within 10 s, on a thread of the pool: no event tells a refusal.
    const status = await unless(signal, lib.channel_set_user_info.async(this._handle, name, metadata, changed, -1));
    mustOf(status, lib.channel_last_error, this._handle);
  }

  async subscribe(user, { timeout = 10000, signal } = {}) {
    const late = `the sound of user "${user}" was not subscribed to`;
    await this._until(() => must(lib.channel_subscribe(this._handle, user, 0)) === OK, { timeout, signal, late });
  }

  async unsubscribe(user, { timeout = 10000, signal } = {}) {
    const late = `the sound of user "${user}" was not unsubscribed from`;
    await this._until(() => must(lib.channel_unsubscribe(this._handle, user, 0)) === OK, { timeout, signal, late });
  }

  subscribeState(user) {
    return SUBSCRIBE[numberOf(lib.channel_subscribe_state, Uint32Array, this._handle, user)];
  }

  stream(user, options) {
    return new Stream(handleOf(lib.channel_stream, this._handle, user), user, options);
  }

  trackStream(user, track, options) {
    return new Stream(handleOf(lib.channel_track_stream, this._handle, user, track), user, options);
  }

  mixedStream(options) {
    return new Stream(handleOf(lib.channel_mixed_stream, this._handle), '', options);
  }
}
