"""The image in the program flash of a board whose machine the harness runs: the file that a flash tool has written."""

import platform
from collections.abc import Callable
from pathlib import Path

from harness.errors import BenchError
from harness.simulator.machine.sources import Platform

_ELF = b"\x7fELF"
_MACHINE_AT = 18  # offset of e_machine; ELF specification, "ELF header"
_ARM = 40
_OF_HOST = {"x86_64": 62, "aarch64": 183}


def program_of(image: Path | None, machine: Platform, built: Callable[[], Path]) -> Callable[[], Path]:
    """Return what gives the program that a machine starts with, asked anew at each start.

    Args:
        image: The file that stands for its program flash; None for a machine that nobody flashes.
        machine: What runs it.
        built: Builds the firmware that is in it until somebody has flashed another one.
    """
    if image is None:
        return built
    flash = image.absolute()

    def program() -> Path:
        if not flash.exists():
            return built()
        _check(flash, machine)
        return flash

    return program


def _check(image: Path, machine: Platform) -> None:
    """Refuse what the machine cannot run.

    Raises:
        BenchError: It is no ELF image, or one for another machine.
    """
    try:
        with image.open("rb") as file:
            head = file.read(_MACHINE_AT + 2)
    except OSError as error:
        raise BenchError(
            f"{image}: the image in the board's flash cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
    wanted = _ARM if machine is Platform.CORTEX_M3 else _OF_HOST.get(platform.machine())
    found = int.from_bytes(head[_MACHINE_AT:], "little")
    if not head.startswith(_ELF) or wanted not in {None, found}:
        raise BenchError(
            f"{image}: what was flashed is no image for machine {machine}",
            hint="flash the image that was built for this board; without this file the firmware of the settings runs",
        )
