import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AMPLITUDE, BOUND, HERTZ, amplitudeOf, breaksOff, fails, framesOf, hertzOf, next, pair, tone } from './room.mjs';

test('a tone is heard as it was said', async (t) => {
  const [ada, bob] = await pair(t);
  await bob.subscribe('ada', { timeout: BOUND });
  assert.equal(bob.subscribeState('ada'), 'subscribed');
  const voice = bob.stream('ada');
  assert.equal(await ada.pushAudio(tone(2)), true);
  const frames = (await framesOf(voice, 30)).slice(5);
  const hertz = hertzOf(frames.flatMap((frame) => [...frame.pcm]));
  assert(Math.abs(hertz - HERTZ) < 10, `${hertz} Hz`);
  const levels = frames.map((frame) => amplitudeOf(frame.pcm)).sort((a, b) => a - b);
  assert(Math.abs(levels[levels.length >> 1] / AMPLITUDE - 1) < 0.2, `an amplitude of ${levels}`);
  for (const frame of frames) {
    assert.equal(frame.pcm.length, frame.samplesPerChannel);
    assert.deepEqual([frame.sampleRate, frame.channels, frame.speech], [24000, 1, 'none']);
    assert(Math.abs(frame.time - Date.now()) < 60000 && frame.arrival <= frame.time, 'times of the clock, in ms');
  }
  assert(frames.every((frame, index) => !index || frame.rtpTime > frames[index - 1].rtpTime));
  assert.notEqual(frames[0].pcm.buffer, frames[1].pcm.buffer);
  assert.equal(voice.stats().ring.count, voice.stats().framesRead);
});

test('floats are said, in stereo, and both sides are heard', async (t) => {
  const [ada, bob] = await pair(t, { ada: { channels: 2 }, bob: { channels: 2, subscribeAll: true } });
  const mono = Float32Array.from(tone(2), (sample) => sample / 32768);
  const stereo = new Float32Array(2 * mono.length);
  mono.forEach((sample, i) => (stereo[2 * i] = stereo[2 * i + 1] = sample));
  await ada.pushAudio(stereo);
  await assert.rejects(ada.pushAudio(new Int16Array(3)), /no whole samples/);
  await assert.rejects(ada.pushAudio([1, 2]), TypeError);
  const frames = (await framesOf(bob.stream('ada'), 20)).slice(5);
  const left = frames.flatMap((frame) => [...frame.pcm.filter((_, i) => i % 2 === 0)]);
  assert.equal(frames[0].pcm.length, 2 * frames[0].samplesPerChannel);
  assert(Math.abs(hertzOf(left) - HERTZ) < 10);
});

test('a track is heard by its name, without subscribing to its user', async (t) => {
  const [ada, bob] = await pair(t);
  // Then the track is known.
  await bob.subscribe('ada', { timeout: BOUND });
  await bob.unsubscribe('ada', { timeout: BOUND });
  await ada.pushAudio(tone(2));
  const track = bob.trackStream('ada', 'microphone');
  const frames = (await framesOf(track, 20)).slice(5);
  assert(Math.abs(hertzOf(frames.flatMap((frame) => [...frame.pcm])) - HERTZ) < 10);
  assert.equal(bob.subscribeState('ada'), 'no_subscribe');
  await fails(() => bob.trackStream('ada', 'music'), 'STOA_ERROR_NOT_FOUND', /no audio track 'music'; there is 'microphone'/);
  const ended = next(bob, 'stream_ended');
  await ada.disconnect({ timeout: BOUND });
  const { user, track: name } = await ended;
  assert.deepEqual([user, name], ['ada', 'microphone']);
});

test('all who speak are heard mixed', async (t) => {
  const [ada, bob] = await pair(t, { bob: { subscribeAll: true } });
  const mix = bob.mixedStream();
  assert.equal(mix.user, '');
  await ada.pushAudio(tone(1));
  const frames = (await framesOf(mix, 20)).slice(5);
  assert(Math.abs(hertzOf(frames.flatMap((frame) => [...frame.pcm])) - HERTZ) < 10);
  mix.close();
});

for (const [how, end] of [
  ['leaves', (ada) => ada.disconnect({ timeout: BOUND })],
  ['is unsubscribed from', (_, bob) => bob.unsubscribe('ada', { timeout: BOUND })],
  ['is closed', (ada) => ada.close()],
]) {
  test(`a loop over frames ends when the user ${how}, after what came before`, async (t) => {
    const [ada, bob] = await pair(t);
    await bob.subscribe('ada', { timeout: BOUND });
    const voice = bob.stream('ada');
    await ada.pushAudio(tone(0.3));
    await framesOf(voice, 2);
    assert.equal(await ada.played(), true);
    const ended = next(bob, 'stream_ended');
    await end(ada, bob);
    assert.equal((await ended).user, 'ada');
    const left = voice.readable;
    let frames = 0;
    for await (const _ of voice) frames++;
    assert.equal(frames, left);
    assert.equal(voice.closed, true);
    assert.equal(await voice.read(), null);
    assert.deepEqual([voice.dropped, voice.stats().framesWritten > 0], [0, true]);
  });
}

test('a read that waits ends with its stream, its channel and its engine', async (t) => {
  const [ada, bob, engine] = await pair(t);
  const [one, another, third] = [bob.stream('ada'), bob.stream('ada'), bob.mixedStream()];
  const reads = [one, another, third].map((stream) => stream.read());
  await fails(() => one.read(), 'STOA_ERROR_BUSY', /another read/);
  one.close();
  one.close();
  assert.equal(await reads[0], null);
  await bob.close();
  assert.equal(await reads[1], null);
  assert.equal(await reads[2], null);
  assert.equal(another.closed, true);
  const heard = ada.mixedStream();
  const last = heard.read();
  await engine.close();
  assert.equal(await last, null);
});

test('a read and a loop are broken off by their signal', async (t) => {
  const [, bob] = await pair(t);
  const voice = bob.stream('ada');
  await breaksOff((options) => voice.read(options));
  assert.equal(voice.closed, false);
  const controller = new AbortController();
  const looped = (async () => {
    for await (const _ of bob.stream('ada', { signal: controller.signal }));
  })();
  await new Promise(setImmediate);
  controller.abort();
  await assert.rejects(looped, { name: 'AbortError' });
});

test('who breaks off a loop closes the stream, and the other of the same user goes on', async (t) => {
  const [ada, bob] = await pair(t, { bob: { subscribeAll: true } });
  const [one, another] = [bob.stream('ada'), bob.stream('ada')];
  await ada.pushAudio(tone(1));
  for await (const frame of one) if (frame.level < 30) break;
  assert.equal(one.closed, true);
  await framesOf(another, 3);
  another.close();
});

test('subscribing waits, can be broken off, and is late where nobody speaks', async (t) => {
  const [, bob] = await pair(t, { ada: { listenOnly: true } });
  assert.equal(bob.subscribeState('ada'), 'no_subscribe');
  await breaksOff((options) => bob.subscribe('ada', options));
  await fails(() => bob.subscribe('ada', { timeout: 1 }), 'STOA_TIMED_OUT', /"ada" was not subscribed to within 1 ms/);
  await fails(() => bob.subscribe('carol'), 'STOA_ERROR_NOT_FOUND', /carol/);
  await fails(() => bob.stream('carol'), 'STOA_ERROR_NOT_FOUND', /no user 'carol' is in the room/);
});

test('who speaks when is told, and dumped', async (t) => {
  const [ada, bob] = await pair(t, { bob: { subscribeAll: true } });
  bob.setVad({ startRmsThreshold: -60, startVoiceProb: 1, stopVoiceProb: 1, stopRecognizeCount: 10 });
  const [started, ended] = [next(bob, 'speech_started'), next(bob, 'speech_ended')];
  await ada.pushAudio(tone(1));
  assert.equal((await started).user, 'ada');
  assert((await ended).elapsed > 100);
  bob.setVad(null);
  assert.throws(() => bob.setVad({ stopRecognise: 1 }), /no option is named stopRecognise: .*stopRecognizeCount/);
  await fails(() => bob.setDump({ directory: '/nowhere/at/all' }), 'STOA_ERROR_BAD_ARGUMENT', /\/nowhere\/at\/all/);
  assert.equal(bob.dumpDropped, 0);
});
