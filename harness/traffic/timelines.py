"""What went over the wires of a run, around a moment: excerpts of all recordings, decoded, on one clock."""

import heapq
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol, Self

from harness.errors import HarnessError
from harness.traffic.by_time import by_time
from harness.traffic.entry import Entry, Excerpt, Kind
from harness.traffic.follower import Follower
from harness.traffic.indexed import Line, Span
from harness.traffic.key_shown import shows_its_key
from harness.transport.printable import safe_text
from harness.transport.recording.format import SCENARIO, recording_at
from harness.transport.recording.record import Record

BESIDE: tuple[tuple[str, Kind], ...] = (("service", "service"), ("link", "link"))
"""Recordings of a run that are of no transport: name, and what they are."""

BESIDE_FOLDER = "beside"
"""Where they stand in a run folder."""

_SECOND = 1_000_000_000
_BEFORE = 16  # lines in which the question to an answer is looked for


class Recorded(Protocol):
    """A transport of a report."""

    @property
    def name(self) -> str:
        """Its name in the board file."""

    @property
    def recording(self) -> str:
        """Its recording inside the run folder; empty for none."""


class Timelines:
    """Excerpts of the recordings of a run. Close it, or use it as a context manager.

    A recording that is not there, or is none, is left out, and named in `remarks`; a line that cannot be read is an
    entry that says so.
    """

    def __init__(
        self, folder: Path, transports: Sequence[Recorded], board_file: Mapping[str, object]
    ) -> None:
        """Open the recordings of a run.

        Args:
            folder: The run folder.
            transports: The transports that were opened.
            board_file: The board file as the run's header has it; it tells which transport is a console.
        """
        self.remarks: list[str] = []
        self._sources: list[_Source] = []
        leaked = shows_its_key(folder)
        wanted = [
            (each.name, kind_of(each.name, board_file), each.recording)
            for each in transports
            if each.recording
        ]
        wanted += [
            (name, kind, str(path.relative_to(folder)))
            for name, kind in BESIDE
            if os.path.lexists(path := recording_at(folder / BESIDE_FOLDER, name))
        ]
        for name, kind, recording in wanted:
            place = _inside(folder, recording)
            if place is None:
                self.remarks.append(f"{safe_text(recording, 200)}: not inside the run folder")
                continue
            try:
                self._sources.append(_Source(place, name, kind, leaked=leaked))
            except HarnessError as error:
                self.remarks.append(safe_text(error.message.removeprefix(f"{folder}/"), 300))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the recordings."""
        for source in self._sources:
            source.recording.close()
        self._sources.clear()

    def around(self, t: int, before: int = _SECOND, after: int = _SECOND // 5, most: int = 40) -> Excerpt:
        """Return what went over the wires around a moment; all times are in nanoseconds."""
        return self.between(t - before, t + after, most)

    def between(self, began: int, ended: int, most: int = 40) -> Excerpt:
        """Return what went over the wires in a span of time.

        Args:
            began: Monotonic nanoseconds.
            ended: The same, of the end; it belongs to the span.
            most: Entries to return at most. Of more, the beginning and, as what led to an outcome, more of the end.
        """
        head = most // 4
        spans = [source.recording.between(began, ended, head, most - head) for source in self._sources]
        total = sum(span.count for span in spans)
        if total <= most:
            chosen = [[span.first] for span in spans]
        else:
            firsts = _firsts(spans, head)
            lasts = _lasts(spans, most - head)
            chosen = [
                [first, last[max(0, len(first) + len(last) - span.count) :]]
                for span, first, last in zip(spans, firsts, lasts, strict=True)
            ]
        parts: list[list[Entry]] = [[], []]
        shown = 0
        for source, pieces in zip(self._sources, chosen, strict=True):
            for part, piece in zip(parts, pieces, strict=False):
                part.extend(source.entries(piece))
                shown += len(piece)
        for part in parts:
            part.sort(key=_time)
        entries, left_out, gap = [*parts[0], *parts[1]], total - shown, len(parts[0])
        if len(entries) > most:  # a record may hold several lines of a console
            gap = min(gap, most // 4) if left_out else most // 4
            left_out += len(entries) - most
            entries = [*entries[:gap], *entries[len(entries) - (most - gap) :]]
        return Excerpt(tuple(entries), left_out, gap if left_out else 0)


class _Source:
    """One recording."""

    def __init__(self, path: Path, name: str, kind: Kind, *, leaked: bool) -> None:
        self._leaked = leaked
        self.recording = by_time(path)
        self._name = name
        self._kind: Kind = kind

    def entries(self, lines: Sequence[Line]) -> list[Entry]:
        """Return the entries of lines that stand one behind the other."""
        if not lines:
            return []
        follower = Follower(self._name, self._kind, leaked=self._leaked)
        records = [(line.t, self.recording.record(line)) for line in lines]
        first = next((record for _, record in records if record is not None), None)
        if first is not None and first.direction == "<":
            for asked in self._question(lines[0].offset):
                follower.take(asked)
            # A line of a console that has begun before is told as one: half of it may have lost what makes it secret.
            follower.go_on()
        found: list[Entry] = []
        for t, record in records:
            if record is None:
                found.append(
                    Entry(t, safe_text(self._name, 40), self._kind, "", "(a line that is no record)")
                )
            elif not (record.op == "note" and record.text.startswith(SCENARIO)):
                found += follower.take(record)
        return found + follower.rest()

    def _question(self, offset: int) -> list[Record]:
        """Return the records from the last one to the device on: an answer means something with its command only."""
        found: list[Record] = []
        for line in islice(self.recording.before(offset), _BEFORE):
            record = self.recording.record(line)
            if record is not None:
                found.append(record)
                if record.direction == ">":
                    break
        return found[::-1]


def kind_of(name: str, board_file: Mapping[str, object]) -> Kind:
    """Return what a transport is, by the part of the board file that names it."""
    beside = next((kind for known, kind in BESIDE if known == name), None)
    if beside is not None and name not in _transports(board_file):
        return beside
    console = board_file.get("console")
    if isinstance(console, Mapping) and console.get("transport") == name:
        return "console"
    return "bus"


def _transports(board_file: Mapping[str, object]) -> Mapping[str, object]:
    found = board_file.get("transports")
    return found if isinstance(found, Mapping) else {}


def _inside(folder: Path, recording: str) -> Path | None:
    path = folder / recording
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return None
    return path if inside else None


def _time(entry: Entry) -> int:
    return entry.t


def _firsts(spans: Sequence[Span], most: int) -> list[tuple[Line, ...]]:
    """Return the first lines of all spans together, by span."""
    ways = [sorted((line.t, place) for line in span.first) for place, span in enumerate(spans)]
    counts = _shares(heapq.merge(*ways), most, len(spans))
    return [span.first[:count] for span, count in zip(spans, counts, strict=True)]


def _lasts(spans: Sequence[Span], most: int) -> list[tuple[Line, ...]]:
    """Return the last lines of all spans together, by span."""
    ends = [span.last or span.first for span in spans]
    ways = [sorted((-line.t, -place) for line in end) for place, end in enumerate(ends)]
    counts = _shares(((t, -place) for t, place in heapq.merge(*ways)), most, len(spans))
    return [end[len(end) - count :] for end, count in zip(ends, counts, strict=True)]


def _shares(lines: Iterable[tuple[int, int]], most: int, spans: int) -> list[int]:
    counts = [0] * spans
    for _, place in islice(lines, most):
        counts[place] += 1
    return counts
