"""Whether the clocks of a run ran forwards: journal, recordings, the wall clock's anchors, the name of the run.

All stamps are of one monotonic clock, in nanoseconds; each file has one wall clock time for one of them.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import BenchError
from harness.run.events import Event, FindingNamed, NoteTaken, RunFinished, RunStarted, TransportOpened
from harness.seal import strict_json
from harness.seal.problems import Findings
from harness.transport.recording.binary import BinaryRecords, DamagedError
from harness.transport.recording.format import FORMAT, HEAD, SUFFIX, VERSION
from harness.transport.recording.recording import Reading
from harness.transport.recording.stored import Stored

_BLOCK = 512 * 1024
"""Bytes that are looked at at once: they stay in the processor's cache, and their memory is used again."""

_STAMP = re.compile(rb'\n\{"t":([0-9]+),')
_ANY_STAMP = re.compile(rb'"t":\s*([0-9]+)')
_NAME = re.compile(r"([0-9]{8}T[0-9]{6}\.[0-9]{3})Z-.+")

_SAME_CAUSE_NS = 5_000_000_000
"""Threads stamp a record before they wait for the file, so that neighbours may stand the wrong way round."""

_OUTSIDE_NS = 60_000_000_000
"""How long before its beginning and after its end a run may still record."""

_WALL = timedelta(seconds=2)
"""How far the wall clock may go backwards against the monotonic one, as a time server corrects it."""


def check_journal(events: Sequence[Event], run: str, findings: Findings) -> None:
    """Check the stamps of a journal against each other and against the name of the run."""
    last, name = 0, "journal.jsonl"
    for number, event in enumerate(events, start=1):
        # What the run's own thread writes is in order; remarks and ports may come from others.
        allowed = _SAME_CAUSE_NS if isinstance(event, NoteTaken | FindingNamed | TransportOpened) else 0
        if event.t + allowed < last:
            findings.wrong(
                "clock",
                name,
                f"ran backwards: event {number} ({event.event}) is {_ms(last - event.t)} before the one above",
            )
            break
        last = max(last, event.t)
    start = events[0] if events and isinstance(events[0], RunStarted) else None
    if start is None:
        return
    wall = _moment(start.wall)
    if wall is None:
        findings.wrong("clock", name, "its first line gives no moment")
    elif (found := _NAME.fullmatch(run)) is not None:
        named = datetime.strptime(found[1], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        if abs(named - wall) > timedelta(milliseconds=1):
            findings.wrong("clock", name, f"the run began at {start.wall}, and its name says {found[1]}Z")


def check_recordings(folder: Path, paths: Sequence[str], events: Sequence[Event], findings: Findings) -> None:
    """Check the stamps of recordings against each other, the run's beginning and end, and its wall clock.

    Raises:
        BenchError: one cannot be read.
    """
    start = next((event for event in events if isinstance(event, RunStarted)), None)
    end = next((event for event in reversed(events) if isinstance(event, RunFinished)), None)
    for path in paths:
        try:
            with (folder / path).open("rb") as file:
                header = _header(path, file.readline(1 << 20), findings)
                if header is None:
                    continue
                _check_anchor(path, header, start, findings)
                span = (start.t if start else None, end.t if end else None)
                if header.get("version") == VERSION:
                    _check_heads(path, folder, file.tell(), span, findings)
                    continue
                file.seek(0)
                _check_stamps(path, file, *span, findings)
        except OSError as error:
            raise BenchError(f"{folder / path}: cannot be read: {error.strerror}") from error


def _header(path: str, line: bytes, findings: Findings) -> dict[str, Any] | None:
    """Return the first line of a recording; None, and why, when it is none."""
    try:
        header = strict_json.read(line)
        if isinstance(header, dict) and header["format"] == FORMAT:
            return header
    except strict_json.TwiceError as error:
        findings.wrong("contradicts", path, f"its first line: {error}")
        return None
    except (ValueError, KeyError):
        pass
    findings.remark(f"{path}: is no recording of the harness, so its clock was not checked")
    return None


def _check_anchor(path: str, header: dict[str, Any], start: RunStarted | None, findings: Findings) -> None:
    if "anchor" not in header:
        findings.remark(f"{path}: gives no moment of the wall clock")
        return
    try:
        wall, t = _moment(str(header["anchor"]["wall"])), int(header["anchor"]["monotonic_ns"])
    except (ValueError, TypeError, KeyError):
        wall, t = None, 0
    began = _moment(start.wall) if start else None
    if wall is None:
        findings.wrong("clock", path, "its header gives no moment")
        return
    if began is None or start is None:
        return
    try:
        expected = began + timedelta(microseconds=(t - start.t) // 1000)
    except OverflowError:
        findings.wrong("clock", path, "its header gives a stamp that no clock gives")
        return
    apart = abs((wall - expected).total_seconds())
    if t < start.t:
        findings.wrong("clock", path, "was begun before the run")
    elif wall < expected - _WALL:
        findings.wrong("clock", path, f"the wall clock ran backwards by {apart:.1f} s during the run")
    elif wall > expected + _WALL:
        findings.remark(f"{path}: the wall clock was put forward by {apart:.1f} s during the run")


def _check_stamps(path: str, file: BinaryIO, first: int | None, end: int | None, findings: Findings) -> None:
    last, lines, stamps = 0, 0, 0
    for block in _blocks(file):
        found = _STAMP.findall(block)
        lines += block.count(b"\n") - 1
        stamps += len(found)
        if block.count(b'"t":') > len(found):
            findings.wrong("contradicts", path, "a record has two times")
            return
        if not found:
            continue
        # As texts of one length they are in the order of their numbers: no million of numbers need be made.
        ordered = len(found[0]) == len(found[-1]) == max(map(len, found)) and found == sorted(found)
        low, high = int(found[0]), int(found[-1])
        if not ordered or low < last:
            highest = high = last
            for stamp in map(int, found):
                if stamp + _SAME_CAUSE_NS < highest:
                    findings.wrong("clock", path, f"ran backwards by {_ms(highest - stamp)}")
                    return
                highest, low, high = max(highest, stamp), min(low, stamp), max(high, stamp)
        if first is not None and low < first:
            findings.wrong("clock", path, f"a record is {_ms(first - low)} older than the run")
            return
        if end is not None and high > end + _OUTSIDE_NS:
            findings.wrong("clock", path, f"a record is {_ms(high - end)} younger than the run's end")
            return
        last = max(last, high)
    if stamps < lines - 1:
        findings.wrong("changed", path, f"{lines - 1 - stamps} of its lines are no records")


def _check_heads(
    path: str, folder: Path, begin: int, span: tuple[int | None, int | None], findings: Findings
) -> None:
    """Check the stamps of a recording in binary, one by one."""
    first, end = span
    oldest = -(2**63) if first is None else first
    youngest = 2**63 - 1 if end is None else end + _OUTSIDE_NS
    highest, number = oldest, 0
    with Stored(folder / path) as stored:
        try:
            for _, stamps in BinaryRecords(stored).blocks(begin):
                number += len(stamps)
                low, high = min(stamps), max(stamps)
                if low < oldest:
                    words = f"a record is {_ms(oldest - low)} older than the run"
                elif high > youngest:
                    words = f"a record is {_ms(high - youngest + _OUTSIDE_NS)} younger than the run's end"
                elif (back := _backwards(stamps, highest)) > _SAME_CAUSE_NS:
                    words = f"ran backwards by {_ms(back)}"
                else:
                    highest = max(highest, high)
                    continue
                findings.wrong("clock", path, words)
                return
        except DamagedError:
            findings.wrong("changed", path, f"what stands behind {number} records is no record")


def _backwards(stamps: list[int], highest: int) -> int:
    """Return by how much the first stamp that matters is lower than one before it, the most where none matters."""
    if stamps[0] >= highest and stamps == sorted(stamps):
        return 0
    most = 0
    for stamp in stamps:
        most = max(most, highest - stamp)
        if most > _SAME_CAUSE_NS:
            break
        highest = max(highest, stamp)
    return most


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield whole lines in blocks; each begins with a line end, so that every line stands behind one."""
    rest = b"\n"
    while piece := file.read(_BLOCK):
        head, newline, tail = piece.rpartition(b"\n")
        if not newline:
            rest += piece
            continue
        yield rest + head + newline
        rest = b"\n" + tail


def sorted_by_time(path: Path) -> bytes:
    """Return what a recording holds in the order of its stamps; what has none stays in front.

    Raises:
        HarnessError: It cannot be read.
    """
    if path.suffix == SUFFIX:
        with Reading(path, follow=False) as reading:
            records = BinaryRecords(reading.stored)
            header = reading.stored.read(0, reading.end)
            try:
                packed = [record for _, record in records.packed(reading.end)]
            except DamagedError:
                return b""
            return header + b"".join(sorted(packed, key=lambda each: int(HEAD.unpack_from(each)[0])))
    data = path.read_bytes()
    stamps = ((_ANY_STAMP.search(line), line) for line in data.splitlines(keepends=True))
    timed = [(int(found[1]) if found else -1, line) for found, line in stamps]
    return b"".join(line for _, line in sorted(timed, key=lambda each: each[0]))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _ms(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:.3f} ms"
