"""Lines of a console that print secrets by themselves: user, password and PSK of the link SDKs, dumps of their packets.

Source: consoles.md A2: the codes 0317, 0318 and 031A, and the rows of 030A; the demo of dynamic registration of Link
SDK 4.x prints the DeviceSecret on a line of its own.
"""

import operator
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import cast

# The auth codes of the vendor's test program say `device secret` as well, behind the name of a function.
_TAG = re.compile(rb"\[LK-(?:0317|0318|031A|030A)\]|(?<![ -~])device ?secret ?: ?", re.IGNORECASE)
_LINK, _LOWER, _UPPER = b"[LK-03", b"ecret", b"ECRET"
"""Each tag has one of them in it."""

_BRACKET, _V_LOWER, _V_UPPER, _COLON = b"[vV:"
"""Each tag has the bracket, or a V and the colon: one byte is found many times as fast as several."""

_K_UPPER, _C_UPPER = b"KC"
"""Bytes of `_LINK` and of `_UPPER` that most lines lack."""

_D_LOWER, _D_UPPER = b"dD"
"""A tag that a chunk ends in has one of them, or a bracket."""

_NUL, _LINE_END = b"\0\n"
_LONG = 1024  # bytes from which on C's own search is worth its call

_OVERLAP = 20  # bytes of a tag that a chunk may end in, with the one before it
_END = re.compile(rb"[\r\n]")
_OTHERS = re.compile(rb"\[[ \d.:/,-]{4,28}\]|[<(][A-Z\d]{1,10}[>)] |\b[A-Z]/[\w.-]+")
_KEPT = 512

STARS = bytes(byte if byte in b" \r\n" else 0x2A for byte in range(256))
"""Table that puts a star for each byte but blanks and line ends."""


def may_show(data: bytes) -> bool:
    """Tell whether there may be a tag in data; most have none, and every chunk of every stream is asked about."""
    may_link = _BRACKET in data and _K_UPPER in data
    may_device = (_V_LOWER in data or _V_UPPER in data) and _COLON in data
    if not may_link and not may_device:
        return False
    if len(data) < _LONG:
        return (may_link and _LINK in data) or (
            may_device and (_LOWER in data or (_C_UPPER in data and _UPPER in data))
        )
    find = searching(text=_NUL not in data)
    return bool(
        (may_link and find(data, _LINK)) or (may_device and (find(data, _LOWER) or find(data, _UPPER)))
    )


@cache
def searching(*, text: bool) -> Callable[[bytes, bytes], object]:
    """Return the fastest way to tell whether long data hold a few bytes: C's own, where there is one.

    Args:
        text: No byte of the data is zero, where C takes a text to end; then the search is several times as fast.
    """
    ctypes = import_module("ctypes")  # not before there is a flood
    try:
        library = ctypes.PyDLL(None)
        find = library.strstr if text else library.memmem
    except (OSError, AttributeError):
        return operator.contains
    find.restype = ctypes.c_void_p  # None when it is not there
    if text:
        # No `argtypes`: an object to convert each argument would take as long as the search of 4 KB.
        return cast("Callable[[bytes, bytes], object]", find)
    find.argtypes = 2 * (ctypes.c_char_p, ctypes.c_size_t)
    return lambda data, part: find(data, len(data), part, len(part))


class SecretLines:
    """Puts stars into what stands behind such a code, up to the end of its line, however the line comes in pieces.

    A line that the log of somebody else has come into goes on behind that: the next one is hidden as well.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._may_go_on = False  # a tag that the tail begins
        self._within = False
        self._goes_on = False  # behind a line that somebody else has printed into
        self._line = bytearray()  # what is hidden of it, to tell whether somebody else prints into it

    def hide(self, chunk: bytes) -> bytes:
        """Return the next piece of a stream, as long as it is, without what is secret in it."""
        # Most pieces are a few whole lines without a tag; for them as little as possible is done.
        before = self._tail
        may = (_BRACKET in chunk or _V_LOWER in chunk or _V_UPPER in chunk) and may_show(chunk)
        if self._may_go_on and not may:
            may = may_show(before + (chunk if len(chunk) < _LONG else chunk[:_OVERLAP]))
        if chunk and chunk[-1] == _LINE_END:
            if before:
                self._tail, self._may_go_on = b"", False  # no tag goes on in the next line
        else:
            tail = chunk[-_OVERLAP:]
            if len(tail) < _OVERLAP:
                tail = (before + tail)[-_OVERLAP:]
            self._tail = tail
            self._may_go_on = _BRACKET in tail or _D_LOWER in tail or _D_UPPER in tail
        if not may and not self._within:
            return chunk
        hidden = bytearray()
        at = 0
        while at < len(chunk):
            if self._within:
                found = _END.search(chunk, at)
                end = len(chunk) if found is None else found.start()
                self._line += chunk[at : min(end, at + _KEPT)]
                hidden += chunk[at:end].translate(STARS)
                if found is not None:
                    end = self._next_line(chunk, end, hidden)
            else:
                tagged = _first(before, chunk, at)
                end = len(chunk) if tagged is None else tagged
                hidden += chunk[at:end]
                self._within = tagged is not None
                self._goes_on = False
            at = end
        return bytes(hidden)

    def _next_line(self, chunk: bytes, end: int, hidden: bytearray) -> int:
        """Pass the end of a hidden line; return where the next one begins."""
        hidden += chunk[end : end + 1]
        if self._goes_on and not self._line.strip():
            return end + 1  # the rest of the line end before
        self._within = self._goes_on = _OTHERS.search(self._line) is not None
        self._line.clear()
        return end + 1


def _first(before: bytes, chunk: bytes, at: int) -> int | None:
    """Return where the first tag ends that ends in a chunk from an offset on; None for none."""
    begin = len(before) + at if at else 0
    for found in _TAG.finditer(before + chunk, begin):
        if found.end() > len(before) + at:
            return found.end() - len(before)
    return None
