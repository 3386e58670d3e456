"""APDUs in HID reports: a length and the APDU, cut into reports of one size."""

import time

from harness.errors import DeviceError, UsageError
from harness.transport.identity import UsbSelector
from harness.transport.usb import pyusb
from harness.transport.usb.apdu import UsbApduTransport
from harness.transport.usb.framing import LengthPrefix
from harness.transport.usb.functions import UsbFunction
from harness.transport.usb.link import UsbLink

_HID_CLASS = 0x03
_SET_REPORT, _OUTPUT_REPORT = 0x09, 0x02
_TO_DEVICE = 0x21  # class request to an interface


class HidTransport(UsbApduTransport):
    """A HID interface that carries whole APDUs.

    The first report of a message begins with the length of the APDU; the last is filled with zeros. A report goes
    out through the interrupt endpoint, or as SET_REPORT on an interface that has none to the device.
    """

    def __init__(
        self,
        name: str,
        device: UsbSelector,
        *,
        report_id: int | None = None,
        report_size: int | None = None,
        prefix: LengthPrefix | None = None,
        backend: pyusb.Backend | None = None,
    ) -> None:
        """Describe the interface; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            device: Which device.
            report_id: First byte of every report; None for a device that numbers none.
            report_size: Bytes of a report, with its id; the endpoint's packet size when None.
            prefix: The length field; two bytes, the higher first, when left out.
            backend: libusb when left out.
        """
        super().__init__(
            name,
            UsbLink(device, lambda each: each.bInterfaceClass == _HID_CLASS, "HID interface", backend),
        )
        self._id = b"" if report_id is None else bytes((report_id,))
        self._wanted_size = report_size
        self._prefix = prefix or LengthPrefix()
        self._out: int | None = None
        self._size = 64

    def _learn(self, function: UsbFunction) -> None:
        ends = {
            each.bEndpointAddress & pyusb.DIRECTION_IN: each
            for each in function.descriptor
            if pyusb.transfer_type(each) == pyusb.INTERRUPT
        }
        into, out = ends.get(pyusb.DIRECTION_IN), ends.get(0)
        if into is None:
            raise UsageError(f"{self.identity}: has no interrupt endpoint to the host")
        self._in, self._out = into.bEndpointAddress, out.bEndpointAddress if out else None
        self._packet = max(1, into.wMaxPacketSize)
        self._size = self._wanted_size or self._packet

    def _exchange(self, command: bytes, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        message = self._prefixed(self._prefix, command)
        self._drain(self._packet)
        room = self._size - len(self._id)
        for start in range(0, len(message), room):
            self._send((self._id + message[start : start + room]).ljust(self._size, b"\0"), timeout)
        return self._read_prefixed(self._prefix, deadline, lambda _missing, left: self._receive(left))

    def _send(self, report: bytes, timeout: float) -> None:
        if self._out is not None:
            self._link.write(self._out, report, timeout, "sending a report")
            return
        number = self._id[0] if self._id else 0
        self._link.control(
            _TO_DEVICE, _SET_REPORT, _OUTPUT_REPORT << 8 | number, report, timeout, "sending a report"
        )

    def _receive(self, timeout: float) -> bytes:
        packets = -(-self._size // self._packet)
        report = self._link.read(self._in, packets * self._packet, timeout, "waiting for a report")
        if self._id:
            if report[:1] != self._id:
                raise DeviceError(
                    f"{self.identity}: a report with id {report[:1].hex() or 'none'}, expected {self._id.hex()}",
                    hint="check report_id in the board file",
                )
            return report[1:]
        return report
