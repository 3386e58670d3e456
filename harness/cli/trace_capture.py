"""`harness trace --pcap`: the recordings of a run as a capture file."""

import heapq
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from harness.cli.trace_lines import Selection, choose
from harness.disk import refused
from harness.errors import BenchError, UsageError
from harness.traffic.capture import Capture
from harness.traffic.key_shown import came_to_its_end, shows_its_key
from harness.traffic.run_recordings import anchor_of, board_file_of, followed, opened
from harness.traffic.usb_packets import Class, Reports
from harness.transport.printable import safe_text

_USB: dict[str, Class] = {"ccid": "ccid", "hid": "hid", "simulated-ccid": "ccid", "simulated-hid": "hid"}
_LONGEST_REPORT = 4096
_COMMENT = (
    "made of the recordings of a run: TCP connections and USB packets are made up around what they carried"
)


def write(run: Path, selection: Selection, to: str, *, warn: Callable[[str], None]) -> int:
    """Write the recordings of a run folder, or one recording, as a pcapng file; return how many packets it has.

    Args:
        run: A run folder or one recording.
        selection: What is taken.
        to: The file, which must not exist; `-` for the standard output.
        warn: Told of files that are cut or empty.

    Raises:
        UsageError: `run` is neither, the file is there already, or the device shows its key in the run.
        BenchError: A file cannot be read or written.
    """
    if shows_its_key(run):
        raise UsageError(
            f"{run}: the device shows its key in this run, so no capture file is made of it",
            hint=f"what went over, without the bytes: harness trace {run}",
        )
    if not came_to_its_end(run):
        warn(
            "the run did not come to its end: whether the device shows its key was not looked at to the last, "
            "so the capture may hold it"
        )
    with ExitStack() as files:
        readings = [files.enter_context(reading) for reading in opened(run, warn)]
        chosen = choose(readings, selection.transports, run)
        if not chosen:
            return 0
        board_file = board_file_of(run)
        anchor = anchor_of(run, readings)
        output = files.enter_context(_output(to))
        capture = Capture(
            output,
            offset=anchor.since_1970_ns - anchor.monotonic_ns,
            identity_of={
                safe_text(each.header.transport, 40): safe_text(each.header.identity, 400) for each in chosen
            },
            usb=_usb(board_file),
            reports=_reports(board_file),
            comment=f"{safe_text(run.resolve().name, 200)}: {_COMMENT}",
        )
        inside = not selection.scenario
        ways = [followed(reading, board_file, leaked=False) for reading in chosen]
        for entry, mark in heapq.merge(*ways, key=lambda each: each[0].t):
            if mark not in ("", "!") and selection.scenario:
                inside = selection.scenario in mark
            if inside and (entry.t - anchor.monotonic_ns) / 1e9 >= selection.since:
                capture.take(entry)
        capture.close()
        for reading in chosen:
            if reading.cut:
                warn(f"{reading.path}: cut at its end; what is there has been written")
    return capture.packets


def _usb(board_file: Mapping[str, object]) -> dict[str, Class]:
    transports = board_file.get("transports")
    found: dict[str, Class] = {}
    for name, settings in transports.items() if isinstance(transports, Mapping) else ():
        kind = settings.get("kind") if isinstance(settings, Mapping) else None
        if isinstance(kind, str) and kind in _USB:
            found[safe_text(str(name), 40)] = _USB[kind]
    return found


def _reports(board_file: Mapping[str, object]) -> dict[str, Reports]:
    """Return how the HID interfaces of a board file carry their messages; a setting that is none counts as left out."""
    transports = board_file.get("transports")
    found: dict[str, Reports] = {}
    for name, settings in transports.items() if isinstance(transports, Mapping) else ():
        if not isinstance(settings, Mapping):
            continue
        number, size = settings.get("report_id"), settings.get("report_size")
        length = settings.get("length_size")
        found[safe_text(str(name), 40)] = Reports(
            first=bytes((number,)) if type(number) is int and 0 <= number <= 0xFF else b"",
            size=size if type(size) is int and 4 <= size <= _LONGEST_REPORT else Reports().size,
            length_size=length if type(length) is int and 1 <= length <= 4 else Reports().length_size,
            little=settings.get("length_order") == "little",
        )
    return found


@contextmanager
def _output(to: str) -> Iterator[Callable[[bytes], None]]:
    if to == "-":
        if sys.stdout.isatty():
            raise UsageError(
                "a capture file is no text for a terminal",
                hint="pipe it: harness trace RUN --pcap - | wireshark -k -i -",
            )
        out = sys.stdout.buffer
        try:
            yield lambda data: _send(out.write, data)
            out.flush()
        except BrokenPipeError:  # the reader has seen enough
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    path = Path(to)
    try:
        file = path.open("xb")
    except FileExistsError:
        raise UsageError(f"{path}: is there already", hint="name another file, or remove it") from None
    except (OSError, ValueError) as error:
        raise _unwritten(path, error) from None
    try:
        with file:
            yield lambda data: _send(file.write, data)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritten(path, error) from None
    except BaseException:
        path.unlink(missing_ok=True)  # half a capture looks like a whole one
        raise


def _send(write: Callable[[bytes], int], data: bytes) -> None:
    write(data)


def _unwritten(path: Path, error: OSError | ValueError) -> BenchError:
    if isinstance(error, OSError):
        cause = refused(path, error)
        return BenchError(cause.message, hint=cause.hint)
    return BenchError(f"{path}: cannot be written: not a usable file name")
