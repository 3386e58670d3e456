"""What a recording says a device was asked and answered, as steps that can be replayed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import errors as common_errors
from harness.errors import BenchError, HarnessError, UsageError
from harness.transport import errors as transport_errors
from harness.transport.base import I2cRead, Operation, SpiTransfer
from harness.transport.printable import hex_bytes, safe_text
from harness.transport.recording.format import HIDDEN, PIECE, SHOWN, recording_at, recordings_in
from harness.transport.recording.record import Record, RecordingHeader
from harness.transport.recording.recorder import parts
from harness.transport.recording.recording import read

_FIRST_RECORD = 2  # the header of a recording is 1
_SHOWN = 24  # bytes of a request in a message
_IGNORED = frozenset({"note", "close"})
_SENDING = frozenset({"i2c-write", "write", "exchange", "spi", "set-lines", "break", "set-speed"})
NACK = transport_errors.I2cNack.__name__

Key = tuple[str, int | None, bytes | None, int | None]
"""What tells one request from another: operation, address, what it sends, how many bytes it reads."""


@dataclass(slots=True)
class Step:
    """One recorded request with its answer, or one piece that a stream brought.

    Attributes:
        line: Number of its first record in the recording, whose header is 1.
        t: Monotonic nanoseconds of its last record.
        op: The operation's name in the recording.
        address: The I²C address, where there is one.
        sent: What was sent; None when the operation sends nothing.
        answer: What came; None when nothing was recorded.
        error: The error it ended with, `Kind: message`; empty for none.
    """

    line: int
    t: int
    op: str
    address: int | None = None
    sent: bytes | None = None
    answer: bytes | None = None
    error: str = ""

    @property
    def refused(self) -> bool:
        """Whether the device did not acknowledge."""
        return self.error.partition(":")[0] == NACK

    @property
    def key(self) -> Key:
        """What tells this request from others."""
        length = len(self.answer) if self.op in _MEASURED and self.answer is not None else None
        return (self.op, self.address, self.sent, length)

    def fits(self, asked: Key) -> bool:
        """Tell whether this is the request that is asked; how much a failed read wanted is not recorded."""
        op, address, sent, length = asked
        own = self.key
        return (op, address, sent) == own[:3] and (own[3] is None or own[3] == length)

    def to_error(self) -> HarnessError:
        """Return the recorded error, of its own kind where a transport may raise that kind."""
        kind, _, message = self.error.partition(": ")
        for module in (transport_errors, common_errors):
            found = getattr(module, kind, None)
            if isinstance(found, type) and issubclass(found, HarnessError):
                error: HarnessError = found(message)
                return error
        return BenchError(self.error)


_MEASURED = frozenset({"i2c-read", "spi"})


def key_of(operation: Operation) -> Key:
    """Return what tells this request from others."""
    op, address, sent = parts(operation)
    length = operation.length if isinstance(operation, (I2cRead, SpiTransfer)) else None
    return (op, address, sent, length)


def shown(key: Key) -> str:
    """Return a request in words for a message."""
    op, address, sent, length = key
    words = [op]
    words += [f"at {address:#04x}"] if address is not None else []
    words += [hex_bytes(sent, _SHOWN) or "nothing"] if sent is not None else []
    words += [f"of {length} bytes"] if length is not None else []
    return " ".join(words)


def load(path: Path) -> tuple[RecordingHeader, list[Step], bool]:
    """Read a recording.

    Returns:
        Its header, its steps, and whether it goes on after the last of them: a mark or the closing stands there.

    Raises:
        BenchError: the file cannot be read.
        UsageError: it is no recording; the message names file and line.
    """
    last = ""

    def seen(reading: Iterable[Record]) -> Iterator[Record]:
        nonlocal last
        for record in reading:
            last = record.op
            yield record

    with read(path) as reading:
        found = steps(seen(reading))
        return reading.header, found, last in _IGNORED


def steps(records: Iterable[Record]) -> list[Step]:
    """Return the steps of a recording, in the order in which they began; what is hidden is left out."""
    found: list[Step] = []
    begun: dict[str, Step] = {}  # the last request of each operation, which its next records belong to
    hidden = False
    for line, record in enumerate(records, _FIRST_RECORD):
        op = record.op
        if op == "note" and record.text in {HIDDEN, SHOWN}:
            hidden = record.text == HIDDEN
        if op in _IGNORED or hidden:
            continue
        step = begun.get(op)
        if record.direction == ">":
            if step is not None and step is found[-1] and _goes_on(step):
                step.sent = (step.sent or b"") + record.data
                continue
            step = begun[op] = Step(line, record.t, op, record.address, record.data)
            found.append(step)
        elif op == "open":
            failed = record.text if record.direction == "!" else ""
            text = b"" if failed else record.text.encode(errors="replace")
            found.append(Step(line, record.t, op, answer=text, error=failed))
            begun.clear()
        elif op in _SENDING and step is not None and not step.error:
            step.t = record.t
            if record.direction == "!":
                step.error = record.text
            else:
                step.answer = (step.answer or b"") + record.data
        else:
            failed = record.text if record.direction == "!" else ""
            answer = None if failed else record.data
            found.append(Step(line, record.t, op, record.address, None, answer, failed))
    return found


def _goes_on(step: Step) -> bool:
    """Tell whether the next record belongs to this request: a long one stands in several."""
    begun = step.op != "write" and step.answer is None and not step.error
    return begun and bool(step.sent) and len(step.sent or b"") % PIECE == 0


def recording_of(run: Path, transport: str) -> Path:
    """Return the recording of a transport in a run folder; a recording itself is its own.

    Raises:
        UsageError: there is none; the message lists those that are there.
    """
    if run.is_file():
        return run
    folder = run / "transport"
    wanted = recording_at(folder, transport)
    if wanted.is_file():
        return wanted
    here = [path.stem for path in recordings_in(folder)] if folder.is_dir() else []
    raise UsageError(
        f"{run}: no recording of the transport {safe_text(transport, 60)!r}; "
        + (f"there are: {', '.join(here)}" if here else "there is none at all"),
        hint="name a run folder, such as runs/latest, of a run of this board file",
        transport=transport,
    )
