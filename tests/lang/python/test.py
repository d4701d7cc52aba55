"""Two users of one room: one says a tone, the other hears it by polling, by descriptor (asyncio) and by callback. Needs $STOA_LIB."""
import asyncio, math, os, statistics
from array import array
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double, c_int16, c_int32, c_size_t, c_uint32, c_uint64, c_void_p, sizeof

RATE, HERTZ, AMPLITUDE, SAMPLES_MAX, DECODED = 24000, 440, 8000, 5760, 0

class EngineOptions(Structure):
    _fields_ = [("size", c_size_t)] + [(n, c_char_p) for n in ("app_id", "app_certificate", "url")] + [(n, c_uint32) for n in ("threads", "reserved")] + [("ca_file", c_char_p)]
class ChannelOptions(Structure):
    _fields_ = [("size", c_size_t)] + [(n, c_char_p) for n in ("name", "user", "token")] + [(n, c_uint32) for n in (
        "uid", "sample_rate", "channels", "subscribe_all", "eager", "send_queue_ms", "send_policy", "receive_queue_ms", "receive_policy", "bitrate",
        "listen_only", "reconnect_timeout_ms",
        "no_reconnect", "reserved")]
class Frame(Structure):
    _fields_ = [("size", c_size_t)] + [(n, c_uint64) for n in ("timestamp_us", "arrival_us", "rtp_time")] + [(n, c_uint32) for n in (
        "origin", "samples_per_channel", "sample_rate", "channels", "bytes_per_sample", "level")] + [("voice_probability", c_double)] + [(n, c_uint32) for n in ("speech", "reserved")]
FrameCallback = CFUNCTYPE(None, c_char_p, POINTER(Frame), POINTER(c_int16), c_void_p)

stoa = CDLL(os.environ["STOA_LIB"])
stoa.stoa_last_error.restype = c_char_p

def must(status):
    assert status >= 0, stoa.stoa_last_error().decode()
    return status

def join(engine, user):
    channel = c_void_p()
    options = ChannelOptions(size=sizeof(ChannelOptions), name=b"agora", user=user, subscribe_all=1)
    must(stoa.stoa_channel_new(engine, byref(options), byref(channel)))
    must(stoa.stoa_channel_connect(channel, 20000))
    return channel

def check(way, frames):
    """The tone in half a second of frames: how often it crosses zero, and how loud it is in most of them."""
    pcm = [sample for frame in frames[5:30] for sample in frame]
    hertz = sum((a < 0) != (b < 0) for a, b in zip(pcm, pcm[1:])) / 2 * RATE / len(pcm)
    level = statistics.median(math.sqrt(2 * sum(s * s for s in frame) / len(frame)) for frame in frames[5:30])
    print(f"{way}: {hertz:.0f} Hz, amplitude {level:.0f}")
    assert abs(hertz - HERTZ) < 10 and 0.8 < level / AMPLITUDE < 1.2, f"by {way} {HERTZ} Hz of {AMPLITUDE} should be heard"

samples, info = (c_int16 * SAMPLES_MAX)(), Frame(size=sizeof(Frame))

def read(voice, timeout_ms, frames):
    """Reads one frame, and keeps it when it was decoded and is loud. False: nothing there."""
    if must(stoa.stoa_stream_read(voice, timeout_ms, samples, c_size_t(SAMPLES_MAX), byref(info))) != 0:
        return False
    if info.level < 30 and info.origin == DECODED:
        frames.append(samples[: info.samples_per_channel])
    return True

engine, voice = c_void_p(), c_void_p()
must(stoa.stoa_engine_new(byref(EngineOptions(size=sizeof(EngineOptions), app_id=b"python")), byref(engine)))
ada, bob = join(engine, b"ada"), join(engine, b"bob")
must(stoa.stoa_channel_stream(bob, b"ada", byref(voice)))
tone = array("h", (round(AMPLITUDE * math.sin(2 * math.pi * HERTZ * i / RATE)) for i in range(6 * RATE)))
must(stoa.stoa_channel_push_audio(ada, (c_int16 * len(tone)).from_buffer(tone), c_size_t(len(tone)), 0, None))

polled = []
while len(polled) < 30:
    assert read(voice, 20000, polled), "nothing was heard for 20 s"
check("polling", polled)

async def by_descriptor():
    descriptor, frames, done = c_int32(), [], asyncio.Event()
    must(stoa.stoa_stream_descriptor(voice, byref(descriptor)))
    def readable():
        while read(voice, 0, frames):
            pass
        if len(frames) >= 30:
            done.set()
    asyncio.get_running_loop().add_reader(descriptor.value, readable)
    await asyncio.wait_for(done.wait(), 20)
    asyncio.get_running_loop().remove_reader(descriptor.value)
    return frames
check("descriptor", asyncio.run(by_descriptor()))

async def by_callback():
    loop, frames, done = asyncio.get_running_loop(), [], asyncio.Event()
    def on_frame(_user, frame, pcm, _data):
        if frame.contents.level < 30 and frame.contents.origin == DECODED:
            frames.append(pcm[: frame.contents.samples_per_channel])
        if len(frames) == 30:
            loop.call_soon_threadsafe(done.set)
    callback = FrameCallback(on_frame)
    must(stoa.stoa_stream_set_frame_callback(voice, callback, None, None))
    await asyncio.wait_for(done.wait(), 20)
    must(stoa.stoa_stream_set_frame_callback(voice, FrameCallback(), None, None))
    return frames
check("callback", asyncio.run(by_callback()))

for free, handle in ((stoa.stoa_stream_free, voice), (stoa.stoa_channel_free, ada), (stoa.stoa_channel_free, bob), (stoa.stoa_engine_free, engine)):
    must(free(handle))
