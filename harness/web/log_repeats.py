"""A log filter that writes a repeated line once a minute."""

import logging
import threading
import time

QUIET_S = 60.0
_REMEMBERED = 64


class RepeatFilter(logging.Filter):
    """Lets a line through once in `QUIET_S` seconds, with the number of those that it kept back since.

    A peer that sends rubbish all the time would otherwise fill the disk with one line for each request.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._last: dict[tuple[int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether `record` is written."""
        error = record.exc_info[0] if record.exc_info else None
        line = (record.levelno, f"{record.msg} {error}")
        now = time.monotonic()
        with self._lock:
            since, kept_back = self._last.get(line, (0.0, -1))
            if kept_back >= 0 and now - since < QUIET_S:
                self._last[line] = (since, kept_back + 1)
                return False
            if len(self._last) >= _REMEMBERED:
                self._last.clear()
            self._last[line] = (now, 0)
        if kept_back > 0:
            record.msg = f"{record.msg} (and {kept_back} times more)"
        return True
