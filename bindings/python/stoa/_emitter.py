"""Callbacks by the name of an event, called on the event loop's thread."""

import asyncio
import inspect
import logging
from typing import Callable

logger = logging.getLogger("stoa.rtc")


class _Listener:
    def __init__(self, callback: Callable, once: bool) -> None:
        self.callback = callback
        self.once = once
        self.spent = False  # it was for one event, and had it
        self.off = False


class Emitter:
    """For each name its callbacks, in the order in which they were added; however often one was added, an event calls it once."""

    def __init__(self) -> None:
        self._listeners: dict = {}
        self._tasks: set = set()  # the event loop itself does not keep tasks alive

    def on(self, name: str, callback: Callable, once: bool = False) -> None:
        if not callable(callback):
            raise TypeError(f"the callback of {name!r} is to be a function, not {type(callback).__name__}")
        present = self.listeners(name).get(callback)
        if present is None or present.spent:
            self._listeners.setdefault(name, {})[callback] = _Listener(callback, once)

    def off(self, name: str, callback: Callable) -> None:
        listener = self.listeners(name).get(callback)
        if listener is not None:
            listener.off = True
            self._forget(name, listener)

    def listeners(self, name: str) -> dict:
        return self._listeners.get(name, {})

    def wants(self, name: str) -> bool:
        """Whether the next event of a name would call somebody."""
        return not all(listener.spent for listener in self.listeners(name).values())

    def emit(self, name: str, *arguments) -> None:
        """Calls the callbacks of a name. What one of them raises is logged, and the others are called all the same."""
        for listener in list(self.listeners(name).values()):
            if listener.off or listener.spent:  # an earlier callback of this event took it off
                continue
            listener.spent = listener.once
            try:
                result = listener.callback(*arguments)
            except Exception:
                _log(name)
                result = None
            if inspect.isawaitable(result):
                self._start(name, listener, result)
            elif listener.once:
                self._forget(name, listener)

    def _start(self, name: str, listener: _Listener, awaitable) -> None:
        async def run():
            if listener.once:
                self._forget(name, listener)
            if listener.off:  # between the event and this first step
                if inspect.iscoroutine(awaitable):
                    awaitable.close()
                return
            try:
                await awaitable
            except Exception:
                _log(name)

        task = asyncio.ensure_future(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _forget(self, name: str, listener: _Listener) -> None:
        if self.listeners(name).get(listener.callback) is listener:
            del self._listeners[name][listener.callback]


def _log(name: str) -> None:
    logger.exception("a callback of %r failed", name)
