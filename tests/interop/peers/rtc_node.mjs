// @livekit/rtc-node as a puppet.

import * as rtc from '@livekit/rtc-node';
import { obey, say } from './lines.mjs';

const RATE = 48000;
const FRAME = RATE / 100;
const WHY = { DUPLICATE_IDENTITY: 'duplicate', PARTICIPANT_REMOVED: 'removed', ROOM_DELETED: 'room closed', CLIENT_INITIATED: 'requested' };

let room, refreshed;
let speech = 0; // counts up: an older one ends

const QUALITIES = ['poor', 'good', 'excellent', 'lost'];
// A WebSocket that is lost in the midst of a resume makes this client join anew.
const SCENARIOS = ['full-reconnect', 'force-tcp', 'disconnect-signal-on-resume'];

const CANNOT = { 'choose layers': '@livekit/rtc-node cannot ask for a layer', 'push frames': '@livekit/rtc-node has no data tracks' };

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function publication(user) {
  const who = room.remoteParticipants.get(user);
  return who && [...who.trackPublications.values()].find(({ kind }) => kind === rtc.TrackKind.KIND_AUDIO);
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
      .on('participantNameChanged', (name, who) => say('event', 'name', who.identity, name))
      .on('participantMetadataChanged', (metadata, who) => say('event', 'metadata', who.identity, metadata))
      .on('participantAttributesChanged', (changed, who) => say('event', 'attributes', who.identity, JSON.stringify(changed)))
      .on('connectionQualityChanged', (quality, who) => say('event', 'quality', who.identity, QUALITIES[quality]))
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
    room.localParticipant.registerRpcMethod('greet', async ({ payload, callerIdentity }) => {
      if (payload === 'nobody') throw new rtc.RpcError(101, 'there is nobody');
      return `${payload} greets ${callerIdentity}`;
    });
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

  async call(user, method, payload) {
    try {
      return [await room.localParticipant.performRpc({ destinationIdentity: user, method, payload })];
    } catch (error) {
      if (error.code === undefined) throw error;
      return [`error ${error.code}`];
    }
  },

  async describe(name, metadata, attributes) {
    await room.localParticipant.updateName(name);
    await room.localParticipant.updateMetadata(metadata);
    await room.localParticipant.setAttributes(JSON.parse(attributes));
  },

  async scenarios() {
    return SCENARIOS;
  },

  async simulate(scenario) {
    await room.simulateScenario(rtc.SimulateScenarioKind[`SIMULATE_${scenario.toUpperCase().replaceAll('-', '_')}`]);
  },

  // A picture whose colour changes with each frame.
  async film() {
    const [width, height] = [320, 180];
    const source = new rtc.VideoSource(width, height);
    const track = rtc.LocalVideoTrack.createVideoTrack('camera', source);
    let n = 0;
    setInterval(() => {
      const picture = Uint8Array.from({ length: width * height * 4 }, (_, at) => (at % 4 === 3 || at % 4 === n % 3 ? 255 : 0));
      source.captureFrame(new rtc.VideoFrame(picture, width, height, rtc.VideoBufferType.RGBA));
      n++;
    }, 100);
    const published = { source: rtc.TrackSource.SOURCE_CAMERA, simulcast: false };
    await room.localParticipant.publishTrack(track, new rtc.TrackPublishOptions(published));
  },

  async watch(user) {
    const of = () => [...(room.remoteParticipants.get(user)?.trackPublications.values() ?? [])];
    const video = () => of().find(({ kind }) => kind === rtc.TrackKind.KIND_VIDEO)?.track;
    while (!video()) await pause(50);
    let frames = 0;
    for await (const { frame } of new rtc.VideoStream(video())) {
      if (++frames === 20) return [frame.width, frame.height];
    }
  },

  async can(what) {
    if (CANNOT[what]) throw { none: CANNOT[what] };
  },
});
process.exit(0);
