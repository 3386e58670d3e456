"""One interface for every transport: operations in, bytes out.

A transport states its capabilities and does operations. Because one method does all the work, a middleware
(recorder, faults, replay) wraps one method and fits every bus.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from types import TracebackType
from typing import ClassVar, Self, TypeVar, dataclass_transform

from harness.errors import UsageError

_Kind = TypeVar("_Kind")


class Capability(StrEnum):
    """What a transport can carry."""

    STREAM = "stream"  # an ordered byte stream, both ways
    I2C = "i2c"  # addressed reads and writes on an I²C bus
    APDU = "apdu"  # one whole command in, one whole response out
    CARD = "card"  # a card whose power the reader switches
    SPI = "spi"  # transfers with one slave, its chip select held from the first byte to the last
    LINES = "lines"  # the lines beside the data of a serial port: DTR, RTS, CTS, DSR, RI, CD and break
    SPEED = "speed"  # a line whose bits per second can be changed while it is open


@dataclass_transform(frozen_default=True)
def _operation(kind: type[_Kind]) -> type[_Kind]:
    """Make a class of operations. They are frozen for the type checker alone.

    A frozen dataclass sets each field by a call, so that to make an operation took as long as to record one.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)


@_operation
class StreamRead:
    """Read what is there, up to `limit` bytes; wait at most `timeout` s for the first, else give b""."""

    capability: ClassVar[Capability] = Capability.STREAM
    limit: int
    timeout: float


@_operation
class StreamWrite:
    """Write all of `data`; the answer is b""."""

    capability: ClassVar[Capability] = Capability.STREAM
    data: bytes


@_operation
class I2cRead:
    """Read `length` bytes from the 7-bit `address`."""

    capability: ClassVar[Capability] = Capability.I2C
    address: int
    length: int


@_operation
class I2cWrite:
    """Write `data` to the 7-bit `address`; the answer is b""."""

    capability: ClassVar[Capability] = Capability.I2C
    address: int
    data: bytes


@_operation
class Exchange:
    """Send one whole APDU and return the whole response; wait at most `timeout` seconds."""

    capability: ClassVar[Capability] = Capability.APDU
    command: bytes
    timeout: float


@_operation
class CardReset:
    """Take the power from the card and give it back; the answer is its ATR."""

    capability: ClassVar[Capability] = Capability.CARD


@_operation
class SpiTransfer:
    """Select the slave, write `data`, then read `length` bytes; either may be nothing, not both."""

    capability: ClassVar[Capability] = Capability.SPI
    data: bytes
    length: int


@_operation
class SetLines:
    """Set the outputs of a serial port; None leaves one as it is. The answer is b""."""

    capability: ClassVar[Capability] = Capability.LINES
    dtr: bool | None = None
    rts: bool | None = None


@_operation
class ReadLines:
    """Read the inputs of a serial port; the answer is one byte of `Line` flags."""

    capability: ClassVar[Capability] = Capability.LINES


@_operation
class SendBreak:
    """Hold the line at break for `milliseconds`; the answer is b""."""

    capability: ClassVar[Capability] = Capability.LINES
    milliseconds: int


@_operation
class SetSpeed:
    """Change the bits per second of an open line; None gives back those that it was opened with. The answer is b""."""

    capability: ClassVar[Capability] = Capability.SPEED
    baudrate: int | None


class Line(IntFlag):
    """The inputs of a serial port, as `ReadLines` answers them."""

    CTS = 0x01
    DSR = 0x02
    RI = 0x04
    CD = 0x08


Operation = (
    StreamRead
    | StreamWrite
    | I2cRead
    | I2cWrite
    | Exchange
    | CardReset
    | SpiTransfer
    | SetLines
    | ReadLines
    | SendBreak
    | SetSpeed
)


class Transport(ABC):
    """Bytes to and from a device.

    Invariants:
        * `do` before `open`, or after `close`, raises `BenchError`.
        * `do` with an operation outside `capabilities` raises `UsageError` and touches nothing.
        * A device that is gone (unplugged, closed by the far end) raises `BenchError`; it never returns b"".
        * `close` may be called at any time, from any thread, more than once; it wakes a blocked `do`.
        * One thread may read while another writes; two threads never do the same kind of operation at once.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    @abstractmethod
    def capabilities(self) -> frozenset[Capability]:
        """What this transport can carry."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """What was found at the other end, for reports: path, and USB identity where there is one."""

    @abstractmethod
    def open(self) -> None:
        """Take the device.

        Raises:
            BenchError: names the path, the cause and, for a busy port, the holder.
        """

    @abstractmethod
    def close(self) -> None:
        """Let the device go."""

    @abstractmethod
    def do(self, operation: Operation) -> bytes:
        """Carry out one operation and return the bytes it read."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PlacedTransport(Transport):
    """A transport that finds out what it will occupy before it is opened."""

    @abstractmethod
    def place(self) -> str:
        """Return what it will occupy, in words that are equal for equal things; nothing is opened.

        Raises:
            BenchError: Not plugged in.
            UsageError: Several fit.
        """


class Middleware(Transport):
    """A transport around another one; passes everything through. Subclasses override what they change."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner.name)
        self.inner = inner

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the inner transport can carry."""
        return self.inner.capabilities

    @property
    def identity(self) -> str:
        """What the inner transport found."""
        return self.inner.identity

    def open(self) -> None:
        """Open the inner transport."""
        self.inner.open()

    def close(self) -> None:
        """Close the inner transport."""
        self.inner.close()

    def do(self, operation: Operation) -> bytes:
        """Pass the operation on."""
        return self.inner.do(operation)


def require(transport: Transport, needed: Iterable[Capability]) -> None:
    """Check before anything is opened that `transport` can carry what is `needed`.

    Raises:
        UsageError: says needed versus supplied.
    """
    wanted = frozenset(needed)
    if wanted <= transport.capabilities:
        return
    raise UsageError(
        f"transport {transport.name!r}: needed {_names(wanted)}, supplied {_names(transport.capabilities)}",
        hint="give this part of the board a transport of a kind that supplies what it needs",
        transport=transport.name,
    )


def refuse(transport: Transport, operation: Operation) -> UsageError:
    """Return the error for an operation that `transport` does not carry."""
    return UsageError(
        f"transport {transport.name!r}: {type(operation).__name__} needs {operation.capability}, "
        f"supplied {_names(transport.capabilities)}",
        hint="give this part of the board a transport of a kind that supplies what it needs",
        transport=transport.name,
    )


def _names(capabilities: frozenset[Capability]) -> str:
    return ", ".join(sorted(capabilities)) or "nothing"
