"""Writes recordings. The format is described in `format.py`."""

import json
import mmap
import os
import struct
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self, get_args

from harness.disk import refused
from harness.errors import BenchError, ToolError
from harness.transport.base import Capability
from harness.transport.recording.binary import with_text
from harness.transport.recording.format import (
    FORMAT,
    HEAD,
    HIDDEN,
    NOWHERE,
    OPERATIONS,
    PIECE,
    SHOWN,
    TAIL_SIZE,
    VERSION,
    Direction,
    code_of,
)
from harness.transport.recording.redaction import Redaction
from harness.transport.recording.tail import Tail
from harness.transport.secret_lines import STARS

_TEXT_LIMIT = 4096
_CODES = {(op, way): code_of(op, way) for op in OPERATIONS for way in get_args(Direction)}
_HEAD_SIZE, _BEGIN = HEAD.size, Tail.begin
_pack_into = HEAD.pack_into
_SHORT = 1024
_WITH_DATA: list[Callable[..., None] | None] = [None] * _SHORT
"""What packs head and data of so many bytes in one call, made when such a record first comes."""


class Described(Protocol):
    """What a recording is of."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def identity(self) -> str:
        """What it is, for people."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it carries."""


class Recording:
    """The file. Append-only; when a call returns, its record is out of this process: in the tail or in the file.

    So a killed process loses nothing, and a full disk loses only what no longer fits: a record that fits in part is
    taken back, and later ones may be tried. Any thread may record; a forked child may not, as one process writes.
    Where a file system cannot map files, each record is a write of its own.
    """

    def __init__(self, path: Path, transport: Described, redaction: Redaction | None = None) -> None:
        """Make the file and write its header.

        Args:
            path: The file; it must not exist.
            transport: What is recorded.
            redaction: What the file must not show; nothing when left out.

        Raises:
            BenchError: the disk refuses, or the file exists.
        """
        self.path = path
        self._turn = _turn()
        self._redaction = redaction or Redaction()
        self._hidden = False
        self._length = 0
        self._closed = "after it was closed"
        self._tail: Tail | None = None
        self._next = self._room = 0  # where the next record goes in the tail, and where its room ends
        self._memory: mmap.mmap | memoryview = memoryview(b"")
        self._count = memoryview(b"")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        try:
            self._file: int | None = os.open(path, flags, 0o644)
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._write(_header(transport))
            self._make_tail()
        except BaseException as error:
            self.close()
            with suppress(OSError):
                path.unlink()
            if isinstance(error, OSError):
                raise self._refused(error) from error
            raise
        _OPEN.add(self)

    def put(self, code: int, data: bytes, at: int, address: int) -> None:
        """Record data that went to or came from the device; `data` does the same in words.

        Args:
            code: The operation and the way, as `code_of` gives them.
            data: The bytes.
            at: Monotonic nanoseconds.
            address: The I2C address, `NOWHERE` for none.

        Raises:
            BenchError: the disk refuses.
        """
        if self._hidden or self._redaction.secrets:
            data = data.translate(STARS) if self._hidden else self._redaction.data(data)
        size = len(data)
        turn = self._turn
        turn.get()
        try:
            place = self._next
            begin = place + _HEAD_SIZE
            end = begin + size
            if end <= self._room and size <= PIECE:
                if size < _SHORT:
                    pack = _WITH_DATA[size] or _packer(size)
                    pack(self._memory, place, at, size, address, code, data)
                else:
                    memory = self._memory
                    _pack_into(memory, place, at, size, address, code)
                    memory[begin:end] = data
                self._count[0] = end - _BEGIN  # last: until now the record does not count
                self._next = end
                return
            # Even no data are a record.
            for start in range(0, size or 1, PIECE):
                piece = data[start : start + PIECE]
                self._append(HEAD.pack(at, len(piece), address, code), piece)
        finally:
            turn.put(None)

    def data(self, op: str, direction: Direction, data: bytes, at: int, address: int | None = None) -> None:
        """Record data that went to or came from the device at `at` (monotonic nanoseconds).

        Raises:
            BenchError: the disk refuses.
        """
        self.put(_CODES[op, direction], data, at, NOWHERE if address is None else address)

    def text(self, op: str, direction: Direction, text: str, *, address: int | None = None) -> None:
        """Record a text: an error, a note.

        Raises:
            BenchError: the disk refuses.
        """
        place = NOWHERE if address is None else address
        self._tell(with_text(op, direction, self._shown(text), time.monotonic_ns(), address=place))

    def told(self, op: str, direction: Direction, text: str, at: int, data: bytes = b"") -> None:
        """Record what happened at `at` (monotonic nanoseconds), in words, and the bytes of it.

        Raises:
            BenchError: the disk refuses.
        """
        self._tell(with_text(op, direction, self._shown(text), at, self._redaction.data(data)))

    def hide(self) -> None:
        """Put a star for each byte from now on.

        Raises:
            BenchError: the disk refuses.
        """
        self._hidden = True
        self.note(HIDDEN)

    def show(self) -> None:
        """Record bytes as they are from now on.

        Raises:
            BenchError: the disk refuses.
        """
        self.note(SHOWN)
        self._hidden = False

    def note(self, text: str) -> None:
        """Record a note, such as a scenario's start.

        Raises:
            BenchError: the disk refuses.
        """
        self.text("note", "#", text)

    def close(self) -> None:
        """Carry the tail over and close the file. May be called more than once.

        On a full disk the tail stays, and is read as a part of the recording.
        """
        with self._alone():
            file, self._file = self._file, None
            tail, self._tail = self._tail, None
            self._room = 0
            if tail is not None:
                self._memory = self._count = memoryview(b"")
                carried = False
                if file is not None:
                    with suppress(OSError):
                        self._carry_over(file, tail)
                        carried = True
                tail.close(remove=carried)
            if file is not None:
                os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def leave_to_parent(self) -> None:
        """Record nothing any more, and touch nothing of it: this process is a fork of the one that records."""
        self._turn = _turn()  # another thread may have had it
        self._room = 0
        self._closed = "in a forked process"
        file, self._file, self._tail = self._file, None, None
        if file is not None:
            os.close(file)

    def _shown(self, text: str) -> str:
        return self._redaction.text(text)[:_TEXT_LIMIT]

    def _tell(self, record: bytes) -> None:
        with self._alone():
            self._append(record)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        turn = self._turn
        turn.get()
        try:
            yield
        finally:
            turn.put(None)

    def _append(self, head: bytes, payload: bytes = b"") -> None:
        file, tail = self._file, self._tail
        if file is None:
            raise ToolError(f"{self.path}: recorded to {self._closed}")
        end = self._next + len(head) + len(payload)
        try:
            if tail is None:
                self._write(head, payload)
                return
            if end > self._room:
                self._carry_over(file, tail)
                end = self._next + len(head) + len(payload)
            if end > self._room:
                self._write(head, payload)
                tail.clear(self._length)
                return
        except OSError as error:
            raise self._refused(error) from error
        self._memory[self._next : end] = head + payload
        self._count[0] = end - _BEGIN
        self._next = end

    def _make_tail(self) -> None:
        try:
            tail = Tail(self.path, self._length)
        except FileExistsError:
            raise  # of another recording: it would be read as a part of this one
        except (OSError, ValueError):
            return
        self._tail = tail
        self._memory, self._count = tail.memory, tail.numbers
        self._next, self._room = Tail.begin, TAIL_SIZE

    def _carry_over(self, file: int, tail: Tail) -> None:
        records = tail.records
        try:
            if records:
                self._write(records, file=file)
        finally:
            records.release()
        tail.clear(self._length)
        self._next = Tail.begin

    def _write(self, *parts: bytes | memoryview, file: int | None = None) -> None:
        file = self._file if file is None else file
        assert file is not None, "only an open recording is written"
        size = sum(map(len, parts))
        try:
            written = os.writev(file, parts) if len(parts) > 1 else os.write(file, parts[0])
            if written < size:  # a full disk takes a part first, and then refuses the rest
                data = b"".join(parts)
                while written < size:
                    written += os.write(file, data[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, self._length)
            raise
        self._length += written

    def _refused(self, error: OSError) -> BenchError:
        cause = refused(self.path, error)
        return BenchError(f"{cause.message}; what was recorded before is safe", hint=cause.hint)


def _turn() -> SimpleQueue[None]:
    """Return what lets one thread record at a time: who takes the one thing in it puts it back.

    A lock would do, and be a tenth of the cost of a record dearer, as its calls take named arguments.
    """
    turn: SimpleQueue[None] = SimpleQueue()
    turn.put(None)
    return turn


def _packer(size: int) -> Callable[..., None]:
    _WITH_DATA[size] = pack = struct.Struct(f"{HEAD.format}{size}s").pack_into
    return pack


_OPEN: "weakref.WeakSet[Recording]" = weakref.WeakSet()


def _leave_to_parent() -> None:
    for recording in _OPEN:
        recording.leave_to_parent()


os.register_at_fork(after_in_child=_leave_to_parent)


def _header(transport: Described) -> bytes:
    header = {
        "format": FORMAT,
        "version": VERSION,
        "transport": transport.name,
        "identity": transport.identity[:_TEXT_LIMIT],
        "capabilities": sorted(transport.capabilities),
        "operations": OPERATIONS,
        "anchor": {
            "wall": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "monotonic_ns": time.monotonic_ns(),
        },
    }
    return json.dumps(header).encode() + b"\n"
