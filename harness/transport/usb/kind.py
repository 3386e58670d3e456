"""What the kinds of transports that drive a USB interface through libusb have in common."""

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path

from harness.transport.base import PlacedTransport, Transport
from harness.transport.found import Bus, Found
from harness.transport.kind import DeviceKind, TransportContext
from harness.transport.usb_identity import UsbIdentity


class UsbKind(DeviceKind):
    """The settings of a transport that finds its interface by USB identity."""

    usb: UsbIdentity

    @abstractmethod
    def _transport(self, name: str) -> PlacedTransport:
        """Return the transport, not opened."""

    def make(self, context: TransportContext) -> Transport:
        """Return the transport, not opened."""
        return self._transport(context.name)

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return port and interface; the device is looked up now."""
        del folder
        return (self._transport("").place(),)

    def adapters(self, folder: Path) -> tuple[str, ...]:
        """Return the whole device: what resets it takes all its interfaces along."""
        del folder
        return (self._transport("").place().partition(" interface ")[0],)

    def place(self) -> str:
        """Return what is looked for."""
        return str(self.usb)

    def remark(self, folder: Path) -> str:
        """Return nothing: the bus is not asked before a run."""
        del folder
        return ""

    def means(self, found: Found) -> bool:
        """Tell whether this is the device; the transport finds its interface when it opens it."""
        return found.bus is Bus.USB and replace(self.usb.selector(), interface=None).fits(found)

    @classmethod
    def locked_as(cls, found: Found) -> tuple[str, ...]:
        """Return all interfaces of the device."""
        return tuple(f"usb {found.location} interface {each.number}" for each in found.interfaces)
