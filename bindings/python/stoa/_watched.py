"""Handles of the library whose descriptors event loops watch."""

import asyncio
import weakref
from ctypes import c_int32
from typing import Optional

from ._library import number_of


def running_loop() -> Optional[asyncio.AbstractEventLoop]:
    """The event loop that runs on this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Watched:
    """A handle with a descriptor: while there is something to read, the event loop that watches it calls owner.readable().

    It is freed as soon as neither its owner nor a loop has it, and a loop has it for as long as it watches: once a descriptor is
    closed its number is somebody else's. It does not keep its owner alive, who may be collected on any thread.
    """

    def __init__(self, owner, handle: int, descriptor_of, free) -> None:
        """Has the handle from now on. descriptor_of, free: the library's functions.

        Raises StoaError where the process has no more descriptors.
        """
        self.handle = handle
        self._free = free
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        this = weakref.ref(self)  # itself would not be freed before the next collection
        self._owner = weakref.ref(owner, lambda _gone: this().unwatch())
        self.descriptor = number_of(descriptor_of, c_int32, handle)

    def __del__(self) -> None:
        self._free(self.handle)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Has this loop watch, and no other one. On its thread."""
        if loop is not self._loop:
            self.unwatch()
            loop.add_reader(self.descriptor, self._call, loop)
            self._loop = loop

    def unwatch(self) -> None:
        """Has no loop watch; on any thread. The owner is not called any more."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        try:
            if loop is running_loop() or not loop.is_running():
                loop.remove_reader(self.descriptor)
            else:
                loop.call_soon_threadsafe(self._leave, loop)
        except RuntimeError:  # it is closed, and watches nothing
            pass

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:  # it may watch again by now
            loop.remove_reader(self.descriptor)

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        owner = self._owner()
        if owner is not None and loop is self._loop:
            owner.readable()
