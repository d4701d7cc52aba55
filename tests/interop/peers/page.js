// The commands of a puppet in a page, with livekit-client (LivekitClient). `say` reaches the test.

const RATE = 48000;
const SCENARIOS = ['full-reconnect', 'leave-full-reconnect', 'force-tcp'];
const WHY = { DUPLICATE_IDENTITY: 'duplicate', PARTICIPANT_REMOVED: 'removed', ROOM_DELETED: 'room closed', CLIENT_INITIATED: 'requested' };

let room, context, oscillator, given, ticking;

const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const fromHex = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function publication(user) {
  const who = room.remoteParticipants.get(user);
  return who && [...who.audioTrackPublications.values()][0];
}

const camera = (user) => [...(room.remoteParticipants.get(user)?.videoTrackPublications.values() ?? [])][0];

// Without a sound card an AudioContext of Firefox stands still. Its tone is then that of the fake microphone, and what it hears
// is recorded and decoded.
const standsStill = () => context.state !== 'running';

async function record(stream) {
  const recorder = new MediaRecorder(stream);
  const recorded = new Promise((done) => (recorder.ondataavailable = (event) => done(event.data.arrayBuffer())));
  recorder.start();
  await pause(2500);
  recorder.stop();
  const decoded = await new OfflineAudioContext(1, RATE, RATE).decodeAudioData(await recorded);
  return [...decoded.getChannelData(0)].slice(-RATE);
}

// Sound of a remote track, one second of it.
async function listen(mediaTrack) {
  const stream = new MediaStream([mediaTrack]);
  if (standsStill()) return record(stream);
  const source = context.createMediaStreamSource(stream);
  const recorder = context.createScriptProcessor(4096, 1, 1);
  const heard = [];
  recorder.onaudioprocess = (event) => heard.push(...event.inputBuffer.getChannelData(0));
  source.connect(recorder).connect(context.destination);
  while (heard.length < 2 * context.sampleRate) await pause(50);
  recorder.disconnect();
  source.disconnect();
  return heard.slice(heard.length - context.sampleRate);
}

async function publish(stream) {
  await room.localParticipant.publishTrack(stream.getAudioTracks()[0], { source: LivekitClient.Track.Source.Microphone });
}

const commands = {
  async join(url, token) {
    context ??= new AudioContext({ sampleRate: RATE });
    await Promise.race([context.resume(), pause(1000)]);
    room = new LivekitClient.Room({ reconnectPolicy: new LivekitClient.DefaultReconnectPolicy() });
    given = token;
    room
      // Chromium brings a remote track to life only where it is played. Until then what comes waits, to be heard too late.
      .on('trackSubscribed', (track) => (track.attach().muted = true))
      .on('participantConnected', (who) => say('event', 'joined', who.identity))
      .on('participantDisconnected', (who) => say('event', 'left', who.identity))
      .on('trackMuted', (_, who) => say('event', 'muted', who.identity, 1))
      .on('trackUnmuted', (_, who) => say('event', 'muted', who.identity, 0))
      .on('activeSpeakersChanged', (them) => them.forEach((who) => say('event', 'speaking', who.identity)))
      .on('participantNameChanged', (name, who) => say('event', 'name', who.identity, name))
      .on('participantMetadataChanged', (_, who) => say('event', 'metadata', who.identity, who.metadata))
      .on('participantAttributesChanged', (changed, who) => say('event', 'attributes', who.identity, JSON.stringify(changed)))
      .on('connectionQualityChanged', (quality, who) => say('event', 'quality', who.identity, quality))
      .on('signalReconnecting', () => console.log('signalReconnecting'))
      .on('reconnecting', () => console.log('reconnecting'))
      .on('reconnected', () => say('event', 'reconnected'))
      .on('disconnected', (reason) => say('event', 'closed', WHY[LivekitClient.DisconnectReason[reason]] ?? reason))
      .on('dataReceived', (data, who, kind, topic) => {
        const way = kind === LivekitClient.DataPacket_Kind.RELIABLE ? 'reliable' : 'lossy';
        say('event', 'data', who?.identity ?? '', topic, way, new TextDecoder().decode(data));
      });
    room.registerTextStreamHandler('chat', async (reader, { identity }) => say('event', 'text', identity, 'chat', await reader.readAll()));
    room.registerByteStreamHandler('file', async (reader, { identity }) => {
      say('event', 'bytes', identity, 'file', (await reader.readAll()).map(toHex).join(''));
    });
    room.registerRpcMethod('greet', async ({ payload, callerIdentity }) => {
      if (payload === 'nobody') throw new LivekitClient.RpcError(101, 'there is nobody');
      return `${payload} greets ${callerIdentity}`;
    });
    await room.connect(url, token);
    for (const identity of room.remoteParticipants.keys()) say('event', 'joined', identity);
  },

  async leave() {
    clearInterval(ticking);
    await room.disconnect();
  },

  async speak(hertz) {
    if (standsStill()) {
      const microphone = { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } };
      const stream = await navigator.mediaDevices.getUserMedia(microphone);
      return publish(stream);
    }
    oscillator?.stop();
    const [gain, out] = [context.createGain(), context.createMediaStreamDestination()];
    oscillator = context.createOscillator();
    oscillator.frequency.value = Number(hertz);
    gain.gain.value = 0.25;
    oscillator.connect(gain).connect(out);
    oscillator.start();
    return publish(out.stream);
  },

  async hear(user) {
    while (!publication(user)?.track) await pause(50);
    const pcm = await listen(publication(user).track.mediaStreamTrack);
    const crossings = pcm.filter((sample, n) => n > 0 && pcm[n - 1] < 0 && sample >= 0).length;
    const rms = Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length) * 32768;
    return [(crossings * context.sampleRate) / pcm.length, rms];
  },

  async mute(muted) {
    const [mine] = room.localParticipant.audioTrackPublications.values();
    await (muted === '1' ? mine.mute() : mine.unmute());
  },

  async subscribe(user, wanted) {
    publication(user).setSubscribed(wanted === '1');
    while ((publication(user).track !== undefined) !== (wanted === '1')) await pause(50);
  },

  async data(way, topic, text) {
    await room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: way === 'reliable', topic });
  },

  async text(topic, text) {
    await room.localParticipant.sendText(text, { topic });
  },

  async bytes(topic, digits) {
    await room.localParticipant.sendFile(new File([fromHex(digits)], 'file'), { topic });
  },

  async token() {
    return [room.engine.token === given ? 'given' : 'refreshed'];
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
    await room.localParticipant.setName(name);
    await room.localParticipant.setMetadata(metadata);
    await room.localParticipant.setAttributes(JSON.parse(attributes));
  },

  async scenarios() {
    return SCENARIOS;
  },

  async simulate(scenario) {
    await room.simulateScenario(scenario);
  },

  // A canvas whose colour changes ten times a second.
  async film(kind) {
    const size = kind === 'layers' ? { width: 960, height: 540 } : { width: 320, height: 180 };
    const canvas = Object.assign(document.createElement('canvas'), size);
    const [pen, colours] = [canvas.getContext('2d'), ['red', 'green', 'blue']];
    let n = 0;
    ticking = setInterval(() => {
      pen.fillStyle = colours[n++ % 3];
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }, 100);
    const [track] = canvas.captureStream(15).getVideoTracks();
    await room.localParticipant.publishTrack(track, { source: LivekitClient.Track.Source.Camera, simulcast: kind === 'layers' });
  },

  async watch(user) {
    while (!camera(user)?.track) await pause(50);
    const { track } = camera(user);
    document.body.append(track.attachedElements[0]);
    const before = (await track.getReceiverStats())?.framesDecoded ?? 0;
    let stats;
    while (!((stats = await track.getReceiverStats())?.framesDecoded >= before + 20)) await pause(50);
    return [stats.frameWidth, stats.frameHeight];
  },

  async layer(user, which) {
    camera(user).setVideoQuality(LivekitClient.VideoQuality[which.toUpperCase()]);
  },

  async push(digits, time) {
    const track = await room.localParticipant.publishDataTrack({ name: 'gauge' });
    const frame = { payload: fromHex(digits), userTimestamp: BigInt(time) };
    ticking = setInterval(() => track.tryPush(frame), 100);
  },

  async pull(user) {
    const track = await room.remoteParticipants.get(user).dataTracks.getDeferred('gauge');
    const reader = track.subscribe().getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return [toHex(value.payload), String(value.userTimestamp)];
  },

  async can(what) {
    if (what === 'send redundant copies' && navigator.userAgent.includes('Firefox')) throw { none: 'Firefox cannot send redundant copies' };
  },
};

// Errors do not get out of a page whole.
async function obey(name, words) {
  try {
    return { ok: (await commands[name](...words)) ?? [] };
  } catch (error) {
    return error.none ? error : { failed: String(error?.stack ?? error) };
  }
}
