"""Builds our own firmware by the C compilers of this machine, once for each variant; later uses find it built."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from harness.disk import writing
from harness.errors import BenchError
from harness.simulator.machine.sources import FOLDER, Platform, Recipe, digest_of_headers, fault_word
from harness.transport.printable import last_lines

_LIMIT_S = 300.0
_SHOWN_LINES = 12
_FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wundef", "-Werror", "-g")
_OPTIONS: Mapping[Platform, tuple[str, ...]] = {
    Platform.LINUX: ("-O1", "-D_GNU_SOURCE", "-pthread"),
    Platform.CORTEX_M3: (
        *(
            "-Os",
            "-mcpu=cortex-m3",
            "-mthumb",
            "-ffunction-sections",
            "-fdata-sections",
            "--specs=nano.specs",
        ),
        '-DID2_PROBE_NOINIT=__attribute__((section(".noinit")))',
    ),
}
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

    Any number of processes may ask for the same one at once. What two firmwares have in common is compiled once.

    Args:
        recipe: What it is made of.
        sources: The folder of the sources.
        cache: The folder for what has been built; this user's own when left out.
        environment: The environment of the compiler; this process's own when left out.

    Raises:
        UsageError: There is no such fault.
        BenchError: The compiler is not installed or refuses the sources, or the disk refuses.
        ToolError: The sources are not where they belong.
    """
    found = dict(os.environ if environment is None else environment)
    compiler = Compiler(_COMPILERS[recipe.platform].find(found), found)
    folder = default_cache(found) if cache is None else cache
    objects = _objects(recipe, compiler, sources, folder)
    link = _link_options(recipe, sources)
    program = folder / f"{recipe.platform}-{_digest([*(each.path.name for each in objects), *link])}.elf"
    if program.is_file():
        return program
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(f"{program}.lock", timeout=_LIMIT_S), ThreadPoolExecutor(os.cpu_count()) as workers:
            list(workers.map(lambda each: compiler.make(each.options, each.path), objects))
            compiler.make([*link, *(str(each.path) for each in objects)], program)
    except Timeout as error:
        raise BenchError(
            f"{program}.lock: another process has been building this firmware for {_LIMIT_S:.0f} s",
            hint="end that process",
        ) from error
    return program


class Compiler:
    """A C compiler.

    Args:
        path: The program.
        environment: Its environment.
    """

    def __init__(self, path: str, environment: Mapping[str, str]) -> None:
        self._path = path
        self._environment = {**environment, "LC_ALL": "C"}

    def stamp(self) -> str:
        """Return what changes when the compiler is updated."""
        where = os.path.realpath(self._path)
        stamp = os.stat(where)  # noqa: PTH116 - of the file behind the link
        return f"{where} {stamp.st_size} {stamp.st_mtime_ns}"

    def make(self, options: Sequence[str], product: Path) -> None:
        """Make a file, unless it is there. It is moved to its place whole, so that nobody finds half of one.

        Raises:
            BenchError: The compiler refuses or does not end, or the disk refuses.
        """
        if product.is_file():
            return
        with writing(product), tempfile.TemporaryDirectory(dir=product.parent, prefix="building-") as scratch:
            made = Path(scratch) / product.name
            self._run([*options, "-o", str(made)], scratch)
            made.replace(product)

    def _run(self, options: list[str], folder: str) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - the compiler, and our own sources
                [self._path, *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=self._environment,
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BenchError(
                f"{self._path}: did not build the firmware within {_LIMIT_S:.0f} s",
                hint="see what else this machine does",
            ) from error
        if done.returncode:
            raise BenchError(
                f"{self._path}: does not build the firmware (exit code {done.returncode})",
                hint="the compiler's last lines say why",
                traffic=last_lines(done.stdout, _SHOWN_LINES),
            )


@dataclass(frozen=True, slots=True)
class _Object:
    """One C file, compiled: how, and where it goes."""

    options: tuple[str, ...]
    path: Path


def _objects(recipe: Recipe, compiler: Compiler, sources: Path, cache: Path) -> list[_Object]:
    options = [*_FLAGS, *_OPTIONS[recipe.platform], *(f"-D{macro}" for macro in recipe.macros())]
    # Where the sources lie is no part of what is built: two installations build the same program.
    options.append(f"-ffile-prefix-map={sources}=firmware")
    options += [f"-I{folder}" for folder in recipe.include_folders(sources)]
    basis = [_FORMAT, compiler.stamp(), digest_of_headers(sources)]
    word = fault_word(recipe.fault, sources) if recipe.fault else ""
    found = []
    for file in recipe.c_files(sources):
        text = file.read_bytes()
        # A fault makes a difference only where it is tested; whatever does not name it is that of the sound firmware.
        has_fault = bool(word) and _names(text, word)
        local = [f"-D{macro}" for macro in recipe.local if _names(text, macro.partition("=")[0])]
        all_options = [*options, *local, *([f"-DID2_FAULT=ID2_FAULT_{word}"] if has_fault else [])]
        words = [*basis, str(file.relative_to(sources)), hashlib.sha256(text).hexdigest()]
        name = _digest([*words, *(option.replace(str(sources), "firmware") for option in all_options)])
        found.append(_Object((*all_options, "-c", str(file)), cache / f"{file.stem}-{name}.o"))
    return found


def _names(text: bytes, word: str) -> bool:
    return re.search(rb"\b%b\b" % word.encode(), text) is not None


def _link_options(recipe: Recipe, sources: Path) -> tuple[str, ...]:
    script = recipe.linker_script(sources)
    return (
        *_OPTIONS[recipe.platform],
        *(("-nostartfiles", "-Wl,--gc-sections", "-T", str(script)) if script else ()),
    )


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:24]
