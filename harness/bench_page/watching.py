"""Campaigns followed as they go on: each folded once, and read on from where the last look ended."""

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, UsageError
from harness.progress.campaigns import Campaign, campaigns
from harness.progress.reader import follow
from harness.progress.state import Ask, CampaignState
from harness.run.verdict import Verdict

RECENT = 40
"""Scenarios that ended last, of which a campaign shows the verdict."""

_CACHED = 64
_ANSWERED_MAX = 50


@dataclass(frozen=True, slots=True)
class Ended:
    """A scenario that ended.

    Attributes:
        at: When, seconds since 1970.
        board: Name of the board.
        step: Folder of the onboarding step.
        title: What it checks.
        verdict: Its verdict.
        seconds: How long it took; None when nothing says so.
        reason: Why it came to that.
    """

    at: float
    board: str
    step: str
    title: str
    verdict: str
    seconds: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An operator step that waits no longer.

    Attributes:
        ask: What was asked.
        board: Of which board.
        at: When it ended, seconds since 1970.
        by: Who answered.
        via: By what: the terminal, a file, the bench page.
        gave_up: Why nobody answered; empty when somebody did.
    """

    ask: Ask
    board: str
    at: float
    by: str
    via: str
    gave_up: str


class Watched:
    """One campaign. Read it under `look`, in any thread."""

    def __init__(self, campaign: Campaign) -> None:
        """Begin; nothing is read yet."""
        self.campaign = campaign
        self.state = CampaignState()
        self.recent: deque[Ended] = deque(maxlen=RECENT)
        self.answered: OrderedDict[str, Answered] = OrderedDict()
        self.alive = False
        self._lock = threading.Lock()
        self._offset = 0

    @property
    def id(self) -> str:
        """The campaign's name."""
        return self.campaign.id

    def look(self) -> None:
        """Read on."""
        with self._lock:
            # Asked first: what a process that is dead now wrote is read below, all of it.
            self.alive = self.campaign.alive
            with suppress(HarnessError):
                for told in follow(self.campaign.folder.progress, self._offset):
                    self._offset = told.offset
                    self._take(told.event)

    def _take(self, event: Mapping[str, Any]) -> None:
        board = _text(event, "board")
        if event["event"] == "operator_answered" and board in self.state.boards:
            ask = self.state.boards[board].asks.get(_text(event, "ask"))
            if ask is not None:
                self.answered[ask.id] = Answered(
                    ask,
                    board,
                    _moment(event),
                    _text(event, "by"),
                    _text(event, "via"),
                    _reason(event.get("gave_up")),
                )
                while len(self.answered) > _ANSWERED_MAX:
                    self.answered.popitem(last=False)
        elif (
            event["event"] == "scenario_finished" and board and event.get("verdict") != Verdict.NOT_APPLICABLE
        ):
            seconds = event.get("seconds")
            self.recent.append(
                Ended(
                    _moment(event),
                    board,
                    _text(event, "step"),
                    _text(event, "title"),
                    _text(event, "verdict"),
                    float(seconds)
                    if isinstance(seconds, int | float) and not isinstance(seconds, bool)
                    else None,
                    _text(event, "reason"),
                )
            )
        self.state.take(event)

    def asks(self) -> list[tuple[str, Ask]]:
        """Return the operator steps that wait, with their boards, the oldest first."""
        if not self.alive:
            return []
        waiting = [
            (board.name, replace(ask)) for board in self.state.boards.values() for ask in board.asks.values()
        ]
        return sorted(waiting, key=lambda each: each[1].since)


class Campaigns:
    """The campaigns of one folder of runs. Threads may share it."""

    def __init__(self, runs: Path) -> None:
        """Take the folder of runs, which need not be there yet."""
        self._runs = runs
        self._lock = threading.Lock()
        self._watched: OrderedDict[str, Watched] = OrderedDict()

    def find(self, name: str) -> Watched:
        """Return a campaign by its whole name, read up to now.

        Raises:
            UsageError: There is none.
        """
        found = next((one for one in campaigns(self._runs) if one.id == name), None)
        if found is None:
            raise UsageError(f"there is no campaign {name[:60]!r}")
        return self._looked_at(found)

    def latest(self, most: int) -> list[Watched]:
        """Return the latest campaigns, and every older one that is alive, the latest first.

        Args:
            most: How many that have ended at most.
        """
        known = campaigns(self._runs)
        return [self._looked_at(one) for number, one in enumerate(known) if number < most or one.alive]

    def _looked_at(self, campaign: Campaign) -> Watched:
        with self._lock:
            watched = self._watched.pop(campaign.id, None) or Watched(campaign)
            self._watched[campaign.id] = watched
            while len(self._watched) > _CACHED:
                self._watched.popitem(last=False)
        watched.look()
        return watched


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _reason(value: object) -> str:
    """Return why nobody answered; a writer may say so in words, or with a mere yes."""
    return value if isinstance(value, str) else "nobody answered" if value else ""


def _moment(event: Mapping[str, Any]) -> float:
    try:
        return datetime.fromisoformat(_text(event, "time")).timestamp()
    except (ValueError, OverflowError):
        return 0.0
