"""What users tell of themselves: name, metadata, attributes; and what is known of the room."""

import asyncio
import json
from typing import Any, Dict, Optional

from . import _header as h
from ._channel_events import ChannelEvents
from ._library import StoaError, bytes_of, lib, must, text_of
from ._users import User, identity_of, user_of

_LONGEST = 60.0  # seconds; the library gives a request up after 10


class People(ChannelEvents):
    """The part of `Channel` that is about what is known of users and of the room."""

    def user_info(self, user: Optional[User] = None) -> Dict[str, Any]:
        """What is known of a user in the room: name, metadata, attributes, quality, speaking, muted, permission, tracks, ...

        user: None: this channel's own. The members are those of stoa_channel_user_info() in stoa.h. Raises NotFoundError (a KeyError)
        where no such user is in the room, StoaError without a connection.
        """
        identity = None if user is None else identity_of(user)
        info = json.loads(text_of(lib.stoa_channel_user_info, self.handle, bytes_of(identity)))
        return {**info, "user": user_of(info["user"])}

    def room_info(self) -> Dict[str, Any]:
        """What is known of the room, as stoa_channel_room_info() says. Raises StoaError without a connection."""
        return json.loads(text_of(lib.stoa_channel_room_info, self.handle))

    async def set_user_info(
        self, *, name: str = "", metadata: str = "", attributes: Optional[Dict[str, str]] = None, timeout: float = 10.0
    ) -> None:
        """Tells everybody something else of this channel's own user, and waits for the server's answer.

        name, metadata: "": as they are; a value cannot become empty again.
        attributes: those that are to change; "" takes one away.
        timeout: seconds. Raises StoaError where the server refuses it (ERROR_NOT_ALLOWED: the token does not allow it), without a
        connection, and for the timeout: it stays asked for then. The new values come as events, here as well.
        """
        arguments = [bytes_of(text) for text in (name, metadata, json.dumps(attributes) if attributes else "")]
        milliseconds = max(1, round(1000 * min(timeout, _LONGEST)))

        def ask() -> int:
            return must(lib.stoa_channel_set_user_info(self.handle, *arguments, milliseconds))

        # The answer is no event, and asking again would be another change: so a thread waits. Who is cancelled leaves it to its end.
        if await asyncio.get_running_loop().run_in_executor(None, ask) == h.TIMED_OUT:
            raise StoaError(h.TIMED_OUT, f"the server has not answered within {timeout} s what channel {self.channelId!r} tells")
