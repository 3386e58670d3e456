"""What lies in a folder: its files with their sizes and hashes, empty folders, and what is neither file nor folder."""

import hashlib
import os
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import BenchError, UsageError

_AT_ONCE = 4
_DEEPEST = 64
_SHARED = 1 << 20  # files from this size on are worth a thread of their own
_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
)


class UnfitError(UsageError):
    """A file is not of the kind that its name promises."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The content of a folder; paths inside it with `/`, bytes that are no UTF-8 as surrogates (`os.fsdecode`).

    Attributes:
        files: Size in bytes of each regular file.
        odd: What each entry is that is neither a file nor a folder, such as "a link". They are never followed.
        empty: Folders with nothing in them.
    """

    files: dict[str, int] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path) -> "Tree":
        """Return what lies in the folder `root`.

        Raises:
            BenchError: a folder cannot be read, or folders are nested too deeply.
        """
        files: dict[str, int] = {}
        odd: dict[str, str] = {}
        empty: list[str] = []
        waiting = [("", 0)]
        while waiting:
            inside, depth = waiting.pop()
            if depth > _DEEPEST:
                raise BenchError(f"{root / inside}: folders are nested more than {_DEEPEST} deep")
            count = 0
            try:
                with os.scandir(root / inside) as entries:
                    for entry in entries:
                        count += 1
                        path = f"{inside}{entry.name}"
                        if entry.is_symlink():
                            odd[path] = "a link"
                        elif entry.is_dir(follow_symlinks=False):
                            waiting.append((f"{path}/", depth + 1))
                        elif entry.is_file(follow_symlinks=False):
                            files[path] = entry.stat(follow_symlinks=False).st_size
                        else:
                            odd[path] = _kind(entry.stat(follow_symlinks=False).st_mode)
            except OSError as error:
                raise _unreadable(root / inside, error) from error
            if not count and inside:
                empty.append(inside.rstrip("/"))
        return cls(files, odd, tuple(sorted(empty, key=os.fsencode)))


def hashes(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256, in hex, of each of these files below `root`. Large ones are hashed at the same time.

    Raises:
        BenchError: one cannot be read, or is no file any more.
    """
    found: dict[str, str] = {}
    large: list[str] = []
    for path in paths:
        if _size(root / path) < _SHARED:
            found[path] = sha256(root / path)
        else:
            large.append(path)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found |= zip(large, pool.map(lambda path: sha256(root / path), large), strict=True)
    return found


def sha256(path: Path, limit: int | None = None) -> str:
    """Return the SHA-256, in hex, of a file or of its first `limit` bytes.

    Raises:
        BenchError: it cannot be read, or is no regular file.
    """
    try:
        with os.fdopen(
            os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb"
        ) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BenchError(f"{path}: is no file any more")
            if limit is None:
                return hashlib.file_digest(file, "sha256").hexdigest()
            digest = hashlib.sha256()
            while limit > 0 and (piece := file.read(min(limit, 1 << 20))):
                digest.update(piece)
                limit -= len(piece)
            return digest.hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def content(path: Path, limit: int) -> bytes:
    """Return the content of a regular file of at most `limit` bytes.

    Raises:
        BenchError: it cannot be read.
        UnfitError: it is no regular file, or is larger.
    """
    try:
        with os.fdopen(
            os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb"
        ) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnfitError("is no file")
            data = file.read(limit + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > limit:
        raise UnfitError(f"has more than {limit} bytes, which no file of its kind has")
    return data


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _kind(mode: int) -> str:
    return next((name for is_one, name in _KINDS if is_one(mode)), "no file")


def _unreadable(path: Path, error: OSError) -> BenchError:
    return BenchError(
        f"{path}: cannot be read: {(error.strerror or str(error)).lower()}",
        hint="give yourself permission to read it, or take the folder from a copy",
    )
