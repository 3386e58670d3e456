"""The threads that check run folders and bring them to the disk; who listens to a host waits for neither."""

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from harness.lab.receiving import Arrived, Receiving

_WAIT_FOR_THE_DISK = 8
"""Threads: a disk that is waited for by several at once brings what all of them wrote there together."""

_CHECK = 4


class Checks:
    """Checks run folders of all hosts, few at a time, and brings them to the disk, several at a time.

    Its threads are none that a client waits for when it leaves: what did not come to its end is pulled again.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Receiving, str, Future[Arrived]]] = queue.SimpleQueue()
        # Half of the processors: the others are for those who listen.
        self._free = threading.Semaphore(max(1, min(_CHECK, (os.cpu_count() or 1) // 2)))
        self._threads = [
            threading.Thread(target=self._work, name="checks run folders", daemon=True)
            for _ in range(_WAIT_FOR_THE_DISK)
        ]
        self._lock = threading.Lock()
        self._started = False

    def start(self, receiving: Receiving, verdict: str, done: Callable[[], None]) -> Future[Arrived]:
        """Have a run folder checked and put among the client's runs; return what comes of it.

        Args:
            receiving: Has all of it.
            verdict: What its bench told of the run's end; empty when it told none.
            done: Called when that has ended, in another thread.
        """
        with self._lock:
            if not self._started:
                self._started = True
                for thread in self._threads:
                    thread.start()
        came: Future[Arrived] = Future()
        came.add_done_callback(lambda _: done())
        self._waiting.put((receiving, verdict, came))
        return came

    def _work(self) -> None:
        while True:
            receiving, verdict, came = self._waiting.get()
            try:
                with self._free:
                    receiving.check(verdict)
                came.set_result(receiving.put())
            except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
                came.set_exception(error)
