"""A serial port of the communications device class: what a board or a module with USB of its own looks like.

The kernel's `cdc-acm` makes it a `/dev/ttyACM…`. Source: USB PSTN subclass 1.2, chapters 5 and 6.
"""

import struct
from collections.abc import Callable

from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface, TransferType
from harness.simulator.usb.device import Setup, Stall
from harness.simulator.usb.serial_port import SETTLE, MakeStream, UsbSerial

DEFAULT = Identity(0x1209, 0x1D02, product="simulated CDC-ACM console")

_NOTIFY, _OUT, _IN = 0x81, 0x02, 0x83
_SET_LINE, _GET_LINE, _SET_CONTROL, _SEND_BREAK = 0x20, 0x21, 0x22, 0x23
_LINE_CODING = struct.Struct("<IBBB")
_STATE_HEAD = bytes((0xA1, 0x20, 0, 0, 0, 0, 2, 0))
_DCD, _DSR, _RING = 1, 2, 8
_FUNCTIONAL = (
    b"\x05\x24\x00\x10\x01"  # header, class version 1.10
    b"\x05\x24\x01\x00\x01"  # no call management; data interface 1
    b"\x04\x24\x02\x06"  # line coding, serial state, break
    b"\x05\x24\x06\x00\x01"  # union of interface 0 and 1
)


class CdcAcm(UsbSerial):
    """A CDC-ACM port.

    Args:
        make_stream: Makes what is at the end of the line.
        identity: Who it says it is.
        baudrate: The one speed at which the far end understands and is understood; None for any.
        settle: Seconds from the opening to the first byte.
        set_lines: Called with DTR and RTS each time the host sets them.
    """

    def __init__(
        self,
        make_stream: MakeStream,
        identity: Identity = DEFAULT,
        *,
        baudrate: int | None = None,
        settle: float = SETTLE,
        set_lines: Callable[[bool, bool], None] | None = None,
    ) -> None:
        self._set_lines = set_lines
        control = Interface(
            0, (Endpoint(_NOTIFY, TransferType.INTERRUPT, 16, 4),), code=(0x02, 0x02, 0x01), extra=_FUNCTIONAL
        )
        data = Interface(1, (Endpoint(_OUT), Endpoint(_IN)), code=(0x0A, 0, 0))
        described = Descriptors(identity, (control, data), code=(0x02, 0, 0))
        super().__init__(described, make_stream, _IN, baudrate=baudrate, settle=settle)

    def control(self, setup: Setup, data: bytes) -> bytes:
        """Answer the requests of the class."""
        self.line_touched()
        if setup.request == _SET_LINE and len(data) >= _LINE_CODING.size:
            line = self.line
            line.baudrate, line.stopbits, line.parity, line.bytesize = _LINE_CODING.unpack_from(data)
            return b""
        if setup.request == _GET_LINE:
            line = self.line
            return _LINE_CODING.pack(line.baudrate, line.stopbits, line.parity, line.bytesize)
        if setup.request == _SET_CONTROL:
            self.line.dtr, self.line.rts = bool(setup.value & 1), bool(setup.value & 2)
            if self._set_lines is not None:
                self._set_lines(self.line.dtr, self.line.rts)
            return b""
        if setup.request == _SEND_BREAK:
            self.line.breaks += setup.value != 0
            return b""
        raise Stall

    def lines_changed(self) -> None:
        """Send the serial state; this class knows no CTS."""
        line = self.line
        state = _DCD * line.carrier | _DSR * line.dsr | _RING * line.ring
        self.send(_NOTIFY, _STATE_HEAD + state.to_bytes(2, "little"))
