"""The service's own clock, which tests can move."""

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Wall time plus an offset; safe to share between threads.

    Everything the mock decides by time (signatures, challenges, timestamps, validity) is decided by this one
    clock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        with self._lock:
            return time.time_ns() // 1_000_000 + self._offset_ms

    def floor_ms(self) -> int:
        """The earlier of wall time and service time: what is older by this is old in both.

        What is forgotten by this time is not missed when a test moves the clock forth and back again.
        """
        with self._lock:
            return time.time_ns() // 1_000_000 + min(self._offset_ms, 0)

    def now(self) -> datetime:
        """The same moment as a UTC datetime."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)

    def move(self, by: timedelta) -> None:
        """Move forward, or back with a negative `by`."""
        with self._lock:
            self._offset_ms += by // timedelta(milliseconds=1)
