import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RpcError } from 'stoa';
import { BOUND, breaksOff, engineOf, fails, next, pair, until } from './room.mjs';

test('messages come whole and in order, and are done when they have left', async (t) => {
  const [ada, bob] = await pair(t);
  const got = [];
  bob.on('stream_message', ({ user, messageId, format, topic, message }) => got.push([user, messageId, format, topic, message]));
  const long = 'grüße '.repeat(20000);
  await Promise.all([
    ada.sendMessage(long, { messageId: 'one', topic: 'hall' }),
    ada.sendMessage('{}', { messageId: 'two', format: 'json' }),
    ada.sendMessage(Buffer.from([0, 1, 255]), { messageId: 'three', to: ['bob'] }),
    ada.sendMessage('', { messageId: 'four', format: 'base64' }),
  ]);
  await until(bob, 'stream_message', () => got.length === 4);
  assert.deepEqual(got, [
    ['ada', 'one', 'text', 'hall', long],
    ['ada', 'two', 'json', '', '{}'],
    ['ada', 'three', 'bytes', '', Buffer.from([0, 1, 255])],
    ['ada', 'four', 'base64', '', ''],
  ]);
  assert.equal(ada.stats().messagesSent, 4);
});

test('a message that waits is broken off, and fails with its connection', async (t) => {
  const channel = engineOf(t).channel({ name: 'agora', user: 'ada' });
  await breaksOff((options) => channel.sendMessage('wait', options));
  const sent = fails(() => channel.sendMessage('wait'), 'STOA_ERROR_DISCONNECTED', /\w+ \w+/);
  const told = next(channel, 'message_sent', ({ ticket }) => ticket === 2);
  await fails(() => channel.connect({ timeout: 0 }), 'STOA_TIMED_OUT', /"agora" was not joined within 0 ms/);
  await sent;
  assert.equal((await told).error.code, 'STOA_ERROR_DISCONNECTED');
});

test('a full queue of messages makes the next ones wait, and they leave in order', async (t) => {
  const [ada, bob, engine] = await pair(t);
  const got = [];
  let dropped = 0;
  bob.on('stream_message', ({ message }) => got.push(Number(message)));
  bob.on('overflow', (event) => (dropped += event.dropped));
  await ada.disconnect({ timeout: BOUND });
  const sent = Array.from({ length: 1100 }, (_, index) => ada.sendMessage(String(index)));
  assert.equal(ada.stats().messagesWaiting, 1024);
  await ada.connect({ timeout: BOUND });
  await Promise.all(sent);
  await until(bob, 'stream_message', () => got.at(-1) === 1099);
  assert.deepEqual(got, got.toSorted((a, b) => a - b));
  // Where the loop is late, more events wait than 1024: the oldest are dropped, and counted.
  assert(got.length === 1100 || (dropped > 0 && got.length + dropped >= 1100), `${got.length} came, ${dropped} were dropped`);
  assert(engine.stats().handles < 100, 'events are not freed');
});

test('data comes with its topic', async (t) => {
  const [ada, bob] = await pair(t);
  const told = next(bob, 'data_received');
  const bytes = Uint16Array.from([1, 2, 3]);
  await ada.sendData(bytes.subarray(1), { topic: 'numbers', to: ['bob'] });
  const { user, topic, data, reliable } = await told;
  assert.deepEqual([user, topic, data, reliable], ['ada', 'numbers', Buffer.from(bytes.buffer, 2), true]);
  const lossy = next(bob, 'data_received');
  await ada.sendData('', { lossy: true });
  assert.deepEqual([(await lossy).data.length, (await lossy).reliable], [0, false]);
  await assert.rejects(ada.sendData('x', { to: [] }), /at least one user/);
  await assert.rejects(ada.sendData(5), TypeError);
  await assert.rejects(ada.sendData('x', { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('methods are called both ways, and answer', async (t) => {
  const [ada, bob] = await pair(t);
  ada.register('upper', (payload, { user, within }) => `${user} ${payload.toUpperCase()} ${within > 0}`);
  bob.register('add', async (payload) => String(JSON.parse(payload).reduce((a, b) => a + b)));
  assert.deepEqual(await Promise.all([bob.call('ada', 'upper', 'grüße'), ada.call('bob', 'add', '[1,2]')]), ['bob GRÜSSE true', '3']);
  bob.register('add', () => undefined);
  assert.equal(await ada.call('bob', 'add'), '');
});

test('what a method throws is an answer, and what is not meant for the caller stays here', async (t) => {
  const [ada, bob] = await pair(t);
  const codeOf = (call) => call.then(() => assert.fail('it was answered'), (error) => [error.constructor, error.rpcCode, error.message]);
  bob.register('refuse', () => { throw new RpcError(1234, `${'ü'.repeat(200)}`); });
  const [kind, code, sentence] = await codeOf(ada.call('bob', 'refuse'));
  assert.deepEqual([kind, code, sentence.split('ü').length - 1], [RpcError, 1234, 128]);
  const warned = [];
  const warning = (text) => warned.push(String(text));
  process.on('warning', warning);
  bob.register('break', () => { throw new Error('a secret'); });
  bob.register('number', () => 5);
  for (const method of ['break', 'number']) assert.deepEqual((await codeOf(ada.call('bob', method))).slice(1, 2), [1500]);
  assert(!(await codeOf(ada.call('bob', 'break')))[2].includes('secret'));
  await new Promise(setImmediate);
  process.off('warning', warning);
  assert.match(warned.join(), /the method break failed: Error: a secret/);
  bob.unregister('break');
  assert.deepEqual((await codeOf(ada.call('bob', 'break'))).slice(0, 2), [RpcError, 1400]);
  await fails(() => bob.unregister('break'), 'STOA_ERROR_NOT_FOUND', /break/);
  await fails(() => ada.call('carol', 'x'), 'STOA_ERROR_NOT_FOUND', /carol/);
  bob.register('never', () => new Promise(() => {}));
  await breaksOff((options) => ada.call('bob', 'never', '', options));
  assert.throws(() => bob.register('x', 'y'), TypeError);
});
