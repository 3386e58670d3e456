"""Follows a campaign by its events, and writes down what each run says of its board's health."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from harness.board.opening.locks import IN_USE
from harness.campaign.health.state import Health, after_run, clock
from harness.campaign.health.store import HealthStore
from harness.errors import HarnessError
from harness.report.text import one_line
from harness.run.verdict import Verdict

HEALTH = "health"
"""The event of a board whose health has changed: `state`, `reason`, `until`."""

SET_ASIDE, HEALTHY = "set aside", "healthy"

Write = Callable[..., None]


class HealthWatch:
    """Takes the events of a campaign in their order.

    Args:
        store: Where the health of boards is kept.
        out_of_reach: Boards whose devices the machine could not reach before the campaign.
        on_trouble: Told once, in a sentence, when it cannot be written: the campaign goes on without it.
    """

    def __init__(
        self, store: HealthStore, out_of_reach: Collection[str], on_trouble: Callable[[str], None]
    ) -> None:
        self._store = store
        self._out_of_reach = frozenset(out_of_reach)
        self._on_trouble = on_trouble
        self._reasons: dict[str, str] = {}
        self.said: list[str] = []
        """What is to be said at the end: which boards were set aside by these runs."""
        self._broken = False

    def take(self, event: Mapping[str, Any], write: Write) -> None:
        """Take one event, and tell by `write` when a board is set aside or healthy again."""
        board = str(event.get("board", ""))
        match event.get("event"):
            case "board_started":
                self._reasons.pop(board, None)
            case "scenario_finished" if event.get("verdict") == Verdict.BLOCKED:
                self._reasons.setdefault(board, str(event.get("reason", "")))
            case "run_finished":
                self._run_finished(board, event, write)

    def _run_finished(self, board: str, event: Mapping[str, Any], write: Write) -> None:
        if self._broken:
            return
        now = datetime.now(UTC)
        verdict = str(event.get("verdict", ""))
        reason = self._reasons.get(board, "") or "its run was blocked"
        if verdict == Verdict.BLOCKED and IN_USE in reason:
            return  # another run had the board: that it was kept waiting says nothing of its health

        def changed(health: Health) -> Health:
            return after_run(
                health,
                verdict,
                now=now,
                reason=reason,
                run=str(event.get("folder", "")),
                interrupted=bool(event.get("interrupted")),
                out_of_reach=board in self._out_of_reach,
            )

        try:
            before, after = self._store.change(board, changed)
        except HarnessError as error:
            self._broken = True
            self._on_trouble(f"the health of boards is not kept: {error.message}")
            return
        if after.set_aside and not before.set_aside:
            told = {"state": SET_ASIDE, "reason": after.reason, "until": after.until}
            write(HEALTH, told, board=board)
            self.said.append(f"{board} is {_set_aside_words(after, now)}")
        elif before.set_aside and not after.set_aside:
            write(HEALTH, {"state": HEALTHY, "reason": "", "until": ""}, board=board)


def _set_aside_words(health: Health, now: datetime) -> str:
    """Return the sentence that says that a board is set aside, why and until when."""
    when = "it is tried again now" if health.due(now) else f"tried again from {clock(health.until, now)} on"
    reason = one_line(health.reason)
    return f"set aside, as its last {health.blocked} runs were blocked: {reason}; {when}"
