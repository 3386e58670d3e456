"""APDUs in HID reports: a length and the APDU, cut into reports of one size."""

import time
from contextlib import suppress

from harness.errors import DeviceError, HarnessError, UsageError
from harness.transport import pyusb
from harness.transport.base import Capability, Exchange, Operation, Transport, refuse
from harness.transport.errors import UsbSilent
from harness.transport.identity import UsbSelector
from harness.transport.usb_framing import LengthPrefix
from harness.transport.usb_link import UsbLink

_CAPABILITIES = frozenset({Capability.APDU})
_HID_CLASS = 0x03
_SET_REPORT, _OUTPUT_REPORT = 0x09, 0x02
_TO_DEVICE = 0x21  # class request to an interface
_LONGEST = 65544
_DRAIN = 0.02  # seconds of silence after which a late answer is taken to be gone
_DRAINED = 1.0  # seconds after which a device that sends for ever is let be


class HidTransport(Transport):
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
        super().__init__(name)
        self._link = UsbLink(
            device, lambda each: each.bInterfaceClass == _HID_CLASS, "HID interface", backend
        )
        self._id = b"" if report_id is None else bytes((report_id,))
        self._wanted_size = report_size
        self._prefix = prefix or LengthPrefix()
        self._out: int | None = None
        self._in = 0
        self._size = self._packet = 64
        self._stale = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries whole APDUs."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """What is looked for; from open on what was found."""
        return self._link.identity

    def place(self) -> str:
        """Return what it will occupy; nothing is opened.

        Raises:
            BenchError: not plugged in.
            UsageError: several devices fit.
        """
        return self._link.place()

    def open(self) -> None:
        """Find the device and take its interface from the kernel's HID driver.

        Raises:
            BenchError: not plugged in, no permission, in use.
            UsageError: several devices fit, opened twice, or an interface without input reports.
        """
        try:
            function = self._link.open()
            ends = {
                each.bEndpointAddress & pyusb.DIRECTION_IN: each
                for each in function.descriptor
                if pyusb.transfer_type(each) == pyusb.INTERRUPT
            }
            into, out = ends.get(pyusb.DIRECTION_IN), ends.get(0)
            if into is None:
                self._link.close()
                raise UsageError(f"{self.identity}: has no interrupt endpoint to the host")
        except HarnessError as error:
            raise error.at(transport=self.name) from error.__cause__
        self._in, self._out = into.bEndpointAddress, out.bEndpointAddress if out else None
        self._packet = max(1, into.wMaxPacketSize)
        self._size = self._wanted_size or self._packet
        self._stale = False

    def close(self) -> None:
        """Give the interface back; wakes a waiting exchange within 0.1 s."""
        self._link.close()

    def do(self, operation: Operation) -> bytes:
        """Send one APDU and return the answer."""
        if not isinstance(operation, Exchange):
            raise refuse(self, operation)
        with self._link.busy:
            try:
                return self._exchange(operation.command, operation.timeout)
            except HarnessError as error:
                self._stale = True
                raise error.at(transport=self.name) from error.__cause__

    def _exchange(self, command: bytes, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        try:
            message = self._prefix.frame(command)
        except OverflowError as error:
            raise UsageError(
                f"{self.identity}: a command of {len(command)} bytes, the length field can say {self._prefix.longest}"
            ) from error
        if self._stale:
            self._drain()
        room = self._size - len(self._id)
        for start in range(0, len(message), room):
            self._send((self._id + message[start : start + room]).ljust(self._size, b"\0"), timeout)
        answer = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise UsbSilent(
                    f"{self.identity}: the answer did not end in time", hint="power-cycle the device"
                )
            answer += self._receive(left)
            total = self._prefix.total(answer)
            if total is not None and (len(answer) >= total or total > _LONGEST):
                return self._prefix.message(answer, self.identity)

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

    def _drain(self) -> None:
        """Throw away what a command that failed may still bring."""
        deadline = time.monotonic() + _DRAINED
        with suppress(UsbSilent):
            while time.monotonic() < deadline:
                self._link.read(self._in, self._packet, _DRAIN, "clearing late reports")
        self._stale = False
