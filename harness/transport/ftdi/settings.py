"""I²C and SPI behind an FTDI bridge in MPSSE mode."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.settings.words import I2cAddress
from harness.transport.base import Capability
from harness.transport.ftdi.bridge import FtdiI2c, FtdiSpi
from harness.transport.usb.kind import UsbKind
from harness.transport.usb_identity import UsbIdentity


class FtdiI2cSettings(UsbKind):
    """An I²C bus behind an FTDI bridge in MPSSE mode, without a kernel driver; needs the extra [ftdi]."""

    kind: Literal["ftdi-i2c"] = Field(description="An I²C bus behind an FTDI bridge.")
    usb: UsbIdentity = Field(description="The bridge; interface is its port, from 0.")
    address: I2cAddress = Field(default=0x71, description="7-bit address of the chip.")
    frequency_hz: int = Field(default=100_000, description="Clock.", ge=10_000, le=1_000_000)
    clock_stretching: bool = Field(
        default=False, description="Let the chip hold the clock; AD7 must be joined to AD0."
    )

    def _transport(self, name: str) -> FtdiI2c:
        return FtdiI2c(
            name,
            self.usb.selector(),
            frequency=self.frequency_hz,
            clock_stretching=self.clock_stretching,
        )

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: reads and writes on the bus."""
        return frozenset({Capability.I2C})

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return the bridge and the address."""
        return tuple(f"{place} address {self.address:#x}" for place in super().occupies(folder))

    def place(self) -> str:
        """Return the bridge and the address."""
        return f"{super().place()}, address {self.address:#x}"

    @property
    def bus_address(self) -> int:
        """Address of the chip."""
        return self.address


class FtdiSpiSettings(UsbKind):
    """An SPI bus behind an FTDI bridge in MPSSE mode, without a kernel driver; needs the extra [ftdi]."""

    kind: Literal["ftdi-spi"] = Field(description="An SPI bus behind an FTDI bridge.")
    usb: UsbIdentity = Field(description="The bridge; interface is its port, from 0.")
    frequency_hz: int = Field(default=1_000_000, description="Clock.", ge=1_000, le=30_000_000)
    mode: int = Field(default=3, description="SPI mode; 1 and 3 need a bridge of the H series.", ge=0, le=3)
    chip_select: int = Field(default=0, description="Select line, from AD3 on.", ge=0, le=4)

    def _transport(self, name: str) -> FtdiSpi:
        return FtdiSpi(
            name,
            self.usb.selector(),
            frequency=self.frequency_hz,
            mode=self.mode,
            chip_select=self.chip_select,
        )

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: transfers with the chip."""
        return frozenset({Capability.SPI})
