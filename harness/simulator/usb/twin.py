"""A simulated transport as a USB device of this machine's kernel."""

from dataclasses import dataclass, replace

from harness.simulator.usb.descriptors import Identity
from harness.simulator.usb.device import UsbDevice
from harness.transport.kind import TransportContext

SEPARATOR = "."
"""What stands in a serial number between the name of the board and that of the transport."""


@dataclass(frozen=True, slots=True)
class UsbTwin:
    """What is plugged in for a simulated transport.

    Attributes:
        device: The USB device.
        nodes: Pattern of the device node that the kernel makes for it, below `/dev`.
        kind: Kind of transport by which a board file names it then.
    """

    device: UsbDevice
    nodes: str
    kind: str


def named(identity: Identity, context: TransportContext) -> Identity:
    """Return an identity whose serial number is the names of board and transport."""
    return replace(identity, serial_number=f"{context.board}{SEPARATOR}{context.name}")
