// Tokens, which let one user into one room.

import { lib, textOf } from './library.js';

export function livekit({ key, secret, room, user, ttl = 3600 }) {
  return textOf(lib.token_build_livekit, key, secret, room, user, ttl);
}

export function rtc({ appId, certificate, channel, user = '', ttl = 3600 }) {
  return textOf(lib.token_build_rtc, appId, certificate, channel, user, ttl);
}

export function build(document, key, secret) {
  return textOf(lib.token_build_json, JSON.stringify(document), key, secret);
}

export function parse(token) {
  return JSON.parse(textOf(lib.token_show, token));
}

export function verify(token, { key, secret, room = '', user = '' }) {
  return JSON.parse(textOf(lib.token_verify, token, key, secret, room, user));
}
