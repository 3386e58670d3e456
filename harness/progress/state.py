"""What the progress of a campaign comes to: for each board what live views show, as a fold of its events."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Scenario = tuple[str, str]
"""The folder of a step, and a title."""

Event = Mapping[str, Any]

WAITING, SET_ASIDE, RUNNING, FINISHED, LOST = "waiting", "set aside", "running", "finished", "lost"
"""What a board does: its turn has not come; its health keeps it out; it runs; it has ended; its process is gone."""

_HEALTHY, _UNHEALTHY = "healthy", "set aside"  # what `health` events tell

_FEW = 5  # scenarios that must be over before the others are guessed from their mean


@dataclass(slots=True)
class Ask:
    """An operator step that waits for a person.

    Attributes:
        id: Names this question; its answer is `answers/ID.json`.
        step: Id of the operator step.
        title: What is to be done, in one sentence.
        instructions: How, one line each.
        fields: What is to be given back: name, form, words, secret.
        since: When it was asked, seconds since 1970.
        timeout_s: Seconds that it waits; None for ever.
        picture: A picture of what is to be done, relative to the campaign's folder; empty for none.
    """

    id: str
    step: str
    title: str
    instructions: tuple[str, ...]
    fields: tuple[Mapping[str, Any], ...]
    since: float
    timeout_s: float | None = None
    picture: str = ""


@dataclass(slots=True)
class BoardState:
    """What one board does, and how far its run is.

    Attributes:
        name: The board's name.
        file: Its board file.
        phase: WAITING, SET_ASIDE, RUNNING, FINISHED or LOST.
        waits_for: What it waits for before it starts: places, or a reason.
        reason: Why it was set aside, or what became of its process.
        until: Until when it is set aside, as events carry times; empty for unknown.
        aside: Why and until when its health keeps it out, before its first run or by what its runs came to; None while
            nothing is told of that.
        pid: Its process; 0 before there is one.
        round: Which round, from 1; 0 before the first.
        folder: The run folder's name, once it is known.
        runs: Names of all run folders so far.
        verdicts: What each run came to, by its folder; runs without an end have no entry.
        losses: How often its process was lost.
        without_run: The exit code of each round that ended without a run; None for one that the event does not tell.
        planned: The scenarios that apply, in order, each with the seconds it took in an earlier run, or None.
        finished: The verdict of each scenario that is over, of the current run.
        counts: How many scenarios of the current run have which verdict.
        scenario: The one that runs; None between two.
        step: Number, total and title of its step; None before the first.
        reached: What is done, of how much, counted in what.
        whom: For whom or what it waits now; empty for nobody.
        waits_at_most: How many seconds at most.
        waits_since: Since when, seconds since 1970.
        asks: The operator steps that wait for a person, by their id.
        started: When the run began, seconds since 1970; None before.
        scenario_started: When the scenario began.
        ended: When the board ended; None before.
        verdict: What the run of its last round came to; empty before it ends, for a round that had no run, and for a
            board whose process was lost.
        exit_code: Its exit code; None before.
        reports: The reports of that run, relative to the folder of runs.
        interrupted: Why it ended early; empty when it did not.
        told: What a person should read, the latest last.
    """

    name: str
    file: str = ""
    phase: str = WAITING
    waits_for: tuple[str, ...] = ()
    reason: str = ""
    until: str = ""
    aside: tuple[str, str] | None = None
    pid: int = 0
    round: int = 0
    folder: str = ""
    runs: list[str] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)
    losses: int = 0
    without_run: list[int | None] = field(default_factory=list)
    planned: dict[Scenario, float | None] = field(default_factory=dict)
    finished: dict[Scenario, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    scenario: Scenario | None = None
    step: tuple[int, int, str] | None = None
    reached: tuple[float, float, str] | None = None
    whom: str = ""
    waits_at_most: float | None = None
    waits_since: float = 0.0
    asks: dict[str, Ask] = field(default_factory=dict)
    started: float | None = None
    scenario_started: float = 0.0
    ended: float | None = None
    verdict: str = ""
    exit_code: int | None = None
    reports: tuple[str, ...] = ()
    interrupted: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.phase in {FINISHED, LOST}

    def seconds_left(self, now: float) -> float | None:
        """Return in how many seconds the run may end; None when there is nothing to guess it from.

        Args:
            now: Seconds since 1970.
        """
        if self.phase != RUNNING or self.started is None or not self.planned:
            return None
        to_do = [one for one in self.planned if one not in self.finished]
        known = 0.0
        unknown = 0
        for one in to_do:
            expected = self.planned[one]
            if expected is None:
                unknown += 1
            elif one == self.scenario:
                known += max(0.0, expected - (now - self.scenario_started))
            else:
                known += expected
        # What does not apply is over at once, and says nothing of what does.
        over = len(self.planned) - len(to_do)
        if unknown and over < _FEW:
            return None
        mean = (now - self.started) / max(over, 1)
        return known + unknown * mean


class CampaignState:
    """A campaign as its events tell it; `take` them in their order.

    Events of a kind that is not known, and values of another type than they should have, are passed over: the file may
    be of a later version, or of a host that is not to be trusted.

    Attributes:
        id: The campaign's name.
        about: What `campaign_started` says.
        boards: Each board by its name, in the campaign's order.
        seq: Number of the last event; -1 before the first.
        started: When it began, seconds since 1970.
        ended: When it ended; None while it goes on, or when its process was killed.
        exit_code: How it ended.
        interrupted: Why it ended early; empty when it did not.
        told: What a person should read that is of no board.
    """

    def __init__(self) -> None:
        self.id = ""
        self.about: Event = {}
        self.boards: dict[str, BoardState] = {}
        self.seq = -1
        self.started: float | None = None
        self.ended: float | None = None
        self.exit_code: int | None = None
        self.interrupted = ""
        self.told: list[str] = []
        self._last: Event = {}

    @property
    def last(self) -> float | None:
        """When the last event was, seconds since 1970; None before the first."""
        return _moment(self._last) if self._last else None

    def take(self, event: Event) -> None:
        """Take one event."""
        self.seq, self._last = _whole(event, "seq", self.seq), event
        name = _text(event, "board")
        taken = _OF_BOARD.get(_text(event, "event")) if name else None
        if taken is not None:
            taken(self.boards.setdefault(name, BoardState(name)), event)
        elif not name:
            self._take_own(event)

    def _take_own(self, event: Event) -> None:
        match _text(event, "event"):
            case "campaign_started":
                self.id, self.about, self.started = _text(event, "id"), event, _moment(event)
                for board in _entries(event, "boards"):
                    name = _text(board, "name")
                    self.boards.setdefault(name, BoardState(name, _text(board, "file")))
            case "campaign_finished":
                self.ended, self.exit_code = _moment(event), _whole_or_none(event, "exit_code")
                self.interrupted = _text(event, "interrupted")
            case "told":
                _add(self.told, _text(event, "text"))


def _waits_to_start(board: BoardState, event: Event) -> None:
    board.phase, board.waits_for = WAITING, _texts(event, "for")


def _set_aside(board: BoardState, event: Event) -> None:
    board.phase, board.reason, board.until = SET_ASIDE, _text(event, "reason"), _text(event, "until")
    board.aside = board.reason, board.until


def _health(board: BoardState, event: Event) -> None:
    state = _text(event, "state")
    if state == _UNHEALTHY:
        board.aside = _text(event, "reason"), _text(event, "until")
    elif state == _HEALTHY:
        board.aside = None


def _started(board: BoardState, event: Event) -> None:
    board.phase, board.waits_for, board.reason, board.until = RUNNING, (), "", ""
    board.pid, board.round = _whole(event, "pid"), _whole(event, "round", 1)
    board.started, board.ended, board.exit_code = _moment(event), None, None
    board.folder, board.planned = "", {}
    board.verdict, board.reports, board.interrupted = "", (), ""
    board.finished, board.counts, board.asks = {}, {}, {}
    _between(board)


def _run_started(board: BoardState, event: Event) -> None:
    board.folder = _text(event, "folder")
    if board.folder and board.folder not in board.runs:
        board.runs.append(board.folder)


def _planned(board: BoardState, event: Event) -> None:
    board.planned = {_scenario(one): _number(one, "expected_s") for one in _entries(event, "scenarios")}


def _scenario_started(board: BoardState, event: Event) -> None:
    _between(board)
    board.scenario, board.scenario_started = _scenario(event), _moment(event)


def _step_started(board: BoardState, event: Event) -> None:
    board.step = (_whole(event, "number"), _whole(event, "total"), _text(event, "title"))
    board.reached, board.whom = None, ""


def _progressed(board: BoardState, event: Event) -> None:
    done, total = _number(event, "done"), _number(event, "total")
    if done is not None and total is not None:
        board.reached = (done, total, _text(event, "what"))


def _waits(board: BoardState, event: Event) -> None:
    board.whom, board.waits_at_most = _text(event, "whom"), _number(event, "seconds")
    board.waits_since = _moment(event)


def _goes_on(board: BoardState, event: Event) -> None:
    del event
    board.whom = ""


def _scenario_finished(board: BoardState, event: Event) -> None:
    verdict = _text(event, "verdict")
    board.finished[_scenario(event)] = verdict
    board.counts[verdict] = board.counts.get(verdict, 0) + 1
    _between(board)


def _told(board: BoardState, event: Event) -> None:
    _add(board.told, _text(event, "text"))


def _operator_asks(board: BoardState, event: Event) -> None:
    ask = _text(event, "ask")
    board.asks[ask] = Ask(
        ask,
        _text(event, "step"),
        _text(event, "title"),
        _texts(event, "instructions"),
        tuple(_entries(event, "fields")),
        _moment(event),
        _number(event, "timeout_s"),
        _text(event, "picture"),
    )


def _operator_answered(board: BoardState, event: Event) -> None:
    board.asks.pop(_text(event, "ask"), None)


def _run_finished(board: BoardState, event: Event) -> None:
    _run_started(board, event)
    board.verdict, board.exit_code = _text(event, "verdict"), _whole_or_none(event, "exit_code")
    if board.folder:
        board.verdicts[board.folder] = board.verdict
    board.reports, board.interrupted = _texts(event, "reports"), _text(event, "interrupted")
    board.asks = {}
    _between(board)


def _finished(board: BoardState, event: Event) -> None:
    board.phase, board.exit_code, board.ended = FINISHED, _whole_or_none(event, "exit_code"), _moment(event)
    board.asks = {}
    if not board.verdict:
        board.without_run.append(board.exit_code)
    _between(board)


def _lost(board: BoardState, event: Event) -> None:
    board.phase, board.reason, board.ended = LOST, _text(event, "reason"), _moment(event)
    board.verdict, board.asks = "", {}
    board.losses += 1
    _between(board)


def _between(board: BoardState) -> None:
    board.scenario, board.step, board.reached, board.whom = None, None, None, ""


_OF_BOARD = {
    "board_waits": _waits_to_start,
    "board_set_aside": _set_aside,
    "health": _health,
    "board_started": _started,
    "run_started": _run_started,
    "planned": _planned,
    "scenario_started": _scenario_started,
    "step_started": _step_started,
    "progressed": _progressed,
    "waits": _waits,
    "goes_on": _goes_on,
    "scenario_finished": _scenario_finished,
    "told": _told,
    "operator_asks": _operator_asks,
    "operator_answered": _operator_answered,
    "run_finished": _run_finished,
    "board_finished": _finished,
    "board_lost": _lost,
}

_MOST_TOLD = 100


def _add(told: list[str], text: str) -> None:
    told.append(text)
    del told[:-_MOST_TOLD]


def _text(event: Event, name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _texts(event: Event, name: str) -> tuple[str, ...]:
    value = event.get(name)
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _entries(event: Event, name: str) -> list[Event]:
    value = event.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(event: Event, name: str) -> float | None:
    value = event.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole_or_none(event: Event, name: str) -> int | None:
    value = event.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _whole(event: Event, name: str, default: int = 0) -> int:
    value = _whole_or_none(event, name)
    return default if value is None else value


def _scenario(event: Event) -> Scenario:
    return _text(event, "step"), _text(event, "title")


def _moment(event: Event) -> float:
    try:
        moment = datetime.fromisoformat(_text(event, "time"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0
