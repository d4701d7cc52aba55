"""What a channel hears: who is in the room, subscribing to them, their streams, and their frames by callback."""

import weakref
from ctypes import c_uint32
from functools import partial
from typing import Callable, Dict, Set

from . import _header as h
from ._audio import AudioStream
from ._channel_events import ChannelEvents
from ._emitter import logger
from ._events import FRAME_EVENT, Event
from ._library import StoaError, bytes_of, lib, must, number_of
from ._options import RtcOptions, channel_options
from ._users import User, identity_of, user_of

ENDED = (h.STATE_DISCONNECTED, h.STATE_FAILED)


class Hearing(ChannelEvents):
    """The part of `Channel` that is about the others in the room."""

    def __init__(self, engine_handle: int, options: RtcOptions) -> None:
        super().__init__(engine_handle, channel_options(options))
        self.options = options
        self.channelId = options.channel_name
        self.remote_users: Dict[User, bool] = {}
        self._streams: weakref.WeakValueDictionary = weakref.WeakValueDictionary()  # of those who read, by user and track
        self._subscribed: Dict[User, AudioStream] = {}  # kept, so that what comes before somebody reads is not lost
        self._taken: Set[AudioStream] = set()  # whose frames the callbacks get, each until its end

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
        return self._stream(lib.stoa_channel_stream, bytes_of(identity_of(uid)))

    def get_track_frames(self, uid: User, track: str) -> AudioStream:
        """The stream of one audio track of a user, of a participant that publishes more than a voice; the same one until it ends.

        While somebody holds it the track is subscribed to, whether the user is or not. It ends when the track is unpublished, the
        user leaves, or this one does.
        track: its name, or its id where none has that name; see the "tracks" of user_info(). Raises NotFoundError (a KeyError) where
        no such user is in the room, or no such audio track, StoaError where it is not allowed and without a connection.
        """
        return self._stream(lib.stoa_channel_track_stream, bytes_of(identity_of(uid)), bytes_of(track) or b"")

    def get_mixed_audio_frames(self) -> AudioStream:
        """The stream of all users who are subscribed to, mixed. It outlives connections, and ends with the channel."""
        return self._stream(lib.stoa_channel_mixed_stream)

    def _stream(self, open_stream: Callable, *whose: bytes) -> AudioStream:
        stream = AudioStream(self._channels, open_stream, self.handle, *whose)
        present = self._streams.get(whose)
        if present is not None and present.descriptor == stream.descriptor:  # another handle of the same, which goes again
            return present
        self._streams[whose] = stream
        return stream

    def _take_frames(self) -> None:
        if self._emitter.wants(FRAME_EVENT):
            for user in list(self.remote_users):
                self._take_frames_of(user)
        else:
            while self._taken:
                self._taken.pop().hand_to(None)

    def _take_frames_of(self, user: User) -> None:
        """Has the callbacks, if there are any, get the frames of a user who is, or is being, subscribed to."""
        if not self._emitter.wants(FRAME_EVENT):
            return
        try:
            state = number_of(lib.stoa_channel_subscribe_state, c_uint32, self.handle, bytes_of(identity_of(user)))
            if state in (h.SUBSCRIBE_SUBSCRIBING, h.SUBSCRIBE_SUBSCRIBED):
                stream = self.get_audio_frames(user)
                stream.hand_to(partial(_tell_frame, weakref.ref(self), user), self.loop)
                self._taken.add(stream)
        except StoaError as error:  # the user, or this one, has just left; or the process has no more descriptors
            logger.info("the frames of user %r do not come: %s", user, error)

    async def _until_answered(self, ask: Callable, uid: User, timeout: float, done: str) -> None:
        """Asks the library, which passes it on once, until it is so."""
        user = bytes_of(identity_of(uid))
        await self._until(lambda: must(ask(self.handle, user, 0)) == h.OK, timeout, f"the audio of user {uid!r} was not {done}")

    def _note(self, event: Event) -> None:
        super()._note(event)
        if event.name == "user_joined":
            self.remote_users[event.user] = True
        elif event.name == "user_left":
            self.remote_users.pop(event.user, None)
            self._subscribed.pop(event.user, None)
        elif event.name == "audio_subscribe_state_changed":
            self._take_frames_of(event.user)
        elif event.name == "connection_state_changed" and event.new_state in ENDED:
            self.remote_users.clear()
            self._subscribed.clear()

    @property
    def _channels(self) -> int:
        return self.options.channels or 1


def _tell_frame(channel: "weakref.ref[Hearing]", user: User, stream: AudioStream) -> None:
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
