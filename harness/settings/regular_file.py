"""Reads a small file that a person named: a regular one, bounded, never waiting for a writer."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from harness.errors import UsageError


def read(path: Path, limit: int, *, check: Callable[[os.stat_result], None] | None = None) -> bytes:
    """Return the bytes of the file at `path`.

    Args:
        path: The file.
        limit: Most bytes that it may hold.
        check: Looks at the opened file's status before it is read, and raises if it does not like it.

    Raises:
        FileNotFoundError: There is no such file.
        IsADirectoryError: It is a folder.
        UsageError: It cannot be read, is not a regular file, or is too large; the message starts with `path`.
    """
    try:
        # Without O_NONBLOCK a named pipe would wait for its writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path}: is not a regular file")
        if check is not None:
            check(status)
        return _read(descriptor, path, limit)
    finally:
        os.close(descriptor)


def reason(error: OSError | ValueError) -> str:
    """Return why a file cannot be read, in words."""
    if not isinstance(error, OSError) or not error.errno:
        return "not a usable file name"
    if error.errno == errno.ELOOP:
        return "its symbolic links go in a circle"
    return os.strerror(error.errno).lower()


def _read(descriptor: int, path: Path, limit: int) -> bytes:
    data = b""
    try:
        while len(data) <= limit and (piece := os.read(descriptor, limit + 1 - len(data))):
            data += piece
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    if len(data) > limit:
        raise UsageError(f"{path}: is larger than {limit // 1024} KiB")
    return data
