"""The library's log, of engines and of room servers, as log records of Python."""

import atexit
import logging

from . import _header as h
from ._library import lib, must

_LEVELS = {
    logging.ERROR: h.LOG_ERROR,
    logging.WARNING: h.LOG_WARN,
    logging.INFO: h.LOG_INFO,
    logging.DEBUG: h.LOG_DEBUG,
}
_PYTHON_LEVELS = {ours: pythons for pythons, ours in _LEVELS.items()}

_NO_USER_DATA_FREE = h.UserDataFree()

logger = logging.getLogger("stoa")


@h.LogCallback
def _on_line(level, text, _user_data):
    logger.log(_PYTHON_LEVELS.get(level, logging.INFO), "%s", text.decode())


def to_logging(level: int = logging.INFO) -> None:
    """Has the library's lines come to `logging.getLogger("stoa")`, for the whole process.

    Without this the environment variable STOA_LOG (error, warn, info or debug) sends them to standard error.
    level: logging.ERROR, WARNING, INFO or DEBUG: what is below is not even written. Raises ValueError for another one.
    """
    if level not in _LEVELS:
        raise ValueError(f"no such level of the log: {level}; give logging.ERROR, WARNING, INFO or DEBUG")
    must(lib.stoa_log_set(_LEVELS[level], _on_line, None, _NO_USER_DATA_FREE))
    atexit.register(_stop)  # no line may enter an interpreter that is ending


def _stop() -> None:
    lib.stoa_log_set(h.LOG_OFF, h.LogCallback(), None, _NO_USER_DATA_FREE)
