"""Reads recordings. The format is described in `recorder.py`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from harness.errors import BenchError, UsageError
from harness.transport.recording.recorder import FORMAT, OPERATIONS, VERSION

LINE_LIMIT = 1 << 20
"""Bytes in one line of a recording; more is an error, so that a foreign file cannot fill the memory."""

_USUAL = re.compile(
    rb'\{"t":(\d{1,18}),"op":"([a-z0-9-]{1,16})","d":"([<>])","x":"([0-9a-f]*)"(?:,"a":(\d{1,18}))?\}'
)
"""A record of data as the recorder writes it; reading it as JSON takes several times as long."""

_DIRECTIONS = frozenset({">", "<", "!", "#"})


@dataclass(frozen=True, slots=True)
class RecordingHeader:
    """The first line of a recording.

    Attributes:
        transport: Name of the transport in the board file.
        identity: What the transport was, as far as known before it was opened.
        capabilities: What it carries.
        wall: Wall-clock time (UTC) at `monotonic_ns`.
        monotonic_ns: The monotonic clock at `wall`.
    """

    transport: str
    identity: str
    capabilities: tuple[str, ...]
    wall: datetime
    monotonic_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        t: Monotonic nanoseconds.
        op: One of `recorder.OPERATIONS`.
        direction: `>` to the device, `<` from it, `!` an error, `#` a note.
        data: The bytes, for `>` and `<`.
        address: The I²C address, where there is one.
        text: The text, for `!` and `#`.
    """

    t: int
    op: str
    direction: str
    data: bytes = b""
    address: int | None = None
    text: str = ""


class Reading:
    """An open recording: its header at once, its records one by one as it is iterated.

    `cut` tells, after the last record, that the file ends inside a line: its writer was killed.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and read its header.

        Raises:
            BenchError: the file cannot be read.
            UsageError: it is no recording.
        """
        self.path = path
        self.cut = False
        self._number = 0
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise BenchError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
        try:
            self.header = self._read_header()
        except BaseException:
            self._file.close()
            raise

    def __iter__(self) -> Iterator[Record]:
        """Give the records in the order they were written.

        Raises:
            UsageError: a line is no record; the message names the file and the line.
        """
        while line := self._line():
            complete = line.endswith(b"\n")
            try:
                yield self._record(line)
            except UsageError:
                if complete:
                    raise
            if not complete:
                self.cut = True

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self) -> bytes:
        self._number += 1
        try:
            line = self._file.readline(LINE_LIMIT)
        except OSError as error:
            raise BenchError(
                f"{self.path}: cannot be read: {(error.strerror or str(error)).lower()}"
            ) from error
        if len(line) == LINE_LIMIT and not line.endswith(b"\n"):
            raise self._wrong(f"a line of more than {LINE_LIMIT} bytes")
        return line

    def _object(self, line: bytes) -> dict[str, object]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._wrong("not JSON") from error
        if not isinstance(value, dict):
            raise self._wrong("not a JSON object")
        return value

    def _read_header(self) -> RecordingHeader:
        line = self._line()
        if not line:
            raise UsageError(
                f"{self.path}: empty, not a recording", hint="its writer may have been killed at once"
            )
        value = self._object(line)
        if value.get("format") != FORMAT:
            raise self._wrong("not the header of a recording")
        if value.get("version") != VERSION:
            raise UsageError(
                f"{self.path}:1: recording version {value.get('version')!r}, this harness reads {VERSION}",
                hint="use the harness that made it, or a newer one",
            )
        try:
            return _header(value)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._wrong("the header lacks a field or has a wrong one") from error

    def _record(self, line: bytes) -> Record:
        value = self._object(line)
        try:
            return _record(value)
        except (KeyError, TypeError, ValueError) as error:
            raise self._wrong("not a record: a field is missing or wrong") from error

    def _wrong(self, problem: str) -> UsageError:
        return UsageError(
            f"{self.path}:{self._number}: {problem}", hint="expected a file that the recorder wrote: *.jsonl"
        )


def read(path: Path) -> Reading:
    """Open a recording for reading; use it as a context manager.

    Raises:
        BenchError: the file cannot be read.
        UsageError: it is no recording.
    """
    return Reading(path)


def parsed(line: bytes) -> Record | None:
    """Return the record of one line; None when it is none."""
    usual = _USUAL.fullmatch(line)
    if usual is not None and usual[2].decode() in OPERATIONS and len(usual[4]) % 2 == 0:
        address = None if usual[5] is None else int(usual[5])
        data = bytes.fromhex(usual[4].decode())
        return Record(int(usual[1]), usual[2].decode(), usual[3].decode(), data, address)
    try:
        return _record(json.loads(line))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _header(value: dict[str, object]) -> RecordingHeader:
    anchor = value["anchor"]
    capabilities = value["capabilities"]
    if not isinstance(anchor, dict) or not isinstance(capabilities, list):
        raise TypeError
    return RecordingHeader(
        transport=_text(value["transport"]),
        identity=_text(value["identity"]),
        capabilities=tuple(_text(each) for each in capabilities),
        wall=datetime.fromisoformat(_text(anchor["wall"])).astimezone(UTC),
        monotonic_ns=_integer(anchor["monotonic_ns"]),
    )


def _record(value: dict[str, object]) -> Record:
    op, direction = _text(value["op"]), _text(value["d"])
    if op not in OPERATIONS or direction not in _DIRECTIONS:
        raise ValueError
    address = value.get("a")
    return Record(
        t=_integer(value["t"]),
        op=op,
        direction=direction,
        data=bytes.fromhex(_text(value.get("x", ""))),
        address=None if address is None else _integer(address),
        text=_text(value.get("m", "")),
    )


_LARGEST = 2**63 - 1
"""No clock and no address of ours gives more."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError
    return value
