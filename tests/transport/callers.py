"""Reads and writes for tests of transports."""

from harness.transport.base import (
    Capability,
    I2cRead,
    I2cWrite,
    Line,
    ReadLines,
    SendBreak,
    SetLines,
    StreamRead,
    StreamWrite,
    Transport,
    require,
)

_LIMIT = 65536


class Stream:
    """An ordered byte stream over a transport."""

    def __init__(self, transport: Transport) -> None:
        """Check that `transport` carries streams; it is opened and closed by whoever made it.

        Raises:
            UsageError: it does not.
        """
        require(transport, {Capability.STREAM})
        self.transport = transport

    def read(self, timeout: float, limit: int = _LIMIT) -> bytes:
        """Return up to `limit` bytes, b"" when none came within `timeout` seconds.

        Raises:
            BenchError: not open, or the device is gone.
        """
        return self.transport.do(StreamRead(limit, timeout))

    def write(self, data: bytes) -> None:
        """Write all of `data`.

        Raises:
            BenchError: not open, or the device is gone.
        """
        self.transport.do(StreamWrite(data))


class I2cBus:
    """An I²C bus over a transport; addresses have 7 bits."""

    def __init__(self, transport: Transport) -> None:
        """Check that `transport` carries I²C; it is opened and closed by whoever made it.

        Raises:
            UsageError: it does not.
        """
        require(transport, {Capability.I2C})
        self.transport = transport

    def read(self, address: int, length: int) -> bytes:
        """Read `length` bytes in one transaction.

        Raises:
            I2cNack: the device did not acknowledge.
            BenchError: not open, or the bus failed.
        """
        return self.transport.do(I2cRead(address, length))

    def write(self, address: int, data: bytes) -> None:
        """Write `data` in one transaction.

        Raises:
            I2cNack: the device did not acknowledge.
            BenchError: not open, or the bus failed.
        """
        self.transport.do(I2cWrite(address, data))


class ModemLines:
    """The lines beside the data of a serial port."""

    def __init__(self, transport: Transport) -> None:
        """Check that `transport` has such lines; it is opened and closed by whoever made it.

        Raises:
            UsageError: it does not.
        """
        require(transport, {Capability.LINES})
        self.transport = transport

    def set(self, *, dtr: bool | None = None, rts: bool | None = None) -> None:
        """Set DTR, RTS or both at once; None leaves one as it is.

        Raises:
            BenchError: not open, gone, or a port without these lines.
        """
        self.transport.do(SetLines(dtr, rts))

    def read(self) -> Line:
        """Return the inputs that are up.

        Raises:
            BenchError: not open, gone, or a port without these lines.
        """
        return Line(self.transport.do(ReadLines())[0])

    def send_break(self, milliseconds: int) -> None:
        """Hold the line at break.

        Raises:
            BenchError: not open, gone, or a port that cannot send a break.
        """
        self.transport.do(SendBreak(milliseconds))
