// What the tests share: rooms on the server inside, a tone, and what is heard of it.
import assert from 'node:assert/strict';
import { Engine } from 'stoa';

export const RATE = 24000;
export const BOUND = 20000; // ms after which something that has to come does not come
export const HERTZ = 440;
export const AMPLITUDE = 8000;

/** An engine that is closed after the test. */
export function engineOf(t, options = {}) {
  const engine = new Engine({ appId: 'example', ...options });
  t.after(() => engine.close());
  return engine;
}

export async function join(engine, user, options = {}) {
  const channel = engine.channel({ name: 'agora', user, ...options });
  await channel.connect({ timeout: BOUND });
  return channel;
}

/** Ada and Bob in a room, where both know of each other. */
export async function pair(t, { ada = {}, bob = {} } = {}) {
  const engine = engineOf(t);
  const users = [await join(engine, 'ada', ada), await join(engine, 'bob', bob)];
  await until(users[0], 'user_joined', () => users[0].users().includes('bob'));
  await until(users[1], 'user_joined', () => users[1].users().includes('ada'));
  return [...users, engine];
}

/** The next event of a name that fits. One listener: several events may come in one turn of the loop. */
export function next(channel, name, fits = () => true) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => done(reject, new Error(`no such event "${name}" came`)), BOUND);
    const listener = (event) => fits(event) && done(resolve, event);
    const done = (settle, value) => {
      clearTimeout(late);
      channel.off(name, listener);
      settle(value);
    };
    channel.on(name, listener);
  });
}

/** Waits for events of a name until it is so. */
export async function until(channel, name, ready) {
  if (!ready()) await next(channel, name, ready);
}

export const tone = (seconds) =>
  Int16Array.from({ length: seconds * RATE }, (_, i) => AMPLITUDE * Math.sin((2 * Math.PI * HERTZ * i) / RATE));

/** Frames of what somebody says, as many as these. */
export async function framesOf(stream, count) {
  const frames = [];
  while (frames.length < count) {
    const frame = await stream.read({ signal: AbortSignal.timeout(BOUND) });
    assert.notEqual(frame, null, 'the stream ended');
    if (frame.origin === 'decoded' && frame.level < 30) frames.push(frame);
  }
  return frames;
}

/** How often PCM crosses zero, as a frequency. */
export const hertzOf = (pcm) => (pcm.filter((s, i) => i && s < 0 !== pcm[i - 1] < 0).length / 2) * (RATE / pcm.length);

/** The amplitude of a sine of this loudness. */
export const amplitudeOf = (pcm) => Math.sqrt((2 * pcm.reduce((sum, s) => sum + s * s, 0)) / pcm.length);

/** That a call is broken off by its signal: before it, and while it waits. */
export async function breaksOff(call) {
  const reason = new Error('enough');
  await assert.rejects(async () => call({ signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const called = call({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(called, reason);
}

/** That something fails with a code and a sentence. */
export const fails = (call, code, sentence) =>
  assert.rejects(async () => call(), (error) => {
    assert.equal(error.name === 'RpcError' ? 'StoaError' : error.name, 'StoaError', String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, sentence);
    return true;
  });
