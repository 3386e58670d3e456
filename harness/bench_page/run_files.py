"""Files of run folders as a browser may ask for them: never one that lies elsewhere, whatever a name or a link says."""

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

_NAME = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,254}")
_PARTS_MAX = 8
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that was opened to be read.

    Attributes:
        descriptor: It; whoever has this closes it.
        size: Its bytes.
        name: Its own name.
    """

    descriptor: int
    size: int
    name: str


class RunFiles:
    """The run folders below one folder, by their names."""

    def __init__(self, runs: Path) -> None:
        """Take the folder of runs, which need not be there yet."""
        self.folder = runs

    def run(self, name: str) -> Path:
        """Return the folder of a run.

        Raises:
            UsageError: There is none of this name, or a link stands in its place.
        """
        with suppress(OSError, ValueError):
            if _NAME.fullmatch(name) and stat.S_ISDIR((self.folder / name).lstat().st_mode):
                return self.folder / name
        raise UsageError(f"there is no run {name[:100]!r}")

    def open(self, name: str, inside: str) -> OpenFile:
        """Open a file of a run.

        Args:
            name: The run's name.
            inside: The file's path inside the run folder, with slashes.

        Raises:
            UsageError: There is no such run, or no such file in it.
        """
        return opened(self.run(name), inside)

    def has(self, name: str, inside: str) -> bool:
        """Tell whether a run has a file, which `open` would open."""
        try:
            os.close(self.open(name, inside).descriptor)
        except UsageError:
            return False
        return True

    def text(self, name: str, inside: str, most: int) -> str:
        """Return the end of a text file of a run; nothing when it is not there.

        Args:
            name: The run's name.
            inside: The file's path inside the run folder.
            most: Bytes at most.
        """
        try:
            file = self.open(name, inside)
        except UsageError:
            return ""
        try:
            return os.pread(file.descriptor, most, max(0, file.size - most)).decode("utf-8", "replace")
        except OSError:
            return ""
        finally:
            os.close(file.descriptor)


def opened(folder: Path, inside: str) -> OpenFile:
    """Open a file below a folder.

    Each folder on the way is opened by itself, so that no link leads out, not even one that is put there just now.

    Args:
        folder: The folder.
        inside: The file's path inside it, with slashes.

    Raises:
        UsageError: There is no such file, or it is no regular one, or a link stands on the way.
    """
    missing = UsageError(f"there is no file {inside[:200]!r} here")
    parts = inside.split("/")
    if len(parts) > _PARTS_MAX or not all(_NAME.fullmatch(part) for part in parts):
        raise missing
    try:
        here = os.open(folder, _FOLDER)
    except OSError:
        raise missing from None
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        file = os.open(parts[-1], _FILE, dir_fd=here)
    except OSError:
        raise missing from None
    finally:
        os.close(here)
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        os.close(file)
        raise missing
    return OpenFile(file, status.st_size, parts[-1])
