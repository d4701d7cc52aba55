// A room to talk in, with livekit-client: join, speak and hear, see who is here, messages, leave.

'use strict';
const { Room, RoomEvent, Track, ConnectionState, createAudioAnalyser } = LivekitClient;
const at = (id) => document.getElementById(id);
const STATES = {
  [ConnectionState.Disconnected]: 'not connected',
  [ConnectionState.Connecting]: 'connecting …',
  [ConnectionState.Connected]: 'connected',
  [ConnectionState.Reconnecting]: 'connection lost, connecting again …',
  [ConnectionState.SignalReconnecting]: 'connection lost, connecting again …',
};
const MAX_MESSAGES = 200;

let room;
// By track: what its level is read from.
const analysers = new Map();

function trouble(text) {
  at('trouble').textContent = text;
  at('trouble').hidden = !text;
}

function note(who, text) {
  const line = document.createElement('li');
  const name = document.createElement('b');
  name.textContent = who;
  line.append(...(who ? [name] : []), text);
  line.classList.toggle('note', !who);
  const log = at('messages');
  log.append(line);
  if (log.childElementCount > MAX_MESSAGES) log.firstElementChild.remove();
  log.scrollTop = log.scrollHeight;
}

// --- the token

async function token() {
  const pasted = at('token').value.trim();
  if (pasted) return pasted;
  const wanted = new URLSearchParams({ room: at('room').value, user: at('user').value });
  const answer = await fetch(`/page/token?${wanted}`);
  const text = await answer.text();
  if (!answer.ok) {
    at('pasted').open = true;
    throw new Error(text.trim());
  }
  return text;
}

// --- the room

async function join() {
  trouble('');
  const joined = new Room({ adaptiveStream: false, dynacast: false });
  joined
    .on(RoomEvent.ConnectionStateChanged, (state) => { at('state').textContent = STATES[state] ?? state; })
    .on(RoomEvent.ParticipantConnected, (who) => { note('', `${who.identity} came`); people(); })
    .on(RoomEvent.ParticipantDisconnected, (who) => { note('', `${who.identity} left`); people(); })
    .on(RoomEvent.ActiveSpeakersChanged, people)
    .on(RoomEvent.TrackMuted, people)
    .on(RoomEvent.TrackUnmuted, people)
    .on(RoomEvent.ConnectionQualityChanged, people)
    .on(RoomEvent.TrackSubscribed, hear)
    .on(RoomEvent.TrackUnsubscribed, unhear)
    .on(RoomEvent.LocalTrackPublished, ({ track }) => watch(track))
    .on(RoomEvent.LocalTrackUnpublished, () => { if (room) mute(); })
    .on(RoomEvent.AudioPlaybackStatusChanged, () => { at('sound').hidden = joined.canPlaybackAudio; })
    .on(RoomEvent.DataReceived, (bytes, who) => note(who?.identity ?? 'the server', new TextDecoder().decode(bytes)))
    .on(RoomEvent.Disconnected, (reason) => left(reason));
  joined.registerTextStreamHandler('lk.chat', async (reader, { identity }) => note(identity, await reader.readAll()));
  joined.registerTextStreamHandler('', async (reader, { identity }) => note(identity, await reader.readAll()));
  const url = location.origin.replace(/^http/, 'ws');
  await joined.connect(url, await token());
  room = joined;
  at('join').hidden = true;
  at('talk').hidden = false;
  at('state').textContent = `${room.localParticipant.identity} in ${room.name}`;
  people();
  at('mute').focus();
  try {
    await room.localParticipant.setMicrophoneEnabled(true);
  } catch (error) {
    const where = window.isSecureContext ? '' : ' A browser gives a microphone to pages at https or localhost only.';
    trouble(`You hear, but are not heard: ${error.message}.${where}`);
  }
  people();
}

function left(reason) {
  if (!room) return;
  // A connection that does not come back has no reason.
  const why = LivekitClient.DisconnectReason[reason] ?? 'the connection was lost';
  room = undefined;
  analysers.forEach(({ cleanup }) => cleanup());
  analysers.clear();
  document.querySelectorAll('audio').forEach((player) => player.remove());
  at('talk').hidden = true;
  at('join').hidden = false;
  at('messages').replaceChildren();
  if (why !== 'CLIENT_INITIATED') trouble(`The room is over for you: ${why.toLowerCase().replaceAll('_', ' ')}.`);
  at('join').querySelector('button').focus();
}

function hear(track) {
  if (track.kind !== Track.Kind.Audio) return;
  document.body.append(track.attach());
  watch(track);
}

function unhear(track) {
  track.detach().forEach((player) => player.remove());
  analysers.get(track)?.cleanup();
  analysers.delete(track);
  people();
}

function watch(track) {
  if (track.kind === Track.Kind.Audio && !analysers.has(track)) analysers.set(track, createAudioAnalyser(track, { cloneTrack: false }));
  people();
}

// --- what is seen

const everyone = () => (room ? [room.localParticipant, ...room.remoteParticipants.values()] : []);

function people() {
  const here = everyone();
  at('count').textContent = here.length;
  at('people').replaceChildren(...here.map((who) => {
    const line = at('person').content.cloneNode(true).firstElementChild;
    const sound = [...who.audioTrackPublications.values()][0];
    const what = [who.isLocal && 'you', !sound ? 'listens' : sound.isMuted && 'muted', who.connectionQuality === 'poor' && 'bad connection'];
    line.querySelector('.name').textContent = who.name || who.identity;
    line.querySelector('.what').textContent = what.filter(Boolean).join(', ');
    line.classList.toggle('speaking', who.isSpeaking);
    line.dataset.identity = who.identity;
    line.querySelector('meter').setAttribute('aria-label', `level of ${who.identity}`);
    return line;
  }));
  // The server may mute, too.
  const muted = !room?.localParticipant.isMicrophoneEnabled;
  at('mute').classList.toggle('muted', muted);
  at('mute').textContent = muted ? 'Unmute' : 'Mute';
  levels();
}

function levels() {
  for (const who of everyone()) {
    const track = [...who.audioTrackPublications.values()][0]?.track;
    const meter = at('people').querySelector(`[data-identity="${CSS.escape(who.identity)}"] meter`);
    if (meter) meter.value = analysers.get(track)?.calculateVolume() ?? 0;
  }
}

// Of all whom we hear, since the last look. See W3C webrtc-stats.
let before = new Map();
async function numbers() {
  const sums = { received: 0, lost: 0, delay: 0, emitted: 0 };
  const now = new Map();
  let trip;
  for (const who of everyone()) {
    const track = [...who.audioTrackPublications.values()][0]?.track;
    const report = await track?.getRTCStatsReport();
    report?.forEach((entry) => {
      if (entry.type === 'candidate-pair' && entry.nominated) trip = entry.currentRoundTripTime ?? trip;
      if (entry.type !== 'inbound-rtp') return;
      const seen = { received: entry.packetsReceived, lost: entry.packetsLost, delay: entry.jitterBufferDelay, emitted: entry.jitterBufferEmittedCount };
      const last = before.get(track) ?? { received: 0, lost: 0, delay: 0, emitted: 0 };
      now.set(track, seen);
      for (const name in sums) sums[name] += (seen[name] ?? 0) - last[name];
    });
  }
  before = now;
  const came = sums.received + sums.lost;
  at('trip').textContent = trip === undefined ? '–' : `${(trip * 1000).toFixed(0)} ms`;
  at('delay').textContent = sums.emitted > 0 ? `${((sums.delay / sums.emitted) * 1000).toFixed(0)} ms` : '–';
  at('loss').textContent = came > 0 ? `${((100 * Math.max(0, sums.lost)) / came).toFixed(1)} %` : '–';
}

// --- what is done

const tried = (deed) => async (event) => {
  event?.preventDefault();
  try {
    await deed();
  } catch (error) {
    trouble(error.message);
  }
};

at('join').addEventListener('submit', tried(async () => {
  const button = at('join').querySelector('button');
  button.disabled = true;
  try {
    await join();
  } finally {
    button.disabled = false;
  }
}));
at('token').addEventListener('input', () => {
  // A token says who and where.
  for (const id of ['room', 'user']) at(id).disabled = at('token').value.trim() !== '';
});
at('mute').addEventListener('click', tried(async () => {
  const wanted = !room.localParticipant.isMicrophoneEnabled;
  await room.localParticipant.setMicrophoneEnabled(wanted);
  // Whatever kept one from being heard.
  if (wanted) trouble('');
  people();
}));
at('sound').addEventListener('click', tried(() => room.startAudio()));
at('leave').addEventListener('click', tried(() => room.disconnect()));
at('say').addEventListener('submit', tried(async () => {
  const text = at('text').value;
  await room.localParticipant.sendText(text, { topic: 'lk.chat' });
  note('you', text);
  at('text').value = '';
}));
// Without --dev one has to bring a token.
fetch('/page/token').then((answer) => { at('pasted').open ||= answer.status === 403; });
at('user').value = `guest-${Math.floor(Math.random() * 1000)}`;
setInterval(levels, 100);
setInterval(numbers, 1000);
