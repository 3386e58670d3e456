"""An I²C bus of this machine, driven by the kernel."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from harness.settings.words import I2cAddress, PathText, Text, wrong
from harness.transport.base import Capability
from harness.transport.drafted import Drafted, quoted, usb_lines
from harness.transport.found import Bus, Found
from harness.transport.i2c.adapters import find_adapter
from harness.transport.i2c.bus import I2cPatience, I2cTransport
from harness.transport.identity import UsbSelector
from harness.transport.kind import DeviceKind, TransportContext, absent
from harness.transport.usb_identity import UsbIdentity


def _i2c_bus(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and value.strip().isdecimal():
        return f"/dev/i2c-{int(value)}"
    if not isinstance(value, str) or not value.strip().startswith("/"):
        raise wrong("must be the path or number of the bus, such as /dev/i2c-1")
    return value


class I2cSettings(DeviceKind):
    """A chip on an I²C bus of this machine; the bus is named by bus, adapter or usb."""

    kind: Literal["i2c"] = Field(description="An I²C bus of this machine.")
    bus: Annotated[PathText, BeforeValidator(_i2c_bus)] | None = Field(
        default=None, description="Path or number of the bus, such as /dev/i2c-1."
    )
    adapter: Text | None = Field(
        default=None,
        description="Name of the adapter, as i2cdetect -l shows it, or a part that only one adapter has.",
    )
    usb: UsbIdentity | None = Field(default=None, description="The adapter, when it is a USB device.")
    address: I2cAddress = Field(
        default=0x71,
        description="7-bit address of the chip; 0x71 is what a data sheet calls 0xE2 write, 0xE3 read.",
    )
    nak_tries: int = Field(
        default=0,
        description="How often a transaction without acknowledge is tried again. The fm1280 driver polls by itself.",
        ge=0,
        le=100_000,
    )
    nak_time_s: float = Field(
        default=1.0, description="Seconds that these tries may take in all.", gt=0, le=60
    )
    clock_stretch_s: float | None = Field(
        default=None,
        description="Seconds that the chip may hold the clock before the bus counts as hung; left to the adapter "
        "when left out.",
        gt=0,
        le=60,
    )

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        given = [name for name in ("bus", "adapter", "usb") if getattr(self, name) is not None]
        if not given:
            raise wrong("needs one of bus, adapter and usb")
        if len(given) > 1:
            raise wrong(f"says {' and '.join(given)}; write only one of them")
        return self

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: reads and writes on the bus."""
        return frozenset({Capability.I2C})

    def make(self, context: TransportContext) -> I2cTransport:
        """Return the bus, not opened."""
        patience = I2cPatience(
            nak_tries=self.nak_tries, nak_time=self.nak_time_s, clock_stretch=self.clock_stretch_s
        )
        return I2cTransport(context.name, self.bus or self._adapter(), patience)

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return bus and address; an adapter named by its name or USB identity is looked up now."""
        return tuple(f"{bus} address {self.address:#x}" for bus in self.adapters(folder))

    def adapters(self, folder: Path) -> tuple[str, ...]:
        """Return the bus."""
        del folder
        return (os.path.realpath(self.bus if self.bus is not None else find_adapter(self._adapter()).device),)

    def place(self) -> str:
        """Return bus and address."""
        named = f"adapter {self.adapter}" if self.adapter else str(self.usb)
        return f"{self.bus or named}, address {self.address:#x}"

    def remark(self, folder: Path) -> str:
        """Return whether the node of the bus is not there."""
        del folder
        return absent(self.bus)

    def means(self, found: Found) -> bool:
        """Tell whether this is the bus."""
        if found.bus is not Bus.I2C:
            return False
        if self.usb is not None:
            return found.usb_port is not None and self.usb.selector().fits(found)
        if self.adapter is not None:
            return self.adapter in found.driver
        return os.path.realpath(self.bus or "") == os.path.realpath(found.path)

    @property
    def bus_address(self) -> int:
        """Address of the chip."""
        return self.address

    @classmethod
    def draft(cls, found: Found) -> Drafted | None:
        """Return the bus, with the address that the vendor's chip has."""
        if found.bus is not Bus.I2C:
            return None
        place = usb_lines(found) if found.usb_port else (f"bus: {quoted(found.path)}",)
        return Drafted(
            ("kind: i2c", *place, "address: 0x71                       # correct: 7 bits"), "fm1280"
        )

    def _adapter(self) -> UsbSelector | str:
        return self.usb.selector() if self.usb is not None else cast("str", self.adapter)
