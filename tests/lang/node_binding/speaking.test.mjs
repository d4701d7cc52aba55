import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOUND, breaksOff, engineOf, fails, join, next, pair, tone } from './room.mjs';

test('a full queue holds back who pushes, in the order of the calls', async (t) => {
  const channel = engineOf(t).channel({ name: 'agora', user: 'ada', sendQueueMs: 100 });
  assert.equal(await channel.pushAudio(tone(0.1)), true);
  assert.equal(channel.queued, 100);
  await breaksOff((options) => channel.pushAudio(tone(0.1), options));
  const order = [];
  const pushes = [0.2, 0.1].map((seconds, index) => channel.pushAudio(tone(seconds)).then(() => order.push(index)));
  await channel.connect({ timeout: BOUND }); // without a connection nothing leaves
  await Promise.all(pushes);
  assert.deepEqual(order, [0, 1]);
  assert(channel.queued <= 100);
  assert.equal(await channel.played(), true);
  assert.equal(channel.stats().samplesPushed, 0.4 * 24000);
});

test('an interrupt drops what is queued and what is being pushed', async (t) => {
  const channel = engineOf(t).channel({ name: 'agora', user: 'ada', sendQueueMs: 100 });
  const pushed = channel.pushAudio(tone(0.5));
  channel.mark(7);
  const told = next(channel, 'played');
  const played = channel.played();
  assert.deepEqual(channel.interrupt(), { sent: 0, dropped: 2400 });
  assert.equal(await pushed, false);
  assert.equal(await played, false);
  assert.deepEqual([(await told).id, (await told).interrupted], [7, true]);
  assert.equal(channel.queued, 0);
});

test('marks are told where they are reached, and those of played() are not', async (t) => {
  const channel = await join(engineOf(t), 'ada');
  const told = [];
  channel.on('played', (event) => told.push([event.id, event.interrupted]));
  await channel.pushAudio(tone(0.1));
  channel.mark(1);
  assert.equal(await channel.played(), true);
  await channel.pushAudio(tone(0.1));
  channel.mark(Number.MAX_SAFE_INTEGER);
  await next(channel, 'played', (event) => event.id !== 1);
  assert.deepEqual(told, [[1, false], [Number.MAX_SAFE_INTEGER, false]]);
  await channel.disconnect({ timeout: BOUND });
  await channel.pushAudio(tone(0.1));
  await breaksOff((options) => channel.played(options));
});

test('muting is told to others', async (t) => {
  const [ada, bob] = await pair(t);
  for (const muted of [true, false]) {
    const told = next(bob, 'user_muted');
    ada.mute(muted);
    assert.deepEqual([(await told).user, (await told).muted], ['ada', muted]);
  }
});

test('who may not speak is told so', async (t) => {
  const channel = engineOf(t).channel({ name: 'agora', listenOnly: true });
  await fails(() => channel.pushAudio(tone(0.1)), 'STOA_ERROR_BAD_STATE', /listen_only/);
  await fails(() => channel.played(), 'STOA_ERROR_BAD_STATE', /listen_only/);
});

test('a push, a message and a call that wait end with their channel', async (t) => {
  const [ada, bob] = await pair(t, { ada: { sendQueueMs: 20 } });
  bob.register('never', () => new Promise(() => {}));
  await ada.disconnect({ timeout: BOUND });
  const waiting = [ada.pushAudio(tone(0.1)), ada.sendMessage('wait'), ada.played()].map((call) =>
    fails(() => call, 'STOA_ERROR_BAD_HANDLE', /was freed/),
  );
  await ada.close();
  await Promise.all(waiting);
});
