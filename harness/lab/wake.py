"""Ends the wait of a thread that listens to a host, from another thread."""

import os
from contextlib import suppress


class Wake:
    """Something to wait for beside a connection; it outlives connections, so whoever sets it wakes no other one."""

    def __init__(self) -> None:
        self._file = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def __del__(self) -> None:
        with suppress(OSError):
            os.close(self._file)

    def fileno(self) -> int:
        """Return what `select` takes."""
        return self._file

    def set(self) -> None:
        """End the wait, or the next one."""
        os.eventfd_write(self._file, 1)

    def clear(self) -> None:
        """Let the next wait be one."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._file)
