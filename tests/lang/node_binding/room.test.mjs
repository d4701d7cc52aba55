import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine, Server, token } from 'stoa';
import { BOUND, breaksOff, engineOf, fails, join, next, pair } from './room.mjs';

test('users come, tell of themselves, and go', async (t) => {
  const [ada, bob] = await pair(t);
  assert.deepEqual([ada.users(), ada.name, ada.user, ada.state], [['bob'], 'agora', 'ada', 'connected']);
  const told = ['user_attributes_changed', 'user_metadata_changed', 'user_name_changed'].map((name) => next(bob, name));
  await ada.setUserInfo({ name: 'Ada', metadata: 'here', attributes: { seat: '3' } });
  const [attributes, metadata, name] = await Promise.all(told);
  assert.deepEqual([attributes.attributes, metadata.metadata, name.userName, name.user], [{ seat: '3' }, 'here', 'Ada', 'ada']);
  assert.equal(bob.userInfo('ada').attributes.seat, '3');
  assert.equal(ada.userInfo().name, 'Ada');
  assert.equal(bob.roomInfo().users, 2);
  await breaksOff((options) => ada.setUserInfo({ metadata: 'there' }, options));
  await fails(() => ada.setUserInfo({}), 'STOA_ERROR_BAD_ARGUMENT', /\w+ \w+/);
  const left = next(bob, 'user_left');
  await ada.disconnect({ timeout: BOUND });
  assert.deepEqual([(await left).user, (await left).reason.length > 0, bob.users()], ['ada', true, []]);
  await ada.connect({ timeout: BOUND });
});

test('connecting waits, can be broken off, and says why it failed', async (t) => {
  const engine = engineOf(t);
  const channel = engine.channel({ name: 'agora', user: 'ada' });
  const states = [];
  channel.on('connection_state_changed', ({ oldState, newState }) => states.push(oldState, newState));
  await breaksOff((options) => channel.connect(options));
  await channel.connect({ timeout: BOUND });
  assert.deepEqual(states.slice(-2), ['connecting', 'connected']);
  await channel.disconnect({ timeout: BOUND });
  await channel.connect({ timeout: BOUND }); // before the event of leaving was seen
  await fails(() => channel.connect(), 'STOA_ERROR_BAD_STATE', /\w+ \w+/);
  assert.equal(channel.state, 'connected');
  await assert.rejects(channel.disconnect({ signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(channel.state, 'connected');
  await channel.disconnect({ timeout: BOUND });
  await channel.disconnect({ timeout: BOUND });
  const wrong = engineOf(t, { url: engine.url, appCertificate: 'another' });
  await fails(() => join(wrong, 'bob'), 'STOA_ERROR_BAD_TOKEN', /\w+ \w+/);
});

test('a connection is made again on demand', async (t) => {
  const channel = await join(engineOf(t), 'ada');
  const again = next(channel, 'connection_state_changed', ({ newState }) => newState === 'reconnecting');
  const back = next(channel, 'connection_state_changed', ({ newState }) => newState === 'connected');
  channel.reconnect();
  await again;
  await back;
});

test('a server by itself lets in who has a token', async (t) => {
  const server = new Server({ keys: 'key:a-secret-of-32-characters-or-more', metrics: true });
  t.after(() => server.close());
  assert.equal(new URL(server.url).port, String(server.port));
  const engine = engineOf(t, { appId: 'key', url: server.url });
  await fails(() => engine.channel({ name: 'agora' }), 'STOA_ERROR_BAD_TOKEN', /token/);
  const pass = token.livekit({ key: 'key', secret: 'a-secret-of-32-characters-or-more', room: 'agora', user: 'ada' });
  const channel = engine.channel({ name: 'agora', user: 'ada', token: pass });
  assert.equal(channel.token, pass);
  await channel.connect({ timeout: BOUND });
  channel.renewToken(pass);
  await fails(() => channel.renewToken('nonsense'), 'STOA_ERROR_BAD_TOKEN', /token/);
  assert.deepEqual([server.stats().participants, server.udpPort > 0], [1, true]);
  await fails(() => engine.serverStats(), 'STOA_ERROR_BAD_STATE', /url/);
  await fails(() => new Server({ keys: 'key:secret', port: server.port }), 'STOA_ERROR_ADDRESS', /\w+ \w+/);
  await server.close();
  await server.close();
});

test('tokens of both families are built, shown and verified', async () => {
  const [key, secret] = ['key', 'secret'];
  const jwt = token.livekit({ key, secret, room: 'hall', user: 'ada', ttl: 60 });
  assert.equal(token.parse(jwt).claims.video.room, 'hall');
  assert.equal(token.verify(jwt, { key, secret, room: 'hall', user: 'ada' }).claims.sub, 'ada');
  await fails(() => token.verify(jwt, { key, secret, user: 'bob' }), 'STOA_ERROR_BAD_TOKEN', /\w+ \w+/);
  const again = token.build({ family: 'livekit', claims: { sub: 'ada', video: { room: 'hall', roomJoin: true } } }, key, secret);
  assert.equal(token.verify(again, { key, secret }).claims.video.roomJoin, true);
  const [appId, certificate] = ['0'.repeat(32), 'f'.repeat(32)];
  const rtc = token.rtc({ appId, certificate, channel: 'hall', user: '7' });
  assert.equal(token.verify(rtc, { key: appId, secret: certificate, room: 'hall' }).claims.services[0].uid, '7');
  assert.throws(() => token.livekit({ key, secret, room: 5, user: 'ada' }), /room is to be a string.*not 5/);
});

test('what is wrong is an error with a sentence, and no option is silently ignored', async (t) => {
  await fails(() => new Engine({}), 'STOA_ERROR_NULL_ARGUMENT', /app_id/);
  assert.throws(() => new Engine({ appId: 'x', apId: 'y' }), { name: 'TypeError', message: /no option is named apId: .*appId/ });
  for (const size of ['size', 'reserved', 'toString']) assert.throws(() => new Engine({ appId: 'x', [size]: 1 }), /no option is named/);
  for (const threads of ['4', 1.5, -1, 2 ** 32, 2n]) assert.throws(() => new Engine({ appId: 'x', threads }), /threads is to be a whole number/);
  assert.throws(() => new Engine({ appId: 'a\0b' }), /appId is to be a string without a zero byte/);
  const engine = engineOf(t);
  assert.throws(() => engine.channel({ name: 'x', sendPolicy: 'drop' }), /sendPolicy is to be one of default, drop_oldest, drop_newest, not drop/);
  await fails(() => engine.channel({ name: 'x', sampleRate: 7 }), 'STOA_ERROR_BAD_ARGUMENT', /sample_rate/);
  const channel = engine.channel({ name: 'x', uid: 0, token: undefined, bitrate: null, subscribeAll: false });
  assert.throws(() => channel.on('user_joint', () => {}), /no event is named user_joint: there are .*user_joined/);
  assert.throws(() => channel.stream(5), TypeError);
  assert.throws(() => channel.mark(1.5), TypeError);
  await fails(() => channel.stream('ada'), 'STOA_ERROR_BAD_STATE', /connect/);
  await fails(() => channel.userInfo(), 'STOA_ERROR_BAD_STATE', /\w+ \w+/);
});

test('closing twice is as once, and what is closed says so', async (t) => {
  const engine = engineOf(t);
  const channel = engine.channel({ name: 'agora', user: 'ada' });
  assert.equal(channel.close(), channel.close());
  await channel.close();
  await fails(() => channel.connect(), 'STOA_ERROR_BAD_HANDLE', /was freed/);
  assert.throws(() => channel.state, { code: 'STOA_ERROR_BAD_HANDLE' });
  await engine.close();
  await engine.close();
  await fails(() => engine.url, 'STOA_ERROR_BAD_HANDLE', /was freed/);
});
