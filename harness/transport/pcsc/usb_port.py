"""Which USB device a PC/SC reader is: what tells hot-plug of one from hot-plug of another."""

import sys

from harness.transport.pcsc.calls import Scard
from harness.transport.usb.port import SYSTEM, UsbPort, usb_port_numbered

_CHANNEL_ID = 0x00020110  # the attribute that says where a reader is connected
_USB = 0x0020


def usb_port_of(calls: Scard, card: int) -> UsbPort | None:
    """Return the USB device that the reader of an open connection is.

    None for a reader that is no USB device, for a driver that does not say, and where the service is another
    machine's. Source: PC/SC part 3, SCARD_ATTR_CHANNEL_ID.
    """
    code, value = calls.SCardGetAttrib(card, _CHANNEL_ID)
    if code or len(value) < 4:
        return None
    channel = int.from_bytes(bytes(value[:4]), sys.byteorder)
    if channel >> 16 != _USB:
        return None
    return usb_port_numbered(channel >> 8 & 0xFF, channel & 0xFF, SYSTEM)
