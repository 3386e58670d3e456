"""How often the boards of a campaign run: so many rounds, or for a time; and when no more begin."""

import re
import time
from dataclasses import dataclass

from harness.errors import UsageError
from harness.run.verdict import Verdict

MOST = 1_000_000
OVER = "its time is over"
"""Why no more rounds begin when the time is over in which they do."""
_TIME = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s?)?")
_FAILED = frozenset({Verdict.FAILED, Verdict.ERROR})


@dataclass(frozen=True, slots=True)
class Rounds:
    """What is asked.

    Attributes:
        repeat: How many rounds; None when only the time counts.
        seconds: For how long rounds begin; None for no limit.
        stop_on_failure: Whether no more begin when a run has failed, was broken by the harness, or lost its process.
    """

    repeat: int | None = 1
    seconds: float | None = None
    stop_on_failure: bool = False

    @classmethod
    def read(cls, repeat: int | None, time_text: str, *, stop_on_failure: bool) -> "Rounds":
        """Read what the options say.

        Raises:
            UsageError: A number or a time is none.
        """
        if repeat is not None and not 1 <= repeat <= MOST:
            raise UsageError(f"--repeat {repeat}: must be 1 to {MOST}")
        seconds = None if not time_text else seconds_in(time_text)
        if repeat is None and seconds is None:
            return cls(stop_on_failure=stop_on_failure)
        return cls(repeat, seconds, stop_on_failure)

    @property
    def several(self) -> bool:
        """Whether a board may run more than once."""
        return self.repeat != 1


def seconds_in(text: str) -> float:
    """Return the seconds of a time such as `30s`, `90m`, `8h`, `2d` or `1h30m`; a bare number counts seconds.

    Raises:
        UsageError: It is no such time, or 0.
    """
    found = _TIME.fullmatch(text.strip()) if text.isascii() else None
    days, hours, minutes, rest = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    if not total:
        raise UsageError(f"--for {text[:40]!r}: is no time", hint="write it as 30s, 90m, 8h or 1h30m")
    return float(total)


class Going:
    """Decides whether one more round of a board begins.

    Args:
        rounds: What is asked.
    """

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._began = time.monotonic()
        self.ended = ""
        """Why no more rounds begin; empty while they do, or when all have been."""

    def another(self, round_: int) -> bool:
        """Return whether one more begins after this round of a board, counted from 1."""
        if self.ended or (self._rounds.repeat is not None and round_ >= self._rounds.repeat):
            return False
        limit = self._rounds.seconds
        if limit is not None and time.monotonic() - self._began >= limit:
            self.ended = OVER
            return False
        return True

    def take(self, board: str, verdict: str, *, lost: bool) -> None:
        """Take what a round came to."""
        if self._rounds.stop_on_failure and not self.ended and (lost or verdict in _FAILED):
            self.ended = f"{board} {'lost its process' if lost else verdict}, and --stop-on-failure was given"
