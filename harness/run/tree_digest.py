r"""One SHA-256 for a whole folder, which anyone can compute again with find, sort and sha256sum.

    cd FOLDER
    find -L . -name __pycache__ -prune -o -type f ! -name '*.pyc' -printf '%P\n' | LC_ALL=C sort |
        tr '\n' '\0' | xargs -0 sha256sum | sha256sum

That is: the SHA-256 of every file, two blanks and its path, one line each, sorted by the bytes of the paths; and the
SHA-256 of these lines. Links are followed, a circle of them is not; compiled Python counts for nothing.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError

_COMPILED = "__pycache__"
_PART = 1 << 20  # bytes that are read at a time; nearly every file is shorter


@dataclass(frozen=True, slots=True)
class TreeDigest:
    """What a folder holds, in one digest.

    Attributes:
        sha256: The digest, hex.
        files: How many files it is made of.
    """

    sha256: str
    files: int


def tree_digest(folder: Path, *, without: frozenset[str] = frozenset()) -> TreeDigest:
    """Return the digest of a folder.

    Args:
        folder: The folder.
        without: Folders right below it that are left out.

    Raises:
        BenchError: A file in it cannot be read.
    """
    try:
        paths = sorted(_files(os.fsencode(folder), b"", without, frozenset()))
        lines = hashlib.sha256()
        top = os.path.join(os.fsencode(folder), b"")  # noqa: PTH118 - bytes
        for path in paths:
            lines.update(f"{file_digest(top + path).hexdigest()}  ".encode() + path + b"\n")
    except OSError as error:
        raise BenchError(f"{error.filename!s:.200}: cannot be read: {error.strerror}") from error
    return TreeDigest(lines.hexdigest(), len(paths))


def file_digest(path: bytes | str) -> "hashlib._Hash":
    """Return the SHA-256 of a file.

    Raises:
        OSError: It cannot be read.
    """
    # Without the buffers and objects of a file: a run looks at a thousand files before it begins.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        digest = hashlib.sha256()
        while part := os.read(file, _PART):
            digest.update(part)
        return digest
    finally:
        os.close(file)


def _files(top: bytes, below: bytes, without: frozenset[str], above: frozenset[str]) -> Iterator[bytes]:
    """Give the path of each file of a folder, as bytes below `top`."""
    folder = os.path.join(top, below)  # noqa: PTH118 - bytes
    real = os.path.realpath(os.fsdecode(folder))
    if real in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            name = os.fsdecode(entry.name)
            path = os.path.join(below, entry.name)  # noqa: PTH118 - bytes
            if entry.is_dir():
                if name != _COMPILED and (below or name not in without):
                    yield from _files(top, path, without, above | {real})
            elif entry.is_file() and not name.endswith(".pyc"):
                yield path
