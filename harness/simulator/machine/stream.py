"""A board whose machine the harness runs itself, at the end of a byte stream: a USB port or a socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

from harness.errors import BenchError, HarnessError
from harness.simulator.bus.stream import Output, StreamDevice
from harness.transport.base import SetLines, StreamRead, StreamWrite, Transport

_CHUNK = 4096
_LOOK = 0.5  # seconds of one read
_BY_OPENING = (True, False)  # DTR and RTS as the opening of a machine's console sets them


class MachinePort:
    """A board's console where others can connect: it has power while somebody is connected, and its flash stays.

    Args:
        console: The console of the machine, not open.
    """

    def __init__(self, console: Transport) -> None:
        self.console = console
        self.in_use = threading.Lock()
        self.lines = _BY_OPENING

    def try_out(self) -> None:
        """Give the board power for a moment, so that what is missing is said now and not to who connects.

        Raises:
            BenchError: A compiler or QEMU is missing, or the machine cannot be started.
            UsageError: The firmware cannot be as the settings say.
        """
        self.console.open()
        self.console.close()

    def stream(self) -> StreamDevice:
        """Return the board for one connection."""
        return _Connection(self)

    def set_lines(self, dtr: bool, rts: bool) -> None:
        """Switch power (DTR) and reset (RTS) of the board, as the lines of its port do."""
        self.lines = (dtr, rts)
        if self.in_use.locked():
            self.apply_lines()

    def apply_lines(self) -> None:
        """Bring the board to where the lines of the port are."""
        dtr, rts = self.lines
        with suppress(BenchError):  # it is gone, or just being switched off
            self.console.do(SetLines(dtr=dtr, rts=rts))


class _Connection(StreamDevice):
    """The board for one connection. Whoever comes second while it is in use hears nothing: it has one console."""

    def __init__(self, port: MachinePort) -> None:
        self._port = port
        self._near: socket.socket | None = None
        self._reader: threading.Thread | None = None

    def power_on(self) -> Iterator[Output]:
        """Start the board; one that cannot be started says nothing."""
        if self._near is None and self._port.in_use.acquire(blocking=False):
            try:
                self._port.console.open()
            except HarnessError:
                self._port.in_use.release()
            else:
                self._begin()
        yield from ()

    def _begin(self) -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        reader = threading.Thread(target=self._carry, args=(far,), name="console of a machine", daemon=True)
        self._near, self._reader = near, reader
        reader.start()
        if self._port.lines != _BY_OPENING:
            self._port.apply_lines()

    def receive(self, data: bytes) -> Iterator[Output]:
        """Hand over what was typed."""
        if self._near is not None:
            with suppress(BenchError):  # a board that is gone does not hear, as on a real line
                self._port.console.do(StreamWrite(data))
        yield from ()

    def wakeup(self) -> int | None:
        """Return what is readable while the board has printed something."""
        return None if self._near is None else self._near.fileno()

    def speak(self) -> Iterator[Output]:
        """Yield what the board printed."""
        if self._near is None:
            return
        try:
            data = self._near.recv(_CHUNK)
        except BlockingIOError:
            return
        if data:
            yield Output(data)
        else:  # the machine ended by itself
            self.power_off()

    def power_off(self) -> None:
        """Take the power away."""
        near, reader = self._near, self._reader
        self._near = self._reader = None
        if near is None or reader is None:
            return
        self._port.console.close()
        near.close()
        reader.join()
        self._port.in_use.release()

    def _carry(self, far: socket.socket) -> None:
        """Move what the board prints to the loop that serves it, until one of them ends."""
        with far, suppress(BenchError, OSError):
            while True:
                data = self._port.console.do(StreamRead(_CHUNK, _LOOK))
                if data:
                    far.sendall(data)
