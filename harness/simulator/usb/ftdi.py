"""A serial adapter that speaks as the FT232R does: the most common one, with all modem lines.

The kernel's `ftdi_sio` makes it a `/dev/ttyUSB…`. Every packet to the host begins with two bytes of status.
Source: the requests that Linux, drivers/usb/serial/ftdi_sio.h, names.
"""

from enum import IntEnum

from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface
from harness.simulator.usb.device import Setup, Stall
from harness.simulator.usb.serial_port import SETTLE, MakeStream, UsbSerial

DEFAULT = Identity(0x0403, 0x6001, product="simulated serial adapter", release=0x0600)

_IN, _OUT = 0x81, 0x02
_PACKET = 64
_CLOCK = 24_000_000  # eighths of the 3 MHz that the divisor divides
_EIGHTHS = (0, 4, 2, 1, 3, 5, 6, 7)  # fraction of the divisor, by its three code bits
_FULL_SPEED = {0: 3_000_000, 1: 2_000_000}
_EMPTY_TRANSMITTER = 0x60
_BREAK = 0x4000
_BLANK_EEPROM = b"\xff\xff"


class _Request(IntEnum):
    RESET = 0
    MODEM_CONTROL = 1
    FLOW_CONTROL = 2
    BAUDRATE = 3
    DATA = 4
    MODEM_STATUS = 5
    EVENT_CHARACTER = 6
    ERROR_CHARACTER = 7
    SET_LATENCY = 9
    GET_LATENCY = 10
    READ_EEPROM = 0x90


class FtdiSerial(UsbSerial):
    """An FT232R-style adapter."""

    def __init__(
        self,
        make_stream: MakeStream,
        identity: Identity = DEFAULT,
        *,
        baudrate: int | None = None,
        settle: float = SETTLE,
    ) -> None:
        described = Descriptors(
            identity, (Interface(0, (Endpoint(_IN), Endpoint(_OUT)), code=(0xFF, 0xFF, 0xFF)),)
        )
        super().__init__(described, make_stream, _IN, baudrate=baudrate, settle=settle)
        self.latency = 16  # milliseconds

    def control(self, setup: Setup, data: bytes) -> bytes:
        """Answer the vendor's requests."""
        del data
        self.line_touched()
        line = self.line
        match setup.request:
            case _Request.MODEM_CONTROL:
                if setup.value & 0x100:
                    line.dtr = bool(setup.value & 1)
                if setup.value & 0x200:
                    line.rts = bool(setup.value & 2)
            case _Request.BAUDRATE:
                line.baudrate = baudrate(setup.value, setup.index)
            case _Request.DATA:
                line.breaks += bool(setup.value & _BREAK)
                line.bytesize = setup.value & 0x0F
                line.parity = setup.value >> 8 & 7
                line.stopbits = setup.value >> 11 & 3
            case _Request.SET_LATENCY:
                self.latency = setup.value & 0xFF
            case _Request.MODEM_STATUS:
                return self._status()
            case _Request.GET_LATENCY:
                return bytes((self.latency,))
            case _Request.READ_EEPROM:
                return _BLANK_EEPROM
            case _Request.RESET | _Request.FLOW_CONTROL | _Request.EVENT_CHARACTER | _Request.ERROR_CHARACTER:
                pass
            case _:
                raise Stall
        return b""

    def lines_changed(self) -> None:
        """Send a packet that holds nothing but the status."""
        self.send(_IN, self._status())

    def packed(self, data: bytes) -> bytes:
        """Return `data` in packets, each with the status in front."""
        status = self._status()
        room = _PACKET - len(status)
        return b"".join(status + data[start : start + room] for start in range(0, len(data), room))

    def _status(self) -> bytes:
        line = self.line
        modem = 1 | line.cts << 4 | line.dsr << 5 | line.ring << 6 | line.carrier << 7
        return bytes((modem, _EMPTY_TRANSMITTER))


def baudrate(value: int, index: int) -> int:
    """Return bits per second for the divisor that a host writes, rounded to the usual rate nearby."""
    code = value | (index & 1) << 16
    if code in _FULL_SPEED:
        return _FULL_SPEED[code]
    divisor = (code & 0x3FFF) * 8 + _EIGHTHS[code >> 14]
    exact = _CLOCK // max(divisor, 1)
    return next((rate for rate in _USUAL if abs(rate - exact) * 100 < 2 * rate), exact)


_USUAL = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
