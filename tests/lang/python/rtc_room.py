"""Rooms for the tests: an engine for each test, users in it, tones, and waiting for what is to happen."""

import asyncio
import gc
import math
import time
import unittest
from array import array

from stoa.rtc import RtcEngine, RtcOptions

RATE = 24000
BOUND = 20  # seconds: far more than anything takes, for a busy machine
FRAME_EVENT = "playback_audio_frame_before_mixing"


def tone(seconds, hertz=440, rate=RATE, channels=1, amplitude=8000):
    """A tone as bytes of PCM."""
    one = (round(amplitude * math.sin(2 * math.pi * hertz * i / rate)) for i in range(round(seconds * rate)))
    return array("h", (sample for value in one for sample in (value,) * channels)).tobytes()


def hertz_of(pcm, rate=RATE):
    """How often PCM (mono, bytes) crosses zero upwards in a second."""
    samples = array("h", pcm)
    return sum(a < 0 <= b for a, b in zip(samples, samples[1:])) * rate / len(samples)


async def until(condition, what):
    """Waits until condition() is true, and returns what it is; fails with `what` after BOUND."""
    end = time.monotonic() + BOUND
    while not (result := condition()):
        assert time.monotonic() < end, f"{what}: not within {BOUND} s"
        await asyncio.sleep(0.005)
    return result


def watched():
    """The descriptors that the running event loop watches."""
    return set(asyncio.get_running_loop()._selector.get_map())


def handles_of(engine):
    """How many handles the process has."""
    gc.collect()
    return engine.stats().handles


class Log(list):
    """A callback that keeps what it was called with."""

    __hash__ = object.__hash__

    def __call__(self, *arguments):
        self.append(arguments)


class RoomTest(unittest.IsolatedAsyncioTestCase):
    """A test with an engine, which is destroyed at its end."""

    def setUp(self):
        self.engine = RtcEngine("python")
        self.addCleanup(self.engine.destroy)

    def channel(self, uid=0, engine=None, name="agora", **options):
        return (engine or self.engine).create_channel(RtcOptions(channel_name=name, uid=uid, **options))

    async def join(self, uid=0, **options):
        channel = self.channel(uid, **options)
        await channel.connect(BOUND)
        return channel

    async def hear(self, listener, uid):
        """The listener, once it has the user, is subscribed to them: their stream."""
        await until(lambda: uid in listener.remote_users, f"{uid} joined")
        await listener.subscribe_audio(uid, BOUND)
        return listener.get_audio_frames(uid)


async def within(awaitable):
    return await asyncio.wait_for(awaitable, BOUND)


async def frames_of(stream, count):
    """The next frames that were decoded and are loud."""
    frames = []
    async for frame in stream:
        if frame.origin == "decoded" and frame.level < 30:
            frames.append(frame)
        if len(frames) == count:
            return frames
    raise AssertionError(f"the stream ended after {len(frames)} of {count} frames")


async def rest_of(stream):
    return [frame async for frame in stream]
