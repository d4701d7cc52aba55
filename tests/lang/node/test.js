// Two users of one room: one says a tone, the other hears it by polling, by descriptor (libuv) and by callback. Needs $STOA_LIB.
const koffi = require('koffi');
const net = require('net');
const assert = require('assert');

const [RATE, HERTZ, AMPLITUDE, SAMPLES_MAX, DECODED] = [24000, 440, 8000, 5760, 0];
const numbers = (type, names) => Object.fromEntries(names.split(' ').map((name) => [name, type]));
for (const noun of ['engine', 'channel', 'stream']) koffi.opaque(`stoa_${noun}`);
const EngineOptions = koffi.struct('stoa_engine_options', { size: 'size_t', ...numbers('const char *', 'app_id app_certificate url'),
  ...numbers('uint32_t', 'threads reserved'), ca_file: 'const char *' });
const ChannelOptions = koffi.struct('stoa_channel_options', { size: 'size_t', ...numbers('const char *', 'name user token'), ...numbers('uint32_t',
  'uid sample_rate channels subscribe_all eager send_queue_ms send_policy receive_queue_ms receive_policy bitrate listen_only reconnect_timeout_ms no_reconnect reserved') });
const Frame = koffi.struct('stoa_frame', { size: 'size_t', ...numbers('uint64_t', 'timestamp_us arrival_us rtp_time'),
  ...numbers('uint32_t', 'origin samples_per_channel sample_rate channels bytes_per_sample level'), voice_probability: 'double',
  ...numbers('uint32_t', 'speech reserved') });
koffi.proto('void frame_callback(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)');

const library = koffi.load(process.env.STOA_LIB);
const last_error = library.func('const char *stoa_last_error()');
const dup = koffi.load('libc.so.6').func('int dup(int)');
const [engine_new, engine_free, channel_new, channel_free, connect, stream_of, push, read, descriptor_of, set_callback, stream_free] = [
  'engine_new(const stoa_engine_options *options, _Out_ stoa_engine **out)', 'engine_free(stoa_engine *engine)',
  'channel_new(stoa_engine *engine, const stoa_channel_options *options, _Out_ stoa_channel **out)', 'channel_free(stoa_channel *channel)',
  'channel_connect(stoa_channel *channel, int32_t timeout_ms)', 'channel_stream(stoa_channel *channel, const char *user, _Out_ stoa_stream **out)',
  'channel_push_audio(stoa_channel *channel, const int16_t *samples, size_t count, int32_t timeout_ms, size_t *out_accepted)',
  'stream_read(stoa_stream *stream, int32_t timeout_ms, int16_t *out_samples, size_t capacity, _Inout_ stoa_frame *out_frame)',
  'stream_descriptor(stoa_stream *stream, _Out_ int32_t *out)',
  'stream_set_frame_callback(stoa_stream *stream, frame_callback *callback, void *user_data, void *user_data_free)',
  'stream_free(stoa_stream *stream)',
].map((prototype) => library.func(`int32_t stoa_${prototype}`));
const must = (status) => (assert(status >= 0, last_error()), status);
const get = (make) => { const out = [null]; must(make(out)); return out[0]; };
const soon = (promise) => { // the timer also keeps Node running, which does not wait for callbacks from other threads
  const late = setTimeout(() => { console.error('nothing was heard for 20 s'); process.exit(1); }, 20000);
  return promise.finally(() => clearTimeout(late));
};

function check(way, frames) { // the tone in half a second of frames: how often it crosses zero, and how loud it is in most of them
  const chosen = frames.slice(5, 30).map((frame) => Array.from(frame));
  const pcm = chosen.flat();
  const hertz = (pcm.filter((s, i) => i && (s < 0) !== (pcm[i - 1] < 0)).length / 2) * RATE / pcm.length;
  const levels = chosen.map((frame) => Math.sqrt((2 * frame.reduce((sum, s) => sum + s * s, 0)) / frame.length));
  const level = levels.sort((a, b) => a - b)[levels.length >> 1];
  console.log(`${way}: ${hertz.toFixed(0)} Hz, amplitude ${level.toFixed(0)}`);
  assert(Math.abs(hertz - HERTZ) < 10 && Math.abs(level / AMPLITUDE - 1) < 0.2, `by ${way} ${HERTZ} Hz of ${AMPLITUDE} should be heard`);
}

async function main() {
  const engine = get((out) => engine_new({ size: koffi.sizeof(EngineOptions), app_id: 'node' }, out));
  const [ada, bob] = ['ada', 'bob'].map((user) => {
    const channel = get((out) => channel_new(engine, { size: koffi.sizeof(ChannelOptions), name: 'agora', user, subscribe_all: 1 }, out));
    must(connect(channel, 20000));
    return channel;
  });
  const voice = get((out) => stream_of(bob, 'ada', out));
  const tone = Int16Array.from({ length: 6 * RATE }, (_, i) => AMPLITUDE * Math.sin((2 * Math.PI * HERTZ * i) / RATE));
  must(push(ada, tone, tone.length, 0, null));

  const samples = new Int16Array(SAMPLES_MAX);
  const next = (timeout, frames) => { // reads one frame, and keeps it when it was decoded and is loud; false: nothing there
    const frame = { size: koffi.sizeof(Frame) };
    if (must(read(voice, timeout, samples, SAMPLES_MAX, frame)) !== 0) return false;
    if (frame.level < 30 && frame.origin === DECODED) frames.push(samples.slice(0, frame.samples_per_channel));
    return true;
  };
  const polled = [];
  while (polled.length < 30) assert(next(20000, polled), 'nothing was heard for 20 s');
  check('polling', polled);

  // Node has no way to wait for a descriptor but to read it, and closes it in the end: it gets a duplicate.
  const waiting = [];
  const socket = new net.Socket({ fd: dup(get((out) => descriptor_of(voice, out))), readable: true, writable: false });
  await soon(new Promise((done) => socket.on('data', () => {
    while (next(0, waiting));
    if (waiting.length >= 30) done();
  })));
  socket.destroy();
  check('descriptor', waiting);

  const called = [];
  let callback;
  await soon(new Promise((done) => {
    callback = koffi.register((_user, frame, pcm) => {
      const { level, origin, samples_per_channel } = koffi.decode(frame, 'stoa_frame');
      if (level < 30 && origin === DECODED) called.push(koffi.decode(pcm, 'int16_t', samples_per_channel));
      if (called.length === 30) done();
    }, 'frame_callback *');
    must(set_callback(voice, callback, null, null));
  }));
  // Callbacks run on Node's own thread in the end, which therefore must not wait for them here.
  must(await new Promise((done, no) => set_callback.async(voice, null, null, null, (error, status) => (error ? no(error) : done(status)))));
  koffi.unregister(callback);
  check('callback', called);

  must(stream_free(voice));
  [ada, bob].forEach((channel) => must(channel_free(channel)));
  must(engine_free(engine));
}
main().catch((error) => { console.error(error.message); process.exit(1); });
