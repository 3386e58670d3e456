"""Read a captured console: bytes in, lines out as the device printed them, each with its number in the file.

One reader for all who read consoles: `check-log`, live runs, and the adaptation page of the mock service.
What a terminal or logger adds is taken off: encoding, escape sequences, prefix, trailer. The prefix is learned
from the log itself (`prefixes`), a bounded number of lines ahead; lines that are torn are put together (`torn`).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.console import landmarks
from harness.console.encoding import Utf8Stream
from harness.console.lines import DEFAULT_LIMIT, Line, LineReader
from harness.console.prefixes import Prefixes
from harness.console.probe_signs import is_own_line, sign_in
from harness.console.sdklog import plain
from harness.console.torn import Captured, Mender

__all__ = ["CaptureReader", "Captured", "printed_text", "read_capture"]

AHEAD_LINES = 300
"""Lines that are looked at before the first of them is given out."""
AHEAD_BYTES = 1 << 18
MAX_PROBE_LINES = 20
"""Numbers of lines of a probe that are kept."""


@dataclass(slots=True)
class _Held:
    line: Line
    text: str
    landmark: landmarks.Landmark | None = None
    key: tuple[str, ...] = ()


class CaptureReader:
    """Takes chunks of any size and gives back lines; what it holds back is bounded.

    What the harness and a probe in the firmware say to each other is nothing that the program prints, and left out.

    Attributes:
        lines: Number of the newest line.
        probe_lines: Numbers of the first lines that only a firmware with a probe prints.
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT) -> None:
        self.lines = 0
        self.probe_lines: list[int] = []
        self._stream = Utf8Stream()
        self._lines = LineReader(limit=limit)
        self._prefixes = Prefixes()
        self._mender = Mender(self._prefixes.inside)
        self._held: deque[_Held] = deque()
        self._held_bytes = 0
        self._near: tuple[str, ...] | None = None

    def feed(self, chunk: bytes) -> Iterator[Captured]:
        """Give the lines that are known well enough with this chunk."""
        for line in self._lines.feed(self._stream.feed(chunk)):
            self._hold(line)
            while len(self._held) > AHEAD_LINES or self._held_bytes > AHEAD_BYTES:
                yield from self._mender.feed(self._take())

    def finish(self) -> Iterator[Captured]:
        """Give the rest; the stream is over."""
        for line in (*self._lines.feed(self._stream.finish()), *self._lines.finish()):
            self._hold(line)
        while self._held:
            yield from self._mender.feed(self._take())
        yield from self._mender.finish()

    def _hold(self, line: Line) -> None:
        held = _Held(line, plain(line.text))
        self.lines = line.number
        if sign_in(held.text) and len(self.probe_lines) < MAX_PROBE_LINES:
            self.probe_lines.append(line.number)
        if not line.piece and not line.cut and is_own_line(held.text):
            return
        if not line.piece and (found := landmarks.find(held.text)) is not None:
            held.landmark = found
            held.key = self._prefixes.learn(held.text, found)
        self._held.append(held)
        self._held_bytes += len(line.raw)

    def _take(self) -> Captured:
        held = self._held.popleft()
        self._held_bytes -= len(held.line.raw)
        return self._read(held)

    def _read(self, held: _Held) -> Captured:
        line, text = held.line, held.text
        if line.piece:
            return Captured(line, text)
        if not line.cut:
            text = self._prefixes.without_trailer(text)
        if held.landmark is not None:
            self._near = held.key
            start = held.landmark.start
            if shape := self._prefixes.of(held.key):
                return Captured(line, text[start:], text[:start], self._prefixes.names(shape))
        found = self._prefixes.fits(text, self._near_key())
        prefix, rest, named = "", text, False
        if found is not None:
            prefix, rest, named = text[: found[0]], text[found[0] :], self._prefixes.names(found[1])
        before = "" if held.landmark is None else text[len(prefix) : held.landmark.start]
        strange = held.landmark is not None and not held.landmark.tagged and bool(before.strip())
        return Captured(line, rest, prefix, named, strange)

    def _near_key(self) -> tuple[str, ...]:
        if self._near is None:  # before the first known line the next one counts
            self._near = next((held.key for held in self._held if held.landmark is not None), None)
        return self._near or ()


def read_capture(chunks: Iterable[bytes], *, limit: int = DEFAULT_LIMIT) -> Iterator[Captured]:
    """Give all lines of a whole captured console."""
    reader = CaptureReader(limit=limit)
    for chunk in chunks:
        yield from reader.feed(chunk)
    yield from reader.finish()


def printed_text(data: bytes) -> str:
    """Return a whole captured console as the SDK printed it, without what others printed into it."""
    kept = (each for each in read_capture([data]) if not each.foreign)
    return "".join(each.text if each.line.cut else f"{each.text}\n" for each in kept)
