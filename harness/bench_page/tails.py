"""The last lines of what goes over the wires of a run while it goes on: recordings in words, read on as they grow."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.traffic.entry import Entry, Kind
from harness.traffic.follower import Follower
from harness.traffic.key_shown import shows_its_key
from harness.traffic.run_recordings import board_file_of
from harness.traffic.timelines import BESIDE, BESIDE_FOLDER, kind_of
from harness.transport.recording.format import recording_at, recordings_in
from harness.transport.recording.recording import Reading

LINES = 40
"""Lines that are kept of each of console and bus."""

_AT_ONCE = (
    32 * 1024
)  # bytes that are read of a recording each time: a page must not slow the run that it shows
_FRESH_S = 0.4
_RECORDINGS_MAX = 16
_TEXT_MAX = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a tail.

    Attributes:
        t: When, seconds since 1970; 0 where nothing says so.
        source: Name of the transport.
        direction: `out` to the device, `in` from it, empty for what happened on the way.
        text: It in words, safe to show.
    """

    t: float
    source: str
    direction: str
    text: str


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines of a run.

    Attributes:
        console: Of its consoles.
        bus: Of everything else: chips, modules, the ID² service, links.
        count: How many lines there were up to now, which tells whether there is more to show.
    """

    console: tuple[Line, ...] = ()
    bus: tuple[Line, ...] = ()
    count: int = 0


class RunTail:
    """Reads the recordings of one run on, each time it is asked. Threads may share it."""

    def __init__(self, run: Path, clock: float) -> None:
        """Begin; nothing is read yet.

        Args:
            run: The run folder.
            clock: Seconds since 1970 when the monotonic clock of this host was 0.
        """
        self._run = run
        self._clock = clock
        self._lock = threading.Lock()
        self._board_file: Mapping[str, object] = {}
        self._recordings: dict[Path, _Recording] = {}
        self._lines: dict[bool, deque[Line]] = {True: deque(maxlen=LINES), False: deque(maxlen=LINES)}
        self._leaked = False
        self._count = 0
        self._tail = Tail()
        self._read_at = -_FRESH_S
        self._journal = -1

    def read(self) -> Tail:
        """Return the last lines as they are now."""
        with self._lock:
            if time.monotonic() - self._read_at < _FRESH_S:
                return self._tail
            self._read_at = time.monotonic()
            self._look_for_leaks()
            if not self._board_file:
                self._board_file = board_file_of(self._run)
            found: list[tuple[int, bool, Line]] = []
            for recording in self._present():
                came = recording.advance()
                found += [(entry.t, entry.kind == "console", self._line(entry)) for entry in came]
            for _, console, line in sorted(found, key=lambda each: each[0]):
                self._lines[console].append(line)
            self._count += len(found)
            self._tail = Tail(tuple(self._lines[True]), tuple(self._lines[False]), self._count)
            return self._tail

    def _look_for_leaks(self) -> None:
        """Begin anew, with nothing that the device said, once a finding says that it showed what is secret."""
        with suppress(OSError):
            size = (self._run / "journal.jsonl").stat().st_size
            if size != self._journal and not self._leaked:
                self._journal = size
                self._leaked = shows_its_key(self._run)
                if self._leaked:
                    self._recordings.clear()
                    for lines in self._lines.values():
                        lines.clear()

    def _present(self) -> Iterator["_Recording"]:
        places: list[tuple[Path, Kind | None]] = []
        with suppress(OSError):
            paths = recordings_in(self._run / "transport")
            places += [(path, None) for path in paths[:_RECORDINGS_MAX]]
        places += [(recording_at(self._run / BESIDE_FOLDER, name), kind) for name, kind in BESIDE]
        for path, kind in places:
            if path not in self._recordings:
                what = kind or kind_of(path.stem, self._board_file)
                self._recordings[path] = _Recording(path, path.stem, what, leaked=self._leaked)
            yield self._recordings[path]

    def _line(self, entry: Entry) -> Line:
        text = f"{entry.text}: {entry.detail}" if entry.detail else entry.text
        return Line(self._clock + entry.t / 1e9, entry.source, entry.direction, text[:_TEXT_MAX])


class _Recording:
    """One recording, and how far it was read."""

    def __init__(self, path: Path, name: str, kind: Kind, *, leaked: bool) -> None:
        self._path = path
        self._follower = Follower(name, kind, leaked=leaked)
        self._end = 0  # where the last record ended that was read

    def advance(self) -> list[Entry]:
        """Return what came since the last time, at most the end of it."""
        found: list[Entry] = []
        # One that is not there yet, or that nobody can read, has nothing to show; damage is the report's to tell.
        with suppress(HarnessError), Reading(self._path, follow=False) as reading:
            reading.end = self._end or reading.end
            if reading.pass_over(_AT_ONCE):
                self._follower.go_on()
            for record in reading:
                self._end = reading.end
                found += self._follower.take(record)
        return found
