"""What a channel is beneath its verbs: a handle of the library, its events on the event loop, and waiting for them."""

import asyncio
from ctypes import byref, c_void_p
from typing import Callable, Dict, Optional

from . import _header as h
from ._emitter import Emitter, logger
from ._events import FRAME_EVENT, NAMES, NO_FRAME_CALLBACK, NO_USER_DATA_FREE, Event, Mailbox, arguments_of, on_event, on_frame
from ._library import StoaError, lib, must

_BEAT = 0.1  # seconds after which a wait looks again by itself


class ChannelEvents:
    """The part of `Channel` that events go through; its methods belong on the event loop's thread."""

    handle: Optional[int] = None  # until there is something to free

    def __init__(self, engine_handle: int, options: h.ChannelOptions) -> None:
        self._emitter = Emitter()
        self._waiting: set = set()  # futures, done with the next event
        self._turns: Dict[str, asyncio.Lock] = {}
        self._takes_frames = False
        try:
            self.loop = asyncio.get_running_loop()
        except RuntimeError:  # none runs; connect() knows one
            self.loop = None
        handle = c_void_p()
        must(lib.stoa_channel_new(engine_handle, byref(options), byref(handle)))
        self.handle = handle.value
        self.mailbox = Mailbox(self.handle, self, self.loop)
        must(lib.stoa_channel_set_event_callback(self.handle, on_event, None, NO_USER_DATA_FREE))

    def __del__(self) -> None:
        if self.handle:
            self.mailbox.close()
            lib.stoa_channel_free(self.handle)

    def on(self, event_name: str, callback: Callable) -> None:
        """Calls a function, plain or async, for each event of this name; what it is given says bindings/python/README.md."""
        self._listen(event_name, callback, once=False)

    def once(self, event_name: str, callback: Callable) -> None:
        """The same for one event."""
        self._listen(event_name, callback, once=True)

    def off(self, event_name: str, callback: Callable) -> None:
        """Takes a callback off. It never runs again; the run of an async one that has begun goes on to its end."""
        self._emitter.off(event_name, callback)
        self._take_frames()

    def _listen(self, event_name: str, callback: Callable, once: bool) -> None:
        if event_name not in NAMES:
            logger.warning("no event is named %r, and this callback will not run: there are %s", event_name, sorted(NAMES))
        self._emitter.on(event_name, callback, once)
        self._take_frames()

    def _take_frames(self) -> None:
        """Has the library call for frames exactly as long as somebody listens for them."""
        wanted = bool(self._emitter.listeners(FRAME_EVENT))
        if wanted == self._takes_frames:
            return
        self._takes_frames = wanted
        callback = on_frame if wanted else NO_FRAME_CALLBACK
        self.mailbox.hasty = True  # the callback may be waiting for this very loop
        status = lib.stoa_channel_set_frame_callback(self.handle, callback, self.handle, NO_USER_DATA_FREE)
        self.mailbox.hasty = False
        if status not in (h.ERROR_BUSY, h.ERROR_CLOSED):  # done, but it is in its last run; the engine was destroyed
            must(status)

    def take(self, event: Event) -> None:
        """An event has come, on the event loop: tells the callbacks, then those who wait."""
        self._note(event)
        self._emitter.emit(event.name, *arguments_of(self, event))
        self._take_frames()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _lead_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self.loop:
            self.loop = loop
            self.mailbox.lead_to(loop)
            self._turns = {}

    def _note(self, event: Event) -> None:
        """Takes over what an event says about the channel, before the callbacks are told."""
        raise NotImplementedError

    async def _until(self, ready: Callable[[], bool], timeout: Optional[float] = None, failed: str = "") -> None:
        """Asks at once, after each event, and each tenth of a second, until it is so.

        Raises what ready() raises, and StoaError (STOA_TIMED_OUT) after `timeout` seconds.
        """
        await asyncio.sleep(0)  # who pushes or sends in a loop lets others run, also where nothing is to be waited for
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while not ready():
            if end is not None and loop.time() >= end:
                raise StoaError(h.TIMED_OUT, f"{failed} within {timeout} s")
            event = loop.create_future()
            self._waiting.add(event)
            try:
                await asyncio.wait([event], timeout=_BEAT if end is None else min(_BEAT, max(0.0, end - loop.time())))
            finally:
                self._waiting.discard(event)

    def _turn(self, what: str) -> asyncio.Lock:
        """Who waits for room is served in the order of the calls."""
        return self._turns.setdefault(what, asyncio.Lock())
