"""Files that were uploaded and wait for a person's word; in memory alone, as keys are in them."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from harness.service.mock.importing.importing import FileToImport

KEPT_S = 30 * 60.0
_FILES_MAX = 16
_ROWS_MAX = 60_000


@dataclass(frozen=True, slots=True)
class _Waiting:
    browser: str
    file: FileToImport
    until: float


class PendingImports:
    """The files that wait, each for the browser that sent it; for too many files or rows the oldest go."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Start with none.

        Args:
            now: Seconds that only grow.
        """
        self._now = now
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    def add(self, browser: str, file: FileToImport) -> str:
        """Keep a file, and return the name to ask for it by."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._waiting[name] = _Waiting(browser, file, self._now() + KEPT_S)
            while len(self._waiting) > _FILES_MAX or self._rows() > _ROWS_MAX:
                self._waiting.popitem(last=False)
        return name

    def find(self, browser: str, name: str) -> FileToImport | None:
        """Return a file; None when it has gone, or is another browser's."""
        with self._lock:
            found = self._waiting.get(name)
            if found is None or found.browser != browser:
                return None
            if found.until <= self._now():
                del self._waiting[name]
                return None
            return found.file

    def _rows(self) -> int:
        return sum(len(each.file.rows) for each in self._waiting.values())

    def drop(self, name: str) -> None:
        """Forget a file."""
        with self._lock:
            self._waiting.pop(name, None)
