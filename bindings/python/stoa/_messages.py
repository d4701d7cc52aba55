"""What users send each other beside sound: messages, and packets of data."""

from ctypes import byref, c_char_p, c_uint64
from typing import Any, Dict, Iterable, Optional, Union

from . import _header as h
from ._channel_events import ChannelEvents
from ._library import bytes_of, lib, must
from ._users import User, identity_of

_FORMATS = {"json": h.FORMAT_JSON, "base64": h.FORMAT_BASE64, "text": h.FORMAT_TEXT, "bytes": h.FORMAT_BYTES}


class Messages(ChannelEvents):
    """The part of `Channel` that sends."""

    async def send_stream_message(
        self,
        data: Union[str, bytes],
        msg_id: str,
        *,
        format: str = "json",
        lossy: bool = False,
        topic: str = "",
        to: Optional[Iterable[User]] = None,
    ) -> int:
        """Queues a message for the others in the room, who get it whole; where the queue is full, waits for room.

        data: a text of up to 16 MiB; bytes with the format "bytes".
        msg_id: at most 256 bytes ("base64": 32 characters); "": the library chooses one.
        format: "json" and "base64" are the chunks of agora-realtime-ai-api 1.0 and 1.1.0, "text" and "bytes" LiveKit's streams.
        lossy: each chunk ("json", "base64") is sent once and may be lost.
        topic: a name by which receivers tell messages apart, at most 256 bytes.    to: the users who get it; None: everybody.
        Returns its ticket, for wait_sent(). Raises StoaError: the token does not allow to send, a bad id.
        """
        if format not in _FORMATS:
            raise ValueError(f"no message format is named {format!r}: there are {', '.join(_FORMATS)}")
        content = _bytes(data)
        options = h.MessageOptions(message_id=bytes_of(msg_id), format=_FORMATS[format], **_how(topic, to, lossy))
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

    async def send_data(
        self, data: Union[str, bytes], topic: str = "", to: Optional[Iterable[User]] = None, lossy: bool = False
    ) -> None:
        """Sends a packet of data to the others in the room, who get the event "data_received"; where too much waits, waits for room.

        data: at most 60,000 bytes (a text as UTF-8); where it is lossy better less than 1,200, one network packet.
        topic: a name by which receivers tell data apart, at most 256 bytes.    to: the users who get it; None: everybody.
        lossy: it is sent once, and may be lost or overtaken; otherwise it is reliable and in order.
        Raises StoaError without a connection, where the token does not allow to send, and for what is too long.
        """
        content = _bytes(data)
        options = h.DataOptions(**_how(topic, to, lossy))

        def taken() -> bool:
            return must(lib.stoa_channel_send_data(self.handle, content, len(content), byref(options))) != h.QUEUE_FULL

        async with self._turn("data"):
            await self._until(taken)


def _bytes(data: Union[str, bytes]) -> bytes:
    return data.encode() if isinstance(data, str) else memoryview(data).tobytes()


def _how(topic: str, to: Optional[Iterable[User]], lossy: bool) -> Dict[str, Any]:
    """What the options of messages and of data have in common."""
    how = dict(topic=bytes_of(topic), lossy=bool(lossy))
    if to is None:
        return how
    if isinstance(to, (str, int)):
        raise TypeError(f"`to` is a list of users, not one: {to!r}")
    users = [bytes_of(identity_of(user)) or b"" for user in to]
    if not users:  # which to the library is everybody
        raise ValueError("`to` is empty: name the users who get it, or leave it out for everybody")
    return dict(how, to=(c_char_p * len(users))(*users), to_count=len(users))
