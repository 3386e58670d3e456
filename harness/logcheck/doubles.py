"""Tell of a console that gives each line twice in a row: a tee, or two programs that write into one log.

Such a log says nothing of what the device repeats. Its lines are given once, so that the rest of it can be read.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from harness.console.capture import Captured

DOUBLED = "each line of the console comes twice"

_AHEAD = 16  # lines that are looked at before one is given
_DIFFERENT = 4  # pairs of different lines that follow each other: no program prints so
_NEAR = 4  # lines between two that were left out in one part
_MAX_PARTS = 1000


@dataclass(slots=True)
class Part:
    """A part of a log whose lines come twice.

    Attributes:
        first: Its first line.
        last: Its last line.
    """

    first: int
    last: int


class Doubles:
    """Takes the lines of a log in order and gives each of them once where each comes twice.

    Attributes:
        parts: Where that is so.
    """

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._waiting: deque[Captured] = deque()
        self._single: str | None = None  # the line before, when it has no twin yet
        self._on = False

    def feed(self, captured: Captured) -> Iterator[Captured]:
        """Take a line; give those that are known well enough."""
        self._waiting.append(captured)
        if len(self._waiting) > _AHEAD:
            yield from self._take()

    def finish(self) -> Iterator[Captured]:
        """Give the rest."""
        while self._waiting:
            yield from self._take()

    def _take(self) -> Iterator[Captured]:
        first = self._waiting.popleft()
        if self._on and first.text == self._single:
            self._single = None
            self._leave_out(first.line.number)
            return
        self._on = self._is_doubled(first)
        self._single = first.text
        yield first

    def _is_doubled(self, first: Captured) -> bool:
        texts = [first.text, *(each.text for each in self._waiting)]
        if self._waiting and texts[0] != texts[1] and not self._on:
            return False  # as nearly every line
        pairs, singles, at = set(), 0, 0
        while at < len(texts) - 1:
            if texts[at] == texts[at + 1]:
                pairs.add(texts[at])
                at += 2
            else:
                singles += 1
                at += 1
        return bool(pairs) if self._on else len(pairs) >= _DIFFERENT and singles <= 1

    def _leave_out(self, line: int) -> None:
        if self.parts and line - self.parts[-1].last <= _NEAR:
            self.parts[-1].last = line
        elif len(self.parts) < _MAX_PARTS:
            self.parts.append(Part(line - 1, line))
