"""Finds the records of a recording by time, without reading it whole, whichever form it has."""

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from harness.transport.recording.record import Record
from harness.transport.recording.stored import Stored

_REORDER = 8  # records among which the stamps may be out of order: two threads write the file
_MOST_SAMPLES = 64 * 1024
_STEP = 2048  # bytes between two samples, where the file is not so long that they would be too many
_MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class Line:
    """A record of a recording as it is stored: where it begins, when it was written, and its bytes."""

    offset: int
    t: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """The records of a span of time: all of them in `first`, or the first, the last, and how many stand between."""

    first: tuple[Line, ...] = ()
    last: tuple[Line, ...] = ()
    between: int = 0

    @property
    def count(self) -> int:
        """How many records the span has."""
        return len(self.first) + self.between + len(self.last)


@dataclass(frozen=True, slots=True)
class Samples:
    """Some records of a recording, in the order of the file.

    Attributes:
        offsets: Where they begin.
        stamps: The highest stamp until there, so that a lower one hides nothing.
        numbers: How many records stand before them; empty where nobody counts.
    """

    offsets: "array[int]"
    stamps: "array[int]"
    numbers: "array[int]"


_SAMPLES: dict[tuple[int, ...], Samples] = {}
"""The samples of the last files, by what the file system says of them: a file that is as it was is not read again."""


class IndexedRecording(ABC):
    """A recording whose records are found by time. Nothing of it is kept but the sample of its stamps.

    What was written before it was opened counts. It closes the stored recording that it is given.
    """

    def __init__(self, stored: Stored) -> None:
        """Take the sample.

        Raises:
            BenchError: It cannot be read.
        """
        self.stored = stored
        status = stored.status
        # The page, the PDF and the short one each ask the same recordings, one after the other.
        which = (status.st_dev, status.st_ino, stored.size, status.st_mtime_ns, status.st_ctime_ns)
        known = _SAMPLES.pop(which, None)
        if known is None:
            known = self.sample(max(_STEP, -(-stored.size // _MOST_SAMPLES)))
        self.samples = _SAMPLES[which] = known
        for oldest in list(_SAMPLES)[:-_MOST_KEPT]:
            _SAMPLES.pop(oldest, None)

    def close(self) -> None:
        """Close the file."""
        self.stored.close()

    def between(self, began: int, ended: int, head: int, tail: int) -> Span:
        """Return the records of a span of time, both ends included.

        Args:
            began: Monotonic nanoseconds.
            ended: The same, of the end.
            head: Records of its beginning at most, where there are more than `head` and `tail` together.
            tail: Records of its end at most.
        """
        begin, end = self._begin(began), self._end(ended)
        count = self.count(begin, end)
        if count <= head + tail + _REORDER:
            every = tuple(line for line in self.lines(begin, end) if began <= line.t <= ended)
            if len(every) <= head + tail:
                return Span(every)
            return Span(every[:head], every[len(every) - tail :], len(every) - head - tail)
        first: list[Line] = []
        last: list[Line] = []
        strange = 0  # records of other times among them
        for found, wanted, lines in (
            (first, head, self.lines(begin, end)),
            (last, tail, self.lines_back(begin, end)),
        ):
            while len(found) < wanted and (line := next(lines, None)) is not None:
                if began <= line.t <= ended:
                    found.append(line)
                else:
                    strange += 1
        return Span(tuple(first), tuple(reversed(last)), count - strange - len(first) - len(last))

    def before(self, offset: int) -> Iterator[Line]:
        """Give the records before one, the nearest first."""
        return self.lines_back(self.first, offset)

    @property
    @abstractmethod
    def first(self) -> int:
        """Where the first record may begin."""

    @abstractmethod
    def record(self, line: Line) -> Record | None:
        """Return what a record says; None when it is none."""

    @abstractmethod
    def sample(self, step: int) -> Samples:
        """Return about one record in so many bytes."""

    @abstractmethod
    def stamped(self, at: int) -> Iterator[tuple[int, int]]:
        """Give where records begin and when they were written, from one on; those without a stamp are passed over."""

    @abstractmethod
    def count(self, begin: int, end: int) -> int:
        """Return how many records stand in a range; the last may have no end."""

    @abstractmethod
    def lines(self, begin: int, end: int) -> Iterator[Line]:
        """Give the records of a range; one beyond all limits is cut."""

    @abstractmethod
    def lines_back(self, begin: int, end: int) -> Iterator[Line]:
        """Give the records of a range from its end on; one beyond all limits is cut."""

    def _begin(self, began: int) -> int:
        """Return where the first record begins that is not before a time."""
        place = bisect_left(self.samples.stamps, began) - 1
        for offset, t in self.stamped(self.samples.offsets[place] if place >= 0 else self.first):
            if t >= began:
                return offset
        return self.stored.size

    def _end(self, ended: int) -> int:
        """Return where the last record ends that is not after a time."""
        place = bisect_right(self.samples.stamps, ended) - 1
        beyond: list[int] = []
        for offset, t in self.stamped(self.samples.offsets[place] if place >= 0 else self.first):
            if t <= ended:
                beyond.clear()
                continue
            beyond.append(offset)
            if len(beyond) > _REORDER:
                break
        return beyond[0] if beyond else self.stored.size
