"""The lines of `harness trace`: recordings merged by time, each record safe to print."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from harness.errors import UsageError
from harness.traffic.bytes_shown import SHORT_APDU, folded
from harness.traffic.decode import Decoder, Meaning
from harness.transport.printable import hex_bytes, safe_bytes, safe_text
from harness.transport.recording.recorder import SCENARIO
from harness.transport.recording.recording import Reading, Record, read

_FOLDER = "transport"
_SHORT_HEX, _SHORT_TEXT = 16, 160  # bytes of a stream's record in the short layout, as hex and as text
_TEXT_LIMIT = 1000
_REORDER = 64  # records among which the stamps of one file may be out of order: two threads write it


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
        readings = [files.enter_context(reading) for reading in _open(run, warn)]
        chosen = _choose(readings, selection.transports, run)
        if not chosen:
            return
        start = min(reading.header.monotonic_ns for reading in readings)
        width = max(len(safe_text(reading.header.transport, 40)) for reading in chosen)
        merged = heapq.merge(*(_in_order(reading) for reading in chosen), key=lambda each: each[1].t)
        inside = not selection.scenario
        decoders = {id(reading): Decoder() for reading in chosen}
        for reading, record in merged:
            if record.op == "note" and selection.scenario and record.text.startswith(SCENARIO):
                inside = selection.scenario in record.text
            # Also what is not shown is followed: an answer means something with its command only.
            meaning = decoders[id(reading)].meaning(record) if layout is Layout.DECODED else None
            seconds = (record.t - start) / 1e9
            if not inside or seconds < selection.since:
                continue
            name = safe_text(reading.header.transport, 40)
            yield f"{seconds:12.6f}  {name:{width}}  {record.direction} {_show(record, layout, meaning)}".rstrip()
        for reading in chosen:
            if reading.cut:
                warn(f"{reading.path}: cut at its end; what is there has been shown")


def _open(run: Path, warn: Callable[[str], None]) -> Iterator[Reading]:
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
    for path in paths:
        if path.stat().st_size == 0:
            warn(f"{path}: empty; its writer was stopped at once")
            continue
        yield read(path)


def _choose(readings: list[Reading], names: tuple[str, ...], run: Path) -> list[Reading]:
    present = {reading.header.transport for reading in readings}
    for name in names:
        if name not in present:
            here = ", ".join(safe_text(each, 40) for each in sorted(present)) or "none"
            raise UsageError(f"{run}: no recording of a transport {name!r}", hint=f"transports there: {here}")
    return [reading for reading in readings if not names or reading.header.transport in names]


def _in_order(reading: Reading) -> Iterator[tuple[Reading, Record]]:
    """Give the records by time; the number keeps the file's order among equal stamps."""
    pending: list[tuple[int, int, Record]] = []
    for number, record in enumerate(reading):
        heapq.heappush(pending, (record.t, number, record))
        if len(pending) > _REORDER:
            yield reading, heapq.heappop(pending)[2]
    while pending:
        yield reading, heapq.heappop(pending)[2]


def _show(record: Record, layout: Layout, meaning: Meaning | None) -> str:
    place = "" if record.address is None else f"[{record.address:#04x}] "
    if record.direction in ("!", "#"):
        told = safe_text(record.text, _TEXT_LIMIT)
        return f"{place}{record.op}: {told}" if told else f"{place}{record.op}"
    if layout is Layout.HEX:
        return place + hex_bytes(record.data)
    if layout is Layout.TEXT:
        return place + safe_bytes(record.data)
    if meaning is not None:
        return f"{place}{meaning.words}: {_shown(record, hidden=meaning.hidden)}"
    if record.op in ("read", "write"):
        return f"{place}{hex_bytes(record.data, _SHORT_HEX)}  |{safe_bytes(record.data, _SHORT_TEXT)}|"
    return place + (folded(record.data) if layout is Layout.DECODED else hex_bytes(record.data, SHORT_APDU))


def _shown(record: Record, *, hidden: bool) -> str:
    if hidden:
        return "(not shown)"
    # The lines of hex that some adapters take need not be printed as the hex of hex.
    if record.op in ("read", "write") and record.data.strip().isalnum():
        return f"|{safe_bytes(record.data, 2 * SHORT_APDU)}|"
    return folded(record.data)
