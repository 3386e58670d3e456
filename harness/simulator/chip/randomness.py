"""Where a simulated device takes its random bytes from: the system, or a seed that makes a run repeatable."""

import hashlib
import secrets
import threading
from collections.abc import Callable

RandomSource = Callable[[int], bytes]
"""Takes a number of bytes and returns that many."""


def system_random(size: int) -> bytes:
    """Return `size` bytes from the operating system."""
    return secrets.token_bytes(size)


class SeededRandom:
    """A repeatable byte stream: the same seed gives the same bytes, however they are cut into calls.

    Not for anything that must be secret.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed.to_bytes(32, "big", signed=True)
        self._counter = 0
        self._rest = b""
        self._lock = threading.Lock()  # one chip may serve several connections at once

    def __call__(self, size: int) -> bytes:
        """Return the next bytes of the stream."""
        with self._lock:
            while len(self._rest) < size:
                block = self._seed + self._counter.to_bytes(8, "big")
                self._rest += hashlib.sha256(block).digest()
                self._counter += 1
            taken, self._rest = self._rest[:size], self._rest[size:]
            return taken
