"""Cut a stream of bytes into lines, whatever the device prints, in bounded memory."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DEFAULT_LIMIT = 8192
_LINE_END = re.compile(rb"\r+(?:\0?\n)?|\n")  # the zero byte is that of UTF-16 in the middle of other text
_OPEN = (b"", b"\0")  # what may still become more of a line end
_REST_OF_END = re.compile(rb"\0?\n")


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one piece of an overlong line.

    Attributes:
        number: The line's number from 1; all pieces of an overlong line share it.
        offset: Offset in bytes of the first byte of this piece in the stream.
        raw: The bytes without the line end.
        piece: 0 for the beginning of a line, 1, 2, … for the rest of an overlong one.
        cut: The line goes on in the next piece.
        ended: A line end followed; False for a cut piece, and when the stream stopped inside the line.
    """

    number: int
    offset: int
    raw: bytes
    piece: int = 0
    cut: bool = False
    ended: bool = True

    @property
    def text(self) -> str:
        r"""The line as text, `\xNN` for each byte that is not UTF-8; control characters are still in it."""
        return self.raw.decode("utf-8", errors="backslashreplace")


class LineReader:
    r"""Takes chunks of any size and gives back lines; the cutting does not depend on how the chunks fall.

    A line ends with `\n`, `\r\n`, a lone `\r`, or several `\r` and then `\n` (a terminal translated twice).
    A zero byte before that `\n` belongs to it.
    A line of more than `limit` bytes comes in pieces of `limit` bytes: memory is bounded and nothing is lost.
    NUL and other control bytes are kept in `Line.raw`.
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1 byte, not {limit}")
        self._limit = limit
        self._rest = bytearray()
        self._scanned = 0
        self._offset = 0  # of the first byte in _rest
        self._number = 1
        self._piece = 0
        self._after_return = (
            False  # a \r ended the last line: what is left of its line end is still to be skipped
        )

    def feed(self, chunk: bytes) -> list[Line]:
        """Return the lines that `chunk` completes."""
        lines: list[Line] = []
        self._rest += chunk
        start = self._skip_line_end()
        while True:
            found = _LINE_END.search(self._rest, max(start, self._scanned))
            end = found.start() if found else len(self._rest)
            while end - start > self._limit:
                lines.append(self._take(start, start + self._limit, cut=True, ended=False))
                start += self._limit
            if found is None:
                break
            lines.append(self._take(start, end))
            start = found.end()
            self._after_return = (
                found.group().endswith(b"\r") and bytes(self._rest[start : start + 2]) in _OPEN
            )
        del self._rest[:start]
        self._offset += start
        self._scanned = len(self._rest)
        return lines

    def finish(self) -> list[Line]:
        """Return the unfinished last line, if there is one; the stream is over."""
        if not self._rest:
            return []
        last = self._take(0, len(self._rest), ended=False)
        self._rest.clear()
        return [last]

    def _skip_line_end(self) -> int:
        """Return where the next line starts: what is left of the last line end is skipped."""
        if not self._after_return:
            return 0
        position = 0
        while self._rest[position : position + 1] == b"\r":
            position += 1
        if bytes(self._rest[position : position + 2]) in _OPEN:
            return position
        self._after_return = False
        found = _REST_OF_END.match(self._rest, position)
        return position if found is None else found.end()

    def _take(self, start: int, end: int, *, cut: bool = False, ended: bool = True) -> Line:
        line = Line(
            number=self._number,
            offset=self._offset + start,
            raw=bytes(self._rest[start:end]),
            piece=self._piece,
            cut=cut,
            ended=ended,
        )
        if cut:
            self._piece += 1
        else:
            self._piece = 0
            self._number += 1
        return line


def read_lines(chunks: Iterable[bytes], *, limit: int = DEFAULT_LIMIT) -> Iterator[Line]:
    """Give all lines of a whole stream, the unfinished last one too."""
    reader = LineReader(limit=limit)
    for chunk in chunks:
        yield from reader.feed(chunk)
    yield from reader.finish()
