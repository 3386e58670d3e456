"""A firmware as a process of this machine, on a pseudo-terminal."""

import os
import pty
import tty
import weakref
from collections.abc import Callable
from pathlib import Path

from harness.errors import BenchError
from harness.simulator.machine.chip_link import ChipLink
from harness.simulator.machine.link_start import LinkStart
from harness.simulator.machine.machine import GONE, Machine, Program
from harness.transport.descriptor import Descriptor

FLASH_SIZE = 64 * 1024
"""Bytes of the flash; firmware/client/id2_machine.h."""

_ERASED = b"\xff"


class LinuxMachine(Machine):
    """Runs a firmware that was built for Linux.

    Its flash is a file without a name, so nothing of it is left on the disk, however this process ends. Power and reset
    are the same to a process: it is killed and started again, and told why.

    Args:
        program: Returns the path of the program, built when it is first asked for.
        chip: What is at its second line; None for nothing.
        link: What a firmware with a link is told at each start; None for one without.
        image: The file that stands for its program flash, which a reset by software starts from, too; None for none.
    """

    def __init__(
        self,
        program: Callable[[], Path],
        chip: ChipLink | None = None,
        link: LinkStart | None = None,
        image: Path | None = None,
    ) -> None:
        self._build = program
        self._image = image
        self._chip = chip
        self._link = link
        self._flash = os.memfd_create("flash")
        self._erase()
        weakref.finalize(self, os.close, self._flash)
        self._running: Program | None = None
        self._held = False

    def power_on(self) -> Descriptor:
        """Start the program."""
        return self._start("power-on")

    def power_off(self) -> None:
        """Kill the program."""
        running, self._running = self._running, None
        if running is not None:
            running.kill()
        if self._chip is not None:
            self._chip.power_off()
        self._held = False

    def hold(self) -> None:
        """Kill the program, and remember that the power is still there."""
        if self._running is not None:
            self.power_off()
            self._held = True

    def release(self) -> Descriptor | None:
        """Start the program again."""
        return self._start("pin") if self._held else None

    def ended(self) -> BenchError | None:
        """Return how the program ended."""
        return None if self._running is None else self._running.ended(limit=1.0)

    def _erase(self) -> None:
        os.pwrite(self._flash, _ERASED * FLASH_SIZE, 0)

    def _start(self, cause: str) -> Descriptor:
        program = self._build()
        if self._link is not None and self._link.was_erased():
            self._erase()
        try:
            master, slave = pty.openpty()
        except OSError as error:
            raise BenchError(f"no pseudo-terminal: {error}") from error
        tty.setraw(slave)
        os.set_blocking(master, False)
        environment = {
            "ID2_FLASH": f"/proc/self/fd/{self._flash}",
            "ID2_RESET_CAUSE": cause,
            **({} if self._image is None else {"ID2_IMAGE": str(self._image.absolute())}),
            **(self._link.environment() if self._link is not None else {}),
        }
        line = self._chip.power_on() if self._chip is not None else None
        descriptors = [self._flash]
        if line is not None:
            descriptors.append(line.fileno())
            environment["ID2_SE_DESCRIPTOR"] = str(line.fileno())
        try:
            self._running = Program([str(program)], environment, descriptors, terminal=slave)
        except BenchError:
            os.close(master)
            raise
        finally:
            os.close(slave)
            if line is not None:
                line.close()
        self._held = False
        return Descriptor(master, f"the console of {program.name}", lambda: os.close(master), gone=GONE)
