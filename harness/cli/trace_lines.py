"""The lines of `harness trace`: recordings merged by time, each record safe to print."""

import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from harness.errors import UsageError
from harness.traffic.bytes_shown import SHORT_APDU
from harness.traffic.entry import Entry
from harness.traffic.follower import Follower
from harness.traffic.timelines import BESIDE, kind_of, shows_its_key
from harness.transport.printable import hex_bytes, safe_bytes, safe_text
from harness.transport.recording.recorder import SCENARIO
from harness.transport.recording.recording import Reading, Record, read

_FOLDER = "transport"
_SHORT_HEX, _SHORT_TEXT = 16, 160  # bytes of a stream's record in the short layout, as hex and as text
_TEXT_LIMIT = 1000
_REORDER = 64  # records among which the stamps of one file may be out of order: two threads write it
_HEADER_LIMIT = 16 << 20
_NAME = 40
_WAYS = {"out": ">", "in": "<", "": "#"}


class Layout(Enum):
    """How bytes are shown."""

    DECODED = "decoded"
    BOTH = "both"
    HEX = "hex"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records are shown.

    Attributes:
        transports: Names of transports; empty for all.
        since: Seconds from the start of the first recording.
        scenario: Text in the name of a scenario; empty for all.
    """

    transports: tuple[str, ...]
    since: float
    scenario: str


@dataclass(frozen=True, slots=True)
class _Told:
    """What one record, or a line of a console in several, is in the output; a scenario that starts may be its mark."""

    t: int
    name: str
    text: str
    scenario: str = ""


def lines(run: Path, selection: Selection, layout: Layout, *, warn: Callable[[str], None]) -> Iterator[str]:
    """Give the lines of a run folder or of one recording, in the order of time.

    Args:
        run: A run folder or one recording.
        selection: What is shown.
        layout: How it is shown.
        warn: Told of files that are cut or empty.

    Raises:
        UsageError: `run` is neither, a transport has no recording, or a line of a recording is damaged.
        BenchError: a file cannot be read.
    """
    with ExitStack() as files:
        readings = [files.enter_context(reading) for reading in opened(run, warn)]
        chosen = _choose(readings, selection.transports, run)
        if not chosen:
            return
        start = min(reading.header.monotonic_ns for reading in readings)
        width = max(len(safe_text(reading.header.transport, _NAME)) for reading in chosen)
        board_file, leaked = board_file_of(run), shows_its_key(run)
        if leaked:
            warn(
                "the device shows its key in this run: what it said is not shown, and its recordings are secret"
            )
        if layout is Layout.DECODED:
            ways = [_decoded(reading, board_file, leaked=leaked) for reading in chosen]
        else:
            ways = [_raw(reading, layout) for reading in chosen]
        inside = not selection.scenario
        for told in heapq.merge(*ways, key=lambda each: each.t):
            if told.scenario and selection.scenario:
                inside = selection.scenario in told.scenario
            seconds = (told.t - start) / 1e9
            if inside and seconds >= selection.since:
                yield f"{seconds:12.6f}  {told.name:{width}}  {told.text}".rstrip()
        for reading in chosen:
            if reading.cut:
                warn(f"{reading.path}: cut at its end; what is there has been shown")


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
            hint=f"expected a run folder such as runs/latest, with {_FOLDER}/*.jsonl in it, or one recording",
        )
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        warn(f"{folder}: no recordings; the run opened no transport")
    for path in (*paths, *(run / beside for _, _, beside in BESIDE)):
        if path not in paths and not path.is_file():
            continue
        if path.stat().st_size == 0:
            warn(f"{path}: empty; its writer was stopped at once")
            continue
        yield read(path)


def board_file_of(run: Path) -> Mapping[str, object]:
    """Return the board file of a run as its header has it; nothing where there is none that can be read."""
    try:
        with (run / "run.json").open("rb") as file:
            header = json.loads(file.read(_HEADER_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    found = header.get("board_file") if isinstance(header, dict) else None
    return found if isinstance(found, dict) else {}


def _choose(readings: list[Reading], names: tuple[str, ...], run: Path) -> list[Reading]:
    present = {reading.header.transport for reading in readings}
    for name in names:
        if name not in present:
            here = ", ".join(safe_text(each, _NAME) for each in sorted(present)) or "none"
            raise UsageError(f"{run}: no recording of a transport {name!r}", hint=f"transports there: {here}")
    return [reading for reading in readings if not names or reading.header.transport in names]


def in_order(reading: Reading) -> Iterator[Record]:
    """Give the records by time; the number keeps the file's order among equal stamps."""
    pending: list[tuple[int, int, Record]] = []
    for number, record in enumerate(reading):
        heapq.heappush(pending, (record.t, number, record))
        if len(pending) > _REORDER:
            yield heapq.heappop(pending)[2]
    while pending:
        yield heapq.heappop(pending)[2]


def _decoded(reading: Reading, board_file: Mapping[str, object], *, leaked: bool) -> Iterator[_Told]:
    name = safe_text(reading.header.transport, _NAME)
    follower = Follower(name, kind_of(reading.header.transport, board_file), leaked=leaked)
    for record in in_order(reading):
        scenario = _scenario(record)
        if scenario:
            yield from (_entry(each) for each in follower.rest())
            yield _Told(record.t, name, f"# note: {safe_text(record.text, _TEXT_LIMIT)}", scenario)
        else:
            mark = "!" if record.direction == "!" else ""
            yield from (_entry(each, mark) for each in follower.take(record))
    yield from (_entry(each) for each in follower.rest())


def _entry(entry: Entry, mark: str = "") -> _Told:
    way = mark if mark and not entry.direction else _WAYS[entry.direction]
    text = f"{entry.text}: {entry.detail}" if entry.detail else entry.text
    return _Told(entry.t, entry.source, f"{way} {text}")


def _raw(reading: Reading, layout: Layout) -> Iterator[_Told]:
    name = safe_text(reading.header.transport, _NAME)
    for record in in_order(reading):
        yield _Told(record.t, name, f"{record.direction} {_shown(record, layout)}", _scenario(record))


def _scenario(record: Record) -> str:
    marks = record.op == "note" and record.text.startswith(SCENARIO)
    return record.text if marks else ""


def _shown(record: Record, layout: Layout) -> str:
    place = "" if record.address is None else f"[{record.address:#04x}] "
    if record.direction in ("!", "#") or (record.text and not record.data):
        told = safe_text(record.text, _TEXT_LIMIT)
        return f"{place}{record.op}: {told}" if told else f"{place}{record.op}"
    if layout is Layout.HEX:
        return place + hex_bytes(record.data)
    if layout is Layout.TEXT:
        return place + safe_bytes(record.data)
    if record.op in ("read", "write"):
        return f"{place}{hex_bytes(record.data, _SHORT_HEX)}  |{safe_bytes(record.data, _SHORT_TEXT)}|"
    return place + hex_bytes(record.data, SHORT_APDU)
