"""The service's own clock, which tests can move."""

import threading
import time
from datetime import UTC, datetime, timedelta

from harness.errors import UsageError

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9000, 1, 1, tzinfo=UTC)
"""Room is left for what is reckoned from the clock, validities above all: no date is later than the year 9999."""


class Clock:
    """Wall time plus an offset; safe to share between threads.

    Everything the mock decides by time (signatures, challenges, timestamps, validity) is decided by this one
    clock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset_ms = 0

    def now_ms(self) -> int:
        """Return the milliseconds since 1970, UTC."""
        with self._lock:
            return time.time_ns() // 1_000_000 + self._offset_ms

    def offset_ms(self) -> int:
        """Return by how much it was moved, milliseconds."""
        with self._lock:
            return self._offset_ms

    def floor_ms(self) -> int:
        """Return the earlier of wall time and service time: what is older by this is old in both.

        What is forgotten by this time is not missed when a test moves the clock forth and back again.
        """
        with self._lock:
            return time.time_ns() // 1_000_000 + min(self._offset_ms, 0)

    def now(self) -> datetime:
        """Return the same moment as a UTC datetime."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)

    def move(self, by: timedelta) -> None:
        """Move forward, or back with a negative `by`.

        Raises:
            UsageError: The clock would show a time before 1970 or after the year 8999; it stays where it is.
        """
        with self._lock:
            moved = self._offset_ms + by // timedelta(milliseconds=1)
            shown_ms = time.time_ns() // 1_000_000 + moved
            if not _milliseconds(_FIRST) <= shown_ms < _milliseconds(_LAST):
                raise UsageError(
                    f"the service's clock cannot be moved by {by}: it would leave the years 1970 to 8999",
                    hint="move it by less, or start the service again: its clock then shows the present",
                )
            self._offset_ms = moved


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
