"""Reads and writes a non-blocking file descriptor, and can be woken from another thread."""

import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from harness.errors import BenchError

_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
_LONGEST = 1e6  # seconds; poll() takes no infinity
_FULL = 4095  # bytes that a tty gives at once when it has more
_BLOCKED = 10.0  # seconds without taking one byte, after which a write gives up


class Descriptor:
    """A stream over a file descriptor.

    One thread may read while another writes. `close` may be called from any thread and more than once: it
    wakes who waits, and the descriptor is released only after they have left, so that its number is not
    reused under them. Nothing here sleeps or polls by the clock.
    """

    def __init__(self, fileno: int, place: str, release: Callable[[], None], *, gone: str) -> None:
        """Take a descriptor that is already non-blocking.

        Args:
            fileno: The descriptor.
            place: What it is, for messages: `port /dev/ttyUSB0`.
            release: Closes the descriptor.
            gone: The next thing to try when the far end is gone, for messages.
        """
        self._fileno = fileno
        self._place = place
        self._release = release
        self._gone_hint = gone
        self._wake_reading, self._wake_writing = os.pipe()
        self._closed = False
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._closing = threading.Lock()
        self._readable = self._poll(select.POLLIN)
        self._writable = self._poll(select.POLLOUT)

    def read(self, limit: int, timeout: float) -> bytes:
        """Return up to `limit` bytes, b"" when none came within `timeout` seconds.

        Raises:
            BenchError: closed, or the device is gone.
        """
        with self._reading:
            left = timeout if timeout < _LONGEST else _LONGEST  # noqa: FURB136 - a call, at each read
            deadline = time.monotonic() + left
            while left >= 0:
                if self._closed:
                    raise self._closed_error()
                ready = self._readable.poll(left * 1000)
                if self._closed:
                    raise self._closed_error()
                if not ready:
                    return b""
                try:
                    data = os.read(self._fileno, limit)
                except BlockingIOError:  # another program took the bytes
                    left = deadline - time.monotonic()
                    continue
                except OSError as error:
                    raise self._gone(error) from error
                if not data:
                    raise self._gone(None)
                return self._more(data, limit) if _FULL <= len(data) < limit else data
            return b""

    def _more(self, first: bytes, limit: int) -> bytes:
        """Add what else is waiting: a tty gives 4 KiB at a time, and each pass through the layers costs."""
        parts = [first]
        length = len(first)
        while length < limit:
            try:
                part = os.read(self._fileno, limit - length)
            except OSError:  # nothing more, or gone: the next read will tell
                break
            if not part:
                break
            parts.append(part)
            length += len(part)
            if len(part) < _FULL:
                break
        return b"".join(parts)

    def write(self, data: bytes) -> None:
        """Write all of `data`.

        Raises:
            BenchError: closed, the device is gone, or it takes no bytes (flow control).
        """
        with self._writing:
            if self._closed:
                raise self._closed_error()
            rest: bytes | memoryview = data
            while rest:
                try:
                    written = os.write(self._fileno, rest)
                except BlockingIOError:
                    self._await_room(len(rest))
                    continue
                except OSError as error:
                    raise self._gone(error) from error
                if written == len(rest):
                    return
                rest = memoryview(rest)[written:]

    def _await_room(self, size: int) -> None:
        ready = self._writable.poll(_BLOCKED * 1000)
        if self._closed:
            raise self._closed_error()
        if not ready:
            raise BenchError(
                f"{self._place}: took no byte for {_BLOCKED:.0f} s, {size} are not written",
                hint="check flow control and whether the board reads this port",
            )

    def close(self) -> None:
        """Wake whoever waits, wait until they have left, and release the descriptor."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            with suppress(OSError):
                os.write(self._wake_writing, b"!")
            with self._reading, self._writing:
                self._release()
                os.close(self._wake_reading)
                os.close(self._wake_writing)

    def _poll(self, event: int) -> select.poll:
        poll = select.poll()
        poll.register(self._fileno, event)
        poll.register(self._wake_reading, select.POLLIN)
        return poll

    def _closed_error(self) -> BenchError:
        return BenchError(f"{self._place}: closed")

    def _gone(self, error: OSError | None) -> BenchError:
        cause = error.strerror.lower() if error and error.strerror else "end of stream"
        return BenchError(f"{self._place}: the device is gone ({cause})", hint=self._gone_hint)
