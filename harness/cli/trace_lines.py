"""The lines of `harness trace`: recordings merged by time, each record safe to print."""

import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from harness.cli.width import hanging
from harness.errors import UsageError
from harness.traffic.bytes_shown import SHORT_APDU
from harness.traffic.key_shown import shows_its_key
from harness.traffic.run_recordings import (
    anchor_of,
    board_file_of,
    by_stamp,
    followed,
    in_order,
    opened,
    scenario_of,
)
from harness.transport.printable import hex_bytes, safe_bytes, safe_text
from harness.transport.recording.json_lines import object_of
from harness.transport.recording.record import Record
from harness.transport.recording.recording import Reading

_SHORT_HEX, _SHORT_TEXT = 16, 160  # bytes of a stream's record in the short layout, as hex and as text
_TEXT_LIMIT = 1000
_NAME = 40
_CLOCK, _WAY = 14, 4  # columns before the name, and from its end to the text
_WAYS = {"out": ">", "in": "<", "": "#"}


class Layout(Enum):
    """How bytes are shown."""

    DECODED = "decoded"
    BOTH = "both"
    HEX = "hex"
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records are shown.

    Attributes:
        transports: Names of transports; empty for all.
        since: Seconds from the start of the run; of a recording alone, from its own.
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
    whole: bool = False  # whether the text is all of the line, whatever its length


def lines(
    run: Path,
    selection: Selection,
    layout: Layout,
    *,
    warn: Callable[[str], None],
    columns: int | None = None,
) -> Iterator[str]:
    """Give the lines of a run folder or of one recording, in the order of time.

    Args:
        run: A run folder or one recording.
        selection: What is shown.
        layout: How it is shown.
        warn: Told of files that are cut or empty.
        columns: How wide a line may be; what is longer goes on below its text. None for no limit.

    Raises:
        UsageError: `run` is neither, a transport has no recording, or a line of a recording is damaged.
        BenchError: a file cannot be read.
    """
    with ExitStack() as files:
        readings = [files.enter_context(reading) for reading in opened(run, warn)]
        chosen = choose(readings, selection.transports, run)
        if not chosen:
            return
        start = anchor_of(run, readings).monotonic_ns
        width = max(len(safe_text(reading.header.transport, _NAME)) for reading in chosen)
        board_file, leaked = board_file_of(run), shows_its_key(run)
        if leaked:
            warn(
                "the device shows its key in this run: what it said is not shown, and its recordings are secret"
            )
        if layout is Layout.DECODED:
            ways = [_decoded(reading, board_file, leaked=leaked) for reading in chosen]
        elif layout is Layout.JSON:
            ways = [_objects(reading) for reading in chosen]
        else:
            ways = [_raw(reading, layout) for reading in chosen]
        inside = not selection.scenario
        for told in heapq.merge(*ways, key=lambda each: each.t):
            if told.scenario and selection.scenario:
                inside = selection.scenario in told.scenario
            seconds = (told.t - start) / 1e9
            if inside and seconds >= selection.since and told.whole:
                yield told.text
            elif inside and seconds >= selection.since:
                line = f"{seconds:12.6f}  {told.name:{width}}  {told.text}".rstrip()
                yield hanging(line, _CLOCK + width + _WAY, columns)
        for reading in chosen:
            if reading.cut:
                warn(f"{reading.path}: cut at its end; what is there has been shown")


def choose(readings: list[Reading], names: tuple[str, ...], run: Path) -> list[Reading]:
    """Return the recordings of the transports that are named, all when none is.

    Raises:
        UsageError: There is none of that name.
    """
    present = {reading.header.transport for reading in readings}
    for name in names:
        if name not in present:
            here = ", ".join(safe_text(each, _NAME) for each in sorted(present)) or "none"
            raise UsageError(f"{run}: no recording of a transport {name!r}", hint=f"transports there: {here}")
    return [reading for reading in readings if not names or reading.header.transport in names]


def _decoded(reading: Reading, board_file: Mapping[str, object], *, leaked: bool) -> Iterator[_Told]:
    for entry, mark in followed(reading, board_file, leaked=leaked):
        text = f"{entry.text}: {entry.detail}" if entry.detail else entry.text
        way = "!" if mark == "!" else _WAYS[entry.direction]
        yield _Told(entry.t, entry.source, f"{way} {text}", mark if mark != "!" else "")


def _raw(reading: Reading, layout: Layout) -> Iterator[_Told]:
    name = safe_text(reading.header.transport, _NAME)
    for record in in_order(reading):
        yield _Told(record.t, name, f"{record.direction} {_shown(record, layout)}", scenario_of(record))


def _objects(reading: Reading) -> Iterator[_Told]:
    """Give records as objects of JSON, with the number by which messages name them; the header is 1."""
    numbers = ((number, record) for number, record in enumerate(reading, start=2))
    for number, record in by_stamp(numbers):
        found = {"transport": reading.header.transport, "record": number, **object_of(record)}
        yield _Told(record.t, "", json.dumps(found), scenario_of(record), whole=True)


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
