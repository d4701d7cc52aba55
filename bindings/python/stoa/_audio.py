"""Frames of sound, and the stream that they come in."""

import asyncio
from ctypes import byref, c_int16, c_uint64, c_void_p, string_at
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Callable, Optional

from . import _header as h
from ._library import lib, must, number_of
from ._stats import StreamStats, stats_of
from ._watched import Watched

_ORIGINS = {
    h.ORIGIN_DECODED: "decoded",
    h.ORIGIN_RECOVERED: "recovered",
    h.ORIGIN_CONCEALED: "concealed",
    h.ORIGIN_SILENCE: "silence",
}
_SPEECH = {h.SPEECH_NONE: "none", h.SPEECH_START: "start", h.SPEECH_SPEAKING: "speaking", h.SPEECH_END: "end"}


@dataclass
class PcmAudioFrame:
    """Some milliseconds of PCM: 16-bit signed, interleaved, in the machine's byte order."""

    data: bytes = b""  # 2 * number_of_channels * samples_per_channel bytes
    timestamp: int = 0  # when it was ready to be heard, microseconds since the Unix epoch
    bytes_per_sample: int = 2
    number_of_channels: int = 1
    sample_rate: int = 24000  # Hz
    samples_per_channel: int = 0
    origin: str = "decoded"  # or "recovered", "concealed" (the packet was lost), "silence" (the user stopped speaking)
    arrival: int = 0  # when its packet arrived, on the clock of timestamp; 0 where none did
    rtp_time: int = 0  # of its first sample, in units of 1/48000 s
    level: int = 127  # dB below the maximum: 0 is the loudest, 127 silence
    voice_probability: float = 0.0  # 0 to 1
    speech: str = "none"  # with voice detection: "start", "speaking" or "end"


def frame_of(info: h.Frame, samples) -> PcmAudioFrame:
    """A frame from the library's description, and the address of its samples."""
    return PcmAudioFrame(
        data=string_at(samples, info.samples_per_channel * info.channels * info.bytes_per_sample),
        timestamp=info.timestamp_us,
        bytes_per_sample=info.bytes_per_sample,
        number_of_channels=info.channels,
        sample_rate=info.sample_rate,
        samples_per_channel=info.samples_per_channel,
        origin=_ORIGINS.get(info.origin, "unknown"),
        arrival=info.arrival_us,
        rtp_time=info.rtp_time,
        level=info.level,
        voice_probability=info.voice_probability,
        speech=_SPEECH.get(info.speech, "unknown"),
    )


class AudioStream:
    """The frames of one user or one track, before mixing, or of all users mixed, at the channel's rate: `async for frame in stream`.

    It ends when the user leaves or is unsubscribed, after what came before. Frames wait in the library, at most 2 s of them;
    then the oldest go, and `dropped` counts them. It costs no thread: the event loop watches the library's descriptor.
    While the channel has a callback for each frame of a user, who reads here waits; the end is for both.
    """

    def __init__(self, channels: int, open_stream: Callable, *arguments) -> None:
        """open_stream, arguments: the library's function that gives the stream, and what it is called with."""
        handle = number_of(open_stream, c_void_p, *arguments)
        self._watched = Watched(self, handle, lib.stoa_stream_descriptor, lib.stoa_stream_free)
        self.descriptor = self._watched.descriptor
        self._samples = (c_int16 * (h.FRAME_SAMPLES_MAX * channels))()
        self._info = h.Frame()
        self.ended = False
        self._reading = False
        self._waiting: Optional[asyncio.Future] = None  # of the task that reads
        self._taker: Optional[Callable] = None

    @property
    def dropped(self) -> int:
        """How many frames were dropped because nobody took them in time."""
        return number_of(lib.stoa_stream_dropped, c_uint64, self._watched.handle)

    def stats(self) -> SimpleNamespace:
        """What the stream has counted, also after its end: the members of stoa_stream_stats."""
        return stats_of(lib.stoa_stream_get_stats, StreamStats, self._watched.handle)

    def __aiter__(self) -> "AudioStream":
        return self

    async def __anext__(self) -> PcmAudioFrame:
        if self._reading:
            raise RuntimeError("another task is reading this stream: let one read, and hand the frames on")
        self._reading = True
        try:
            while True:
                if not self._taker:
                    frame = self.take()
                    if frame:
                        return frame
                    if self.ended:
                        raise StopAsyncIteration
                await self._news()
        finally:
            self._reading = False

    def take(self) -> Optional[PcmAudioFrame]:
        """The next frame; None where there is none now, and where the stream has `ended`."""
        status = lib.stoa_stream_read(self._watched.handle, 0, self._samples, h.FRAME_SAMPLES_MAX, byref(self._info))
        self.ended = status not in (h.OK, h.TIMED_OUT)
        return frame_of(self._info, self._samples) if must(status) == h.OK else None

    def hand_to(self, taker: Optional[Callable], loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        """Has taker(self) be called on this loop as long as there is something to take(), and who reads wait. None: no more."""
        self._taker = taker
        if taker:
            self._watched.watch(loop)
        else:
            self._watched.unwatch()
            self._wake()

    def readable(self) -> None:
        """Called by the event loop in each turn, as long as there is a frame, or the end."""
        if self._taker:
            self._taker(self)
        else:
            self._wake()

    async def _news(self) -> None:
        """Waits until there may be something to read. The loop watches no longer than that."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        self._watched.watch(loop)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if not self._taker:
                self._watched.unwatch()

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)
