"""Whose turn it is to read a console: the background thread's, or that of the thread which expects."""

import threading
import time

GRACE = 0.002
"""Seconds that the background thread waits for the caller to come back before it reads on."""


class Turn:
    """Passes the right to read between the background thread and a caller, without a race or a queue.

    A question and its answer are fastest when the thread that asks also reads: nobody has to be woken. So
    the background thread, once it has served a match, rests for a moment; a caller who comes back meanwhile
    takes the turn, and reads for himself as long as he keeps coming back within the grace. When he stays
    away, the background thread reads on. Bytes that come in between wait in the system's buffer, and are
    stamped that much later.

    All methods but `rest` are called with the console's lock held.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._resting = False
        self._caller_reads = False
        self._caller_left = 0.0
        self._ended = False
        self._waits_for_bell = False  # and for nothing else: no time limit will end its wait
        self._bell = threading.Lock()
        self._bell.acquire()

    def take(self) -> bool:
        """Take the turn for the caller, if the background thread rests."""
        self._caller_reads = self._resting and not self._ended
        return self._caller_reads

    def give_back(self) -> None:
        """End the caller's turn; his grace begins."""
        self._caller_reads = False
        self._caller_left = time.monotonic()
        if self._waits_for_bell:
            self._ring()

    def offer(self) -> None:
        """Begin the rest of the background thread; it calls `rest` next."""
        self._resting = True
        self._caller_left = time.monotonic()

    def end(self) -> None:
        """End every rest, now and later: the port is closed or gone."""
        self._ended = True
        self._ring()

    def rest(self) -> None:
        """Wait, in the background thread, until it is its turn again."""
        while True:
            with self._lock:
                left = self._caller_left + GRACE - time.monotonic()
                if self._ended or (left <= 0 and not self._caller_reads):
                    self._resting = False
                    return
                self._waits_for_bell = self._caller_reads
                limit = -1 if self._waits_for_bell else left
            self._bell.acquire(timeout=limit)

    def _ring(self) -> None:
        self._waits_for_bell = False
        if self._bell.locked():  # else it has rung already, and is not yet heard
            self._bell.release()
