"""Real-time voice for asyncio programs, on libstoa.so. Begin with `stoa.rtc`; tokens are in `stoa.token`."""

__version__ = "0.1.0"
