"""The part of pyserial that is used: making and opening a port, and reading one that has no descriptor."""

import threading
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import serial

from harness.errors import BenchError
from harness.transport.serial.rfc2217 import NetworkPort

_PARITIES = {
    "none": serial.PARITY_NONE,
    "even": serial.PARITY_EVEN,
    "odd": serial.PARITY_ODD,
    "mark": serial.PARITY_MARK,
    "space": serial.PARITY_SPACE,
}
_SLICE = (
    0.05  # seconds; pyserial's URL handlers negotiate anew when their time limit is changed, so it is fixed
)
_CALL_ERRORS = (OSError, TypeError, AttributeError)  # the last two: closed by another thread amid a call


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a serial line is set; the fields are those of `SerialTransport`."""

    baudrate: int
    bytesize: int
    parity: str
    stopbits: float
    rtscts: bool
    xonxoff: bool
    dtr: bool | None
    rts: bool | None


class _Tty(serial.Serial):
    """A tty that is opened without side effects.

    Waiting input survives: a simulated board may have spoken before. DTR and RTS are touched only when they were
    asked for: an edge resets many boards.
    """

    sets_dtr = False
    sets_rts = False

    def _reset_input_buffer(self) -> None:
        pass

    def _update_dtr_state(self) -> None:
        if self.sets_dtr:
            super()._update_dtr_state()  # type: ignore[misc]  # the stubs leave it out

    def _update_rts_state(self) -> None:
        if self.sets_rts:
            super()._update_rts_state()  # type: ignore[misc]  # the stubs leave it out


def create(port: str, settings: LineSettings) -> serial.Serial:
    """Return a port object for a path or URL, not open yet.

    Raises:
        ValueError: an unknown URL or a setting that is not possible.
        serial.SerialException: a URL that searches for its port found none.
    """
    if settings.parity not in _PARITIES:
        raise ValueError(f"parity {settings.parity!r} is none of {', '.join(_PARITIES)}")
    made: serial.Serial
    if port.startswith("rfc2217://"):
        network = NetworkPort()
        network.sets_dtr, network.sets_rts = settings.dtr is not None, settings.rts is not None
        network.port = port
        made = cast("serial.Serial", network)  # all of pyserial's ports are alike
    elif "://" in port and not port.startswith("socket://"):
        made = serial.serial_for_url(port, do_not_open=True, exclusive=True)
    else:
        made = _Tty(exclusive=True)
        made.sets_dtr, made.sets_rts = settings.dtr is not None, settings.rts is not None
        made.port = port
    made.baudrate = settings.baudrate
    made.bytesize = settings.bytesize
    made.parity = _PARITIES[settings.parity]
    made.stopbits = settings.stopbits
    made.rtscts = settings.rtscts
    made.xonxoff = settings.xonxoff
    made.timeout = _SLICE
    if settings.dtr is not None:
        made.dtr = settings.dtr
    if settings.rts is not None:
        made.rts = settings.rts
    return made


def open_port(port: serial.Serial) -> None:
    """Open a port.

    Raises:
        serial.SerialException: the port cannot be opened.
        OSError: the system refuses a setting.
    """
    with warnings.catch_warnings():
        # pyserial calls what Python has deprecated since; that must not fail where warnings are errors.
        warnings.simplefilter("ignore", DeprecationWarning)
        port.open()


class PyserialLine:
    """A line that only pyserial can read. Closing wakes a reader; a read may overstay its time by 50 ms."""

    def __init__(self, port: serial.Serial, place: str) -> None:
        self._port = port
        self._place = place
        self._closed = False
        self._reading = threading.Lock()

    def read(self, limit: int, timeout: float) -> bytes:
        """Return up to `limit` bytes, b"" when none came within `timeout` seconds.

        Raises:
            BenchError: closed, or the device is gone.
        """
        with self._reading:
            deadline = time.monotonic() + timeout
            while True:
                data = self._read(limit, wait=timeout > 0)
                if self._closed:
                    raise BenchError(f"{self._place}: closed")
                if data or time.monotonic() >= deadline:
                    return data

    def _read(self, limit: int, *, wait: bool) -> bytes:
        try:
            data = self._port.read(1) if wait or self._port.in_waiting else b""
            more = min(self._port.in_waiting, limit - 1) if data else 0
            return data + self._port.read(more) if more > 0 else data
        except _CALL_ERRORS as error:
            raise self._gone(error) from error

    def write(self, data: bytes) -> None:
        """Write all of `data`.

        Raises:
            BenchError: closed, or the device is gone.
        """
        try:
            self._port.write(data)
        except _CALL_ERRORS as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Wake a reader, wait until it has left, and close the port."""
        self._closed = True
        with suppress(*_CALL_ERRORS):
            self._port.close()
        with self._reading:
            pass

    def _gone(self, error: Exception) -> BenchError:
        if self._closed:
            return BenchError(f"{self._place}: closed")
        return BenchError(
            f"{self._place}: the device is gone ({error})", hint="check the far end and the network"
        )
