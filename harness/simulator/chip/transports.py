"""The kinds of transports that lead to a simulated chip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from harness.settings.problems import Problem
from harness.settings.words import I2cAddress
from harness.simulator.bus.i2c import I2cSlave, SimulatedI2c
from harness.simulator.chip.fm1280 import ADDRESS, Fm1280Slave
from harness.simulator.chip.kinds import SimulatedChip, make_chip
from harness.simulator.chip.model import ChipModel
from harness.simulator.faults.fault import Layer
from harness.simulator.kind import SimulatedKind, require_layer, wrong_fault
from harness.transport.base import Capability, Transport
from harness.transport.kind import TransportContext

if TYPE_CHECKING:
    from harness.simulator.usb.twin import UsbTwin


class SimulatedChipKind(SimulatedKind):
    """A kind that leads to one simulated chip."""

    device: SimulatedChip = Field(description="The simulated chip.")

    supplied: ClassVar[Capability]
    behind: ClassVar[str]
    layers: ClassVar[tuple[Layer, ...]] = (Layer.CHIP,)

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries."""
        return frozenset({cls.supplied})

    def chip(self, context: TransportContext) -> ChipModel:
        """Return the chip at the far end.

        Raises:
            UsageError: Its key cannot be read, or it cannot be as the settings say.
        """
        chip = make_chip(self.device.config(context.simulated_key(self.device)))
        require_layer(chip.config.fault, self.layers, f"a chip {self.behind}")
        return chip

    def place(self) -> str:
        """Return what the chip is."""
        return self.device.summary

    def errors(self, folder: Path) -> Iterator[Problem]:
        """Give a fault that the chip cannot have."""
        del folder
        yield from wrong_fault(
            ("device", "fault"),
            lambda: require_layer(self.device.named_fault(self.layers), self.layers, f"a chip {self.behind}"),
        )

    @property
    def simulated_device(self) -> SimulatedChip:
        """The chip."""
        return self.device


class SimulatedI2cSettings(SimulatedChipKind):
    """An I²C bus in this process with one simulated chip on it, behind the FM1280 framing."""

    kind: Literal["simulated-i2c"] = Field(description="A simulated chip on a simulated I²C bus.")
    address: I2cAddress = Field(
        default=ADDRESS, description="7-bit address of the chip on the simulated bus."
    )

    supplied = Capability.I2C
    behind = "on I²C"
    layers = (Layer.CHIP, Layer.FRAMING)

    def make(self, context: TransportContext) -> Transport:
        """Return the bus, not opened."""
        chip = self.chip(context)
        return SimulatedI2c(context.name, self.slaves(chip), f"{chip.identity}, on a simulated I²C bus")

    def slaves(self, chip: ChipModel) -> dict[int, I2cSlave]:
        """Return what is on the bus by address, given the chip."""
        fault = chip.config.fault
        return {self.address: Fm1280Slave(chip, fault.framing_hooks() if fault else None)}

    def usb_twin(self, context: TransportContext) -> UsbTwin:
        """Return an i2c-tiny-usb adapter with the chip on its bus."""
        slaves = self.slaves(self.chip(context))
        from harness.simulator.usb import i2c_adapter
        from harness.simulator.usb.i2c_adapter import I2cTinyUsb
        from harness.simulator.usb.twin import UsbTwin, named

        return UsbTwin(I2cTinyUsb(slaves, named(i2c_adapter.DEFAULT, context)), "i2c-*", "i2c")

    @property
    def bus_address(self) -> int:
        """Address of the chip."""
        return self.address


class SimulatedSpiSettings(SimulatedChipKind):
    """An SPI bus in this process with one simulated chip on it, behind the FM1280's framing for SPI."""

    kind: Literal["simulated-spi"] = Field(description="A simulated chip on a simulated SPI bus.")

    supplied = Capability.SPI
    behind = "on SPI"

    def make(self, context: TransportContext) -> Transport:
        """Return the bus, not opened."""
        chip = self.chip(context)
        from harness.simulator.bus.spi import SimulatedSpi
        from harness.simulator.chip.fm1280_spi import Fm1280SpiSlave

        return SimulatedSpi(context.name, Fm1280SpiSlave(chip), f"{chip.identity}, on a simulated SPI bus")


class SimulatedSerialSettings(SimulatedChipKind):
    """A serial line in this process with one simulated chip at its end: one hex APDU a line."""

    kind: Literal["simulated-serial"] = Field(description="A simulated chip behind a simulated serial line.")

    supplied = Capability.STREAM
    behind = "behind hex lines"

    def make(self, context: TransportContext) -> Transport:
        """Return the line, not opened."""
        chip = self.chip(context)
        from harness.simulator.bus.line import SimulatedLine
        from harness.simulator.chip.hexline import HexLineChip

        return SimulatedLine(context.name, lambda: HexLineChip(chip.session()), chip.identity)

    def usb_twin(self, context: TransportContext) -> UsbTwin:
        """Return an FTDI-style serial adapter with the chip behind it."""
        chip = self.chip(context)
        from harness.simulator.chip.hexline import HexLineChip
        from harness.simulator.usb import ftdi
        from harness.simulator.usb.ftdi import FtdiSerial
        from harness.simulator.usb.twin import named

        device = FtdiSerial(lambda: HexLineChip(chip.session()), named(ftdi.DEFAULT, context))
        from harness.simulator.usb.twin import UsbTwin

        return UsbTwin(device, "ttyUSB*", "serial")
