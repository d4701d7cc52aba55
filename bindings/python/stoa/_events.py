"""What happened on a channel, and what its callbacks are told of it."""

from ctypes import byref, string_at
from dataclasses import dataclass
from itertools import count, takewhile

from . import _header as h
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
    track: str = ""  # as get_track_frames() was given it; "" for a user's voice

    @property
    def reason_name(self) -> str:
        """The reason in words, such as "duplicate_identity"."""
        return lib.stoa_reason_name(self.reason).decode()

    @property
    def muted(self) -> bool:
        """Of "user_muted" and "microphone_muted": it is so now."""
        return bool(self.flags & h.EVENT_FLAG_MUTED)

    @property
    def speaking(self) -> bool:
        """Of "user_speaking": it is so now."""
        return bool(self.flags & h.EVENT_FLAG_SPEAKING)

    @property
    def reliable(self) -> bool:
        """Of "data_received": it could not be lost or overtaken."""
        return bool(self.flags & h.EVENT_FLAG_RELIABLE)


_NUMBERS = ("time_us", "status", "old_state", "new_state", "reason", "flags", "elapsed_us", "id", "format", "level")


def taken(event: h.Event) -> Event:
    """A copy of what stoa_channel_poll_event() gave, which is freed."""
    try:
        return Event(
            name=_NAMES.get(event.kind, ""),
            user=user_of(event.user.decode()),
            text=event.text.decode(),
            topic=event.topic.decode(),
            data=string_at(event.data, event.data_length) if event.data else b"",
            message_id=event.message_id.decode(),
            track=event.track.decode(),
            **{name: getattr(event, name) for name in _NUMBERS},
        )
    finally:
        lib.stoa_event_free(byref(event))


@dataclass
class ConnectionInfo:
    """The connection as it is now, the second argument of "connection_state_changed"."""

    state: int  # 1 disconnected, 2 connecting, 3 connected, 4 reconnecting, 5 failed
    old_state: int
    channel_id: str
    local_user_id: User
    status: int  # why it failed, one of `stoa.status`; 0: it did not
    error: str  # the same as a sentence
    time_us: int  # since when, microseconds since the Unix epoch


def _text(event: Event):
    """A message as it was meant: bytes where it was sent as bytes."""
    return event.data if event.format == h.FORMAT_BYTES else event.data.decode(errors="replace")


def _connection(channel, e: Event) -> tuple:
    info = ConnectionInfo(e.new_state, e.old_state, channel.channelId, channel.uid, e.status, e.text, e.time_us)
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
}


def arguments_of(channel, event: Event) -> tuple:
    """What the callbacks of an event are called with."""
    make = _ARGUMENTS.get(event.name)
    return make(channel, event) if make else (event,)
