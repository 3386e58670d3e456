"""How many hosts begin at once: each of them begins all its boards, and the client hears of them all together."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AT_ONCE = 8
LONGEST_S = 3.0
"""Seconds that a host waits for its turn; then it begins anyway, as those before it may hang."""

_LOOK_S = 0.05


class Turns:
    """Gives few hosts at once the turn to begin."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = threading.Semaphore(at_once)

    @contextmanager
    def turn(self, wait: Callable[[float], object]) -> Iterator[None]:
        """Wait for a turn, and have it within the block.

        Args:
            wait: Waits for at most so many seconds.
        """
        deadline = time.monotonic() + LONGEST_S
        while not (mine := self._free.acquire(blocking=False)) and time.monotonic() < deadline:
            wait(_LOOK_S)
        try:
            yield
        finally:
            if mine:
                self._free.release()
