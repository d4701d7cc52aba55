// @livekit/rtc-node as a puppet.

import * as rtc from '@livekit/rtc-node';
import { obey, say } from './lines.mjs';

const RATE = 48000;
const FRAME = RATE / 100;
const WHY = { DUPLICATE_IDENTITY: 'duplicate', PARTICIPANT_REMOVED: 'removed', ROOM_DELETED: 'room closed', CLIENT_INITIATED: 'requested' };

let room, refreshed;
let speech = 0; // counts up: an older one ends

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function publication(user) {
  const who = room.remoteParticipants.get(user);
  return who && [...who.trackPublications.values()][0];
}

async function tone(source, hertz) {
  const mine = ++speech;
  for (let at = 0; mine === speech; at += FRAME) {
    const pcm = Int16Array.from({ length: FRAME }, (_, n) => 8000 * Math.sin((2 * Math.PI * hertz * (at + n)) / RATE));
    await source.captureFrame(new rtc.AudioFrame(pcm, RATE, 1, FRAME));
  }
}

await obey({
  async join(url, token) {
    speech++;
    room = new rtc.Room();
    refreshed = false;
    room
      .on('participantConnected', (who) => say('event', 'joined', who.identity))
      .on('participantDisconnected', (who) => say('event', 'left', who.identity))
      .on('trackMuted', (_, who) => say('event', 'muted', who.identity, 1))
      .on('trackUnmuted', (_, who) => say('event', 'muted', who.identity, 0))
      .on('activeSpeakersChanged', (them) => them.forEach((who) => say('event', 'speaking', who.identity)))
      .on('reconnected', () => say('event', 'reconnected'))
      .on('disconnected', (reason) => say('event', 'closed', WHY[rtc.DisconnectReason[reason]] ?? rtc.DisconnectReason[reason]))
      .on('tokenRefreshed', () => (refreshed = true))
      .on('dataReceived', (data, who, kind, topic) => {
        const way = kind === rtc.DataPacketKind.KIND_RELIABLE ? 'reliable' : 'lossy';
        say('event', 'data', who?.identity ?? '', topic, way, Buffer.from(data).toString());
      });
    room.registerTextStreamHandler('chat', async (reader, { identity }) => say('event', 'text', identity, 'chat', await reader.readAll()));
    room.registerByteStreamHandler('file', async (reader, { identity }) => {
      const chunks = [];
      for await (const chunk of reader) chunks.push(chunk);
      say('event', 'bytes', identity, 'file', Buffer.concat(chunks).toString('hex'));
    });
    await room.connect(url, token, { autoSubscribe: true, dynacast: false });
    for (const identity of room.remoteParticipants.keys()) say('event', 'joined', identity);
  },

  async leave() {
    speech++;
    await room.disconnect();
  },

  async speak(hertz) {
    const source = new rtc.AudioSource(RATE, 1, 200);
    const track = rtc.LocalAudioTrack.createAudioTrack('voice', source);
    tone(source, Number(hertz)).catch(() => {});
    await room.localParticipant.publishTrack(track, new rtc.TrackPublishOptions({ source: rtc.TrackSource.SOURCE_MICROPHONE }));
  },

  async hear(user) {
    while (!publication(user)?.track) await pause(50);
    const heard = [];
    for await (const frame of new rtc.AudioStream(publication(user).track, RATE, 1)) {
      heard.push(...frame.data);
      if (heard.length >= 2 * RATE) break;
    }
    const pcm = heard.slice(-RATE);
    const crossings = pcm.filter((sample, n) => n > 0 && pcm[n - 1] < 0 && sample >= 0).length;
    return [crossings, Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / RATE)];
  },

  async mute() {
    throw { none: '@livekit/rtc-node cannot mute a track' };
  },

  async subscribe(user, wanted) {
    publication(user).setSubscribed(wanted === '1');
    while ((publication(user).track !== undefined) !== (wanted === '1')) await pause(50);
  },

  async data(way, topic, text) {
    await room.localParticipant.publishData(Buffer.from(text), { reliable: way === 'reliable', topic });
  },

  async text(topic, text) {
    await room.localParticipant.sendText(text, { topic });
  },

  async bytes(topic, digits) {
    const data = Buffer.from(digits, 'hex');
    const writer = await room.localParticipant.streamBytes({ name: 'file', topic, totalSize: data.length });
    await writer.write(data);
    await writer.close();
  },

  async token() {
    return [refreshed ? 'refreshed' : 'given'];
  },

  async can() {},
});
process.exit(0);
