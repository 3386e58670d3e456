"""What templates of the bench page say with: times, durations, addresses, and what a campaign came to."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from harness.bench_page.boards import problems
from harness.bench_page.watching import Watched
from harness.campaign.health.state import Health
from harness.progress.state import BoardState
from harness.report.text import folder_title, one_line, seconds
from harness.run.verdict import Verdict


def moment(since_1970: float | None) -> str:
    """Return a time as people read it, UTC."""
    if not since_1970:
        return "–"  # noqa: RUF001 - a dash for "none"
    try:
        return datetime.fromtimestamp(since_1970, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return "–"  # noqa: RUF001 - as above


def time_of_day(since_1970: float) -> str:
    """Return the time of day with milliseconds, UTC."""
    try:
        return datetime.fromtimestamp(since_1970, UTC).strftime("%H:%M:%S.%f")[:-3]
    except (OverflowError, OSError, ValueError):
        return ""


def iso(text: str) -> str:
    """Return a time that stands in a run, as people read it."""
    plain = one_line(text, 40).replace("T", " ").removesuffix("Z").removesuffix("+00:00")
    return plain.partition(".")[0] or "–"  # noqa: RUF001 - as above


def clock(duration: float) -> str:
    """Return seconds as a clock shows them: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(max(0, int(min(duration, 1e9))), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ends_at(board: BoardState, now: float) -> float | None:
    """Return when the run of a board may end, seconds since 1970; None when there is nothing to guess it from."""
    left = board.seconds_left(now)
    return None if left is None else now + left


def done_of(board: BoardState) -> int:
    """Return how many of the scenarios that apply are over."""
    return sum(one in board.finished for one in board.planned)


def is_due(health: Health, now: float) -> bool:
    """Tell whether a board that is set aside may be tried again."""
    return health.due(datetime.fromtimestamp(now, UTC))


def verdict_of(watched: Watched) -> str:
    """Return what a campaign that has ended came to: a verdict, `stopped`, or `lost` when its process is gone."""
    code = watched.state.exit_code
    if watched.state.ended is None:
        return "lost"
    return {0: "passed", 1: "failed", 3: "blocked", 4: "error", 5: "incomplete"}.get(
        -1 if code is None else code, "stopped"
    )


_MARKS = frozenset(
    {
        "official",
        "partly simulated",
        "simulated",
        "mock",
        "replay",
        "faults on purpose",
        "no end",
        "no manifest",
        "approved",
        "sealed",
        "altered",
    }
)
_VERDICTS = frozenset(each.value for each in Verdict)

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "moment": moment,
    "time_of_day": time_of_day,
    "iso": iso,
    "clock": clock,
    "ends_at": ends_at,
    "done_of": done_of,
    "is_due": is_due,
    "verdict_of": verdict_of,
    "duration": seconds,
    "line": one_line,
    "problems": problems,
    "step_title": folder_title,
    "known_marks": lambda: _MARKS,
    "known_verdicts": lambda: _VERDICTS,
    "part": lambda text: quote(str(text), safe=""),
}
"""By the names that templates use."""
