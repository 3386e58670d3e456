"""Writing to disk: whole files or nothing, and one clear `BenchError` when the disk says no."""

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from harness.errors import BenchError

_HINTS = {
    errno.ENOSPC: "free some space there, or keep runs on another disk",
    errno.EDQUOT: "the quota is used up: free some space there, or keep runs elsewhere",
    errno.EFBIG: "allow this process larger files (ulimit -f)",
    errno.EACCES: "give yourself write permission there, or keep runs elsewhere",
    errno.EPERM: "give yourself write permission there, or keep runs elsewhere",
    errno.EROFS: "the disk is mounted read-only: keep runs elsewhere",
    errno.ENOTDIR: "a part of this path is a file: move it away, or keep runs elsewhere",
    errno.EMFILE: "allow this process more open files (ulimit -n)",
    errno.EEXIST: "it is never written over: choose another name",
    errno.ENOENT: "make the folder first",
}

_MOUNTS = Path("/proc/self/mountinfo")
_WRITTEN_ANEW = frozenset({"bcachefs", "btrfs", "zfs"})
_OCTAL = re.compile(r"\\([0-7]{3})")


@lru_cache(maxsize=16)
def can_reserve(folder: str) -> bool:
    """Tell whether room that a file was given on its file system is still the file's when the disk is full.

    Where each write takes new room it is not: a store to a mapped file is then a fault (SIGBUS) that kills the process.
    What the system does not tell counts as a file system that can.

    Args:
        folder: An absolute path without links.
    """
    found = (0, "")
    with suppress(OSError):
        for line in _MOUNTS.read_text(errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            place, kind = before.split()[4], after.split()[0]
            place = _OCTAL.sub(lambda code: chr(int(code[1], 8)), place).rstrip("/")
            # Of two at one place the later one is seen.
            if f"{folder}/".startswith(f"{place}/") and len(place) >= found[0]:
                found = (len(place), kind)
    return found[1] not in _WRITTEN_ANEW


def refused(path: Path, error: OSError) -> BenchError:
    """Return the `BenchError` for a refused write to `path`: who refused, why, and what to do about it."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    hint = _HINTS.get(error.errno or 0, "look at the disk that holds this path")
    return BenchError(f"{path}: cannot be written: {reason.lower()}", hint=hint)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an `OSError` inside the block into a `BenchError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise refused(path, error) from error


def write_whole(path: Path, data: bytes, *, to_disk: bool = False) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    Args:
        path: The file.
        data: All that it is to hold.
        to_disk: Wait until it is on the disk itself: then this holds, too, whatever becomes of the power.

    Raises:
        BenchError: the disk refuses; the old file stays.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            draft.write_bytes(data)
            if to_disk:
                sync(draft)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
    if to_disk:
        sync(path.parent)


def bring_to_disk(folder: Path) -> None:
    """Wait until all that lies in a folder, and the names of it, are on the disk itself, whatever becomes of the power.

    Raises:
        BenchError: the disk refuses.
    """
    for root, _, files in os.walk(folder, onerror=_raise):
        place = Path(root)
        for name in files:
            sync(place / name)
        sync(place)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk itself.

    Raises:
        BenchError: the disk refuses.
    """
    with writing(path):
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _raise(error: OSError) -> None:
    raise refused(Path(str(error.filename)), error) from error


def is_locked(file: Path) -> bool:
    """Tell whether a process holds the kernel's lock of a file; no process does of one that cannot be opened.

    Args:
        file: The file; a link or a pipe in its place is not waited for.
    """
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(opened)
    return False
