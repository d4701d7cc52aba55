"""A channel: one user's conversation in a room."""

import asyncio
import sys
from array import array
from ctypes import byref, c_float, c_int16, c_size_t, c_uint32, c_uint64, sizeof
from types import SimpleNamespace
from typing import Optional, Tuple, Union

from . import _header as h
from ._calling import Calling
from ._chat import Chat
from ._hearing import ENDED, Hearing
from ._library import StoaError, bytes_of, lib, must, number_of, text_of
from ._messages import Messages
from ._options import RtcOptions, dump_options, vad_options
from ._people import People
from ._stats import ChannelStats, stats_of
from ._users import user_of

_FRAME = 0.02  # s

# Samples, by what the elements of a buffer are; ctypes names the machine's byte order too.
_ORDER = "<" if sys.byteorder == "little" else ">"
_INTEGERS, _FLOATS = (c_int16, lib.stoa_channel_push_audio), (c_float, lib.stoa_channel_push_audio_f32)
_SAMPLES = {**dict.fromkeys(("B", "b", "c", "h", _ORDER + "h"), _INTEGERS), **dict.fromkeys(("f", _ORDER + "f"), _FLOATS)}


class Channel(Hearing, Messages, Calling, People):
    """One user in one room. Made by `RtcEngine.create_channel`; all its methods belong on the event loop's thread.

    Hold it: a channel that nobody holds any more leaves the room.
    options, rtc: what it was made of.    chat: its `Chat`.    channelId: the room's name.
    uid: its own user, also where the library chose one.
    remote_users: the others in the room, a dict by user (int or str), whose values mean nothing.
    loop: the event loop that gets the events: the one that runs as the channel is made, or as it connects.
    """

    def __init__(self, rtc, options: RtcOptions) -> None:
        super().__init__(rtc.handle, options)
        self.rtc = rtc
        self.uid = user_of(text_of(lib.stoa_channel_user, self.handle))
        self.chat = Chat(self)
        self._interrupts = 0
        # A short queue is to be filled again before it is empty.
        self._push_beat = options.send_queue_ms / 2000 if options.send_queue_ms else None
        self._leaving = False  # it was asked for, and the library may not have done it yet
        if options.enable_vad:
            must(lib.stoa_channel_set_vad(self.handle, byref(vad_options(options.vad_configs))))
        if options.enable_pcm_dump:
            must(lib.stoa_channel_set_dump(self.handle, byref(dump_options(options.pcm_dump_path))))

    async def connect(self, timeout: float = 15.0) -> None:
        """Joins the room.

        timeout: seconds. Raises StoaError, with the reason, where it cannot be joined, not in time, or is joined already.
        """
        loop = asyncio.get_running_loop()
        self._lead_to(loop)
        failed = f"channel {self.channelId!r} was not joined"
        if self._leaving:
            began = loop.time()
            await self._until(self._left, timeout, failed)
            timeout -= loop.time() - began
        since, states = lib.stoa_time_us(), []

        def note(_channel, info, _reason) -> None:
            # What happened before is of the connection before, and so is its end, which may come later.
            if info.time_us >= since and (states or info.state in (h.STATE_CONNECTING, h.STATE_CONNECTED)):
                states.append(info)

        def joined() -> bool:
            if any(info.state == h.STATE_CONNECTED for info in states):
                return True
            if states and states[-1].state in ENDED:
                raise StoaError(states[-1].status, f"{failed}: {states[-1].error}")
            self._state()  # raises where the engine was destroyed, which is no event
            return False

        self.on("connection_state_changed", note)
        try:
            must(lib.stoa_channel_connect(self.handle, 0))
            try:
                await self._until(joined, timeout, failed)
            except BaseException:  # also where the task is cancelled: the next connect() is to be possible
                self._leave()
                raise
        finally:
            self.off("connection_state_changed", note)

    async def disconnect(self, timeout: float = 5.0) -> None:
        """Leaves the room; the streams of users end. Without a connection it does nothing. The channel can connect again.

        timeout: seconds. Raises StoaError for the timeout; it goes on in the background then.
        """
        status = self._leave()
        if status == h.ERROR_CLOSED:  # the engine was destroyed, and disconnected it
            return
        must(status)
        await self._until(self._left, timeout, f"channel {self.channelId!r} was not left")

    def reconnect(self) -> None:
        """Makes the connection again now, from new sockets: for a program that knows that the network is another one, or there again.

        A connection that is lost is made again by itself; this spares the wait. "connection_state_changed" tells the rest. Raises
        StoaError where the channel is neither connected nor reconnecting, or was made with no_reconnect.
        """
        must(lib.stoa_channel_reconnect(self.handle))

    @property
    def token(self) -> str:
        """The token in use, a secret: of the options, as renew_token() was given it, or as the library or the server made it."""
        return text_of(lib.stoa_channel_token, self.handle)

    def renew_token(self, token: str) -> None:
        """Takes a token in place of the one in use, without leaving: after "token_will_expire", or to change what the user may do.

        token: for the same room and user. Raises StoaError for one that is none, or is for others. A server that refuses it goes on
        by the one before, and "token_will_expire" comes again.
        """
        must(lib.stoa_channel_renew_token(self.handle, bytes_of(token) or b""))

    def mute(self, muted: bool = True) -> None:
        """Mutes or unmutes the microphone, also before connecting: what is pushed passes in silence, and the others are told."""
        must(lib.stoa_channel_mute(self.handle, bool(muted)))

    async def push_audio_frame(self, frame: Union[bytes, bytearray, memoryview, array]) -> None:
        """Queues sound, which leaves in real time. Where the queue (30 s) is full, waits for room; the event loop goes on.

        frame: PCM at the channel's rate, interleaved; any number of whole samples. Bytes are 16-bit ones; what has elements of its own, as
        an array("f") or one of numpy's, may have 16-bit integers or 32-bit floats in -1.0 to 1.0. Raises ValueError for parts of a sample,
        and for other elements; StoaError where this user may not speak. Ends early when clear_sender_audio_buffer() drops it.
        """
        view = memoryview(frame)
        if view.format not in _SAMPLES:
            raise ValueError(f'elements of the type "{view.format}" are no samples: push bytes, 16-bit integers ("h") or 32-bit floats ("f")')
        data, (sample, push) = view.tobytes(), _SAMPLES[view.format]
        size = sizeof(sample) * self._channels
        if len(data) % size:
            raise ValueError(f"{len(data)} bytes are no whole samples of {size} bytes: push them of {self._channels} channel(s)")
        samples = (sample * (len(data) // sizeof(sample))).from_buffer_copy(data)
        accepted, begun, interrupts = c_size_t(), 0, self._interrupts

        def pushed() -> bool:
            nonlocal begun
            if self._interrupts != interrupts:
                return True
            rest = len(data) // size - begun
            status = must(push(self.handle, byref(samples, begun * size), rest, 0, byref(accepted)))
            begun += accepted.value
            return status != h.QUEUE_FULL

        async with self._turn("push"):
            await self._until(pushed, beat=self._push_beat)

    async def clear_sender_audio_buffer(self) -> Tuple[int, int]:
        """Is silent now: drops what is queued, and what is being pushed. At most one frame of 20 ms leaves yet.

        Returns the samples for each channel that have left since the channel was made, and those that this call dropped.
        """
        self._interrupts += 1
        sent, dropped = c_uint64(), c_uint64()
        must(lib.stoa_channel_interrupt(self.handle, byref(sent), byref(dropped)))
        return sent.value, dropped.value

    @property
    def queued_us(self) -> int:
        """How much sound is queued and has not left, microseconds."""
        return number_of(lib.stoa_channel_queued, c_uint64, self.handle)

    async def wait_played(self, timeout: Optional[float] = None) -> bool:
        """Waits until nothing is queued any more, and all has left. False: clear_sender_audio_buffer() dropped it.

        timeout: seconds; raises StoaError (STOA_TIMED_OUT) after it. Without a connection nothing leaves.
        """
        interrupts = self._interrupts

        def over() -> bool:
            return self._interrupts != interrupts or must(lib.stoa_channel_wait_played(self.handle, 0)) == h.OK

        await self._until(over, timeout, "what was pushed did not leave", beat=_FRAME)
        return self._interrupts == interrupts

    def mark(self, number: int) -> None:
        """Puts a mark behind what was pushed last; the event "played" has it as its id when that has left, or was dropped."""
        must(lib.stoa_channel_mark(self.handle, number))

    def stats(self) -> SimpleNamespace:
        """What the channel has counted, over all its connections: the members of stoa_channel_stats."""
        return stats_of(lib.stoa_channel_get_stats, ChannelStats, self.handle)

    def _leave(self) -> int:
        self._leaving = True
        return lib.stoa_channel_disconnect(self.handle, 0)

    def _left(self) -> bool:
        """Whether what _leave() began is done."""
        self._leaving = self._state() not in ENDED
        return not self._leaving

    def _state(self) -> int:
        return number_of(lib.stoa_channel_state, c_uint32, self.handle)
