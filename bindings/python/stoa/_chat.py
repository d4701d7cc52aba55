"""Messages of a channel in their order."""

import asyncio
from typing import Optional


class ChatMessage:
    """A text, and the id by which receivers put its parts together. Messages on their way at once need different ids."""

    def __init__(self, message: str, msg_id: str) -> None:
        self.message = message
        self.msg_id = msg_id


class Chat:
    """Sends messages in the order of the calls. Those of before the connection wait for it."""

    def __init__(self, channel) -> None:
        self.channel = channel
        self._last: Optional[int] = None

    @property
    def loop(self) -> Optional[asyncio.AbstractEventLoop]:
        return self.channel.loop

    async def send_message(self, item: ChatMessage) -> int:
        """Queues a message, which everybody else in the room gets whole; where the queue is full, waits for room.

        Returns the message's ticket, for `Channel.wait_sent`. Raises StoaError: the token does not allow to send, a bad id.
        """
        self._last = await self.channel.send_stream_message(item.message, item.msg_id)
        return self._last

    async def join(self, timeout: Optional[float] = None) -> None:
        """Waits until all that was queued here has left.

        timeout: seconds; None: as long as it takes. Raises StoaError where the last of the messages failed, or for the timeout.
        """
        if self._last is not None:
            await self.channel.wait_sent(self._last, timeout)
