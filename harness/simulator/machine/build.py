"""Builds our own firmware by the C compilers of this machine, once for each variant; later uses find it built."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from harness.disk import writing
from harness.errors import BenchError
from harness.simulator.machine.sources import FOLDER, Platform, Recipe, fingerprint
from harness.transport.printable import last_lines

_LIMIT_S = 300.0
_SHOWN_LINES = 12
_FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wundef", "-Werror", "-g")
_FORMAT = "1"  # another one makes every earlier build unused


@dataclass(frozen=True, slots=True)
class Tool:
    """A program of this machine that is needed.

    Attributes:
        names: Its names, the best first.
        package: The packages of Debian that bring it.
        why: What it is needed for, in words.
    """

    names: tuple[str, ...]
    package: str
    why: str

    def find(self, environment: Mapping[str, str]) -> str:
        """Return its path.

        Args:
            environment: `PATH` says where it is searched.

        Raises:
            BenchError: It is not installed.
        """
        for name in self.names:
            if found := shutil.which(name, path=environment.get("PATH")):
                return found
        raise BenchError(
            f"{self.names[0]} is not installed; it {self.why}",
            hint=f"install it: apt-get install {self.package}",
        )


HOST_COMPILER = Tool(("gcc", "clang", "cc"), "gcc libc6-dev", "builds the firmware for Linux")
ARM_COMPILER = Tool(
    ("arm-none-eabi-gcc",),
    "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "builds the firmware for the Cortex-M3",
)
_COMPILERS = {Platform.LINUX: HOST_COMPILER, Platform.CORTEX_M3: ARM_COMPILER}


def default_cache(environment: Mapping[str, str] | None = None) -> Path:
    """Return the folder of this user for what has been built, below `XDG_CACHE_HOME`."""
    found = os.environ if environment is None else environment
    cache = found.get("XDG_CACHE_HOME") or str(Path(found.get("HOME") or Path.home()) / ".cache")
    return Path(cache) / "id2-harness" / "firmware"


def build(
    recipe: Recipe,
    *,
    sources: Path = FOLDER,
    cache: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Path:
    """Return the program of a firmware, built now when it has not been built from the same sources before.

    Any number of processes may ask for the same one at once.

    Args:
        recipe: What it is made of.
        sources: The folder of the sources.
        cache: The folder for what has been built; this user's own when left out.
        environment: The environment of the compiler; this process's own when left out.

    Raises:
        BenchError: The compiler is not installed or refuses the sources, or the disk refuses.
        ToolError: The sources are not where they belong.
    """
    found = dict(os.environ if environment is None else environment)
    compiler = _COMPILERS[recipe.platform].find(found)
    command = _command(recipe, compiler, sources)
    folder = default_cache(found) if cache is None else cache
    program = folder / _key(recipe, compiler, command, sources) / "firmware.elf"
    if program.is_file():
        return program
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(f"{program.parent}.lock", timeout=_LIMIT_S):
            if not program.is_file():
                _compile(command, program, found)
    except Timeout as error:
        raise BenchError(
            f"{program.parent}.lock: another process has been building this firmware for {_LIMIT_S:.0f} s",
            hint="end that process",
        ) from error
    return program


def _command(recipe: Recipe, compiler: str, sources: Path) -> list[str]:
    command = [compiler, *_FLAGS]
    if recipe.platform is Platform.LINUX:
        command += ["-O1", "-D_GNU_SOURCE", "-pthread"]
    else:
        command += ["-Os", "-mcpu=cortex-m3", "-mthumb", "-ffunction-sections", "-fdata-sections"]
        command += [
            "-nostartfiles",
            "--specs=nano.specs",
            "-Wl,--gc-sections",
            "-T",
            str(recipe.linker_script(sources)),
        ]
    if recipe.probe:
        command += ["-DID2_PROBE_ENABLE", '-DID2_PROBE_CONFIG_FILE="id2_probe_all.h"']
    command += [f"-D{define}" for define in recipe.defines]
    command += [f"-I{folder}" for folder in recipe.include_folders(sources)]
    # Where the sources lie is no part of what is built: two installations build the same program.
    command.append(f"-ffile-prefix-map={sources}=firmware")
    return [*command, *map(str, recipe.c_files(sources))]


def _key(recipe: Recipe, compiler: str, command: list[str], sources: Path) -> str:
    where = os.path.realpath(compiler)
    stamp = os.stat(where)  # noqa: PTH116 - a compiler that was updated is another one
    words = [_FORMAT, where, str(stamp.st_size), str(stamp.st_mtime_ns), fingerprint(sources)]
    words += [word.replace(str(sources), "firmware") for word in command[1:]]
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()
    return f"{recipe.platform}-{digest[:24]}"


def _compile(command: list[str], program: Path, environment: Mapping[str, str]) -> None:
    """Build beside the place of the program and move it there whole, so that nobody finds half of one."""
    with (
        writing(program.parent),
        tempfile.TemporaryDirectory(dir=program.parent.parent, prefix="building-") as scratch,
    ):
        made = Path(scratch) / program.name
        try:
            done = subprocess.run(  # noqa: S603 - the compiler, and our own sources
                [*command, "-o", str(made)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=scratch,
                env={**environment, "LC_ALL": "C"},
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BenchError(
                f"{command[0]}: did not build the firmware within {_LIMIT_S:.0f} s",
                hint="see what else this machine does",
            ) from error
        if done.returncode or not made.is_file():
            raise BenchError(
                f"{command[0]}: does not build the firmware (exit code {done.returncode})",
                hint="see the last lines of the compiler; `make firmware` shows them all",
                traffic=last_lines(done.stdout, _SHOWN_LINES),
            )
        program.parent.mkdir(mode=0o700, exist_ok=True)
        made.replace(program)
