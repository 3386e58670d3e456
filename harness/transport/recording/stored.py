"""The bytes of a recording as they are stored: those of the file, and behind them those of its tail."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Self

from harness.errors import BenchError, UsageError
from harness.transport.recording.format import TAIL_HEAD, TAIL_MAGIC, TAIL_SIZE, tail_of

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a named pipe is not waited for
_TRIES = 100  # a tail is looked at again while its writer carries it over


class Stored:
    """A recording, opened for reading. What was written before it was opened counts, and nothing later.

    Attributes:
        path: The file.
        size: Bytes of the file and its tail together.
    """

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        """Open the file, and take what its tail holds.

        Args:
            path: The file.
            follow: Whether a link may lead to it.

        Raises:
            BenchError: It cannot be read.
            UsageError: It is no regular file, or its tail is damaged.
        """
        self.path = path
        try:
            self._file = os.open(path, _FLAGS | (0 if follow else os.O_NOFOLLOW))
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        try:
            self._at, self._tail = self._settled()
        except BaseException:
            os.close(self._file)
            raise
        self.size = self._at + len(self._tail)

    @property
    def status(self) -> os.stat_result:
        """What the file system says of the file."""
        return os.fstat(self._file)

    def read(self, at: int, size: int) -> bytes:
        """Return up to `size` bytes from an offset on; fewer only at the end.

        Raises:
            BenchError: The file cannot be read.
        """
        data = b""
        try:
            while at < self._at and size:
                piece = os.pread(self._file, min(size, self._at - at), at)
                if not piece:
                    return data  # somebody has cut the file meanwhile
                data = data + piece if data else piece
                at += len(piece)
                size -= len(piece)
        except OSError as error:
            raise self._unreadable(error) from error
        if size and self._tail:
            data += self._tail[at - self._at : at - self._at + size]
        return data

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _settled(self) -> tuple[int, bytes]:
        """Return how many bytes of the file count, and what comes behind them."""
        if stat.S_ISDIR(self.status.st_mode):
            raise self._unreadable(IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
        if not stat.S_ISREG(self.status.st_mode):
            raise UsageError(f"{self.path}: is not a regular file")
        for _ in range(_TRIES):
            before = self._tail_now()
            size = self.status.st_size
            if before is None:
                if self._tail_now() is None:
                    return self.status.st_size, b""
                continue
            at, records = before
            after = self._tail_now()
            if after is None or after[0] != at or len(after[1]) < len(records):
                continue  # carried over meanwhile
            if records or not after[1]:
                return self._joined(at, records, size)
        raise UsageError(f"{tail_of(self.path)}: changes all the time")

    def _joined(self, at: int, records: bytes, size: int) -> tuple[int, bytes]:
        if not records:
            return size, b""
        over = size - at  # what its writer was carrying over
        if not 0 <= over <= len(records) or os.pread(self._file, over, at) != records[:over]:
            raise UsageError(
                f"{tail_of(self.path)}: does not fit to {self.path.name}",
                hint="one of the two was changed or is of another run",
            )
        return at, records

    def _tail_now(self) -> tuple[int, bytes] | None:
        path = tail_of(self.path)
        with suppress(FileNotFoundError, NotADirectoryError):
            try:
                file = os.open(path, _FLAGS | os.O_NOFOLLOW)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise self._unreadable(error) from error
            try:
                regular = stat.S_ISREG(os.fstat(file).st_mode)
                data = os.pread(file, TAIL_SIZE, 0) if regular else b""
            finally:
                os.close(file)
            if len(data) < TAIL_HEAD.size:
                return (0, b"") if regular and not any(data) else self._damaged()
            magic, length, at = TAIL_HEAD.unpack_from(data)
            if not any(data[: TAIL_HEAD.size]):
                return 0, b""  # its writer was killed while it made it
            if magic != TAIL_MAGIC or length > len(data) - TAIL_HEAD.size:
                return self._damaged()
            return at, data[TAIL_HEAD.size : TAIL_HEAD.size + length]
        return None

    def _damaged(self) -> tuple[int, bytes]:
        raise UsageError(
            f"{tail_of(self.path)}: is no tail of a recording",
            hint="move it away to read what the recording has without it",
        )

    def _unreadable(self, error: OSError | ValueError) -> BenchError:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return BenchError(f"{self.path}: cannot be read: {cause.lower()}")
