"""What a channel is beneath its verbs: a handle of the library, its events on the event loop, and waiting for them."""

import asyncio
from ctypes import byref, c_void_p
from typing import Callable, Dict, Optional

from . import _header as h
from ._emitter import Emitter, logger
from ._events import NAMES, Event, arguments_of, taken
from ._library import StoaError, lib, number_of
from ._watched import Watched, running_loop

_BEAT = 0.1  # seconds after which a wait looks again by itself: room in a queue is no event
_TURN = 64  # events that one channel tells before others get their turn


class ChannelEvents:
    """The part of `Channel` that events go through; its methods belong on the event loop's thread."""

    def __init__(self, engine_handle: int, options: h.ChannelOptions) -> None:
        self._emitter = Emitter()
        self.loop: Optional[asyncio.AbstractEventLoop] = None
        self._waiting: set = set()  # futures, done with the next events
        self._turns: Dict[str, asyncio.Lock] = {}
        self.handle = number_of(lib.stoa_channel_new, c_void_p, engine_handle, byref(options))
        self._watched = Watched(self, self.handle, lib.stoa_channel_event_descriptor, lib.stoa_channel_free)
        loop = running_loop()
        if loop is not None:  # otherwise connect() knows one
            self._lead_to(loop)

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

    def _lead_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Has events come to this loop, and no more to another one, which may be closed."""
        if loop is not self.loop:
            self.loop = loop
            self._watched.watch(loop)
            self._turns = {}

    def readable(self) -> None:
        """Called by the event loop as long as there are events: tells the callbacks of some, then those who wait."""
        polled = h.Event()
        for _ in range(_TURN):
            status = lib.stoa_channel_poll_event(self.handle, 0, byref(polled))
            if status != h.OK:
                break
            event = taken(polled)
            self._note(event)
            self._emitter.emit(event.name, *arguments_of(self, event))
        if status < 0 and status != h.ERROR_LIMIT:  # the engine was destroyed: nothing comes any more
            self._watched.unwatch()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _note(self, event: Event) -> None:
        """Takes over what an event says about the channel, before the callbacks are told. Each part of `Channel` adds its own."""

    def _take_frames(self) -> None:
        """Has FRAME_EVENT told exactly as long as somebody listens for it."""
        raise NotImplementedError

    async def _until(
        self, ready: Callable[[], bool], timeout: Optional[float] = None, failed: str = "", beat: Optional[float] = None
    ) -> None:
        """Asks at once, after events, and after each `beat`, in seconds, until it is so: at least every tenth of one.

        Raises what ready() raises, and StoaError (STOA_TIMED_OUT) after `timeout` seconds.
        """
        await asyncio.sleep(0)  # who pushes or sends in a loop lets others run, also where nothing is to be waited for
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        beat = _BEAT if beat is None else min(beat, _BEAT)
        while not ready():
            if end is not None and loop.time() >= end:
                raise StoaError(h.TIMED_OUT, f"{failed} within {round(timeout, 3)} s")
            event = loop.create_future()
            self._waiting.add(event)
            try:
                await asyncio.wait([event], timeout=beat if end is None else min(beat, max(0.0, end - loop.time())))
            finally:
                self._waiting.discard(event)

    def _turn(self, what: str) -> asyncio.Lock:
        """Who waits for room is served in the order of the calls."""
        return self._turns.setdefault(what, asyncio.Lock())
