"""I²C buses of this machine, `/dev/i2c-N`."""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smbus2 import I2cFunc, SMBus, i2c_msg

from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, I2cRead, I2cWrite, Operation, Transport, refuse
from harness.transport.errors import I2cNack
from harness.transport.i2c.adapters import I2cAdapter, find_adapter, i2c_adapters
from harness.transport.i2c.drivers import NakCodes, nak_codes
from harness.transport.identity import UsbSelector

_CAPABILITIES = frozenset({Capability.I2C})
_OPERATIONS = (I2cRead, I2cWrite)
_LOWEST, _HIGHEST = 0x03, 0x77  # the bus reserves the addresses outside
_LONGEST = 8192  # bytes in one message; the kernel's own limit
_I2C_TIMEOUT = 0x0702  # ioctl: how long a transaction may take, in units of 10 ms
_TICK = 0.01


@dataclass(frozen=True, slots=True)
class I2cPatience:
    """How long a bus puts up with a device that is busy.

    Attributes:
        nak_tries: How often a transaction that nobody acknowledges is tried again. None by default: the drivers of
            chips that poll do so themselves.
        nak_time: Seconds that these tries may take in all.
        pause: Seconds between two tries.
        clock_stretch: Seconds that a device may hold the clock low before the adapter calls the bus hung; None
            leaves it to the adapter, which takes about one second.
    """

    nak_tries: int = 0
    nak_time: float = 1.0
    pause: float = 0.001
    clock_stretch: float | None = None


class I2cTransport(Transport):
    """An I²C adapter, used through plain messages (I2C_RDWR), which may be longer than 32 bytes.

    Each operation is one transaction: start, address, bytes, stop.
    """

    def __init__(
        self,
        name: str,
        bus: int | str | UsbSelector,
        patience: I2cPatience | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Describe the bus; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            bus: Number N of `/dev/i2c-N`, its path, the adapter's name, or its USB identity.
            patience: How long a busy device is put up with.
            clock: Monotonic seconds.
            pause: Waits between two tries: the bus has no other way to be asked again.
        """
        super().__init__(name)
        self._wanted: UsbSelector | str | None = None
        if isinstance(bus, int):
            self.path = f"/dev/i2c-{bus}"
        elif isinstance(bus, str) and bus.startswith("/"):
            self.path = bus
        else:
            self._wanted = bus
            self.path = f"I²C adapter {bus!r}" if isinstance(bus, str) else f"I²C adapter with {bus}"
        self._identity = self.path
        self._patience = patience or I2cPatience()
        self._clock = clock
        self._pause = pause
        self._bus: SMBus | None = None
        self._there = False
        self._naks = NakCodes()
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries addressed reads and writes."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """The bus; from open on also the adapter's name and USB identity."""
        return self._identity

    def open(self) -> None:
        """Take the bus.

        Raises:
            BenchError: no such bus, no permission, or an adapter without plain I²C messages.
            UsageError: opened twice, or several adapters fit.
        """
        with self._lock:
            if self._bus is not None:
                raise UsageError(f"{self.path}: opened twice", transport=self.name)
            if self._wanted is not None:
                try:
                    self.path = find_adapter(self._wanted).device
                except (BenchError, UsageError) as error:
                    raise error.at(transport=self.name) from None
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
            if self._patience.clock_stretch is not None:
                try:
                    _allow_stretching(bus, self._patience.clock_stretch)
                except OSError as error:
                    bus.close()
                    raise self._cannot_open(error) from error
            self._bus = bus
            self._there = Path(self.path).exists()
            known = _known(self.path)
            self._identity = f"{self.path} ({known.identity})" if known and known.identity else self.path
            self._naks = nak_codes(known.driver, known.name) if known else NakCodes()

    def close(self) -> None:
        """Let the bus go; waits for a running transaction, which the kernel bounds to about a second."""
        with self._lock:
            bus, self._bus = self._bus, None
            if bus is not None:
                bus.close()

    def do(self, operation: Operation) -> bytes:
        """Run one transaction; one that nobody acknowledges as often as `I2cPatience` says.

        Raises:
            I2cNack: the device did not acknowledge.
            BenchError: the bus or the adapter failed.
            UsageError: an impossible address or length, or another kind of operation.
        """
        if not isinstance(operation, _OPERATIONS):
            raise refuse(self, operation)
        message = self._message(operation)
        deadline: float | None = None
        tries = 0
        while True:
            try:
                self._transact(message, operation)
                return bytes(message) if isinstance(operation, I2cRead) else b""
            except I2cNack as nack:
                now = self._clock()
                deadline = now + self._patience.nak_time if deadline is None else deadline
                if tries == self._patience.nak_tries or now >= deadline:
                    if tries:
                        nack.message += f" in {tries + 1} tries"
                        nack.args = (nack.message,)
                    raise
                tries += 1
                self._pause(self._patience.pause)

    def _transact(self, message: i2c_msg, operation: I2cRead | I2cWrite) -> None:
        with self._lock:
            bus = self._bus
            if bus is None:
                raise BenchError(f"{self.path}: not open", transport=self.name)
            try:
                bus.i2c_rdwr(message)
            except OSError as error:
                raise self._failed(error, operation) from error

    def _message(self, operation: I2cRead | I2cWrite) -> i2c_msg:
        address = operation.address
        length = operation.length if isinstance(operation, I2cRead) else len(operation.data)
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
        if isinstance(operation, I2cRead):
            return i2c_msg.read(address, length)
        return i2c_msg.write(address, operation.data)

    def _failed(self, error: OSError, operation: I2cRead | I2cWrite) -> BenchError:
        where = f"{self.path} address {operation.address:#04x}"
        if error.errno in _GONE or (self._there and not Path(self.path).exists()):
            at = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
            doing = "reading" if isinstance(operation, I2cRead) else "writing"
            return BenchError(
                f"{where}: the adapter is gone, seen while {doing}, at {at} UTC",
                hint="check the adapter's cable and plug it in again",
                transport=self.name,
            )
        if error.errno in (errno.ENXIO, errno.EREMOTEIO) or error.errno in self._naks.codes:
            told = errno.errorcode[error.errno] if error.errno in self._naks.codes else ""
            return I2cNack(
                f"{where}: no acknowledge"
                + (f" ({told}, as its driver {self._naks.driver} calls it)" if told else ""),
                hint="check power, wiring and pull-ups, and the address; i2cdetect lists what answers",
                transport=self.name,
            )
        if error.errno == errno.EIO:
            driver = (
                f"driver {self._naks.driver}"
                if self._naks.driver
                else "its driver, which sysfs does not name,"
            )
            return BenchError(
                f"{where}: the adapter reports an input/output error",
                hint=f"{driver} may mean a missing acknowledge, which a busy chip gives: if it is so, use another "
                "adapter, or report the driver to the harness's maintainers; else look at the kernel log: dmesg",
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
        "the bus hangs (timed out)",
        (
            "a device may hold a line low: power-cycle it, check the pull-ups; one that stretches the clock for "
            "long needs clock_stretch_s in the board file"
        ),
    ),
    errno.EBUSY: ("the bus is busy", "another program or a kernel driver uses this address: unbind it"),
    errno.EAGAIN: ("lost the bus to another master", "take the other master off the bus, or try again"),
    errno.EOPNOTSUPP: ("the adapter refused the message", "use an adapter that carries plain I²C messages"),
    errno.EINVAL: ("the adapter refused the message", "it may not carry messages of this length"),
}


_GONE = (errno.ENODEV, errno.ESHUTDOWN)


def _allow_stretching(bus: SMBus, seconds: float) -> None:
    if bus.fd is not None:
        fcntl.ioctl(bus.fd, _I2C_TIMEOUT, max(1, round(seconds / _TICK)))


def _known(path: str) -> I2cAdapter | None:
    real = str(Path(path).resolve())
    return next((each for each in i2c_adapters() if each.device == real), None)
