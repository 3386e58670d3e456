"""Build our firmware for each machine and carrier, with and without the probe, and print what each takes.

python tools/firmware_sizes.py
"""

import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.errors import BenchError, HarnessError
from harness.simulator.machine.build import build
from harness.simulator.machine.sources import Platform, Recipe

_TOOLS = {Platform.LINUX: "size", Platform.CORTEX_M3: "arm-none-eabi-size"}


def sizes(program: Path, platform: Platform) -> tuple[int, int, int]:
    """Return the bytes of code, initialised data and zeroed data of a program.

    Raises:
        BenchError: The tool that knows is not installed.
    """
    tool = shutil.which(_TOOLS[platform])
    if tool is None:
        raise BenchError(f"{_TOOLS[platform]} is not installed", hint="install the package binutils")
    printed = subprocess.run([tool, program], capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours
    text, data, bss = map(int, printed.splitlines()[1].split()[:3])
    return text, data, bss


def main() -> int:
    """Build and print; return the exit code."""
    table = Table("machine", "carrier", "probe", "text", "data", "bss", title="bytes")
    try:
        for platform in Platform:
            for carrier in ("demo", "se"):
                for probe in (False, True):
                    program = build(Recipe(platform, carrier, probe=probe))
                    found = map(str, sizes(program, platform))
                    table.add_row(platform, carrier, "yes" if probe else "no", *found)
    except HarnessError as error:
        Console(stderr=True).print(error.message, *error.traffic, error.hint, sep="\n", markup=False)
        return error.exit_code
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
