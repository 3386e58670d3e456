"""Small typed faces over a transport: what callers read and write with."""

from harness.transport.base import (
    Capability,
    Exchange,
    I2cRead,
    I2cWrite,
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


class ApduLink:
    """Whole APDUs over a transport."""

    def __init__(self, transport: Transport) -> None:
        """Check that `transport` carries APDUs; it is opened and closed by whoever made it.

        Raises:
            UsageError: it does not.
        """
        require(transport, {Capability.APDU})
        self.transport = transport

    def exchange(self, command: bytes, timeout: float) -> bytes:
        """Send one command and return the response, which came within `timeout` seconds.

        Raises:
            BenchError: not open, or the device is gone or silent.
        """
        return self.transport.do(Exchange(command, timeout))
