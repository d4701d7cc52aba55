"""The engine: media threads, and the room server where no URL is given."""

import weakref
from ctypes import byref, c_void_p
from types import SimpleNamespace
from typing import Optional

from . import _header as h
from ._channel import Channel
from ._library import bytes_of, lib, number_of, text_of
from ._options import RtcOptions
from ._stats import EngineStats, ServerStats, stats_of


class RtcEngine:
    """Several may live in one process. It is a context manager, which destroys it at the end.

    appid: the app id, or LiveKit's API key.
    appcert: the app certificate, or LiveKit's API secret. "": with the room server inside, a random one that nobody else has;
        with a url, each channel's options need a token.
    url: a LiveKit or Stoa server: ws://, wss://, http:// or https://. None: the room server inside the library.
    ca_file: with TLS, a PEM file with the certificates to trust instead of the system's.
    threads: for media, 1 to 64. 0: as many as cores, at most 4.
    Raises StoaError: no app id, a url that is none, no free port.
    """

    def __init__(
        self, appid: str, appcert: str = "", *, url: Optional[str] = None, ca_file: Optional[str] = None, threads: int = 0
    ) -> None:
        self.appid = appid
        self.appcert = appcert
        options = h.EngineOptions(
            app_id=bytes_of(appid) or b"",
            app_certificate=bytes_of(appcert),
            url=bytes_of(url),
            threads=threads,
            ca_file=bytes_of(ca_file),
        )
        self.handle = number_of(lib.stoa_engine_new, c_void_p, byref(options))
        self._free = weakref.finalize(self, lib.stoa_engine_free, self.handle)  # once; also when it is forgotten, and at exit

    @property
    def url(self) -> str:
        """Where other processes join: the room server inside, or the url that was given."""
        return text_of(lib.stoa_engine_url, self.handle)

    def stats(self) -> SimpleNamespace:
        """What the engine and its threads have counted: the members of stoa_engine_stats."""
        return stats_of(lib.stoa_engine_get_stats, EngineStats, self.handle)

    def server_stats(self) -> SimpleNamespace:
        """What the room server inside has counted: the members of stoa_server_stats. Raises StoaError where the engine has a url."""
        return stats_of(lib.stoa_engine_get_server_stats, ServerStats, self.handle)

    def create_channel(self, options: RtcOptions) -> Channel:
        """A channel of this engine, not yet connected.

        Raises StoaError for an option that is out of its range, and for a token of another room or user.
        """
        return Channel(self, options)

    def destroy(self) -> None:
        """Closes all channels and the room server. Takes at most two seconds, offline too; again does nothing."""
        self._free()

    def __enter__(self) -> "RtcEngine":
        return self

    def __exit__(self, *_exception) -> None:
        self.destroy()
