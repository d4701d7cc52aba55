"""A channel: one user's conversation in a room."""

import asyncio
from ctypes import byref, c_char_p, c_int16, c_size_t, c_uint32, c_uint64, c_void_p, cast
from types import SimpleNamespace
from typing import Optional, Sequence, Tuple, Union

from . import _header as h
from ._calling import Calling
from ._chat import Chat
from ._hearing import ENDED, Hearing
from ._library import StoaError, bytes_of, lib, must, number_of, text_of
from ._options import RtcOptions, dump_options, vad_options
from ._people import People
from ._stats import ChannelStats, stats_of
from ._users import User, identity_of, user_of

_FORMATS = {"json": h.FORMAT_JSON, "base64": h.FORMAT_BASE64, "text": h.FORMAT_TEXT, "bytes": h.FORMAT_BYTES}


class Channel(Hearing, Calling, People):
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
        if options.enable_vad:
            must(lib.stoa_channel_set_vad(self.handle, byref(vad_options(options.vad_configs))))
        if options.enable_pcm_dump:
            must(lib.stoa_channel_set_dump(self.handle, byref(dump_options(options.pcm_dump_path))))

    async def connect(self, timeout: float = 15.0) -> None:
        """Joins the room.

        timeout: seconds. Raises StoaError, with the reason, where it cannot be joined, not in time, or is joined already.
        """
        self._lead_to(asyncio.get_running_loop())
        states = []

        def note(_channel, info, _reason) -> None:
            # What is told before it begins to connect is of the connection before.
            if states or info.state in (h.STATE_CONNECTING, h.STATE_CONNECTED):
                states.append(info)

        def joined() -> bool:
            if any(info.state == h.STATE_CONNECTED for info in states):
                return True
            if states and states[-1].state in ENDED:
                raise StoaError(states[-1].status, f"channel {self.channelId!r} was not joined: {states[-1].error}")
            self._state()  # raises where the engine was destroyed, which is no event
            return False

        self.on("connection_state_changed", note)
        try:
            must(lib.stoa_channel_connect(self.handle, 0))
            try:
                await self._until(joined, timeout, f"channel {self.channelId!r} was not joined")
            except BaseException:  # also where the task is cancelled: the next connect() is to be possible
                lib.stoa_channel_disconnect(self.handle, 0)
                raise
        finally:
            self.off("connection_state_changed", note)

    async def disconnect(self, timeout: float = 5.0) -> None:
        """Leaves the room; the streams of users end. Without a connection it does nothing. The channel can connect again.

        timeout: seconds. Raises StoaError for the timeout; it goes on in the background then.
        """
        status = lib.stoa_channel_disconnect(self.handle, 0)
        if status == h.ERROR_CLOSED:  # the engine was destroyed, and disconnected it
            return
        must(status)
        await self._until(lambda: self._state() in ENDED, timeout, f"channel {self.channelId!r} was not left")

    @property
    def token(self) -> str:
        """The token in use, a secret: the server may have given another one since."""
        return text_of(lib.stoa_channel_token, self.handle)

    def renew_token(self, token: str) -> None:
        """Goes on with another token of the same room and user, without leaving. Raises StoaError where it is of others, or over."""
        must(lib.stoa_channel_renew_token(self.handle, bytes_of(token)))

    def reconnect(self) -> None:
        """Makes the connection anew now, as where the program knows that the network has changed. Raises StoaError without one."""
        must(lib.stoa_channel_reconnect(self.handle))

    def mute(self, muted: bool = True) -> None:
        """Sends silence, and says so, or sends what is pushed again. What is pushed meanwhile passes unheard, in its time."""
        must(lib.stoa_channel_mute(self.handle, bool(muted)))

    async def push_audio_frame(self, frame: Union[bytes, bytearray, memoryview]) -> None:
        """Queues sound, which leaves in real time. Where the queue (30 s) is full, waits for room; the event loop goes on.

        frame: 16-bit PCM at the channel's rate, interleaved; any number of whole samples. Raises ValueError for parts of one,
        StoaError where this user may not speak. Ends early when clear_sender_audio_buffer() drops it.
        """
        data = memoryview(frame).tobytes()
        size = 2 * self._channels
        if len(data) % size:
            raise ValueError(f"{len(data)} bytes are no whole samples of {size} bytes: push 16-bit PCM, {self._channels} channel(s)")
        samples = (c_int16 * (len(data) // 2)).from_buffer_copy(data)
        accepted, begun, interrupts = c_size_t(), 0, self._interrupts

        def pushed() -> bool:
            nonlocal begun
            if self._interrupts != interrupts:
                return True
            rest = len(data) // size - begun
            status = must(lib.stoa_channel_push_audio(self.handle, byref(samples, begun * size), rest, 0, byref(accepted)))
            begun += accepted.value
            return status != h.QUEUE_FULL

        async with self._turn("push"):
            await self._until(pushed)

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

    def mark(self, number: int) -> None:
        """Puts a mark behind what was pushed last; the event "played" has it as its id when that has left, or was dropped."""
        must(lib.stoa_channel_mark(self.handle, number))

    async def send_data(
        self, data: Union[str, bytes], *, topic: str = "", to: Optional[Sequence[User]] = None, lossy: bool = False
    ) -> None:
        """Sends one packet, the event "data_received" of the others; where too many wait already, waits for room.

        data: at most 60,000 bytes.    topic: at most 256 bytes.    to: who gets it; None: everybody else in the room.
        lossy: it is sent once, and may be lost or overtaken. Raises StoaError without a connection, and where the token does not
        allow to send; ValueError for nobody in `to`.
        """
        if to is not None and not to:
            raise ValueError("there is nobody in to: give users, or None for everybody")
        content = data.encode() if isinstance(data, str) else memoryview(data).tobytes()
        users = [bytes_of(identity_of(user)) for user in to or ()]
        names = (c_char_p * len(users))(*users)
        options = h.DataOptions(topic=bytes_of(topic), to=cast(names, c_void_p), to_count=len(users), lossy=bool(lossy))

        def sent() -> bool:
            return must(lib.stoa_channel_send_data(self.handle, content, len(content), byref(options))) != h.QUEUE_FULL

        async with self._turn("data"):
            await self._until(sent)

    async def send_stream_message(
        self, data: Union[str, bytes], msg_id: str, *, format: str = "json", lossy: bool = False
    ) -> int:
        """Queues a message for everybody else in the room, who get it whole; where the queue is full, waits for room.

        data: a text of up to 16 MiB; bytes with the format "bytes".
        msg_id: at most 256 bytes ("base64": 32 characters); "": the library chooses one.
        format: "json" and "base64" are the chunks of agora-realtime-ai-api 1.0 and 1.1.0, "text" and "bytes" LiveKit's streams.
        lossy: each chunk ("json", "base64") is sent once and may be lost.
        Returns its ticket, for wait_sent(). Raises StoaError: the token does not allow to send, a bad id.
        """
        if format not in _FORMATS:
            raise ValueError(f"no message format is named {format!r}: there are {', '.join(_FORMATS)}")
        content = data.encode() if isinstance(data, str) else memoryview(data).tobytes()
        options = h.MessageOptions(message_id=bytes_of(msg_id), format=_FORMATS[format], lossy=bool(lossy))
        ticket = c_uint64()

        def queued() -> bool:
            status = lib.stoa_channel_send_message(self.handle, content, len(content), byref(options), byref(ticket))
            return must(status) != h.QUEUE_FULL

        async with self._turn("message"):
            await self._until(queued)
        return ticket.value

    async def wait_sent(self, ticket: int, timeout: Optional[float] = None) -> None:
        """Waits until the message of this ticket has left: the server has all of it.

        timeout: seconds; None: as long as it takes. Raises StoaError where it failed, and for the timeout.
        """
        await self._until(
            lambda: must(lib.stoa_channel_wait_sent(self.handle, ticket, 0)) == h.OK,
            timeout,
            f"message {ticket} has not left",
        )

    def stats(self) -> SimpleNamespace:
        """What the channel has counted, over all its connections: the members of stoa_channel_stats."""
        return stats_of(lib.stoa_channel_get_stats, ChannelStats, self.handle)

    def _state(self) -> int:
        return number_of(lib.stoa_channel_state, c_uint32, self.handle)
