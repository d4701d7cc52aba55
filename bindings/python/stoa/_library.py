"""The loaded library, and its statuses as exceptions."""

import os
from ctypes import CDLL, byref, c_char_p, c_int32, c_size_t, c_uint64, create_string_buffer
from pathlib import Path

from . import _header as h


class StoaError(Exception):
    """What a call could not do.

    status: one of `stoa.status`: ERROR_... (negative), or TIMED_OUT (1).
    The text is a sentence: what was wrong, and what to do.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


class NotFoundError(StoaError, KeyError):
    """There is no such user in the room, no such ticket or method. It is a KeyError too, for programs that look users up as in a dict."""


def _load() -> CDLL:
    """The library that $STOA_LIB names; without it the one that the system's loader finds, or that lies beside this file."""
    named = os.environ.get("STOA_LIB")
    paths = [named] if named else ["libstoa.so.0", str(Path(__file__).with_name("libstoa.so"))]
    reasons = []
    for path in paths:
        try:
            return CDLL(path)
        except OSError as error:
            reasons.append(str(error))
    raise ImportError(
        "libstoa.so was not found: install it (`make install` in Stoa's sources, as root), or set STOA_LIB to its path "
        f"({'; '.join(reasons)})"
    )


def _declare(library: CDLL) -> CDLL:
    for functions, result in ((h.FUNCTIONS, c_int32), (h.TEXTS, c_char_p), (h.NUMBERS, c_uint64)):
        for name, arguments in functions.items():
            function = getattr(library, name)
            function.argtypes, function.restype = arguments, result
    return library


lib = _declare(_load())


def must(status: int) -> int:
    """Passes on a status that is no error; raises StoaError with the library's sentence for one that is.

    It has to follow its call at once, on the same thread: the sentence is that of the thread's last error.
    """
    if status >= 0:
        return status
    kind = NotFoundError if status == h.ERROR_NOT_FOUND else StoaError
    raise kind(status, lib.stoa_last_error().decode())


def text_of(function, *arguments) -> str:
    """The text that a function writes into (buffer, capacity, out_length), its last three arguments."""
    length = c_size_t()
    while True:
        buffer = create_string_buffer(length.value + 64)  # it may be some bytes longer the second time, and the third
        status = function(*arguments, buffer, len(buffer), byref(length))
        if status != h.ERROR_BUFFER_TOO_SMALL:
            must(status)
            return buffer.raw[: length.value].decode()


def number_of(function, kind, *arguments) -> int:
    """The number, or the handle, that a function writes into its only output, the last argument."""
    number = kind()
    must(function(*arguments, byref(number)))
    return number.value


def bytes_of(text) -> bytes:
    """A string for the library, which takes NULL (None) for one that is empty. Raises ValueError for a zero byte inside."""
    if text and "\0" in text:
        raise ValueError(f"a text for the library cannot have a zero byte inside: {text!r}")
    return text.encode() if text else None
