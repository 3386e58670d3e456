"""Finds the records of a recording by time, without reading it whole: a sample of stamps by offset, then its lines."""

import os
import re
import stat
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.transport.recording.recording import LINE_LIMIT

_STEP = 2048  # bytes between two samples, where the file is not so long that they would be too many
_MOST_SAMPLES = 64 * 1024
_NEAR, _FAR = 4096, 128 * 1024  # bytes of the first reading, and of those after it
_CHUNK = 1 << 20
_REORDER = 8  # records among which the stamps may be out of order: two threads write the file
_LONGEST_STAMP = 64
_CUT = 512  # bytes that are kept of a line beyond all limits
_STAMP = re.compile(rb'^ ?\{ ?"t" ?: ?(-?\d{1,19})[ ,}]', re.MULTILINE)

_Samples = tuple["array[int]", "array[int]"]  # offsets of lines, and the highest stamp until there
_MOST_KEPT = 16
_SAMPLES: dict[tuple[int, ...], _Samples] = {}
"""The samples of the last files, by what the file system says of them: a file that is as it was is not read again."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a recording: where it begins, when it was written, and its bytes without the line end."""

    offset: int
    t: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """The lines of a span of time: all of them in `first`, or the first, the last, and how many stand between."""

    first: tuple[Line, ...] = ()
    last: tuple[Line, ...] = ()
    between: int = 0

    @property
    def count(self) -> int:
        """How many lines the span has."""
        return len(self.first) + self.between + len(self.last)


class IndexedRecording:
    """A recording whose lines are found by time. Nothing of it is kept but the sample of its stamps.

    What was written before it was opened counts.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and take the sample.

        Raises:
            UsageError: It is not there, no regular file, or cannot be read.
        """
        self._file, status = _opened(path)
        self._size = status.st_size
        # The page, the PDF and the short one each ask the same recordings, one after the other.
        which = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        known = _SAMPLES.pop(which, None)
        if known is None:
            known = self._sample(max(_STEP, -(-self._size // _MOST_SAMPLES)))
        self._offsets, self._stamps = _SAMPLES[which] = known
        for oldest in list(_SAMPLES)[:-_MOST_KEPT]:
            _SAMPLES.pop(oldest, None)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def between(self, began: int, ended: int, head: int, tail: int) -> Span:
        """Return the lines of a span of time, both ends included.

        Args:
            began: Monotonic nanoseconds.
            ended: The same, of the end.
            head: Lines of its beginning at most, where there are more than `head` and `tail` together.
            tail: Lines of its end at most.
        """
        begin, end = self._begin(began), self._end(ended)
        count = self._count(begin, end)
        if count <= head + tail + _REORDER:
            every = tuple(line for line in self._lines(begin, end) if began <= line.t <= ended)
            if len(every) <= head + tail:
                return Span(every)
            return Span(every[:head], every[len(every) - tail :], len(every) - head - tail)
        first: list[Line] = []
        last: list[Line] = []
        strange = 0  # lines of other times among them
        for found, wanted, lines in (
            (first, head, self._lines(begin, end)),
            (last, tail, self._lines_back(begin, end)),
        ):
            while len(found) < wanted and (line := next(lines, None)) is not None:
                if began <= line.t <= ended:
                    found.append(line)
                else:
                    strange += 1
        return Span(tuple(first), tuple(reversed(last)), count - strange - len(first) - len(last))

    def before(self, offset: int) -> Iterator[Line]:
        """Give the lines before one, the nearest first."""
        return self._lines_back(0, offset)

    def _sample(self, step: int) -> _Samples:
        offsets, stamps = array("q"), array("q")
        highest = -(2**63)
        for chunk in range(0, self._size, _CHUNK):
            data = self._read(chunk, min(_CHUNK, self._size - chunk) + _LONGEST_STAMP)
            for near in range(-chunk % step, min(_CHUNK, self._size - chunk), step):
                end = data.find(b"\n", near) + 1
                found = _STAMP.match(data, end) if end else None
                if found is not None and (not offsets or offsets[-1] < chunk + end):
                    # A stamp that is lower than one before it must not hide what comes between.
                    highest = max(highest, min(int(found[1]), 2**63 - 1))
                    offsets.append(chunk + end)
                    stamps.append(highest)
        return offsets, stamps

    def _begin(self, began: int) -> int:
        """Return where the first line begins that is not before a time."""
        place = bisect_left(self._stamps, began) - 1
        for offset, t in self._stamped(self._offsets[place] if place >= 0 else 0):
            if t >= began:
                return offset
        return self._size

    def _end(self, ended: int) -> int:
        """Return where the last line ends that is not after a time."""
        place = bisect_right(self._stamps, ended) - 1
        beyond: list[int] = []
        for offset, t in self._stamped(self._offsets[place] if place >= 0 else 0):
            if t <= ended:
                beyond.clear()
                continue
            beyond.append(offset)
            if len(beyond) > _REORDER:
                break
        return beyond[0] if beyond else self._size

    def _stamped(self, at: int) -> Iterator[tuple[int, int]]:
        """Give where lines begin and when they were written, from one on; those without a stamp are passed over."""
        size = _NEAR
        while at < self._size:
            data = self._read(at, size)
            whole = data.rfind(b"\n") + 1
            last = at + len(data) >= self._size
            for found in _STAMP.finditer(data, 0, len(data) if last or not whole else whole):
                yield at + found.start(), int(found[1])
            at += len(data) if last or not whole else whole
            size = _FAR

    def _count(self, begin: int, end: int) -> int:
        """Return how many lines stand in a range; the last may have no end."""
        count, last = 0, b"\n"
        for at in range(begin, end, _CHUNK):
            data = self._read(at, min(_CHUNK, end - at))
            count += data.count(b"\n")
            last = data[-1:]
        return count + (last not in (b"\n", b""))

    def _lines(self, begin: int, end: int) -> Iterator[Line]:
        """Give the lines of a range; one beyond all limits is cut."""
        held = b""
        t, size, reading = 0, _NEAR, begin
        while reading < end:
            chunk = self._read(reading, min(size, end - reading))
            if not chunk:
                break
            reading += len(chunk)
            size = _FAR
            *lines, held = (held + chunk).split(b"\n")
            for data in lines:
                line = _line(begin, data, t)
                begin, t = begin + len(data) + 1, line.t
                yield line
            if len(held) > LINE_LIMIT:
                yield Line(begin, t, held[:_CUT])
                reading = begin = self._behind_line(reading)
                held = b""
        if held:
            yield _line(begin, held, t)

    def _lines_back(self, begin: int, end: int) -> Iterator[Line]:
        """Give the lines of a range from its end on; one beyond all limits is cut."""
        held = b""
        size, reading = _NEAR, end
        if begin < end and self._read(end - 1, 1) == b"\n":
            reading = end = end - 1
        while reading > begin:
            chunk = self._read(max(begin, reading - size), min(size, reading - begin))
            reading -= len(chunk)
            size = _FAR
            held, *lines = (chunk + held).split(b"\n")
            for data in reversed(lines):
                end -= len(data)
                yield _line(end, data, 0)
                end -= 1
            if len(held) > LINE_LIMIT:
                held = held[-LINE_LIMIT:]
        if begin < end:
            yield _line(begin, held, 0)

    def _behind_line(self, at: int) -> int:
        while chunk := self._read(at, _FAR):
            end = chunk.find(b"\n")
            if end >= 0:
                return at + end + 1
            at += len(chunk)
        return at

    def _read(self, at: int, size: int) -> bytes:
        return os.pread(self._file, size, at)


def _opened(path: Path) -> tuple[int, os.stat_result]:
    """Return the file and its status; a named pipe is not waited for, a link not followed."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = (
            os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else str(error)
        )
        raise UsageError(f"{path}: cannot be read: {reason}") from None
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        os.close(file)
        raise UsageError(f"{path}: is not a regular file")
    return file, status


def _line(offset: int, data: bytes, t: int) -> Line:
    """Return a line; one without a stamp counts as written when the one before it was."""
    found = _STAMP.match(data)
    return Line(offset, t if found is None else int(found[1]), data)
