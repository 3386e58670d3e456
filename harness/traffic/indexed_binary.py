"""A recording of version 2, whose records tell their lengths: the heads are passed over once, to take a sample."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import suppress

from harness.traffic.indexed import IndexedRecording, Line, Samples
from harness.transport.recording.binary import BinaryRecords, DamagedError
from harness.transport.recording.format import HEAD
from harness.transport.recording.record import Record
from harness.transport.recording.stored import Stored


class BinaryByTime(IndexedRecording):
    """Such a recording. From where no record can be read any more, all that is there counts as one that says nothing.

    Args:
        stored: The recording.
        first: Where its first record begins.
        operations: The operations by their numbers, as its header has them.
    """

    def __init__(self, stored: Stored, first: int, operations: tuple[str, ...]) -> None:
        self._first = first
        self._records = BinaryRecords(stored, operations)
        super().__init__(stored)

    @property
    def first(self) -> int:
        """Where the first record begins."""
        return self._first

    def record(self, line: Line) -> Record | None:
        """Return what a record says; None when it is none."""
        try:
            return self._records.unpacked(line.data) if line.data else None
        except DamagedError:
            return None

    def sample(self, step: int) -> Samples:
        """Return about one record in so many bytes, and where the last ones of the whole ones stand."""
        offsets, stamps, numbers = array("q"), array("q"), array("q")
        highest, due, number = -(2**63), self._first, 0
        with suppress(DamagedError):  # `lines` tells where
            for places, times in self._records.blocks(self._first):
                begin = 0
                while begin < len(places):
                    place = min(bisect_left(places, due, begin), len(places) - 1)
                    highest = max(highest, *times[begin : place + 1])
                    if places[place] >= due:
                        offsets.append(places[place])
                        stamps.append(highest)
                        numbers.append(number + place)
                        due = places[place] + step
                    begin = place + 1
                number += len(places)
        return Samples(offsets, stamps, numbers)

    def stamped(self, at: int) -> Iterator[tuple[int, int]]:
        """Give where records begin and when they were written, from one on."""
        try:
            yield from self._records.heads(at)
        except DamagedError:
            return

    def count(self, begin: int, end: int) -> int:
        """Return how many records stand in a range."""
        return self._number(end) - self._number(begin)

    def lines(self, begin: int, end: int) -> Iterator[Line]:
        """Give the records of a range; what cannot be read at its end is one without bytes."""
        t = at = 0
        try:
            for offset, packed in self._records.packed(begin, end):
                t, at = HEAD.unpack_from(packed)[0], offset + len(packed)
                yield Line(offset, t, packed)
        except DamagedError:
            yield Line(at or begin, t, b"")

    def lines_back(self, begin: int, end: int) -> Iterator[Line]:
        """Give the records of a range from its end on."""
        offsets = self.samples.offsets
        for place in range(bisect_right(offsets, end) - 1, -1, -1):
            lower = max(begin, offsets[place])
            yield from reversed(list(self.lines(lower, end)))
            if lower <= begin:
                return
            end = lower

    def _number(self, end: int) -> int:
        """Return how many records begin before an offset."""
        place = bisect_right(self.samples.offsets, end) - 1
        if place < 0:
            return 0
        number = self.samples.numbers[place]
        for offset, _ in self.stamped(self.samples.offsets[place]):
            if offset >= end:
                break
            number += 1
        return number
