"""How many boards run at a time: what -j takes, or as many as processor and memory allow."""

import os
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

_BOARD_MB = 120  # memory that a board's process may come to take
_BOARDS_PER_CORE = 4  # a run on a device mostly waits
_NO_SIGN_S = 3600.0


@dataclass(frozen=True, slots=True)
class Jobs:
    """How boards run side by side.

    Attributes:
        at_once: How many at a time; None to choose.
        lost_after_s: Seconds without any sign of a board after which it is given up.
    """

    at_once: int | None = None
    lost_after_s: float = _NO_SIGN_S

    @classmethod
    def read(cls, text: str, lost_after_s: float) -> "Jobs":
        """Read what -j takes: a number, or auto.

        Raises:
            UsageError: It is neither.
        """
        if text == "auto":
            return cls(None, lost_after_s)
        if text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) <= 4:
            return cls(int(text), lost_after_s)
        raise UsageError(f"-j {text[:40]!r}: must be a number from 1 to 9999, or auto", hint="try -j auto")

    def number(self, boards: int) -> int:
        """Return how many of so many boards run at a time."""
        if self.at_once is not None:
            return max(1, min(self.at_once, boards))
        cores = len(os.sched_getaffinity(0))
        return max(1, min(boards, _BOARDS_PER_CORE * cores, _megabytes_free() // _BOARD_MB))


def _megabytes_free() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    except (OSError, ValueError, IndexError):
        pass
    return _BOARD_MB * 4
