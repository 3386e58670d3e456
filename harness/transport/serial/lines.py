"""The lines beside the data of a serial port, and sequences of them that reset a board or start its loader."""

import fcntl
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import serial

from harness.errors import BenchError, UsageError
from harness.transport.base import Line, SendBreak, SetLines, Transport

LONGEST_BREAK = 5000
"""Milliseconds of the longest break."""

_BREAK_ON, _BREAK_OFF = 0x5427, 0x5428  # ioctls that the module termios does not name
_LACKING = "check the adapter: three-wire cables, pseudo-terminals and plain sockets have no such lines"
_INPUTS = {
    Line.CTS: termios.TIOCM_CTS,
    Line.DSR: termios.TIOCM_DSR,
    Line.RI: termios.TIOCM_RI,
    Line.CD: termios.TIOCM_CD,
}


class LineControl(Protocol):
    """The lines of an open port; every method raises `BenchError` when the port has none or is gone."""

    def set(self, dtr: bool | None, rts: bool | None) -> None:
        """Set the outputs; None leaves one as it is."""

    def read(self) -> Line:
        """Return the inputs that are up."""

    def send_break(self, milliseconds: int) -> None:
        """Hold the line at break."""

    def wake(self) -> None:
        """End a break that is being sent."""


class TtyLines:
    """The lines of a tty. Both outputs are set in one call, so that a reset circuit sees no state in between."""

    def __init__(self, fileno: int, place: str) -> None:
        self._fileno = fileno
        self._place = place
        self._closing = threading.Event()

    def set(self, dtr: bool | None, rts: bool | None) -> None:
        """Set the outputs; None leaves one as it is."""
        state = self._state("set its lines")
        for wanted, bit in ((dtr, termios.TIOCM_DTR), (rts, termios.TIOCM_RTS)):
            if wanted is not None:
                state = state | bit if wanted else state & ~bit
        self._call(termios.TIOCMSET, struct.pack("I", state), "set its lines")

    def read(self) -> Line:
        """Return the inputs that are up."""
        state = self._state("read its lines")
        return Line(sum(line for line, bit in _INPUTS.items() if state & bit))

    def send_break(self, milliseconds: int) -> None:
        """Hold the line at break; `wake` ends it early."""
        self._call(_BREAK_ON, b"", "send a break")
        try:
            self._closing.wait(milliseconds / 1000)
        finally:
            self._call(_BREAK_OFF, b"", "end a break")

    def wake(self) -> None:
        """End a break that is being sent."""
        self._closing.set()

    def _state(self, what: str) -> int:
        (state,) = struct.unpack("I", self._call(termios.TIOCMGET, struct.pack("I", 0), what))
        return int(state)

    def _call(self, request: int, argument: bytes, what: str) -> bytes:
        try:
            answer = fcntl.ioctl(self._fileno, request, argument or 0)
        except OSError as error:
            raise BenchError(f"{self._place}: cannot {what} ({error.strerror})", hint=_LACKING) from error
        return answer if isinstance(answer, bytes) else b""


class PyserialLines:
    """The lines of a port that only pyserial reaches, such as one behind RFC 2217."""

    def __init__(self, port: serial.Serial, place: str) -> None:
        self._port = port
        self._place = place
        self._closing = threading.Event()

    def set(self, dtr: bool | None, rts: bool | None) -> None:
        """Set the outputs one after the other; None leaves one as it is."""
        try:
            if dtr is not None:
                self._port.dtr = dtr
            if rts is not None:
                self._port.rts = rts
        except (OSError, AttributeError, TypeError) as error:
            raise self._lacking("set its lines", error) from error

    def read(self) -> Line:
        """Return the inputs that are up."""
        try:
            states = {
                Line.CTS: self._port.cts,
                Line.DSR: self._port.dsr,
                Line.RI: self._port.ri,
                Line.CD: self._port.cd,
            }
        except (OSError, AttributeError, TypeError, ValueError) as error:
            raise self._lacking("read its lines", error) from error
        return Line(sum(line for line, up in states.items() if up))

    def send_break(self, milliseconds: int) -> None:
        """Hold the line at break; `wake` ends it early."""
        try:
            self._port.break_condition = True
            self._closing.wait(milliseconds / 1000)
            self._port.break_condition = False
        except (OSError, AttributeError, TypeError) as error:
            raise self._lacking("send a break", error) from error

    def wake(self) -> None:
        """End a break that is being sent."""
        self._closing.set()

    def _lacking(self, what: str, error: Exception) -> BenchError:
        return BenchError(f"{self._place}: cannot {what} ({error})", hint=_LACKING)


@dataclass(frozen=True, slots=True)
class LineStep:
    """One step of a sequence; it sets lines, or sends a break, or waits.

    Attributes:
        dtr: New state of DTR; None leaves it.
        rts: New state of RTS; None leaves it.
        break_ms: Milliseconds of break.
        wait_ms: Milliseconds to wait.
    """

    dtr: bool | None = None
    rts: bool | None = None
    break_ms: int | None = None
    wait_ms: int | None = None

    def __str__(self) -> str:
        parts = [
            f"{name} {'on' if state else 'off'}"
            for name, state in (("dtr", self.dtr), ("rts", self.rts))
            if state is not None
        ]
        parts += [f"break {self.break_ms} ms"] if self.break_ms is not None else []
        parts += [f"wait {self.wait_ms} ms"] if self.wait_ms is not None else []
        return ", ".join(parts) or "nothing"


def perform(
    transport: Transport, steps: Iterable[LineStep], pause: Callable[[float], None] = time.sleep
) -> None:
    """Carry out a sequence on an open port.

    Args:
        transport: A serial port, perhaps recorded.
        steps: What to do, in order.
        pause: Waits for some seconds between edges; boards want such times.

    Raises:
        UsageError: the transport has no lines beside its data.
        BenchError: not open, gone, or a port without these lines.
    """
    for step in steps:
        if step.dtr is not None or step.rts is not None:
            transport.do(SetLines(step.dtr, step.rts))
        if step.break_ms is not None:
            transport.do(SendBreak(step.break_ms))
        if step.wait_ms is not None:
            pause(step.wait_ms / 1000)


def check_break(milliseconds: int, name: str) -> None:
    """Check the length of a break.

    Raises:
        UsageError: not 1 to 5000 ms.
    """
    if not 1 <= milliseconds <= LONGEST_BREAK:
        raise UsageError(f"a break lasts 1 to {LONGEST_BREAK} ms, not {milliseconds}", transport=name)
