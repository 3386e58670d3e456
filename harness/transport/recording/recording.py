"""Reads recordings of both versions. The format is described in `format.py`."""

import json
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.errors import UsageError
from harness.transport.recording.binary import BinaryRecords, DamagedError
from harness.transport.recording.format import FORMAT, OPERATIONS, VERSION
from harness.transport.recording.json_lines import LINE_LIMIT, integer_of, parsed, text_of
from harness.transport.recording.record import Record, RecordingHeader
from harness.transport.recording.stored import Stored

_BLOCK = 256 * 1024
_JSON_LINES = 1
_MOST_OPERATIONS = 256


class Reading:
    """An open recording: its header at once, its records one by one as it is iterated.

    What was written before it was opened counts; records in a tail, that of a writer at work or killed, do too.
    `cut` tells, after the last record, that the file ends inside a record: its writer was killed.

    Attributes:
        path: The file.
        header: Its first line.
        version: The version of its format.
        operations: The operations by their numbers.
        stored: The bytes.
        end: Where the last record ended that was given, at first the header.
        cut: See above.
    """

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        """Open the file and read its header.

        Args:
            path: The file.
            follow: Whether a link may lead to it.

        Raises:
            BenchError: the file cannot be read.
            UsageError: it is no recording.
        """
        self.path = path
        self.cut = False
        self._number = 1
        self._follow = follow
        self.stored = Stored(path, follow=follow)
        try:
            line = self._first_line()
            self.version, self.operations, self.header = self._read_header(line)
            self.end = len(line)
        except BaseException:
            self.stored.close()
            raise

    def __iter__(self) -> Iterator[Record]:
        """Give the records in the order they were written.

        Raises:
            UsageError: there is something that is no record; the message names the file and which it is.
        """
        return self._lines() if self.version == _JSON_LINES else self._binary()

    def again(self) -> Self:
        """Open the recording anew, behind the last record that was given; its header is known already.

        Raises:
            BenchError: the file cannot be read.
            UsageError: it is no regular file any more, or its tail is damaged.
        """
        reading = copy(self)
        reading.stored = Stored(self.path, follow=self._follow)
        return reading

    def pass_over(self, most: int) -> bool:
        """Go on where at most so many bytes are left, or at the last record; tell whether any was passed over.

        Raises:
            UsageError: there is something that is no record.
        """
        wanted = self.stored.size - most
        if self.end >= wanted:
            return False
        if self.version == _JSON_LINES:
            self.end = self._next_line(wanted)
            return True
        try:
            for offset, _ in BinaryRecords(self.stored, self.operations).heads(self.end):
                self.end = offset
                if offset >= wanted:
                    break
        except DamagedError as error:
            raise self._wrong(str(error)) from error
        return True

    def close(self) -> None:
        """Close the file."""
        self.stored.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _binary(self) -> Iterator[Record]:
        records = BinaryRecords(self.stored, self.operations)
        try:
            for offset, packed in records.packed(self.end):
                record = records.unpacked(packed)
                self._number += 1
                self.end = offset + len(packed)
                yield record
        except DamagedError as error:
            self._number += 1
            raise self._wrong(str(error)) from error
        self.cut = self.end < self.stored.size

    def _lines(self) -> Iterator[Record]:
        for line in self._each_line():
            self._number += 1
            complete = line.endswith(b"\n")
            record = parsed(line.rstrip(b"\n"))
            if complete:
                self.end += len(line)
            else:
                self.cut = True
            if record is not None:
                yield record
            elif complete:
                raise self._no_record(line)

    def _each_line(self) -> Iterator[bytes]:
        held, at = b"", self.end
        while block := self.stored.read(at, _BLOCK):
            at += len(block)
            *lines, held = (held + block).split(b"\n")
            for line in lines:
                yield self._bounded(line) + b"\n"
            self._bounded(held)
        if held:
            yield held

    def _bounded(self, line: bytes) -> bytes:
        if len(line) > LINE_LIMIT:
            self._number += 1
            raise self._wrong(f"a line of more than {LINE_LIMIT} bytes")
        return line

    def _next_line(self, at: int) -> int:
        """Return where the next line begins behind an offset; the end of the recording for none."""
        while block := self.stored.read(at, _BLOCK):
            if (found := block.find(b"\n") + 1) > 0:
                return at + found
            at += len(block)
        return at

    def _first_line(self) -> bytes:
        line = b""
        while b"\n" not in line and len(line) < LINE_LIMIT:
            piece = self.stored.read(len(line), _BLOCK)
            if not piece:
                break
            line += piece
        if not line:
            raise UsageError(
                f"{self.path}: empty, not a recording", hint="its writer may have been killed at once"
            )
        return line[: line.find(b"\n") + 1] or line

    def _object(self, line: bytes) -> dict[str, object]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._wrong("not JSON") from error
        if not isinstance(value, dict):
            raise self._wrong("not a JSON object")
        return value

    def _read_header(self, line: bytes) -> tuple[int, tuple[str, ...], RecordingHeader]:
        value = self._object(line)
        if value.get("format") != FORMAT:
            raise self._wrong("not the header of a recording")
        version = value.get("version")
        if isinstance(version, bool) or version not in (_JSON_LINES, VERSION):
            raise UsageError(
                f"{self.path}:1: recording version {version!r}, this harness reads {_JSON_LINES} and {VERSION}",
                hint="use the harness that made it, or a newer one",
            )
        try:
            operations = _operations(value["operations"]) if version == VERSION else OPERATIONS
            return int(version), operations, _header(value)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._wrong("the header lacks a field or has a wrong one") from error

    def _no_record(self, line: bytes) -> UsageError:
        self._object(line)
        return self._wrong("not a record: a field is missing or wrong")

    def _wrong(self, problem: str) -> UsageError:
        return UsageError(
            f"{self.path}:{self._number}: {problem}",
            hint="expected a file that the recorder wrote: *.rec, or *.jsonl of an earlier harness",
        )


def read(path: Path) -> Reading:
    """Open a recording for reading; use it as a context manager.

    Raises:
        BenchError: the file cannot be read.
        UsageError: it is no recording.
    """
    return Reading(path)


def _header(value: dict[str, object]) -> RecordingHeader:
    anchor = value["anchor"]
    capabilities = value["capabilities"]
    if not isinstance(anchor, dict) or not isinstance(capabilities, list):
        raise TypeError
    return RecordingHeader(
        transport=text_of(value["transport"]),
        identity=text_of(value["identity"]),
        capabilities=tuple(text_of(each) for each in capabilities),
        wall=datetime.fromisoformat(text_of(anchor["wall"])).astimezone(UTC),
        monotonic_ns=integer_of(anchor["monotonic_ns"]),
    )


def _operations(value: object) -> tuple[str, ...]:
    """Return the operations by their numbers; each must be one that this harness knows."""
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_OPERATIONS:
        raise TypeError
    if unknown := set(map(text_of, value)) - set(OPERATIONS):
        raise ValueError(f"operations that are none: {sorted(unknown)}")
    return tuple(value)
