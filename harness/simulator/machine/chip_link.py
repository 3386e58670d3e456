"""The simulated chip at a board's second serial line."""

import socket
import threading

from harness.simulator.bus.stream import Pump, StopSignal
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.chip.model import ChipModel


class ChipLink:
    """Serves a chip as hex lines to one machine: one APDU a line, one answer a line.

    The chip keeps what a chip keeps; each time the power comes it has a new session.

    Args:
        chip: The chip.
    """

    def __init__(self, chip: ChipModel) -> None:
        self._chip = chip
        self._near: socket.socket | None = None
        self._stop: StopSignal | None = None
        self._thread: threading.Thread | None = None

    def power_on(self) -> socket.socket:
        """Serve the chip, and return the end of the line for the machine; the caller closes it."""
        near, far = socket.socketpair()
        near.setblocking(False)
        stop = StopSignal()
        pump = Pump(near.fileno(), HexLineChip(self._chip.session()), stop)
        thread = threading.Thread(target=pump.run, name="simulated chip of a machine", daemon=True)
        thread.start()
        self._near, self._stop, self._thread = near, stop, thread
        return far

    def power_off(self) -> None:
        """End the session. May be called more than once."""
        near, stop, thread = self._near, self._stop, self._thread
        self._near = self._stop = self._thread = None
        if near is None or stop is None or thread is None:
            return
        stop.set()
        thread.join()
        stop.close()
        near.close()
