"""The serial console of a board whose machine the harness runs itself."""

import threading
import time
from collections import deque
from collections.abc import Callable

from harness.errors import BenchError, UsageError
from harness.simulator.machine.machine import Machine
from harness.transport.base import (
    Capability,
    Line,
    Operation,
    ReadLines,
    SendBreak,
    SetLines,
    StreamRead,
    StreamWrite,
    Transport,
    refuse,
)
from harness.transport.descriptor import Descriptor
from harness.transport.serial.lines import check_break

CAPABILITIES = frozenset({Capability.STREAM, Capability.LINES})
"""What a console of a machine carries."""


class MachineTransport(Transport):
    """A console, and beside it RTS on the reset line and DTR on the power switch.

    RTS up holds the machine in reset, RTS down lets it start anew. DTR down takes its power away in the middle of
    whatever it does, DTR up gives it back. Opening switches the machine on with DTR up and RTS down, closing takes its
    power away; its flash stays until this object goes. Without power the console is silent, as a real one is, and what
    is written to it is lost. DSR is up while the machine has power.

    Args:
        name: Name of the transport.
        make_machine: Makes the machine; called once, at the first opening.
        machine_identity: What a report says this is.
    """

    def __init__(self, name: str, make_machine: Callable[[], Machine], machine_identity: str) -> None:
        super().__init__(name)
        self._make_machine = make_machine
        self._identity = machine_identity
        self._machine: Machine | None = None
        self._is_open = False
        self._powered = self._resetting = False
        self._started = False  # whether the firmware runs, or is held in reset after it ran
        self._consoles: deque[Descriptor] = (
            deque()
        )  # those of earlier starts until they are read to their end
        self._switching = threading.RLock()
        self._changed = threading.Condition()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it carries."""
        return CAPABILITIES

    @property
    def identity(self) -> str:
        """What runs there, and that it is simulated."""
        return self._identity

    def open(self) -> None:
        """Switch the machine on.

        Raises:
            BenchError: A compiler or QEMU is missing, or the machine cannot be started.
            UsageError: Opened twice, or the firmware cannot be as the settings say.
        """
        with self._switching:
            if self._is_open:
                raise UsageError(f"{self.name}: opened twice", transport=self.name)
            try:
                if self._machine is None:
                    self._machine = self._make_machine()
                self._powered, self._resetting = True, False
                self._begin(self._machine.power_on())
            except (BenchError, UsageError) as error:
                self._powered = False
                raise error.at(transport=self.name) from error.__cause__
            self._is_open = True

    def close(self) -> None:
        """Take the power away and wake whoever waits; may be called more than once."""
        with self._switching:
            self._is_open = self._powered = self._started = False
            if self._machine is not None:
                self._machine.power_off()
            with self._changed:
                consoles = list(self._consoles)
                self._consoles.clear()
                self._changed.notify_all()
            for console in consoles:
                console.close()

    def do(self, operation: Operation) -> bytes:
        """Read, write, or use the lines beside the data."""
        if operation.capability not in CAPABILITIES:
            raise refuse(self, operation)
        if not self._is_open:
            raise self._not_open()
        try:
            if isinstance(operation, StreamRead):
                return self._read(operation.limit, operation.timeout)
            if isinstance(operation, StreamWrite):
                self._write(operation.data)
            elif isinstance(operation, SetLines):
                self._set(operation)
            elif isinstance(operation, ReadLines):
                return bytes((Line.DSR if self._powered else Line(0),))
            elif isinstance(operation, SendBreak):
                check_break(operation.milliseconds, self.name)  # the firmware's own line knows no break
        except BenchError as error:
            raise error.at(transport=self.name) from error.__cause__
        return b""

    def _begin(self, console: Descriptor | None) -> None:
        self._started = True
        if console is not None:
            with self._changed:
                self._consoles.append(console)
                self._changed.notify_all()

    def _set(self, lines: SetLines) -> None:
        with self._switching:
            machine = self._machine
            if machine is None or not self._is_open:
                raise self._not_open()
            powered = self._powered if lines.dtr is None else lines.dtr
            resetting = self._resetting if lines.rts is None else lines.rts
            released = self._resetting and not resetting
            self._powered, self._resetting = powered, resetting
            if not powered:
                self._started = False
                machine.power_off()
            elif resetting:
                machine.hold()
            elif not self._started:
                self._begin(machine.power_on())
            elif released:
                self._begin(machine.release())

    def _read(self, limit: int, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        while True:
            console = self._next_console(deadline)
            if console is None:
                return b""
            try:
                return console.read(limit, max(0.0, deadline - time.monotonic()))
            except BenchError as error:
                self._end_of(console, error)

    def _next_console(self, deadline: float) -> Descriptor | None:
        """Return what is to be read, None when nothing comes before the deadline: there is no power."""
        with self._changed:
            while not self._consoles:
                if not self._is_open:
                    raise self._not_open()
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
            return self._consoles[0]

    def _end_of(self, console: Descriptor, error: BenchError) -> None:
        """Go on after the end of a console: that of a machine that was switched off, or gone by itself."""
        with self._switching:
            if not self._is_open:
                raise self._not_open() from None
            if self._running_console() is console:
                ended = self._machine.ended() if self._machine is not None else None
                raise ended or error
            with self._changed:
                if self._consoles and self._consoles[0] is console:
                    self._consoles.popleft()
        console.close()

    def _write(self, data: bytes) -> None:
        with self._switching:
            console = self._running_console()
        if console is None:
            return
        try:
            console.write(data)
        except BenchError:
            with self._switching:
                if not self._is_open:
                    raise self._not_open() from None
                if self._running_console() is console:
                    raise

    def _running_console(self) -> Descriptor | None:
        """Return the console of the firmware that runs now; None while it is held in reset or has no power."""
        running = self._started and not self._resetting
        with self._changed:
            return self._consoles[-1] if running and self._consoles else None

    def _not_open(self) -> BenchError:
        return BenchError(f"{self.name}: not open", transport=self.name)
