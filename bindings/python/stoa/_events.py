"""From the library's dispatch thread to the event loop: each event is copied, and waits for the loop in a bounded mailbox."""

import asyncio
import threading
import weakref
from ctypes import string_at
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Optional

from . import _header as h
from ._audio import PcmAudioFrame, frame_of
from ._library import lib
from ._users import User, user_of

FRAME_EVENT = "playback_audio_frame_before_mixing"

# As the header numbers them: from 1, without a gap.
_NAMES = dict(takewhile(lambda item: item[1], ((kind, lib.stoa_event_name(kind).decode()) for kind in count(1))))

NAMES = frozenset(_NAMES.values()) | {FRAME_EVENT}


@dataclass
class Event:
    """What happened on a channel. Which members mean something is said in stoa.h at the event's STOA_EVENT_...; times are us."""

    name: str
    user: User = ""  # whom it is about; "" for nobody
    time_us: int = 0
    status: int = 0
    text: str = ""  # the sentence that goes with status
    old_state: int = 0
    new_state: int = 0
    reason: int = 0
    flags: int = 0
    elapsed_us: int = 0
    id: int = 0
    topic: str = ""
    data: bytes = b""
    message_id: str = ""
    format: int = 0
    level: int = 0
    frame: Optional[PcmAudioFrame] = None  # of FRAME_EVENT

    @property
    def reason_name(self) -> str:
        """The reason in words, such as "duplicate_identity"."""
        return lib.stoa_reason_name(self.reason).decode()


_NUMBERS = ("time_us", "status", "old_state", "new_state", "reason", "flags", "elapsed_us", "id", "format", "level")


def _copy(event: h.Event) -> Event:
    return Event(
        name=_NAMES.get(event.kind, ""),
        user=user_of(event.user.decode()),
        text=event.text.decode(),
        topic=event.topic.decode(),
        data=string_at(event.data, event.data_length) if event.data else b"",
        message_id=event.message_id.decode(),
        **{name: getattr(event, name) for name in _NUMBERS},
    )


_PATIENCE = 0.1  # seconds after which the dispatch thread looks whether it is still to wait


class Mailbox:
    """The way of one channel's events to its event loop.

    Of its events CAPACITY wait for the loop. Then the dispatch thread waits, and the rest stays in the library, which bounds,
    merges and counts them as the header says: a program whose loop is blocked does not grow.
    The library knows a mailbox by the channel's handle alone, and it does not keep the channel alive. So a channel that nobody
    holds any more is freed, and a callback that runs just then finds nothing.
    """

    CAPACITY = 64

    _of_channel: dict = {}

    def __init__(self, handle: int, channel, loop: Optional[asyncio.AbstractEventLoop]) -> None:
        self.hasty = False  # the dispatch thread is not to wait: somebody waits for its callback to return
        self._handle = handle
        self._channel = weakref.ref(channel)
        self.lead_to(loop)
        Mailbox._of_channel[handle] = self

    @staticmethod
    def of(handle: int) -> Optional["Mailbox"]:
        return Mailbox._of_channel.get(handle)

    def lead_to(self, loop: Optional[asyncio.AbstractEventLoop]) -> None:
        """From now on events go to this loop; what waits for another one, which may be closed, takes no room here."""
        self._way = loop, threading.Semaphore(self.CAPACITY)

    def close(self) -> None:
        self.hasty = True
        Mailbox._of_channel.pop(self._handle, None)

    def put(self, event: Event) -> None:
        """On the dispatch thread."""
        loop, room = self._way
        if loop is None:
            return
        in_room = room.acquire(timeout=_PATIENCE)
        while not (in_room or self.hasty or loop.is_closed()):
            in_room = room.acquire(timeout=_PATIENCE)
        try:
            loop.call_soon_threadsafe(self._deliver, event, room if in_room else None)
        except RuntimeError:  # the loop is closed: nobody is there to be told
            pass

    def _deliver(self, event: Event, room: Optional[threading.Semaphore]) -> None:
        if room:
            room.release()
        channel = self._channel()
        if channel is not None:
            channel.take(event)


# One for all channels, alive as long as the module: a callback that is its channel's own would be freed in its own last run.
@h.EventCallback
def on_event(handle, event, _user_data):
    mailbox = Mailbox.of(handle)
    if mailbox:
        mailbox.put(_copy(event.contents))


@h.FrameCallback
def on_frame(user, frame, samples, handle):
    mailbox = Mailbox.of(handle)
    if mailbox:
        mailbox.put(Event(FRAME_EVENT, user_of(user.decode()), frame=frame_of(frame.contents, samples)))


NO_FRAME_CALLBACK = h.FrameCallback()
NO_USER_DATA_FREE = h.UserDataFree()


@dataclass
class ConnectionInfo:
    """The connection as it is now, the second argument of "connection_state_changed"."""

    state: int  # 1 disconnected, 2 connecting, 3 connected, 4 reconnecting, 5 failed
    old_state: int
    channel_id: str
    local_user_id: User
    status: int  # why it failed, one of `stoa.status`; 0: it did not
    error: str  # the same as a sentence


def _text(event: Event):
    """A message as it was meant: bytes where it was sent as bytes."""
    return event.data if event.format == h.FORMAT_BYTES else event.data.decode(errors="replace")


def _connection(channel, e: Event) -> tuple:
    info = ConnectionInfo(e.new_state, e.old_state, channel.channelId, channel.uid, e.status, e.text)
    return channel, info, e.reason_name


# What the callbacks of an event are given, where it is not the event itself.
_ARGUMENTS = {
    "connection_state_changed": _connection,
    "user_joined": lambda channel, e: (channel, e.user),
    "user_left": lambda channel, e: (channel, e.user, e.reason_name),
    "audio_subscribe_state_changed": lambda channel, e: (
        channel,
        channel.channelId,
        e.user,
        e.old_state,
        e.new_state,
        e.elapsed_us // 1000,
    ),
    "stream_message": lambda channel, e: (channel, e.user, e.message_id, _text(e), len(e.data)),
    "stream_message_error": lambda channel, e: (channel, e.user, e.message_id, e.status, e.text),
    FRAME_EVENT: lambda channel, e: (channel, channel.channelId, e.user, e.frame),
}


def arguments_of(channel, event: Event) -> tuple:
    """What the callbacks of an event are called with."""
    make = _ARGUMENTS.get(event.name)
    return make(channel, event) if make else (event,)
