"""A room server, which programs on other machines, official LiveKit clients and browsers can join."""

import weakref
from ctypes import byref, c_uint32, c_void_p
from types import SimpleNamespace

from . import _header as h
from ._library import bytes_of, lib, number_of, text_of
from ._stats import ServerStats, stats_of


class Server:
    """It serves on threads of its own, from now until close(). It is a context manager, which closes it at the end.

    keys: API keys with their secrets (app ids with their certificates), as "KEY:SECRET", separated by spaces or line ends.
    bind: the address, such as "0.0.0.0" or "::1". "": 127.0.0.1, this machine only.
    port, udp_port: for signalling (TCP) and for media. 0: free ones.
    webhooks: at most 8 URLs, separated by spaces or line ends, where events are posted as LiveKit's webhooks.
    metrics: show the numbers of stats() to everyone who can reach the port, at GET /metrics, as Prometheus reads them.
    remote_unmute: the room service may unmute, which opens somebody's microphone from afar.
    Raises StoaError, which names the option, and where an address or port is taken or not allowed.
    """

    def __init__(
        self,
        keys: str,
        *,
        bind: str = "",
        port: int = 0,
        udp_port: int = 0,
        webhooks: str = "",
        metrics: bool = False,
        remote_unmute: bool = False,
    ) -> None:
        options = h.ServerOptions(
            bind=bytes_of(bind),
            keys=bytes_of(keys) or b"",
            port=port,
            udp_port=udp_port,
            webhooks=bytes_of(webhooks),
            metrics=bool(metrics),
            remote_unmute=bool(remote_unmute),
        )
        self._handle = number_of(lib.stoa_server_new, c_void_p, byref(options))
        self._free = weakref.finalize(self, lib.stoa_server_free, self._handle)  # once; also when it is forgotten, and at exit

    @property
    def url(self) -> str:
        """What to join with, such as "ws://127.0.0.1:7880"."""
        return text_of(lib.stoa_server_url, self._handle)

    @property
    def port(self) -> int:
        """The TCP port for signalling."""
        return number_of(lib.stoa_server_port, c_uint32, self._handle)

    @property
    def udp_port(self) -> int:
        """The UDP port for media."""
        return number_of(lib.stoa_server_udp_port, c_uint32, self._handle)

    def stats(self) -> SimpleNamespace:
        """What the server has counted: the members of stoa_server_stats. Raises StoaError where it is closed."""
        return stats_of(lib.stoa_server_get_stats, ServerStats, self._handle)

    def close(self) -> None:
        """Tells the participants that it shuts down, and closes its ports. Takes at most two seconds; again does nothing."""
        self._free()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_exception) -> None:
        self.close()
