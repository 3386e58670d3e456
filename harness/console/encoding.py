"""Bring a captured stream to UTF-8: loggers on Windows write UTF-16, with a byte order mark or without one.

Everything else passes as it is: bytes of a legacy encoding (GBK, Latin-1) stay, and `Line.text` escapes them.
"""

import codecs

_LOOKED_AT = 256
"""Bytes that have to come before the encoding of a stream without a byte order mark is decided."""

_MARKS = (  # longest first: the mark of UTF-32 LE begins with that of UTF-16 LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 4
_FIRST = 8
_HALVES = ((1, "utf-16-le"), (0, "utf-16-be"))


class Utf8Stream:
    """Takes chunks of any size and gives back the same text as UTF-8; holds back at most its first bytes."""

    def __init__(self) -> None:
        self._head = b""
        self._decided = False
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be passed on of the bytes that have come."""
        if self._decided:
            return chunk if self._decoder is None else _encoded(self._decoder.decode(chunk))
        self._head += chunk
        if len(self._head) < _LOOKED_AT and (len(self._head) < _LONGEST_MARK or not _mark_of(self._head)):
            return b""
        return self._decide()

    def finish(self) -> bytes:
        """Return the rest; the stream is over."""
        rest = b"" if self._decided else self._decide()
        if self._decoder is not None:
            rest += _encoded(self._decoder.decode(b"", final=True))
        return rest

    def _decide(self) -> bytes:
        self._decided = True
        head, self._head = self._head, b""
        mark = _mark_of(head)
        name = _without_mark(head) if mark is None else mark[1]
        if mark is not None:
            head = head[len(mark[0]) :]
        if name:
            self._decoder = codecs.getincrementaldecoder(name)(errors="replace")
            return _encoded(self._decoder.decode(head))
        return head


def _mark_of(head: bytes) -> tuple[bytes, str] | None:
    return next((mark for mark in _MARKS if head.startswith(mark[0])), None)


def _without_mark(head: bytes) -> str:
    """Tell UTF-16 without a mark by its zero bytes: nearly each character of a console is ASCII."""
    pairs = len(head) // 2
    if 0 not in head[:_FIRST]:
        return ""  # other text that goes on in UTF-16, maybe at an odd place
    for half, name in _HALVES:
        zeros, others = head[half : 2 * pairs : 2].count(0), head[1 - half : 2 * pairs : 2].count(0)
        if zeros * 10 >= pairs * 4 and others * 50 <= pairs:
            return name
    return ""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
