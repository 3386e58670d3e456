"""How a board has been of late, and when one is set aside: pure functions of what its runs came to."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from harness.run.verdict import Verdict

IN_A_ROW = 2
"""Blocked runs in a row after which a board is set aside."""

FIRST_REST = timedelta(minutes=15)
LONGEST_REST = timedelta(hours=8)
"""How long a board is set aside: twice as long each time that it is blocked again, up to the longest."""

_REACHED = frozenset({Verdict.PASSED, Verdict.FAILED, Verdict.INCOMPLETE})
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a board's health.

    Attributes:
        board: Name of the board.
        blocked: How many of its last runs were blocked, in a row.
        reason: Why the last of them was; empty when none was.
        run: The run folder's name of the last of them.
        since: When the board was set aside, UTC, ISO 8601; empty when it is not.
        until: When it may be tried again.
        times: How often it was set aside since it was last reached.
        out_of_reach: Whether the machine could not reach what the board file names when it was set aside.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore"}

    board: str
    blocked: int = 0
    reason: str = ""
    run: str = ""
    since: str = ""
    until: str = ""
    times: int = 0
    out_of_reach: bool = False

    @property
    def set_aside(self) -> bool:
        """Whether it is set aside, be it to be tried again now or later."""
        return bool(self.since)

    def due(self, now: datetime) -> bool:
        """Whether a board that is set aside may be tried again."""
        try:
            left = datetime.fromisoformat(self.until).astimezone(UTC) - now
        except (ValueError, OverflowError):
            return True
        # Farther away than anything that is ever set: the clock was wrong then, or is now.
        return left <= timedelta() or left > 2 * LONGEST_REST

    def words(self, now: datetime) -> str:
        """Return its state in words: `healthy`, `blocked once`, `set aside until …`."""
        if self.set_aside:
            if self.due(now):
                return f"set aside, to be tried again now; blocked {_times(self.blocked)}"
            return f"set aside until {clock(self.until, now)}; blocked {_times(self.blocked)}"
        return f"blocked {_times(self.blocked)}" if self.blocked else "healthy"


def after_run(
    health: Health,
    verdict: str,
    *,
    now: datetime,
    reason: str = "",
    run: str = "",
    interrupted: bool = False,
    out_of_reach: bool = False,
) -> Health:
    """Return the health of a board after one more run.

    A run that reached the board makes it healthy, whatever it found. What is no word about the bench (a run that was
    interrupted, that the harness broke, or that asked nothing of the board) changes nothing.

    Args:
        health: Its health before.
        verdict: Verdict of the run.
        now: This moment.
        reason: Why the run was blocked.
        run: Name of its folder.
        interrupted: Whether it ended early.
        out_of_reach: Whether the machine could not reach what the board file names.
    """
    # Of an incomplete run that was interrupted, or that nothing could reach, perhaps nothing was asked of the board.
    if verdict in _REACHED and not ((interrupted or out_of_reach) and verdict == Verdict.INCOMPLETE):
        return Health(health.board)
    if verdict != Verdict.BLOCKED or interrupted:
        return health
    blocked = replace(health, blocked=health.blocked + 1, reason=reason[:_LONGEST_REASON], run=run)
    if blocked.blocked < IN_A_ROW:
        return blocked
    return _at_rest(blocked, now, out_of_reach=out_of_reach)


def still_out_of_reach(health: Health, problem: str, *, now: datetime) -> Health:
    """Return the health of a board that was to be tried again, and that the machine still cannot reach."""
    return _at_rest(replace(health, reason=problem[:_LONGEST_REASON]), now, out_of_reach=True)


def _at_rest(health: Health, now: datetime, *, out_of_reach: bool) -> Health:
    rest = min(FIRST_REST * 2 ** min(health.times, 10), LONGEST_REST)
    return replace(
        health,
        since=health.since or _iso(now),
        until=_iso(now + rest),
        times=health.times + 1,
        out_of_reach=out_of_reach,
    )


def clock(moment: str, now: datetime) -> str:
    """Return a moment as a person reads it: the time, with the day when it is another one; UTC."""
    try:
        when = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return "an unknown time"
    return f"{when:%H:%M} UTC" if when.date() == now.date() else f"{when:%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _times(count: int) -> str:
    return {1: "once", 2: "twice in a row"}.get(count, f"{count} times in a row")
