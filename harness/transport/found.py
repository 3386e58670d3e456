"""What is found on this machine that could lead to a board."""

from dataclasses import dataclass
from enum import StrEnum

from harness.transport.identity import describe
from harness.transport.usb.port import UsbPort

VENDORS_CCID = "ccid of class ff"
"""Kind of an interface of the vendor's own class that has the class descriptor of a CCID reader."""


class Bus(StrEnum):
    """Kinds of buses that are looked at."""

    SERIAL = "serial"
    I2C = "i2c"
    USB = "usb"
    PCSC = "pcsc"


@dataclass(frozen=True, slots=True)
class UsbInterface:
    """One interface of a USB device.

    Attributes:
        number: Its number.
        kind: Its class in a word: `ccid`, `vendor`, `hid` …; else the class in hex.
        driver: The kernel driver that has it; empty for none.
        name: Its own name, safe to print; empty for none.
    """

    number: int
    kind: str
    driver: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a board could be reached by.

    Attributes:
        bus: What it is: a `Bus`, or a word of the kind that found it.
        path: Its device node; for a card reader its name.
        driver: The kernel driver, or the name of an I²C adapter.
        usb_port: The USB device that it belongs to; None when USB has no part in it.
        interface: Number of the USB interface; None for a whole device.
        interface_name: The interface's own name; None for none.
        interfaces: For a USB device: its interfaces.
        chips: For an I²C bus: address and name of each chip that the kernel knows on it, as `0x50 24c02`.
    """

    bus: str
    path: str
    driver: str = ""
    usb_port: UsbPort | None = None
    interface: int | None = None
    interface_name: str | None = None
    interfaces: tuple[UsbInterface, ...] = ()
    chips: tuple[str, ...] = ()

    @property
    def vid(self) -> int | None:
        """USB vendor id."""
        return self.usb_port.vid if self.usb_port else None

    @property
    def pid(self) -> int | None:
        """USB product id."""
        return self.usb_port.pid if self.usb_port else None

    @property
    def serial_number(self) -> str | None:
        """USB serial number."""
        return (self.usb_port.serial_number or None) if self.usb_port else None

    @property
    def location(self) -> str | None:
        """USB port."""
        return self.usb_port.location if self.usb_port else None

    @property
    def identity(self) -> str:
        """What it is, in one line."""
        usb = describe(self, self.usb_port.product if self.usb_port else None)
        kinds = "+".join(dict.fromkeys(each.kind for each in self.interfaces))
        chips = f"with {' and '.join(self.chips)}" if self.chips else ""
        return ", ".join(part for part in (self.driver, usb, kinds, chips) if part)

    def __str__(self) -> str:
        return f"{self.path} ({self.identity})" if self.identity else self.path
