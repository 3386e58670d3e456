"""The recordings of a run folder, opened to be read through, and the part of its header that tells them apart."""

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import UsageError
from harness.traffic.entry import Entry
from harness.traffic.follower import Follower
from harness.traffic.key_shown import run_of
from harness.traffic.timelines import BESIDE, BESIDE_FOLDER, kind_of
from harness.transport.printable import safe_text
from harness.transport.recording.format import SCENARIO, recording_at, recordings_in
from harness.transport.recording.record import Record
from harness.transport.recording.recording import Reading, read

_FOLDER = "transport"
_REORDER = 64  # records among which the stamps of one file may be out of order: two threads write it
_TEXT_LIMIT = 1000
_HEADER_LIMIT = 16 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def opened(run: Path, warn: Callable[[str], None]) -> Iterator[Reading]:
    """Give the recordings of a run folder, or the one that is named, opened.

    Raises:
        UsageError: There is neither.
        BenchError: A file cannot be read.
    """
    if run.is_file():
        yield read(run)
        return
    folder = run / _FOLDER
    if not folder.is_dir():
        what = "no run folder" if run.is_dir() else "not there"
        raise UsageError(
            f"{safe_text(str(run))}: {what}",
            hint=f"expected a run folder such as runs/latest, with {_FOLDER}/*.rec or *.jsonl in it, or one recording",
        )
    paths = recordings_in(folder)
    if not paths:
        warn(f"{folder}: no recordings; the run opened no transport")
    for path in (*paths, *(recording_at(run / BESIDE_FOLDER, name) for name, _ in BESIDE)):
        if path not in paths and not path.is_file():
            continue
        if path.stat().st_size == 0:
            warn(f"{path}: empty; its writer was stopped at once")
            continue
        yield read(path)


def board_file_of(run: Path) -> Mapping[str, object]:
    """Return the board file of a run, or that of a recording, as its header has it; nothing where none can be read."""
    try:
        with (run_of(run) / "run.json").open("rb") as file:
            header = json.loads(file.read(_HEADER_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    found = header.get("board_file") if isinstance(header, dict) else None
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment on both clocks: monotonic nanoseconds, and nanoseconds since 1970."""

    monotonic_ns: int
    since_1970_ns: int


def anchor_of(run: Path, readings: Sequence[Reading]) -> Anchor:
    """Return the beginning of a run: what its journal says, else that of the first of its recordings."""
    try:
        with (run / "journal.jsonl").open("rb") as journal:
            first = json.loads(journal.readline(_HEADER_LIMIT))
        wall, t = datetime.fromisoformat(first["wall"]), first["t"]
        if first["event"] == "run-started" and type(t) is int:
            return Anchor(t, _since_1970(wall))
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        pass
    header = min((reading.header for reading in readings), key=lambda each: each.monotonic_ns)
    return Anchor(header.monotonic_ns, _since_1970(header.wall))


def _since_1970(wall: datetime) -> int:
    passed = wall - _EPOCH
    return (passed.days * 86400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000


def in_order(reading: Reading) -> Iterator[Record]:
    """Give the records by time; the file's order is kept among equal stamps."""
    return (record for _, record in by_stamp(enumerate(reading)))


def by_stamp(numbered: Iterable[tuple[int, Record]]) -> Iterator[tuple[int, Record]]:
    """Give numbered records by time, and by their numbers among equal stamps."""
    pending: list[tuple[int, int, Record]] = []
    for number, record in numbered:
        heapq.heappush(pending, (record.t, number, record))
        if len(pending) > _REORDER:
            yield heapq.heappop(pending)[1:]
    while pending:
        yield heapq.heappop(pending)[1:]


def scenario_of(record: Record) -> str:
    """Return the note that marks the start of a scenario; nothing for another record."""
    marks = record.op == "note" and record.text.startswith(SCENARIO)
    return record.text if marks else ""


def followed(
    reading: Reading, board_file: Mapping[str, object], *, leaked: bool
) -> Iterator[tuple[Entry, str]]:
    """Give the entries of a recording; with each the note of the scenario that it starts, `!` for an error, or nothing.

    Args:
        reading: The recording.
        board_file: The board file of its run.
        leaked: Whether the device showed its key in the run.
    """
    name = safe_text(reading.header.transport, 40)
    kind = kind_of(reading.header.transport, board_file)
    follower = Follower(name, kind, leaked=leaked)
    for record in in_order(reading):
        scenario = scenario_of(record)
        if scenario:
            yield from ((each, "") for each in follower.rest())
            yield Entry(record.t, name, kind, "", f"note: {safe_text(record.text, _TEXT_LIMIT)}"), scenario
        else:
            for entry in follower.take(record):
                yield entry, "!" if record.direction == "!" and not entry.direction else ""
    yield from ((each, "") for each in follower.rest())
