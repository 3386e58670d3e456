"""Lines of a console that print secrets by themselves: user, password and PSK of the link SDKs, dumps of their packets.

Source: consoles.md A2: the codes 0317, 0318 and 031A, and the rows of 030A; the demo of dynamic registration of Link
SDK 4.x prints the DeviceSecret on a line of its own.
"""

import operator
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module

# The auth codes of the vendor's test program say `device secret` as well, behind the name of a function.
_TAG = re.compile(rb"\[LK-(?:0317|0318|031A|030A)\]|(?<![ -~])device ?secret ?: ?", re.IGNORECASE)
_LINK, _LOWER, _UPPER = b"[LK-03", b"ecret", b"ECRET"
"""Each tag has one of them in it."""

_BRACKET, _V_LOWER, _V_UPPER = b"[vV"
"""Each tag has one of them in it: that of `device`, and one byte is found many times as fast as several."""

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
    if len(data) < _LONG:
        return (_BRACKET in data and _LINK in data) or (
            (_V_LOWER in data or _V_UPPER in data) and (_LOWER in data or _UPPER in data)
        )
    holds = searching(text=_NUL not in data)
    return (_BRACKET in data and holds(data, _LINK)) or (
        (_V_LOWER in data or _V_UPPER in data) and (holds(data, _LOWER) or holds(data, _UPPER))
    )


@cache
def searching(*, text: bool) -> Callable[[bytes, bytes], bool]:
    """Return the fastest way to tell whether long data hold a few bytes: C's own, where there is one.

    Args:
        text: No byte of the data is zero, where C takes a text to end; then the search is several times as fast.
    """
    ctypes = import_module("ctypes")  # not before there is a flood
    try:
        library = ctypes.PyDLL(None)
        search = library.strstr if text else library.memmem
    except (OSError, AttributeError):
        return operator.contains
    of_bytes = (ctypes.c_char_p, ctypes.c_size_t)
    search.restype = ctypes.c_void_p
    search.argtypes = (ctypes.c_char_p, ctypes.c_char_p) if text else of_bytes + of_bytes
    if text:
        return lambda data, part: search(data, part) is not None
    return lambda data, part: search(data, len(data), part, len(part)) is not None


class SecretLines:
    """Puts stars into what stands behind such a code, up to the end of its line, however the line comes in pieces.

    A line that the log of somebody else has come into goes on behind that: the next one is hidden as well.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._within = False
        self._goes_on = False  # behind a line that somebody else has printed into
        self._line = bytearray()  # what is hidden of it, to tell whether somebody else prints into it

    def hide(self, chunk: bytes) -> bytes:
        """Return the next piece of a stream, as long as it is, without what is secret in it."""
        before = self._tail
        if not before:  # as it mostly is: lines come whole
            may = may_show(chunk)
        elif len(chunk) < _LONG:
            may = may_show(before + chunk)
        else:
            may = may_show(before + chunk[:_OVERLAP]) or may_show(chunk)
        if chunk and chunk[-1] == _LINE_END:
            self._tail = b""  # no tag goes on in the next line
        else:
            self._tail = (before + chunk[-_OVERLAP:])[-_OVERLAP:]
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
