"""A channel: one user's conversation in a room."""

import asyncio
import weakref
from ctypes import byref, c_int16, c_size_t, c_uint32, c_uint64
from functools import partial
from typing import Callable, Dict, Optional, Set, Tuple, Union

from . import _header as h
from ._audio import AudioStream
from ._channel_events import ChannelEvents
from ._chat import Chat
from ._emitter import logger
from ._events import FRAME_EVENT, Event
from ._library import StoaError, bytes_of, lib, must, number_of, text_of
from ._options import RtcOptions, channel_options, dump_options, vad_options
from ._users import User, identity_of, user_of

_FORMATS = {"json": h.FORMAT_JSON, "base64": h.FORMAT_BASE64, "text": h.FORMAT_TEXT, "bytes": h.FORMAT_BYTES}
_ENDED = (h.STATE_DISCONNECTED, h.STATE_FAILED)
_HEARD = (h.SUBSCRIBE_SUBSCRIBING, h.SUBSCRIBE_SUBSCRIBED)


class Channel(ChannelEvents):
    """One user in one room. Made by `RtcEngine.create_channel`; all its methods belong on the event loop's thread.

    Hold it: a channel that nobody holds any more leaves the room.
    options, rtc: what it was made of.    chat: its `Chat`.    channelId: the room's name.
    uid: its own user, also where the library chose one.    token: the one in use, a secret.
    remote_users: the others in the room, a dict by user (int or str), whose values mean nothing.
    loop: the event loop that gets the events: the one that runs as the channel is made, or as it connects.
    """

    def __init__(self, rtc, options: RtcOptions) -> None:
        super().__init__(rtc.handle, channel_options(options))
        self.rtc = rtc
        self.options = options
        self.remote_users: Dict[User, bool] = {}
        self.channelId = options.channel_name
        self.uid = user_of(text_of(lib.stoa_channel_user, self.handle))
        self.token = text_of(lib.stoa_channel_token, self.handle)
        self.chat = Chat(self)
        self._interrupts = 0
        self._streams: weakref.WeakValueDictionary = weakref.WeakValueDictionary()  # of those who read, by identity
        self._subscribed: Dict[User, AudioStream] = {}  # kept, so that what comes before somebody reads is not lost
        self._taken: Set[AudioStream] = set()  # whose frames the callbacks get, each until its end
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
            if states and states[-1].state in _ENDED:
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
        await self._until(lambda: self._state() in _ENDED, timeout, f"channel {self.channelId!r} was not left")

    async def subscribe_audio(self, uid: User, timeout: float = 10.0) -> None:
        """Hears a user from now on, and waits until the server has done so for this user (subscribe state 3).

        timeout: seconds; who publishes no microphone cannot be heard before they do. Raises NotFoundError where no such user is
        in the room, StoaError where it is not allowed, without a connection, and for the timeout: it stays asked for then.
        """
        stream = self.get_audio_frames(uid)
        await self._until_answered(lib.stoa_channel_subscribe, uid, timeout, "subscribed to")
        self._subscribed[user_of(identity_of(uid))] = stream

    async def unsubscribe_audio(self, uid: User, timeout: float = 10.0) -> None:
        """Hears a user no more, and waits until the server has done so (subscribe state 1). The user's stream ends.

        timeout: seconds. Raises as subscribe_audio().
        """
        self._subscribed.pop(user_of(identity_of(uid)), None)
        await self._until_answered(lib.stoa_channel_unsubscribe, uid, timeout, "unsubscribed from")

    def get_audio_frames(self, uid: User) -> AudioStream:
        """The stream of a user's frames, which may be asked for before the user is subscribed to; the same one until it ends.

        Frames count from the first of subscribe_audio() and this. Raises NotFoundError (a KeyError) where no such user is in the
        room, and StoaError without a connection.
        """
        identity = identity_of(uid)
        stream = AudioStream(self.handle, identity, self._channels)
        present = self._streams.get(identity)
        if present is not None and present.descriptor == stream.descriptor:  # another handle of the same, which goes again
            return present
        self._streams[identity] = stream
        return stream

    def _take_frames(self) -> None:
        if self._emitter.wants(FRAME_EVENT):
            for user in list(self.remote_users):
                self._take_frames_of(user)
        else:
            while self._taken:
                self._taken.pop().hand_to(None)

    def _take_frames_of(self, user: User) -> None:
        try:
            if self._emitter.wants(FRAME_EVENT) and self._subscribe_state(identity_of(user)) in _HEARD:
                stream = self.get_audio_frames(user)
                stream.hand_to(partial(_tell_frame, weakref.ref(self), user), self.loop)
                self._taken.add(stream)
        except StoaError as error:  # the user, or this one, has just left; or the process has no more descriptors
            logger.info("the frames of user %r do not come: %s", user, error)

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

    async def _until_answered(self, ask: Callable, uid: User, timeout: float, done: str) -> None:
        """Asks the library, which passes it on once, until it is so."""
        user = bytes_of(identity_of(uid))
        await self._until(lambda: must(ask(self.handle, user, 0)) == h.OK, timeout, f"the audio of user {uid!r} was not {done}")

    def _note(self, event: Event) -> None:
        if event.name == "user_joined":
            self.remote_users[event.user] = True
        elif event.name == "user_left":
            self.remote_users.pop(event.user, None)
            self._subscribed.pop(event.user, None)
        elif event.name == "audio_subscribe_state_changed":
            self._take_frames_of(event.user)
        elif event.name == "connection_state_changed" and event.new_state in _ENDED:
            self.remote_users.clear()
            self._subscribed.clear()

    def _subscribe_state(self, identity: str) -> int:
        return number_of(lib.stoa_channel_subscribe_state, c_uint32, self.handle, bytes_of(identity))

    def _state(self) -> int:
        return number_of(lib.stoa_channel_state, c_uint32, self.handle)

    @property
    def _channels(self) -> int:
        return self.options.channels or 1


def _tell_frame(channel: "weakref.ref[Channel]", user: User, stream: AudioStream) -> None:
    """Takes a frame of a stream, which is not to keep its channel alive."""
    this = channel()
    try:
        frame = stream.take()
    finally:
        if stream.ended:
            stream.hand_to(None)
            if this:
                this._taken.discard(stream)
    if this and frame:
        this._emitter.emit(FRAME_EVENT, this, this.channelId, user, frame)
        if not this._emitter.wants(FRAME_EVENT):  # it was for one frame
            this._take_frames()
