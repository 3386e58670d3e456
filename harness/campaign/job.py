"""One board's turn in a campaign, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """One board once.

    Attributes:
        name: The board's name in the campaign, unique there.
        number: Which of the campaign's boards it is, from 0.
        round: Which repetition, from 1.
        places: What no other board may use meanwhile.
        locks: What the kernel locks, which another process may hold.
        most_silent_s: Seconds without any sign after which its process is ended; None for never.
        not_before: When it may start at the earliest, by the monotonic clock.
        closes: Name of the run folder that a lost process has left: all that is to be done is to close it. Else empty.
        reason: What became of that process.
    """

    name: str
    number: int
    round: int = 1
    places: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    most_silent_s: float | None = None
    not_before: float = 0.0
    closes: str = ""
    reason: str = ""


@dataclass(slots=True)
class Ended:
    """What became of a board's turn.

    Attributes:
        job: Whose.
        code: Its exit code; None when its turn never came.
        result: What its process handed over at its end; None when the process was lost or never begun.
        lost: What became of a process that did not come to its end; empty for one that did.
        folder: The run folder's name; empty when there is none.
        output: What its process wrote to stdout and stderr, the last of it.
        not_begun: Why its turn never came; empty when it did.
        not_closed: Why the run folder that a lost process left could not be closed; empty when it was, or need not be.
    """

    job: Job
    code: int | None = None
    result: Mapping[str, Any] | None = None
    lost: str = ""
    folder: str = ""
    output: str = ""
    not_begun: str = ""
    not_closed: str = ""
