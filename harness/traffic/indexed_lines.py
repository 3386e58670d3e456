"""A recording of version 1, lines of JSON: a sample of stamps by offset, then its lines."""

import re
from array import array
from collections.abc import Iterator

from harness.traffic.indexed import IndexedRecording, Line, Samples
from harness.transport.recording.json_lines import LINE_LIMIT, parsed
from harness.transport.recording.record import Record

_NEAR, _FAR = 4096, 128 * 1024  # bytes of the first reading, and of those after it
_CHUNK = 1 << 20
_LONGEST_STAMP = 64
_CUT = 512  # bytes that are kept of a line beyond all limits
_STAMP = re.compile(rb'^ ?\{ ?"t" ?: ?(-?\d{1,19})[ ,}]', re.MULTILINE)


class JsonLinesByTime(IndexedRecording):
    """Such a recording. A line that cannot be read is a record that says nothing."""

    @property
    def first(self) -> int:
        """Where the first line begins: that of the header, which has no stamp."""
        return 0

    def record(self, line: Line) -> Record | None:
        """Return what a line says; None when it is no record."""
        return parsed(line.data)

    def sample(self, step: int) -> Samples:
        """Return about one line in so many bytes."""
        offsets, stamps = array("q"), array("q")
        highest = -(2**63)
        for chunk in range(0, self.stored.size, _CHUNK):
            data = self.stored.read(chunk, min(_CHUNK, self.stored.size - chunk) + _LONGEST_STAMP)
            for near in range(-chunk % step, min(_CHUNK, self.stored.size - chunk), step):
                end = data.find(b"\n", near) + 1
                found = _STAMP.match(data, end) if end else None
                if found is not None and (not offsets or offsets[-1] < chunk + end):
                    # A stamp that is lower than one before it must not hide what comes between.
                    highest = max(highest, min(int(found[1]), 2**63 - 1))
                    offsets.append(chunk + end)
                    stamps.append(highest)
        return Samples(offsets, stamps, array("q"))

    def stamped(self, at: int) -> Iterator[tuple[int, int]]:
        """Give where lines begin and when they were written, from one on; those without a stamp are passed over."""
        size = _NEAR
        while at < self.stored.size:
            data = self.stored.read(at, size)
            whole = data.rfind(b"\n") + 1
            last = at + len(data) >= self.stored.size
            for found in _STAMP.finditer(data, 0, len(data) if last or not whole else whole):
                yield at + found.start(), int(found[1])
            at += len(data) if last or not whole else whole
            size = _FAR

    def count(self, begin: int, end: int) -> int:
        """Return how many lines stand in a range; the last may have no end."""
        count, last = 0, b"\n"
        for at in range(begin, end, _CHUNK):
            data = self.stored.read(at, min(_CHUNK, end - at))
            count += data.count(b"\n")
            last = data[-1:]
        return count + (last not in (b"\n", b""))

    def lines(self, begin: int, end: int) -> Iterator[Line]:
        """Give the lines of a range; one beyond all limits is cut."""
        held = b""
        t, size, reading = 0, _NEAR, begin
        while reading < end:
            chunk = self.stored.read(reading, min(size, end - reading))
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

    def lines_back(self, begin: int, end: int) -> Iterator[Line]:
        """Give the lines of a range from its end on; one beyond all limits is cut."""
        held = b""
        size, reading = _NEAR, end
        if begin < end and self.stored.read(end - 1, 1) == b"\n":
            reading = end = end - 1
        while reading > begin:
            chunk = self.stored.read(max(begin, reading - size), min(size, reading - begin))
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
        while chunk := self.stored.read(at, _FAR):
            end = chunk.find(b"\n")
            if end >= 0:
                return at + end + 1
            at += len(chunk)
        return at


def _line(offset: int, data: bytes, t: int) -> Line:
    """Return a line; one without a stamp counts as written when the one before it was."""
    found = _STAMP.match(data)
    return Line(offset, t if found is None else int(found[1]), data)
