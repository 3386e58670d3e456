"""Records every operation of a transport, both ways, with monotonic stamps, in one format for every bus.

A recording is JSON Lines: a header, then one record a line.

    {"format":"id2-recording","version":1,"transport":"console","identity":"/dev/ttyUSB0",
     "capabilities":["stream"],"anchor":{"wall":"2026-11-22T18:00:00.000000Z","monotonic_ns":123}}
    {"t":456,"op":"write","d":">","x":"6c730a"}

`t` is `time.monotonic_ns`; `op` is one of `OPERATIONS`; `d` is `>` to the device, `<` from it, `!` an error (its
text in `m`), `#` a note (its text in `m`); `x` is the data in hex, `a` the I²C address. A stream read that brought
nothing leaves no record.

The operations whose data are no bytes of the device's own:

    set-lines   `>` two bytes: which lines are set, and to what; DTR is bit 0, RTS bit 1
    get-lines   `<` one byte of `base.Line` flags
    break       `>` the milliseconds, four bytes, the highest first
    set-speed   `>` bits per second, four bytes, the highest first; 0 are those of the board file
    card-reset  `<` the ATR

Two operations belong to no transport, and stand in recordings of their own beside those of the transports:

    call        `>` a call to the ID² service and `<` its answer, in words in `m`, without what is secret
    session     a record of iTLS as it travelled in `x`, what it says in `m`; `<` from the device

Between the notes `hidden: begin` and `hidden: end` something secret went over: each byte but blanks and line ends is a
star there.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from harness.disk import refused
from harness.errors import BenchError, ToolError
from harness.transport.base import (
    Capability,
    CardReset,
    Exchange,
    I2cRead,
    I2cWrite,
    Middleware,
    Operation,
    ReadLines,
    SendBreak,
    SetLines,
    SetSpeed,
    SpiTransfer,
    StreamRead,
    StreamWrite,
    Transport,
)
from harness.transport.recording.redaction import Redaction
from harness.transport.secret_lines import STARS, SecretLines

FORMAT = "id2-recording"
VERSION = 1

OPERATIONS = frozenset(
    {
        "read",
        "write",
        "i2c-read",
        "i2c-write",
        "exchange",
        "card-reset",
        "spi",
        "set-lines",
        "get-lines",
        "break",
        "set-speed",
        "note",
        "open",
        "close",
        "call",
        "session",
    }
)
"""Every word that a record's `op` may be."""

HIDDEN, SHOWN = "hidden: begin", "hidden: end"
"""Notes around what was secret."""

SCENARIO = "scenario "
"""Beginning of the note that marks a scenario's start; its name follows."""

Direction = Literal[">", "<", "!", "#"]

PIECE = 65536
"""Bytes of data in one record to the device, so that readers get bounded lines; more stands in several records."""

_SMALL_PIECE = 16384  # the same from the device: longer lines cost twice the time, for memory
_TEXT_LIMIT = 4096


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
    """The file. Append-only; each record reaches the operating system in one write before the call returns.

    So a killed process loses nothing, and a full disk loses only what no longer fits: a record that fits in
    part is taken back, and later ones may be tried. Any thread may record.
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
        self._lock = threading.Lock()
        self._redaction = redaction or Redaction()
        self._hidden = False
        self._length = 0
        try:
            self._file: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise self._refused(error) from error
        header = {
            "format": FORMAT,
            "version": VERSION,
            "transport": transport.name,
            "identity": transport.identity[:_TEXT_LIMIT],
            "capabilities": sorted(transport.capabilities),
            "anchor": {
                "wall": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "monotonic_ns": time.monotonic_ns(),
            },
        }
        try:
            self._append(json.dumps(header) + "\n")
        except BenchError:
            self.close()
            with suppress(OSError):
                path.unlink()
            raise

    def data(self, op: str, direction: Direction, data: bytes, at: int, address: int | None = None) -> None:
        """Record data that went to or came from the device at `at` (monotonic nanoseconds).

        Raises:
            BenchError: the disk refuses.
        """
        data = data.translate(STARS) if self._hidden else self._redaction.data(data)
        place = "" if address is None else f',"a":{address}'
        if len(data) <= _SMALL_PIECE:
            self._append(f'{{"t":{at},"op":"{op}","d":"{direction}","x":"{data.hex()}"{place}}}\n')
            return
        size = _SMALL_PIECE if direction == "<" else PIECE
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            self._append(f'{{"t":{at},"op":"{op}","d":"{direction}","x":"{piece.hex()}"{place}}}\n')

    def text(self, op: str, direction: Direction, text: str, *, address: int | None = None) -> None:
        """Record a text: an error, a note.

        Raises:
            BenchError: the disk refuses.
        """
        at = time.monotonic_ns()
        text = self._redaction.text(text)
        place = "" if address is None else f',"a":{address}'
        shown = json.dumps(text[:_TEXT_LIMIT])
        self._append(f'{{"t":{at},"op":"{op}","d":"{direction}"{place},"m":{shown}}}\n')

    def told(self, op: str, direction: Direction, text: str, at: int, data: bytes = b"") -> None:
        """Record what happened at `at` (monotonic nanoseconds), in words, and the bytes of it.

        Raises:
            BenchError: the disk refuses.
        """
        shown = json.dumps(self._redaction.text(text)[:_TEXT_LIMIT])
        given = f',"x":"{self._redaction.data(data).hex()}"' if data else ""
        self._append(f'{{"t":{at},"op":"{op}","d":"{direction}"{given},"m":{shown}}}\n')

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
        """Close the file. May be called more than once."""
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, line: str) -> None:
        record = line.encode()
        lock = self._lock
        lock.acquire()  # `with` would cost more than the lock, at each record
        try:
            file = self._file
            if file is None:
                raise ToolError(f"{self.path}: recorded to after it was closed")
            written = os.write(file, record)
            while written < len(record):  # a full disk takes a part first, and then refuses the rest
                written += os.write(file, record[written:])
            self._length += written
        except OSError as error:
            if self._file is not None:
                with suppress(OSError):
                    os.ftruncate(self._file, self._length)
            raise self._refused(error) from error
        finally:
            lock.release()

    def _refused(self, error: OSError) -> BenchError:
        cause = refused(self.path, error)
        return BenchError(f"{cause.message}; what was recorded before is safe", hint=cause.hint)


class Recorded(Middleware):
    """A transport whose traffic is recorded. The recording stays open at `close`: it may be opened again.

    What goes to the device is recorded before it goes, what comes from it when it has come, so the file's
    order is the order of causes. A failed operation leaves an error record.
    """

    def __init__(self, inner: Transport, recording: Recording) -> None:
        super().__init__(inner)
        self.recording = recording
        self._opened = False
        self._secret_lines = SecretLines()

    def open(self) -> None:
        """Open the inner transport, and record what was found there."""
        try:
            self.inner.open()
        except Exception as error:
            self.recording.text("open", "!", _describe(error))
            raise
        self.recording.text("open", "#", self.inner.identity)
        self._opened = True

    def close(self) -> None:
        """Close the inner transport."""
        opened, self._opened = self._opened, False
        self.inner.close()
        if opened:
            self.recording.text("close", "#", "")

    def do(self, operation: Operation) -> bytes:
        """Carry out and record one operation."""
        kind = type(operation)
        if kind is StreamRead:
            return self._read(operation)
        op, address, sent = parts(operation)
        recording = self.recording
        if sent is not None:
            recording.data(op, ">", sent, time.monotonic_ns(), address)
        try:
            answer = self.inner.do(operation)
        except Exception as error:
            recording.text(op, "!", _describe(error), address=address)
            raise
        if kind in _ANSWERED:
            recording.data(op, "<", answer, time.monotonic_ns(), address)
        return answer

    def _read(self, operation: Operation) -> bytes:
        try:
            data = self.inner.do(operation)
        except Exception as error:
            if self._opened:  # a reader that `close` wakes has not failed
                self.recording.text("read", "!", _describe(error))
            raise
        if data:
            self.recording.data("read", "<", self._secret_lines.hide(data), time.monotonic_ns())
        return data


_ANSWERED = frozenset({I2cRead, Exchange, CardReset, SpiTransfer, ReadLines})

_Parts = tuple[str, int | None, bytes | None]


def parts(operation: Operation) -> _Parts:
    """Return the operation's name in the recording, its address, and what it sends."""
    return _PARTS[type(operation)](operation)


# A table and no `match`: that would ask one kind after the other, in each exchange.
_PARTS: Mapping[type[Operation], Callable[[Any], _Parts]] = {
    StreamRead: lambda _: ("read", None, None),
    StreamWrite: lambda made: ("write", None, made.data),
    I2cWrite: lambda made: ("i2c-write", made.address, made.data),
    I2cRead: lambda made: ("i2c-read", made.address, None),
    Exchange: lambda made: ("exchange", None, made.command),
    CardReset: lambda _: ("card-reset", None, None),
    SpiTransfer: lambda made: ("spi", None, made.data),
    SetLines: lambda made: ("set-lines", None, _lines(made)),
    ReadLines: lambda _: ("get-lines", None, None),
    SendBreak: lambda made: ("break", None, made.milliseconds.to_bytes(4, "big")),
    SetSpeed: lambda made: ("set-speed", None, (made.baudrate or 0).to_bytes(4, "big")),
}


def _lines(operation: SetLines) -> bytes:
    states = (operation.dtr, operation.rts)
    given = sum(1 << bit for bit, state in enumerate(states) if state is not None)
    raised = sum(1 << bit for bit, state in enumerate(states) if state)
    return bytes((given, raised))


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
