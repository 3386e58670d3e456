"""The threads that check run folders, apart from those that listen to hosts: no line of progress waits for a check."""

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from harness.lab.receiving import Arrived

_MOST = 4


class Checks:
    """Checks run folders of all hosts, few at a time.

    Its threads are none that a client waits for when it leaves: what was not checked to its end is pulled again.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Callable[[], Arrived], Future[Arrived]]] = queue.SimpleQueue()
        # Half of the processors: the others are for those who listen.
        self._threads = [
            threading.Thread(target=self._work, name="checks run folders", daemon=True)
            for _ in range(max(1, min(_MOST, (os.cpu_count() or 1) // 2)))
        ]
        self._lock = threading.Lock()
        self._started = False

    def start(self, check: Callable[[], Arrived], done: Callable[[], None]) -> Future[Arrived]:
        """Have a run folder checked; return what comes of it.

        Args:
            check: Checks it.
            done: Called when that has ended, in another thread.
        """
        with self._lock:
            if not self._started:
                self._started = True
                for thread in self._threads:
                    thread.start()
        came: Future[Arrived] = Future()
        came.add_done_callback(lambda _: done())
        self._waiting.put((check, came))
        return came

    def _work(self) -> None:
        while True:
            check, came = self._waiting.get()
            try:
                came.set_result(check())
            except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
                came.set_exception(error)
