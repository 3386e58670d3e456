"""Finds the programs that hold a device file, or use a library."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_NAME_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a device file open."""

    pid: int
    program: str

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.program})"


def holders(path: str) -> tuple[Holder, ...]:
    """Return the processes that have the device at `path` open, as far as this user may see them."""
    try:
        wanted = Path(path).stat()
    except OSError:
        return ()
    return tuple(Holder(pid, _program(pid)) for pid in _processes() if _holds(pid, wanted))


def users_of(library: str) -> tuple[Holder, ...]:
    """Return the other processes that have a shared library loaded, as far as this user may see them.

    Args:
        library: How the name of its file begins: `libpcsclite.so`.
    """
    return tuple(
        Holder(pid, _program(pid)) for pid in _processes() if pid != os.getpid() and _has_loaded(pid, library)
    )


def _has_loaded(pid: int, library: str) -> bool:
    try:
        text = (_PROC / str(pid) / "maps").read_text(errors="replace")
    except OSError:  # ended meanwhile, or another user's
        return False
    return f"/{library}" in text


def _processes() -> Iterator[int]:
    try:
        names = [entry.name for entry in _PROC.iterdir()]
    except OSError:  # no /proc on this system
        return
    yield from sorted(int(name) for name in names if name.isdecimal())


def _holds(pid: int, wanted: os.stat_result) -> bool:
    try:
        descriptors = list((_PROC / str(pid) / "fd").iterdir())
    except OSError:  # ended meanwhile, or another user's
        return False
    for descriptor in descriptors:
        try:
            found = descriptor.stat()
        except OSError:
            continue
        if (found.st_dev, found.st_ino, found.st_rdev) == (wanted.st_dev, wanted.st_ino, wanted.st_rdev):
            return True
    return False


def _program(pid: int) -> str:
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes() or (_PROC / str(pid) / "comm").read_bytes()
    except OSError:
        return "unknown"
    words = raw.replace(b"\0", b" ").decode(errors="replace").strip()
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:_NAME_LIMIT] or "unknown"
