"""A firmware on an emulated Cortex-M3: QEMU's Arm MPS2 board."""

import os
import secrets
import socket
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from harness.errors import BenchError
from harness.simulator.machine.build import Tool
from harness.simulator.machine.chip_link import ChipLink
from harness.simulator.machine.machine import GONE, Machine, Program
from harness.simulator.machine.qmp import Qmp
from harness.transport.descriptor import Descriptor

QEMU = Tool(("qemu-system-arm",), "qemu-system-arm", "runs the firmware of the Cortex-M3")

_MEMORY = 16 << 20  # bytes of the board's PSRAM
_FLASH_SIZE = 64 * 1024  # the rest is not used but for the noise; firmware/board/memory_map.h
_NOISE_AT = 15 << 20
_NOISE_SIZE = 32
_ERASED = b"\xff"


class QemuMachine(Machine):
    """Runs a firmware that was built for the Cortex-M3.

    The board's PSRAM stands for its flash: a file without a name that QEMU maps, so what the firmware has written when
    QEMU is killed is there at the next start, word for word. In the same file fresh random words stand for noise.
    Console, chip and control are pairs of connected sockets: nobody else can reach them.

    Args:
        program: Returns the path of the program, built when it is first asked for.
        chip: What is at its second line; None for nothing.
        environment: Where `PATH` says where QEMU is; this process's own when left out.
    """

    def __init__(
        self,
        program: Callable[[], Path],
        chip: ChipLink | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._build = program
        self._chip = chip
        self._environment = dict(os.environ if environment is None else environment)
        self._memory = os.memfd_create("flash")
        weakref.finalize(self, os.close, self._memory)
        os.ftruncate(self._memory, _MEMORY)
        os.pwrite(self._memory, _ERASED * _FLASH_SIZE, 0)
        self._running: Program | None = None
        self._control: Qmp | None = None
        self._held = False
        self._image: tuple[Path, int] | None = None

    def power_on(self) -> Descriptor:
        """Start QEMU."""
        qemu = QEMU.find(self._environment)
        self._image = self._flashed()
        program = self._image[0]
        self._make_noise()
        with ExitStack() as ours, ExitStack() as theirs:
            console, far_console = _pair(ours, theirs)
            control, far_control = _pair(ours, theirs)
            chip = theirs.enter_context(self._chip.power_on()) if self._chip is not None else None
            inherited = [
                self._memory,
                *(far.fileno() for far in (far_console, far_control, chip) if far is not None),
            ]
            command = [
                *(qemu, "-M", "mps2-an385,memory-backend=flash", "-nodefaults", "-display", "none"),
                *(
                    "-object",
                    f"memory-backend-file,id=flash,size={_MEMORY},share=on,mem-path={_path(self._memory)}",
                ),
                *_line("console", far_console),
                *(_line("chip", chip) if chip is not None else ("-serial", "null")),
                *(
                    "-chardev",
                    f"socket,id=control,fd={far_control.fileno()}",
                    "-mon",
                    "chardev=control,mode=control",
                ),
                *("-kernel", str(program)),
            ]
            self._running = Program(command, {"LC_ALL": "C"}, inherited)
            theirs.close()
            try:
                self._control = Qmp(control)
            except BenchError as error:
                ended = self._running.ended(limit=1.0)
                self.power_off()
                raise (ended or error) from error
            ours.pop_all()
        console.setblocking(False)
        return Descriptor(console.fileno(), "the console of QEMU", console.close, gone=GONE)

    def power_off(self) -> None:
        """Kill QEMU."""
        running, self._running = self._running, None
        if running is not None:
            running.kill()
        control, self._control = self._control, None
        if control is not None:
            control.close()
        if self._chip is not None:
            self._chip.power_off()
        self._held = False

    def hold(self) -> None:
        """Stop the processor."""
        if self._control is not None and not self._held:
            self._control.command("stop")
            self._held = True

    def release(self) -> Descriptor | None:
        """Reset the board, and let the processor go on; QEMU starts anew when another firmware was flashed since."""
        if self._control is not None and self._held:
            if self._flashed() != self._image:
                self.power_off()
                return self.power_on()
            self._make_noise()
            self._control.command("system_reset")
            self._control.command("cont")
            self._held = False
        return None

    def ended(self) -> BenchError | None:
        """Return how QEMU ended."""
        return None if self._running is None else self._running.ended(limit=1.0)

    def _flashed(self) -> tuple[Path, int]:
        """Return the program, and what changes when its file is written anew: QEMU reads it once."""
        program = self._build()
        return program, program.stat().st_mtime_ns

    def _make_noise(self) -> None:
        os.pwrite(self._memory, secrets.token_bytes(_NOISE_SIZE), _NOISE_AT)


def _pair(ours: ExitStack, theirs: ExitStack) -> tuple[socket.socket, socket.socket]:
    near, far = socket.socketpair()
    return ours.enter_context(near), theirs.enter_context(far)


def _line(name: str, end: socket.socket) -> tuple[str, ...]:
    return ("-chardev", f"socket,id={name},fd={end.fileno()}", "-serial", f"chardev:{name}")


def _path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"
