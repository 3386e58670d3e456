"""The sources of our own firmware: which C files a build is made of, and what it can be built as."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import harness
from harness.errors import ToolError, UsageError
from harness.settings.suggest import meant

FOLDER = Path(harness.__file__).parent / "firmware"
"""Where the sources are: in the tree a link to the folder beside `harness`, in a wheel the files themselves."""

_LIST = "sources.txt"
_FAULTS = "faults.h"
_FAULT_LINE = re.compile(r"^#define ID2_FAULT_([A-Z0-9_]+) +[0-9]+", re.MULTILINE)
_NO_FAULT = "none"
_PLATFORMS = "platform/platform.h"
_PLATFORM = re.compile(r"\bplatform_(\w+)(?=[,;])")
_INCLUDED = frozenset({".h", ".ld"})


class Platform(StrEnum):
    """What a firmware is built for."""

    LINUX = "linux"
    CORTEX_M3 = "cortex-m3"

    @property
    def part(self) -> str:
        """Its part in the list of sources, and its folder."""
        return "linux" if self is Platform.LINUX else "board"

    @property
    def lacking(self) -> tuple[str, ...]:
        """The groups of the probe that its port has not, as id2_probe_config.h calls them."""
        return () if self is Platform.LINUX else ("MUTEX", "SEMAPHORE", "THREAD", "NET")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one firmware is made of.

    Attributes:
        platform: What it is built for.
        carrier: Where it keeps the ID² key, `demo`, `se` or `km`.
        defines: Macros of the preprocessor, each `NAME` or `NAME=VALUE`.
        local: Macros that matter only to the C files that name them: those alone are compiled with them.
        probe: Whether the probe is linked in.
        link: Whether the client of iTLS and MQTT is linked in.
        fault: Name of the one fault that is compiled in, as board files write it; empty for none.
    """

    platform: Platform
    carrier: str
    defines: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    probe: bool = True
    link: bool = False
    fault: str = ""

    def macros(self) -> tuple[str, ...]:
        """Return all macros of the preprocessor."""
        groups = (f"ID2_PROBE_{group}=0" for group in self.platform.lacking)
        probe = ("ID2_PROBE_ENABLE", 'ID2_PROBE_CONFIG_FILE="id2_probe_all.h"', *groups) if self.probe else ()
        link = ("ID2_LINK=1",) if self.link else ()
        return (f"ID2_CARRIER=ID2_CARRIER_{self.carrier.upper()}", *probe, *link, *self.defines)

    def parts(self) -> tuple[str, ...]:
        """Return the parts in the list of sources."""
        chosen = (("probe", self.probe), ("link", self.link))
        return ("client", *(part for part, wanted in chosen if wanted), self.platform.part)

    def c_files(self, folder: Path = FOLDER) -> tuple[Path, ...]:
        """Return the C files.

        Raises:
            ToolError: The sources are not where they belong.
        """
        return tuple(folder / path for part, path in _listed(folder) if part in self.parts())

    def include_folders(self, folder: Path = FOLDER) -> tuple[Path, ...]:
        """Return the folders of the header files, the first to be searched first."""
        tops = [folder / part for part in ("include", *self.parts())]
        below = (path for top in tops for path in (top, *sorted(top.rglob("*"))) if path.is_dir())
        return (*below, folder)

    def linker_script(self, folder: Path = FOLDER) -> Path | None:
        """Return the linker script; None for a program of Linux."""
        return folder / "board" / "mps2_an385.ld" if self.platform is Platform.CORTEX_M3 else None


def digest_of_headers(folder: Path = FOLDER) -> str:
    """Return a digest of everything that a C file may include, and of the linker scripts, in hexadecimal.

    Raises:
        ToolError: The sources are not where they belong.
    """
    digest = hashlib.sha256()
    try:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in _INCLUDED):
            data = path.read_bytes()
            digest.update(f"{path.relative_to(folder)} {len(data)}\n".encode())
            digest.update(data)
    except OSError as error:
        raise _missing(folder, error) from error
    return digest.hexdigest()


def faults(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the names of the faults that can be compiled in, as board files write them.

    Raises:
        ToolError: The sources are not where they belong.
    """
    try:
        text = (folder / _FAULTS).read_text(encoding="utf-8")
    except OSError as error:
        raise _missing(folder, error) from error
    names = (name.lower().replace("_", "-") for name in _FAULT_LINE.findall(text))
    return tuple(name for name in names if name != _NO_FAULT)


def dialects(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the names of the dialects that the firmware's console can speak, as board files write them.

    Raises:
        ToolError: The sources are not where they belong.
    """
    try:
        text = (folder / _PLATFORMS).read_text(encoding="utf-8")
    except OSError as error:
        raise _missing(folder, error) from error
    declared = re.findall(r"^extern const struct platform ([^*;]+;)", text, re.MULTILINE)
    return tuple(name.replace("_", "-") for name in _PLATFORM.findall(" ".join(declared)))


def platform_macro(dialect: str) -> str:
    """Return the macro that chooses a dialect: the table of the C files that has its name."""
    return f"ID2_PLATFORM=platform_{dialect.replace('-', '_')}"


def fault_word(name: str, folder: Path = FOLDER) -> str:
    """Return how the C files call a fault: they test it by `ID2_FAULT_IS(WORD)`.

    Raises:
        UsageError: There is no such fault.
        ToolError: The sources are not where they belong.
    """
    known = faults(folder)
    if name not in known:
        raise UsageError(
            f"the firmware has no fault {name!r}{meant(name, known)} faults: {', '.join(known) or 'none'}"
        )
    return name.upper().replace("-", "_")


def _listed(folder: Path) -> list[tuple[str, str]]:
    try:
        lines = (folder / _LIST).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise _missing(folder, error) from error
    words = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return [(part, path) for part, path in words]


def _missing(folder: Path, error: OSError) -> ToolError:
    return ToolError(
        f"{folder}: the sources of the firmware cannot be read: {(error.strerror or str(error)).lower()}",
        hint="install the harness anew",
    )
