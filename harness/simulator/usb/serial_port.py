"""What every simulated USB serial device has: a line with settings and modem lines, and a device at its end."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from harness.simulator.bus.stream import Pump, StopSignal, StreamDevice
from harness.simulator.usb.descriptors import Descriptors
from harness.simulator.usb.device import UsbDevice

MakeStream = Callable[[], StreamDevice]

SETTLE = 0.5
"""Seconds between the opening of the port and the first byte of the device, in which a program sets the port up."""

_CHUNK = 4096


@dataclass(slots=True)
class LineState:
    """How the host has set the line, and what the device shows on its own modem lines.

    Attributes:
        baudrate: Bits per second.
        bytesize: Data bits.
        parity: 0 none, 1 odd, 2 even, 3 mark, 4 space.
        stopbits: 0 for 1, 1 for 1.5, 2 for 2.
        dtr: Whether the host raises DTR.
        rts: Whether the host raises RTS.
        breaks: How many breaks began.
        cts: Whether the device raises CTS.
        dsr: Whether the device raises DSR.
        ring: Whether the device raises RI.
        carrier: Whether the device raises DCD.
    """

    baudrate: int = 9600
    bytesize: int = 8
    parity: int = 0
    stopbits: int = 0
    dtr: bool = False
    rts: bool = False
    breaks: int = 0
    cts: bool = True
    dsr: bool = True
    ring: bool = False
    carrier: bool = True


@dataclass(slots=True)
class _Running:
    """A stream device at work, and the pair of sockets that its bytes go through."""

    ours: socket.socket
    its: socket.socket
    stop: StopSignal = field(default_factory=StopSignal)
    powered: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)


class UsbSerial(UsbDevice):
    """A USB serial device. A new stream device starts each time a program opens the port.

    Args:
        descriptors: What it says about itself.
        make_stream: Makes what is at the end of the line.
        endpoint: The pipe that carries bytes to the host.
        baudrate: The one speed at which the far end understands and is understood; None for any.
        settle: Seconds from the opening to the first byte.
    """

    def __init__(
        self,
        descriptors: Descriptors,
        make_stream: MakeStream,
        endpoint: int,
        *,
        baudrate: int | None = None,
        settle: float = SETTLE,
    ) -> None:
        super().__init__(descriptors)
        self.line = LineState()
        self.baudrate = baudrate
        self._make_stream = make_stream
        self._endpoint = endpoint
        self._settle = settle
        self._running: _Running | None = None
        self._touched = 0.0

    def set_lines(
        self,
        *,
        cts: bool | None = None,
        dsr: bool | None = None,
        ring: bool | None = None,
        carrier: bool | None = None,
    ) -> None:
        """Raise or drop the device's own modem lines; None leaves one as it is."""
        wanted = {"cts": cts, "dsr": dsr, "ring": ring, "carrier": carrier}
        for name, level in wanted.items():
            if level is not None:
                setattr(self.line, name, level)
        self.lines_changed()

    def lines_changed(self) -> None:
        """Tell the host about the modem lines."""

    def packed(self, data: bytes) -> bytes:
        """Return `data` as it goes over the bus."""
        return data

    def line_touched(self) -> None:
        """Note that the host is still setting the line up."""
        self._touched = time.monotonic()

    def host_reads(self, endpoint: int) -> None:
        """Start what is at the end of the line."""
        if endpoint != self._endpoint:
            return
        self.line_touched()
        ours, its = socket.socketpair()
        its.setblocking(False)
        running = _Running(ours, its)
        pump = Pump(its.fileno(), self._make_stream(), running.stop, powered=running.powered)
        running.threads = [
            threading.Thread(target=pump.run, name=f"{self.name} device", daemon=True),
            threading.Thread(target=self._carry, args=(running,), name=f"{self.name} line", daemon=True),
        ]
        self._running = running
        for thread in running.threads:
            thread.start()

    def host_left(self, endpoint: int) -> None:
        """End what is at the end of the line."""
        if endpoint == self._endpoint:
            self._end_stream()
            self.drop(endpoint)

    def received(self, endpoint: int, data: bytes) -> None:
        """Hand over what the host sent."""
        del endpoint
        running = self._running
        if running is not None:
            with suppress(OSError):  # a far end that does not listen loses bytes, as a UART does
                running.ours.send(self._heard(data), socket.MSG_DONTWAIT)

    def _carry(self, running: _Running) -> None:
        """Let the device speak when the port is set up, and move what it says to the host."""
        while (left := self._touched + self._settle - time.monotonic()) > 0:
            if running.stop.wait(int(left * 1000) + 1):
                return
        running.powered.set()
        running.stop.nudge()
        with suppress(OSError):
            while data := running.ours.recv(_CHUNK):
                if not self.send(self._endpoint, self.packed(self._heard(data)), wait=True):
                    return

    def _end_stream(self) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        running.stop.set()
        with suppress(OSError):
            running.ours.shutdown(socket.SHUT_RDWR)
        for thread in running.threads:
            thread.join()
        running.ours.close()
        running.its.close()
        running.stop.close()

    def _heard(self, data: bytes) -> bytes:
        """Return what one end hears of what the other says: noise when their speeds differ."""
        if self.baudrate is None or self.baudrate == self.line.baudrate:
            return data
        return bytes((byte * 37 + 0x95) & 0xFF | 0x80 for byte in data)
