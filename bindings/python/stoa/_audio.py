"""Frames of one user's sound, and the stream that they come in."""

import asyncio
from ctypes import byref, c_int16, c_int32, c_uint64, c_void_p, string_at
from dataclasses import dataclass

from . import _header as h
from ._library import lib, must, number_of

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
    """The frames of one user, before mixing, at the channel's rate: `async for frame in stream`.

    It ends when the user leaves or is unsubscribed, after what came before. Frames wait in the library, at most 2 s of them;
    then the oldest go, and `dropped` counts them. It costs no thread: the event loop watches the library's descriptor.
    """

    _handle = None  # until there is something to free

    def __init__(self, channel_handle: int, identity: str, channels: int) -> None:
        handle = c_void_p()
        must(lib.stoa_channel_stream(channel_handle, identity.encode(), byref(handle)))
        self._handle = handle.value
        self.descriptor = number_of(lib.stoa_stream_descriptor, c_int32, self._handle)
        self._samples = (c_int16 * (h.FRAME_SAMPLES_MAX * channels))()
        self._info = h.Frame()
        self._reading = False

    def __del__(self) -> None:
        if self._handle:
            lib.stoa_stream_free(self._handle)

    @property
    def dropped(self) -> int:
        """How many frames were dropped because nobody took them in time."""
        return number_of(lib.stoa_stream_dropped, c_uint64, self._handle)

    def __aiter__(self) -> "AudioStream":
        return self

    async def __anext__(self) -> PcmAudioFrame:
        if self._reading:
            raise RuntimeError("another task is reading this stream: let one read, and hand the frames on")
        self._reading = True
        try:
            while True:
                status = must(lib.stoa_stream_read(self._handle, 0, self._samples, h.FRAME_SAMPLES_MAX, byref(self._info)))
                if status == h.OK:
                    return frame_of(self._info, self._samples)
                if status == h.END_OF_STREAM:
                    raise StopAsyncIteration
                await self._readable()
        finally:
            self._reading = False

    async def _readable(self) -> None:
        """Waits for a frame, or for the end. The loop watches no longer than that: the descriptor goes with the stream."""
        loop = asyncio.get_running_loop()
        readable = loop.create_future()
        loop.add_reader(self.descriptor, lambda: readable.done() or readable.set_result(None))
        try:
            await readable
        finally:
            loop.remove_reader(self.descriptor)
