"""FTDI bridges in MPSSE mode as I²C and SPI adapters, through pyftdi, without a kernel driver."""

import errno
import threading
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from harness.errors import BenchError, HarnessError, UsageError
from harness.transport.base import (
    Capability,
    I2cRead,
    I2cWrite,
    Operation,
    PlacedTransport,
    SpiTransfer,
    refuse,
)
from harness.transport.errors import I2cNack
from harness.transport.ftdi.pyftdi import I2cController, SpiController, open_i2c, open_spi
from harness.transport.identity import UsbSelector
from harness.transport.printable import safe_text
from harness.transport.usb import pyusb
from harness.transport.usb.functions import UsbFunction, functions, place_of

FTDI = 0x0403
_MPSSE = (0x6010, 0x6011, 0x6014, 0x6043, 0x6048)  # FT2232, FT4232, FT232H, and their newer kin
_I2C_LOWEST, _I2C_HIGHEST = 0x03, 0x77
_LONGEST = 8192
_SPI_LONGEST = 65280  # bytes; what pyftdi puts into one MPSSE command
_WHAT = "FTDI bridge"


class _Controller(Protocol):
    """A bridge that is open."""

    def close(self) -> None:
        """Let the bridge go."""


_Controlling = TypeVar("_Controlling", bound=_Controller)
_Value = TypeVar("_Value")


class _Bridge(PlacedTransport, Generic[_Controlling]):
    """What both kinds of bridge have in common: finding it, taking it, and telling what went wrong."""

    def __init__(self, name: str, device: UsbSelector, backend: pyusb.Backend | None) -> None:
        super().__init__(name)
        self._wanted = device
        self._backend = backend
        self._identity = f"{_WHAT} with {device}"
        self._lock = threading.Lock()
        self._controller: _Controlling | None = None

    @property
    def identity(self) -> str:
        """What is looked for; from open on what was found."""
        return self._identity

    def place(self) -> str:
        """Return what it will occupy; nothing is opened.

        Raises:
            BenchError: not plugged in.
            UsageError: several bridges fit.
        """
        return place_of(self._find())

    def open(self) -> None:
        """Take the bridge.

        Raises:
            BenchError: not plugged in, no permission, in use, or a bridge that does not support the operation.
            UsageError: several bridges fit, opened twice, or pyftdi is not installed.
        """
        with self._lock:
            if self._controller is not None:
                raise UsageError(f"{self._identity}: opened twice", transport=self.name)
            try:
                found = self._find()
                self._identity = str(found)
                self._controller = self._take(found.device, found.interface + 1)
            except HarnessError as error:
                raise error.at(transport=self.name) from error.__cause__
            except Exception as error:  # pyftdi raises what its layers do, some of it not OSError
                raise self._trouble(error, "opening it").at(transport=self.name) from error

    def close(self) -> None:
        """Let the bridge go; waits for what runs."""
        with self._lock:
            controller, self._controller = self._controller, None
            if controller is not None:
                with suppress(Exception):  # it may be unplugged
                    controller.close()

    @abstractmethod
    def _take(self, device: pyusb.Device, port: int) -> _Controlling:
        """Return the controller of a port (from 1) of the bridge."""

    def _using(self, use: Callable[[_Controlling], _Value], moment: str) -> _Value:
        """Return what `use` brings from the bridge; `moment` says what is being done."""
        with self._lock:
            if self._controller is None:
                raise BenchError(f"{self._identity}: not open", transport=self.name)
            try:
                return use(self._controller)
            except Exception as error:  # pyftdi raises what its layers do, some of it not OSError
                raise self._trouble(error, moment).at(transport=self.name) from error

    def _find(self) -> UsbFunction:
        backend = self._backend or pyusb.libusb()
        ours = UsbSelector(
            FTDI if self._wanted.vid is None else self._wanted.vid,
            self._wanted.pid,
            self._wanted.serial_number,
            self._wanted.interface,
            self._wanted.location,
        )
        capable = [each for each in functions(backend, ours) if ours.pid is not None or each.pid in _MPSSE]
        if ours.interface is None and ":" not in (ours.location or ""):
            capable = [
                each for each in capable if each.interface == 0
            ]  # the first port of a bridge with several
        return ours.choose(capable, _WHAT)

    def _trouble(self, error: Exception, moment: str) -> HarnessError:
        cause: BaseException | None = error
        code = None
        while cause is not None and code is None:
            code = cause.errno if isinstance(cause, OSError) else None
            cause = cause.__cause__ or cause.__context__
        text = safe_text(str(error), 120)
        if code in (errno.ENODEV, errno.ESHUTDOWN, errno.ENXIO) or "No such device" in text:
            at = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
            return BenchError(
                f"{self._identity}: unplugged while {moment}, at {at} UTC", hint="check the bridge's cable"
            )
        if code in (errno.EACCES, errno.EPERM):
            return BenchError(
                f"{self._identity}: permission denied",
                hint="give your user the device by a udev rule: harness discover --udev",
            )
        if code == errno.EBUSY:
            return BenchError(
                f"{self._identity}: in use by another program", hint="end it, or use its kernel driver"
            )
        return BenchError(
            f"{self._identity}: {text or type(error).__name__} while {moment}",
            hint="check the wiring of the bridge; power-cycle it",
        )


class FtdiI2c(_Bridge[I2cController]):
    """The I²C bus behind an FTDI bridge (SCL on AD0, SDA on AD1 and AD2 joined)."""

    def __init__(
        self,
        name: str,
        device: UsbSelector,
        *,
        frequency: int = 100_000,
        clock_stretching: bool = False,
        backend: pyusb.Backend | None = None,
        connect: Callable[[pyusb.Device, int, int, bool], I2cController] | None = None,
    ) -> None:
        """Describe the bus; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            device: Which bridge; without a vendor id FTDI's own.
            frequency: Clock in Hz.
            clock_stretching: Let devices hold the clock; AD7 must then be joined to AD0.
            backend: libusb when left out.
            connect: Opens the controller on a device and its port (from 1), with frequency and stretching; pyftdi
                when left out.
        """
        super().__init__(name, device, backend)
        self._frequency = frequency
        self._stretching = clock_stretching
        self._connect = connect or open_i2c

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries addressed reads and writes."""
        return frozenset({Capability.I2C})

    def _take(self, device: pyusb.Device, port: int) -> I2cController:
        return self._connect(device, port, self._frequency, self._stretching)

    def do(self, operation: Operation) -> bytes:
        """Run one transaction.

        Raises:
            I2cNack: the device did not acknowledge.
            BenchError: the bus or the bridge failed.
            UsageError: an impossible address or length, or another kind of operation.
        """
        if not isinstance(operation, (I2cRead, I2cWrite)):
            raise refuse(self, operation)
        address = operation.address
        if isinstance(operation, I2cRead):
            length = operation.length
            self._check(address, length)
            return self._using(
                lambda it: bytes(it.read(address, length)), f"reading at address {address:#04x}"
            )
        data = operation.data
        self._check(address, len(data))
        self._using(lambda it: it.write(address, data), f"writing at address {address:#04x}")
        return b""

    def _trouble(self, error: Exception, moment: str) -> HarnessError:
        if type(error).__name__ == "I2cNackError":  # the class is pyftdi's, and that is imported late
            return I2cNack(
                f"{self._identity}: no acknowledge while {moment}",
                hint="check power, wiring and pull-ups, and the address",
            )
        return super()._trouble(error, moment)

    def _check(self, address: int, length: int) -> None:
        if not _I2C_LOWEST <= address <= _I2C_HIGHEST:
            raise UsageError(
                f"{self._identity}: {address:#04x} is no 7-bit I²C address of a device", transport=self.name
            )
        if not 1 <= length <= _LONGEST:
            raise UsageError(
                f"{self._identity}: a message has 1 to {_LONGEST} bytes, not {length}", transport=self.name
            )


class FtdiSpi(_Bridge[SpiController]):
    """The SPI bus behind an FTDI bridge, with one slave (SCK AD0, MOSI AD1, MISO AD2, CS from AD3 on)."""

    def __init__(
        self,
        name: str,
        device: UsbSelector,
        *,
        frequency: int = 1_000_000,
        mode: int = 3,
        chip_select: int = 0,
        backend: pyusb.Backend | None = None,
        connect: Callable[[pyusb.Device, int, int, int, int], SpiController] | None = None,
    ) -> None:
        """Describe the slave; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            device: Which bridge; without a vendor id FTDI's own.
            frequency: Clock in Hz.
            mode: SPI mode 0 to 3; FM1280 wants 3. Modes 1 and 3 need a bridge of the H series.
            chip_select: Number of the select line, 0 to 4.
            backend: libusb when left out.
            connect: Opens the controller on a device and its port (from 1), with frequency, mode and select line;
                pyftdi when left out.
        """
        super().__init__(name, device, backend)
        self._frequency, self._mode, self._select = frequency, mode, chip_select
        self._connect = connect or open_spi

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries transfers with one slave."""
        return frozenset({Capability.SPI})

    def _take(self, device: pyusb.Device, port: int) -> SpiController:
        return self._connect(device, port, self._frequency, self._mode, self._select)

    def do(self, operation: Operation) -> bytes:
        """Select the slave, write, read, let it go.

        Raises:
            BenchError: the bridge failed.
            UsageError: an impossible length, or another kind of operation.
        """
        if not isinstance(operation, SpiTransfer):
            raise refuse(self, operation)
        if not 1 <= len(operation.data) + operation.length <= _SPI_LONGEST or operation.length < 0:
            raise UsageError(
                f"{self._identity}: a transfer has 1 to {_SPI_LONGEST} bytes", transport=self.name
            )
        return self._using(
            lambda it: bytes(it.port.exchange(operation.data, operation.length)), "transferring"
        )
