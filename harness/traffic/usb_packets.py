"""USB packets that are made up around the APDUs of a reader or of a HID interface, as Linux would capture them.

No packet was captured: the recorder sees whole APDUs. The descriptors are there so that an analyser knows the class of
the interface. Source: Linux, Documentation/usb/usbmon.rst; CCID revision 1.1; USB 2.0 chapter 9; HID 1.11.
"""

import struct
from dataclasses import dataclass
from typing import Literal

Class = Literal["ccid", "hid"]

_BULK, _INTERRUPT, _CONTROL = 3, 1, 2
_OUT, _IN = 0x02, 0x81
_REPORT = 64
_DEVICE, _CONFIGURATION = 1, 2
_IN_PROGRESS = -115  # the status of a transfer that was only handed over
_XFR_BLOCK, _DATA_BLOCK = 0x6F, 0x80
_EVENT = struct.Struct("<QBBBBHBBqiiII8siiII")


@dataclass(frozen=True, slots=True)
class Reports:
    """How a HID interface carries APDUs, as in the board file.

    Attributes:
        first: The number of the report, where reports have one.
        size: Bytes of a report, its number included.
        length_size: Bytes of the length before an APDU.
        little: Whether its lowest byte comes first.
    """

    first: bytes = b""
    size: int = _REPORT
    length_size: int = 2
    little: bool = False


class UsbConversation:
    """The transfers of one interface.

    Args:
        kind: The class of the interface.
        device: Number of the device on the bus.
        reports: The reports of a HID interface.
    """

    def __init__(self, kind: Class, device: int, reports: Reports | None = None) -> None:
        self._reports = reports or Reports()
        self._kind: Class = kind
        self._device = device
        self._number = 0
        self._sequence = 0

    def descriptors(self, at: int) -> list[bytes]:
        """Return what an analyser has to see first; `at` is nanoseconds since 1970."""
        found: list[bytes] = []
        for which, data in ((_DEVICE, self._of_device()), (_CONFIGURATION, self._of_configuration())):
            setup = struct.pack("<BBHHH", 0x80, 6, which << 8, 0, len(data))
            found += self._transfer(at, _CONTROL, 0x80, b"", data, setup)
        return found

    def packets(self, at: int, apdu: bytes, *, out: bool) -> list[bytes]:
        """Return the transfers that carry an APDU, submitted and completed."""
        if self._kind == "ccid":
            if out:
                self._sequence = (self._sequence + 1) & 0xFF
            head = struct.pack(
                "<BIBBBH" if out else "<BIBBBBB",
                *(
                    (_XFR_BLOCK, len(apdu), 0, self._sequence, 0, 0)
                    if out
                    else (_DATA_BLOCK, len(apdu), 0, self._sequence, 0, 0, 0)
                ),
            )
            return self._way(at, _BULK, head + apdu, out=out)
        form = self._reports
        length = len(apdu) & (1 << 8 * form.length_size) - 1
        message = length.to_bytes(form.length_size, "little" if form.little else "big") + apdu
        room = form.size - len(form.first)
        reports = (form.first + message[place : place + room] for place in range(0, len(message), room))
        return [
            packet
            for report in reports
            for packet in self._way(at, _INTERRUPT, report.ljust(form.size, b"\0"), out=out)
        ]

    def _way(self, at: int, transfer: int, data: bytes, *, out: bool) -> list[bytes]:
        if out:
            return self._transfer(at, transfer, _OUT, data, b"")
        return self._transfer(at, transfer, _IN, b"", data)

    def _transfer(
        self, at: int, kind: int, endpoint: int, out: bytes, into: bytes, setup: bytes = b""
    ) -> list[bytes]:
        self._number += 1
        size = len(out) or len(into)
        submitted = self._event(at, "S", kind, endpoint, out, size, setup)
        return [submitted, self._event(at, "C", kind, endpoint, into, size)]

    def _event(
        self, at: int, event: str, kind: int, endpoint: int, data: bytes, size: int, setup: bytes = b""
    ) -> bytes:
        no_data = ord("<" if endpoint & 0x80 else ">")
        return (
            _EVENT.pack(
                self._number,
                ord(event),
                kind,
                endpoint,
                self._device,
                1,
                0 if setup else ord("-"),
                0 if data else no_data,
                at // 1_000_000_000,
                at // 1000 % 1_000_000,
                _IN_PROGRESS if event == "S" else 0,
                size,
                len(data),
                setup.ljust(8, b"\0"),
                0,
                0,
                0,
                0,
            )
            + data
        )

    def _of_device(self) -> bytes:
        return struct.pack("<BBHBBBBHHHBBBB", 18, _DEVICE, 0x200, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 1)

    def _of_configuration(self) -> bytes:
        if self._kind == "ccid":
            # Slot 0, all voltages, both protocols, short and extended APDUs, the longest message.
            inside = struct.pack(
                "<BBHBBIIIBIIBIIIIIBBHBB",
                *(54, 0x21, 0x110, 0, 7, 3, 4000, 4000, 0, 10752, 10752, 0, 254, 0, 0, 0x40000, 65544),
                *(0, 0, 0, 0, 1),
            )
            interface_class = 0x0B
        else:
            inside = struct.pack("<BBHBBBH", 9, 0x21, 0x111, 0, 1, 0x22, 0)
            interface_class = 0x03
        transfer = _BULK if self._kind == "ccid" else _INTERRUPT
        attribute = 2 if transfer == _BULK else 3
        ends = b"".join(struct.pack("<BBBBHB", 7, 5, end, attribute, 64, 1) for end in (_OUT, _IN))
        body = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 2, interface_class, 0, 0, 0) + inside + ends
        return struct.pack("<BBHBBBBB", 9, _CONFIGURATION, 9 + len(body), 1, 1, 0, 0x80, 50) + body
