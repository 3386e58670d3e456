"""The tail of a recording: a file in memory, where each record is safe at once and costs no call of the kernel.

What stands in a shared mapping is the kernel's: it stays when the process is killed, as what was written does. The
tail is small and always the same pages, so that none has to be made for a record; what it holds is carried over to
the recording in one write when it is full.
"""

import mmap
import os
import sys
from contextlib import suppress
from pathlib import Path

from harness.disk import can_reserve
from harness.transport.recording.format import TAIL_HEAD, TAIL_MAGIC, TAIL_SIZE, tail_of

_LENGTH, _AT = 0, 1


class Tail:
    """A tail.

    Attributes:
        memory: Its bytes.
        begin: Where the first record begins in them.
    """

    begin = TAIL_HEAD.size

    def __init__(self, path: Path, at: int) -> None:
        """Make the tail of a recording.

        Args:
            path: The recording.
            at: How many bytes it has.

        Raises:
            FileExistsError: There is one.
            OSError: The file system cannot map files, has no room or cannot keep it, or numbers lie the other way round
                here.
        """
        if sys.byteorder != "little":
            raise OSError("the head of a tail is little-endian")
        self._path = tail_of(path)
        if not os.path.lexists(self._path) and not can_reserve(os.path.realpath(path.parent)):
            raise OSError("the file system cannot keep room for a mapped file")
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            # All its room now: on a disk that is full later a store would be a fault that kills the process.
            os.posix_fallocate(file, 0, TAIL_SIZE)
            self.memory = mmap.mmap(file, TAIL_SIZE)
        except BaseException:
            with suppress(OSError):
                self._path.unlink()
            raise
        finally:
            os.close(file)
        TAIL_HEAD.pack_into(self.memory, 0, TAIL_MAGIC, 0, at)
        self._view = memoryview(self.memory)
        self._numbers = self._view[len(TAIL_MAGIC) : TAIL_HEAD.size].cast("Q")

    @property
    def numbers(self) -> memoryview:
        """What its head says; the first is how many bytes of records count. A store to it is whole or not at all."""
        return self._numbers

    @property
    def records(self) -> memoryview:
        """The records that count."""
        return self._view[self.begin : self.begin + self._numbers[_LENGTH]]

    def clear(self, at: int) -> None:
        """Let the records go, which are in the recording now; it has so many bytes."""
        self._numbers[_LENGTH] = 0  # first: what has another place and still counts would be read twice
        self._numbers[_AT] = at

    def close(self, *, remove: bool) -> None:
        """Give the memory back, and remove the file."""
        if remove:
            with suppress(OSError):
                self._path.unlink()
        self._numbers.release()
        self._view.release()
        self.memory.close()
