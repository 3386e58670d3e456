"""APDUs through a vendor's own USB interface: a pair of bulk or interrupt endpoints, or control requests."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from harness.errors import DeviceError, UsageError
from harness.transport.errors import UsbSilent
from harness.transport.identity import UsbSelector
from harness.transport.usb import pyusb
from harness.transport.usb.apdu import LONGEST, UsbApduTransport
from harness.transport.usb.framing import LengthPrefix, PipeFraming
from harness.transport.usb.functions import UsbFunction
from harness.transport.usb.link import UsbLink

_VENDOR_CLASS = 0xFF
_FIRST = 4096  # bytes of one read; a longer answer takes several, and a large buffer costs time
_QUIET = 0.1  # seconds without a packet that end a plain answer whose last packet was full
_TO_DEVICE, _TO_HOST = 0x41, 0xC1  # vendor request to an interface
_POLL_PAUSE = 0.005  # seconds between two questions for an answer that is not ready


class PipeKind(StrEnum):
    """What carries the bytes."""

    BULK = "bulk"
    INTERRUPT = "interrupt"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class UsbPipe:
    """How a vendor's interface carries APDUs.

    Attributes:
        kind: What carries the bytes.
        framing: Where a message ends.
        prefix: The length field, for `length-prefixed`.
        endpoint_out: Address of the endpoint to the device; the first of its kind when None.
        endpoint_in: Address of the endpoint from the device; the first of its kind when None.
        request_out: Vendor request that carries a command, for `control`.
        request_in: Vendor request that fetches the answer, for `control`; no bytes mean not ready.
    """

    kind: PipeKind = PipeKind.BULK
    framing: PipeFraming = PipeFraming.PLAIN
    prefix: LengthPrefix = field(default_factory=LengthPrefix)
    endpoint_out: int | None = None
    endpoint_in: int | None = None
    request_out: int = 0x01
    request_in: int = 0x02


class UsbPipeTransport(UsbApduTransport):
    """A vendor's USB interface that carries whole APDUs."""

    def __init__(
        self,
        name: str,
        device: UsbSelector,
        pipe: UsbPipe | None = None,
        *,
        backend: pyusb.Backend | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Describe the pipe; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            device: Which device. Without an interface, one of the vendor class is taken.
            pipe: How the interface carries APDUs; plain messages on bulk endpoints when left out.
            backend: libusb when left out.
            pause: Waits between two questions for an answer of a control pipe.
        """
        any_class = device.interface is not None or ":" in (device.location or "")
        super().__init__(
            name,
            UsbLink(
                device,
                lambda each: any_class or each.bInterfaceClass == _VENDOR_CLASS,
                "USB interface" if any_class else "vendor USB interface",
                backend,
            ),
        )
        self._pipe = pipe or UsbPipe()
        self._plain = self._pipe.framing is PipeFraming.PLAIN
        self._by_control = self._pipe.kind is PipeKind.CONTROL
        self._out = 0
        self._first = _FIRST
        self._pause = pause

    def _learn(self, function: UsbFunction) -> None:
        if self._by_control:
            return
        kind = pyusb.BULK if self._pipe.kind is PipeKind.BULK else pyusb.INTERRUPT
        of_kind = [each for each in function.descriptor if pyusb.transfer_type(each) == kind]
        out = _pick(of_kind, self._pipe.endpoint_out, 0)
        into = _pick(of_kind, self._pipe.endpoint_in, pyusb.DIRECTION_IN)
        if out is None or into is None:
            here = ", ".join(f"{each.bEndpointAddress:#04x}" for each in of_kind) or "none"
            raise UsageError(
                f"{self.identity}: needs {self._pipe.kind} endpoints, one each way; it has {here}",
                hint="name the interface, the kind of pipe and, if need be, the endpoints in the board file",
            )
        self._out, self._in = out.bEndpointAddress, into.bEndpointAddress
        self._packet = max(1, into.wMaxPacketSize)
        self._first = self._whole_packets(_FIRST)

    def _exchange(self, command: bytes, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        plain = self._plain
        message = command if plain else self._prefixed(self._pipe.prefix, command)
        if self._by_control:
            self._link.control(_TO_DEVICE, self._pipe.request_out, 0, message, timeout, "sending the command")
            answer = self._poll_answer(deadline, timeout)
            return answer if plain else self._pipe.prefix.message(answer, self.identity)
        if self._stale:
            self._drain(self._whole_packets(LONGEST))
        self._link.write(self._out, message, timeout, "sending the command")
        if not plain:
            return self._read_prefixed(self._pipe.prefix, deadline, self._read_packets)
        if len(message) % self._packet == 0:
            self._link.write(self._out, b"", timeout, "ending the command")
        return self._read_plain(deadline)

    def _read_packets(self, missing: int, left: float) -> bytes:
        return self._link.read(self._in, self._whole_packets(missing), left, "waiting for the answer")

    def _read_plain(self, deadline: float) -> bytes:
        """Read until the device ends its transfer, or pauses behind a full packet."""
        answer = b""
        wanted = self._first
        while len(answer) <= LONGEST:
            limit = min(self._left(deadline), _QUIET) if answer else self._left(deadline)
            try:
                chunk = self._link.read(self._in, wanted, limit, "waiting for the answer")
            except UsbSilent:
                if answer:
                    return answer
                raise
            answer += chunk
            if answer and len(chunk) < wanted and not self._link.unfinished:
                return answer
        raise DeviceError(f"{self.identity}: an answer of more than {LONGEST} bytes")

    def _poll_answer(self, deadline: float, timeout: float) -> bytes:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise UsbSilent(
                    f"{self.identity}: no answer within {timeout:g} s",
                    hint="is the device's firmware running? power-cycle it, or give it more time",
                )
            answer = self._link.control(_TO_HOST, self._pipe.request_in, 0, 4096, left, "fetching the answer")
            if answer:
                return answer
            self._pause(_POLL_PAUSE)

    def _whole_packets(self, size: int) -> int:
        return max(1, -(-size // self._packet)) * self._packet


def _pick(endpoints: list[pyusb.Endpoint], address: int | None, direction: int) -> pyusb.Endpoint | None:
    for each in endpoints:
        if each.bEndpointAddress & pyusb.DIRECTION_IN == direction and address in (
            None,
            each.bEndpointAddress,
        ):
            return each
    return None
