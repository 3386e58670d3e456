"""The part of pyftdi that is used, with types. It is the extra `[ftdi]`, imported when a bridge is opened."""

import importlib
from types import ModuleType
from typing import Protocol, cast

from harness.errors import UsageError
from harness.transport.usb import pyusb


class I2cController(Protocol):
    """What is used of `pyftdi.i2c.I2cController`."""

    def read(self, address: int, readlen: int) -> bytes:
        """Read in one transaction."""

    def write(self, address: int, out: bytes) -> None:
        """Write in one transaction."""

    def close(self) -> None:
        """Let the bridge go."""


class SpiPort(Protocol):
    """What is used of `pyftdi.spi.SpiPort`."""

    def exchange(self, out: bytes, readlen: int) -> bytes:
        """Write, then read, with the slave selected."""


class SpiController(Protocol):
    """What is used of `pyftdi.spi.SpiController`, with the port of its one slave."""

    port: SpiPort

    def close(self) -> None:
        """Let the bridge go."""


class _Configured(Protocol):
    """What is used of pyftdi's controllers while they are set up."""

    def configure(self, url: pyusb.Device, **settings: object) -> None: ...

    def close(self) -> None: ...


class _RealI2c(I2cController, _Configured, Protocol):
    def set_retry_count(self, count: int) -> None: ...


class _RealSpi(_Configured, Protocol):
    def get_port(self, cs: int, freq: float, mode: int) -> SpiPort: ...


class _OneSlave:
    """A real SPI controller with the port of its one slave."""

    def __init__(self, controller: _RealSpi, port: SpiPort) -> None:
        self._controller = controller
        self.port = port

    def close(self) -> None:
        self._controller.close()


def open_i2c(device: pyusb.Device, port: int, frequency: int, stretching: bool) -> I2cController:
    """Return the I²C controller of a bridge's port (from 1), its clock in Hz.

    Raises:
        UsageError: pyftdi is not installed.
    """
    controller = cast("_RealI2c", _pyftdi("i2c").I2cController())
    controller.set_retry_count(1)  # a chip that does not acknowledge is asked again by its driver
    controller.configure(device, interface=port, frequency=float(frequency), clockstretching=stretching)
    return controller


def open_spi(device: pyusb.Device, port: int, frequency: int, mode: int, select: int) -> SpiController:
    """Return the SPI controller of a bridge's port (from 1), its clock in Hz.

    Raises:
        UsageError: pyftdi is not installed.
    """
    controller = cast("_RealSpi", _pyftdi("spi").SpiController(cs_count=select + 1))
    controller.configure(device, interface=port, frequency=float(frequency))
    try:
        return _OneSlave(controller, controller.get_port(select, float(frequency), mode))
    except Exception:
        controller.close()
        raise


def _pyftdi(module: str) -> ModuleType:
    try:
        return importlib.import_module(f"pyftdi.{module}")
    except ImportError as error:
        raise UsageError(
            "FTDI bridges need the library pyftdi", hint="install the extra: pip install 'id2-harness[ftdi]'"
        ) from error
