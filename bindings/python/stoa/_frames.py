"""The frames of everybody who is heard, as an event of the channel."""

import weakref
from functools import partial
from typing import Optional, Set

from . import _header as h
from ._audio import AudioStream, PcmAudioFrame
from ._emitter import logger
from ._events import FRAME_EVENT
from ._library import StoaError
from ._users import User, identity_of

_HEARD = (h.SUBSCRIBE_SUBSCRIBING, h.SUBSCRIBE_SUBSCRIBED)
_LEFT = (h.ERROR_NOT_FOUND, h.ERROR_BAD_STATE, h.ERROR_CLOSED)


class FrameHook:
    """Takes the streams of those who are subscribed to, as long as somebody listens for FRAME_EVENT.

    A stream that it has taken does not keep the channel alive.
    """

    def __init__(self, channel) -> None:
        self._channel = weakref.ref(channel)
        self._streams: Set[AudioStream] = set()  # each until its end, which it may have later than its user
        self._on = False

    def update(self) -> None:
        """Is on from now on where somebody listens, and off where nobody does."""
        channel = self._channel()
        wanted = channel._emitter.wants(FRAME_EVENT)
        if wanted and not self._on:
            self._on = True
            for user in list(channel.remote_users):
                self.hear(user)
        elif not wanted:
            self.stop()

    def stop(self) -> None:
        self._on = False
        while self._streams:
            self._streams.pop().hand_to(None)

    def hear(self, user: User) -> None:
        """Takes the stream of a user, if it is on and they are, or are being, subscribed to."""
        channel = self._channel()
        if not self._on:
            return
        try:
            if channel._subscribe_state(identity_of(user)) in _HEARD:
                stream = channel.get_audio_frames(user)
                stream.hand_to(partial(self._emit, user), channel.loop)
                self._streams.add(stream)
        except StoaError as error:
            if error.status not in _LEFT:
                logger.error("the frames of user %r do not come to the callbacks: %s", user, error)

    def _emit(self, user: User, stream: AudioStream, frame: Optional[PcmAudioFrame]) -> None:
        channel = self._channel()
        if frame is None:
            self._streams.discard(stream)
        elif channel is not None:
            channel._emitter.emit(FRAME_EVENT, channel, channel.channelId, user, frame)
            self.update()
