"""A token of the HID class: APDUs cut into reports of one size, a length before the first.

The kernel's `usbhid` takes it and makes it a `/dev/hidraw…`; whoever wants the interface takes it from there.
Source: USB HID 1.11, chapters 6 and 7.
"""

import struct

from harness.simulator.chip.model import ChipModel
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface, TransferType
from harness.simulator.usb.device import Setup, Stall, UsbDevice
from harness.transport.usb.framing import LengthPrefix

DEFAULT = Identity(0x1209, 0x2003, product="simulated HID token")

OUT, IN = 0x01, 0x81

_PACKET = 64  # the longest that an interrupt pipe of full speed has
_LONGEST = 65544  # bytes of an extended APDU
_HID, _REPORT = 0x21, 0x22
_SET_REPORT, _SET_IDLE = 0x09, 0x0A
_TO_INTERFACE = 0x21
_OUTPUT = 0x0200
_VENDOR_PAGE = 0xFF00


class HidToken(UsbDevice):
    """A chip behind HID reports.

    Args:
        chip: The chip.
        identity: Identifies it among other devices.
        report_id: First byte of every report; None for a token that numbers none.
        report_size: Bytes of a report, with its id.
        out_pipe: Whether it has an interrupt pipe for reports of the host; they come as SET_REPORT otherwise.
        prefix: The length before an APDU; two bytes, the higher first, when left out.
    """

    def __init__(
        self,
        chip: ChipModel,
        identity: Identity = DEFAULT,
        *,
        report_id: int | None = None,
        report_size: int = _PACKET,
        out_pipe: bool = True,
        prefix: LengthPrefix | None = None,
    ) -> None:
        self._id = b"" if report_id is None else bytes((report_id,))
        self._size = report_size
        self._prefix = prefix or LengthPrefix()
        self._session = chip.session()
        self._taken = b""
        self._described = _report_descriptor(self._id, report_size - len(self._id))
        packet = min(_PACKET, report_size)
        pipes = tuple(
            Endpoint(address, TransferType.INTERRUPT, packet, 1)
            for address in ((IN, OUT) if out_pipe else (IN,))
        )
        own = struct.pack("<BBHBBBH", 9, _HID, 0x0111, 0, 1, _REPORT, len(self._described))
        super().__init__(Descriptors(identity, (Interface(0, pipes, code=(0x03, 0, 0), extra=own),)))

    def interface_descriptor(self, kind: int, interface: int) -> bytes | None:
        """Return what the reports look like, which the kernel asks for before it takes the device."""
        del interface
        return self._described if kind == _REPORT else None

    def control(self, setup: Setup, data: bytes) -> bytes:
        """Take a report, or the rate at which to repeat one, which changes nothing here."""
        number = self._id[0] if self._id else 0
        if setup.kind == _TO_INTERFACE and setup.request == _SET_IDLE:
            return b""
        if (setup.kind, setup.request, setup.value) == (_TO_INTERFACE, _SET_REPORT, _OUTPUT | number):
            self.received(0, data)
            return b""
        raise Stall

    def received(self, endpoint: int, data: bytes) -> None:
        """Collect a report, and answer the command when it is whole."""
        del endpoint
        if len(data) != self._size or data[: len(self._id)] != self._id:
            raise Stall
        self._taken += data[len(self._id) :]
        total = self._prefix.total(self._taken)
        if total is None or (len(self._taken) < total <= _LONGEST):
            return
        command, self._taken = self._taken[self._prefix.size : total], b""
        if total > _LONGEST:
            raise Stall
        message = self._prefix.frame(self._session.process(command))
        room = self._size - len(self._id)
        for start in range(0, len(message), room):
            self.send(IN, (self._id + message[start : start + room]).ljust(self._size, b"\0"))

    def unplugged(self) -> None:
        """Forget what was under way."""
        self._taken = b""
        super().unplugged()


def _report_descriptor(number: bytes, count: int) -> bytes:
    """Return the description of one report each way, of `count` bytes that mean what the vendor likes."""
    page = struct.pack("<BH", 0x06, _VENDOR_PAGE)
    shape = b"\x15\x00\x26\xff\x00\x75\x08" + struct.pack("<BH", 0x96, count)  # bytes of 0 to 255, this many
    return (
        page
        + b"\x09\x01\xa1\x01"  # one use, as an application
        + (b"\x85" + number if number else b"")
        + shape
        + b"\x09\x02\x81\x02"  # to the host
        + b"\x09\x03\x91\x02"  # from the host
        + b"\xc0"
    )
