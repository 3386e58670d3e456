"""I²C buses of this machine, `/dev/i2c-N`."""

import errno
import os
import threading
from pathlib import Path

from smbus2 import I2cFunc, SMBus, i2c_msg

from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, I2cRead, I2cWrite, Operation, Transport, refuse
from harness.transport.errors import I2cNack

_CAPABILITIES = frozenset({Capability.I2C})
_LOWEST, _HIGHEST = 0x03, 0x77  # the bus reserves the addresses outside
_LONGEST = 8192  # bytes in one message; the kernel's own limit


class I2cTransport(Transport):
    """An I²C adapter, used through plain messages (I2C_RDWR), which may be longer than 32 bytes.

    Each operation is one transaction: start, address, bytes, stop.
    """

    def __init__(self, name: str, bus: int | str) -> None:
        """Describe the bus; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            bus: Number N of `/dev/i2c-N`, or its path.
        """
        super().__init__(name)
        self.path = f"/dev/i2c-{bus}" if isinstance(bus, int) else bus
        self._identity = self.path
        self._bus: SMBus | None = None
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries addressed reads and writes."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """The bus; from open on also the adapter's name."""
        return self._identity

    def open(self) -> None:
        """Take the bus.

        Raises:
            BenchError: no such bus, no permission, or an adapter without plain I²C messages.
            UsageError: opened twice.
        """
        with self._lock:
            if self._bus is not None:
                raise UsageError(f"{self.path}: opened twice", transport=self.name)
            bus = SMBus()
            try:
                bus.open(self.path)
                functions = int(bus.funcs)
            except OSError as error:
                bus.close()
                raise self._cannot_open(error) from error
            if not functions & I2cFunc.I2C:
                bus.close()
                raise BenchError(
                    f"{self.path}: this adapter carries SMBus commands only, a chip needs plain I²C messages",
                    hint="use another adapter",
                    transport=self.name,
                )
            self._bus = bus
            self._identity = _identify(self.path)

    def close(self) -> None:
        """Let the bus go; waits for a running transaction, which the kernel bounds to about a second."""
        with self._lock:
            bus, self._bus = self._bus, None
            if bus is not None:
                bus.close()

    def do(self, operation: Operation) -> bytes:
        """Run one transaction.

        Raises:
            I2cNack: the device did not acknowledge.
            BenchError: the bus or the adapter failed.
            UsageError: an impossible address or length, or another kind of operation.
        """
        if isinstance(operation, I2cRead):
            message = self._message(operation.address, operation.length)
        elif isinstance(operation, I2cWrite):
            message = self._message(operation.address, operation.data)
        else:
            raise refuse(self, operation)
        with self._lock:
            if self._bus is None:
                raise BenchError(f"{self.path}: not open", transport=self.name)
            try:
                self._bus.i2c_rdwr(message)
            except OSError as error:
                raise self._failed(error, operation) from error
        return bytes(message) if isinstance(operation, I2cRead) else b""

    def _message(self, address: int, content: int | bytes) -> i2c_msg:
        length = content if isinstance(content, int) else len(content)
        if not _LOWEST <= address <= _HIGHEST:
            raise UsageError(
                f"{self.path}: {address:#04x} is no 7-bit I²C address of a device",
                hint="8-bit addresses of a data sheet are halved: 0xE2 (write) and 0xE3 (read) are 0x71",
                transport=self.name,
            )
        if not 1 <= length <= _LONGEST:
            raise UsageError(
                f"{self.path}: a message has 1 to {_LONGEST} bytes, not {length}", transport=self.name
            )
        return i2c_msg.read(address, content) if isinstance(content, int) else i2c_msg.write(address, content)

    def _failed(self, error: OSError, operation: I2cRead | I2cWrite) -> BenchError:
        where = f"{self.path} address {operation.address:#04x}"
        if error.errno in (errno.ENXIO, errno.EREMOTEIO):
            return I2cNack(
                f"{where}: no acknowledge",
                hint="check power, wiring and pull-ups, and the address; i2cdetect lists what answers",
                transport=self.name,
            )
        text, hint = _TRANSFER_ERRORS.get(
            error.errno or 0, (str(error.strerror or error).lower(), "look at the kernel log: dmesg")
        )
        return BenchError(f"{where}: {text}", hint=hint, transport=self.name)

    def _cannot_open(self, error: OSError) -> BenchError:
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            here = ", ".join(sorted(str(path) for path in Path("/dev").glob("i2c-*"))) or "none"
            return BenchError(
                f"{self.path}: there is no such I²C bus",
                hint=f"buses here: {here}; load the kernel module i2c-dev if there should be more",
                transport=self.name,
            )
        if error.errno == errno.EACCES:
            return BenchError(
                f"{self.path}: permission denied",
                hint="join the group i2c, then log in again",
                transport=self.name,
            )
        if error.errno == errno.EBUSY:
            return BenchError(f"{self.path}: busy", hint="end the program that holds it", transport=self.name)
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        return BenchError(
            f"{self.path}: is no I²C bus ({reason})", hint="name a /dev/i2c-N", transport=self.name
        )


_TRANSFER_ERRORS = {
    errno.ETIMEDOUT: (
        "the bus timed out",
        "a device may hold a line low: power-cycle it, check the pull-ups",
    ),
    errno.EBUSY: ("the bus is busy", "another program or a kernel driver uses this address: unbind it"),
    errno.EAGAIN: ("lost the bus to another master", "take the other master off the bus, or try again"),
    errno.ENODEV: ("the adapter is gone", "check the adapter's cable and plug it in again"),
    errno.EOPNOTSUPP: ("the adapter refused the message", "use an adapter that carries plain I²C messages"),
    errno.EINVAL: ("the adapter refused the message", "it may not carry messages of this length"),
}


def _identify(path: str) -> str:
    name = Path("/sys/class/i2c-dev") / Path(path).resolve().name / "name"
    try:
        return f"{path} ({name.read_text(errors='replace').strip()[:80]})"
    except OSError:
        return path
