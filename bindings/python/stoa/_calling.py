"""Calls between users: methods of a channel's own, and calling those of others."""

import asyncio
import inspect
from ctypes import byref, c_uint32, c_uint64
from dataclasses import dataclass
from typing import Callable, Dict, Optional, Set

from . import _header as h
from ._channel_events import ChannelEvents
from ._emitter import logger
from ._events import Event
from ._library import StoaError, bytes_of, lib, must, text_of
from ._users import User, identity_of

_ANSWER_BYTES = 15_360
_TEXT_BYTES = 256


class RpcError(StoaError):
    """A call that failed; a method raises it to have its caller's call fail.

    code: one of `stoa.status.RPC_...`, or the other's own: 1 to 4294967295, of which 1001 to 1999 are LiveKit's.
    text: what the other user, or the library, says of it; at most 256 bytes arrive.
    """

    def __init__(self, code: int, text: str = "", status: int = h.ERROR_REFUSED, sentence: str = "") -> None:
        if not 0 < code < 1 << 32:
            raise ValueError(f"the code of an error is from 1 to {(1 << 32) - 1}, not {code}")
        super().__init__(status, sentence or text)
        self.code = code
        self.text = text


@dataclass
class RpcCall:
    """A call of a method of this channel's."""

    user: User  # who calls
    method: str
    payload: str
    timeout: float  # seconds within which the answer is of use
    id: str  # as the caller chose it


class Calling(ChannelEvents):
    """The part of `Channel` that is about calls."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self._methods: Dict[str, Callable] = {}
        self._answering: Set[asyncio.Task] = set()  # the event loop itself does not keep tasks alive

    async def call(self, user: User, method: str, payload: str = "", timeout: float = 15.0) -> str:
        """Calls a method of another user in the room, and returns the answer. Where 256 calls wait already, it waits for room.

        payload: a text of at most 15,360 bytes.    timeout: seconds, at most 600; the other user is told 7 fewer, at least 1.
        Raises RpcError for a call that failed, also in time; NotFoundError where no such user is in the room, StoaError without a
        connection, where the token does not allow to send, and for arguments that are too long.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        arguments = [bytes_of(text) for text in (identity_of(user), method, payload)]
        ticket, code = c_uint64(), c_uint32()

        def begin() -> int:
            milliseconds = min(max(1, round(1000 * (end - loop.time()))), (1 << 32) - 1)  # 0 would be the default
            return lib.stoa_channel_rpc_call(self.handle, *arguments, milliseconds, byref(ticket))

        def ended() -> bool:
            status = lib.stoa_channel_rpc_wait(self.handle, ticket, 0, byref(code), None, 0, None)
            if code.value:
                sentence = lib.stoa_last_error().decode()
                text = sentence.split(f" the error {code.value}: ", 1)[-1]  # before it stands whose
                raise RpcError(code.value, text, status, sentence)
            return status == h.ERROR_BUFFER_TOO_SMALL or must(status) == h.OK

        await self._until_taken(begin, timeout, f"{method!r} of user {user!r} was not called")
        await self._until(ended)  # the library ends it in its time
        return text_of(lib.stoa_channel_rpc_wait, self.handle, ticket, 0, byref(code))

    def register(self, method: str, callback: Callable) -> None:
        """Takes calls of a method from now on, over this connection and later ones, in place of the callback that it had.

        method: its name, 1 to 64 bytes.
        callback: plain or async; is given an RpcCall, and returns the answer, a text of at most 15,360 bytes (None: ""). It may
            raise RpcError. What else it raises is logged, and the caller is told RPC_APPLICATION_ERROR and no more. An async one is
            cancelled when the time of its call is over.
        """
        if not callable(callback):
            raise TypeError(f"the callback of the method {method!r} is to be a function, not {type(callback).__name__}")
        must(lib.stoa_channel_rpc_register(self.handle, bytes_of(method)))
        self._methods[method] = callback

    def unregister(self, method: str) -> None:
        """Takes calls of a method no more; runs that have begun go on. Raises NotFoundError (a KeyError) where it is not registered."""
        must(lib.stoa_channel_rpc_unregister(self.handle, bytes_of(method)))
        self._methods.pop(method, None)

    def _note(self, event: Event) -> None:
        super()._note(event)
        if event.name == "rpc_called":
            task = asyncio.ensure_future(self._answer(event))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, event: Event) -> None:
        call = RpcCall(event.user, event.topic, event.data.decode(), event.elapsed_us / 1e6, event.message_id)
        try:
            answer = bytes_of(await self._answer_to(call))
        except RpcError as error:
            text = error.text.encode()[:_TEXT_BYTES].decode(errors="ignore").encode()
            reply = (lib.stoa_channel_rpc_fail, self.handle, event.id, error.code, text)
        except Exception:
            logger.exception("the method %r failed", call.method)
            reply = (lib.stoa_channel_rpc_fail, self.handle, event.id, h.RPC_APPLICATION_ERROR, b"the method failed")
        else:
            reply = (lib.stoa_channel_rpc_answer, self.handle, event.id, answer)
        try:
            await self._until_taken(lambda: reply[0](*reply[1:]), call.timeout, "it was not taken")
        except StoaError as error:  # its time is over, the caller has left, or this user has
            logger.info("the answer of %r to user %r is of no use any more: %s", call.method, call.user, error)

    async def _answer_to(self, call: RpcCall) -> Optional[str]:
        callback = self._methods.get(call.method)
        if callback is None:  # it was called before unregister()
            raise RpcError(h.RPC_UNSUPPORTED_METHOD, "the method is not registered any more")
        answer = callback(call)
        if inspect.isawaitable(answer):
            answer = await asyncio.wait_for(answer, call.timeout)
        if answer is not None and len(answer.encode()) > _ANSWER_BYTES:
            raise RpcError(h.RPC_RESPONSE_PAYLOAD_TOO_LARGE, "the answer is too long")
        return answer

    async def _until_taken(self, ask: Callable[[], int], timeout: float, failed: str) -> None:
        """Asks the library as long as it has no room for what is asked."""

        def taken() -> bool:
            status = ask()
            return status != h.ERROR_BUSY and must(status) == h.OK

        await self._until(taken, timeout, failed)
