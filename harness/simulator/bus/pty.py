"""A stream device behind a real pseudo-terminal."""

import os
import pty
import select
import threading
import tty
from contextlib import suppress
from pathlib import Path
from typing import Self

from harness.errors import BenchError, UsageError
from harness.simulator.bus.stream import Pump, StopSignal, StreamDevice

_LOOK = 20  # milliseconds between two looks whether somebody has opened the terminal
_SETTLE = 200  # milliseconds that a program gets to set its port up, which throws waiting input away


class PtyServer:
    """Serves one device on a pseudo-terminal, in a thread of its own.

    Args:
        device: What sits at the far end.
        on_open: True lets the device start anew each time a program opens the terminal; False keeps the
            terminal open all the time, and the device starts when `power_on` is called.
        link: A path that shall lead to the terminal.
    """

    def __init__(self, device: StreamDevice, *, on_open: bool = False, link: Path | None = None) -> None:
        self._device = device
        self._on_open = on_open
        self._link = link
        self._powered = threading.Event()
        self._stop: StopSignal | None = None
        self._thread: threading.Thread | None = None
        self._master = self._slave = -1
        self.path = ""

    def start(self) -> Self:
        """Make the terminal and serve it; `path` is its name then. Does nothing when it is served already.

        Raises:
            UsageError: something else already stands at `link`.
            BenchError: the system has no more pseudo-terminals.
        """
        if self._stop is not None:
            return self
        try:
            self._master, self._slave = pty.openpty()
        except OSError as error:
            raise BenchError(f"no pseudo-terminal: {error}") from error
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        os.set_blocking(self._master, False)
        try:
            self._make_link()
        except UsageError:
            self._release()
            raise
        if self._on_open:
            self._close_slave()
        self._stop = StopSignal()
        self._thread = threading.Thread(target=self._serve, name=f"pty {self.path}", daemon=True)
        self._thread.start()
        return self

    def power_on(self) -> None:
        """Let the device send what it sends by itself; once, and only without `on_open`."""
        self._powered.set()
        if self._stop is not None:
            self._stop.nudge()

    def stop(self) -> None:
        """End the service and give the terminal back; may be called more than once."""
        stop, self._stop = self._stop, None
        if stop is None:
            return
        stop.set()
        if self._thread is not None:
            self._thread.join()
        stop.close()
        self._release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self) -> None:
        stop = self._stop
        if stop is None:
            return
        if not self._on_open:
            Pump(self._master, self._device, stop, powered=self._powered).run()
            return
        while self._wait_for(stop, opened=True):
            if stop.wait(_SETTLE):
                return
            Pump(self._master, self._device, stop).run()
            if not self._wait_for(stop, opened=False):
                return

    def _wait_for(self, stop: StopSignal, *, opened: bool) -> bool:
        """Wait until a program has the terminal open, or none has; False when the end was asked for."""
        poll = select.poll()
        poll.register(self._master, 0)
        while not stop.is_set:
            hung_up = any(event & select.POLLHUP for _, event in poll.poll(0))
            if hung_up is not opened:
                return True
            stop.wait(_LOOK)
        return False

    def _make_link(self) -> None:
        if self._link is None:
            return
        if self._link.is_symlink() and not self._link.exists():
            self._link.unlink()  # left behind by a simulator that was killed
        try:
            self._link.symlink_to(self.path)
        except OSError as error:
            raise UsageError(
                f"{self._link}: {error.strerror}", hint="name another path for the link"
            ) from error

    def _release(self) -> None:
        if self._link is not None:
            with suppress(OSError):
                if self._link.is_symlink() and str(self._link.readlink()) == self.path:
                    self._link.unlink()
        self._close_slave()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _close_slave(self) -> None:
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1
