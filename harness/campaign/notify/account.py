"""What a campaign comes to while it goes on, in the documents that commands are given: `docs/campaigns.md` has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.progress.names import CAMPAIGNS
from harness.progress.state import LOST, SET_ASIDE, WAITING, BoardState, CampaignState, Event
from harness.report.text import one_line, seconds, visible
from harness.run.verdict import Verdict, worst
from harness.settings.notify import Occasion

SCHEMA_VERSION = 1
_MOST_SCENARIOS = 50
_MOST_NAMED = 5
_TEXT = 1_000
_NOT_PASSED = frozenset({Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR})

Document = dict[str, Any]


@dataclass(slots=True)
class _OfBoard:
    """What is kept of a board beside its state."""

    verdicts: dict[str, int] = field(default_factory=dict)
    scenarios: list[Document] = field(default_factory=list)
    more: int = 0
    ended: bool = True


class Account:
    """Takes the events of a campaign in their order, and gives a document for each that somebody may be told of.

    Texts are one line each, with control characters and characters that reorder text made visible.

    Args:
        runs: The folder of runs.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs.absolute()
        self._state = CampaignState()
        self._boards: dict[str, _OfBoard] = {}

    def take(self, event: Event) -> tuple[Occasion, Document] | None:
        """Take one event; return what is to be told, None for nothing."""
        self._state.take(event)
        name, kind = str(event.get("board", "")), event.get("event")
        if not name:
            return (Occasion.END, self._end(event)) if kind == "campaign_finished" else None
        mine = self._boards.setdefault(name, _OfBoard())
        board = self._state.boards.get(name)
        if board is None:
            return None
        match kind:
            case "board_started":
                mine.scenarios, mine.more, mine.ended = [], 0, False
            case "scenario_finished":
                _keep(mine, event)
            case "operator_asks":
                return Occasion.OPERATOR, self._asks(board, str(event.get("ask", "")), event)
            case "health" if event.get("state") == "set aside":
                return Occasion.SET_ASIDE, self._is_set_aside(board, event)
            case "run_finished" | "board_finished" | "board_lost":
                return self._ended(board, mine, event)
        return None

    def _ended(self, board: BoardState, mine: _OfBoard, event: Event) -> tuple[Occasion, Document] | None:
        """Take the end of a run; one that had no run folder ends with its board."""
        if mine.ended:
            return None
        mine.ended = True
        lost = board.phase == LOST
        verdict = "lost" if lost else board.verdict if event.get("event") == "run_finished" else ""
        mine.verdicts[verdict or "none"] = mine.verdicts.get(verdict or "none", 0) + 1
        stopped = bool(board.interrupted) and verdict not in _NOT_PASSED
        if stopped or (not lost and board.exit_code == 0):
            return None
        run = {
            "board": board.name,
            "round": board.round,
            "verdict": verdict or None,
            "exit_code": None if lost else board.exit_code,
            "folder": self._path(board.folder),
            "reports": [self._path(one) for one in board.reports] if verdict and not lost else [],
            "interrupted": shown(board.interrupted),
            "reason": shown(board.reason) if lost else "",
            "counts": dict(board.counts),
            "scenarios": mine.scenarios,
            "more_scenarios": mine.more,
        }
        first = next((f"{one['title']}: {one['reason']}" for one in mine.scenarios), "")
        why = shown(board.reason) if lost else first
        came = verdict or f"ended without a run, exit code {board.exit_code}"
        text = f"{board.name}: {came}" + (f"; {one_line(why, 300)}" if why else "")
        return Occasion.FAILURE, self._document(Occasion.FAILURE, event, text) | {"run": run}

    def _asks(self, board: BoardState, ask: str, event: Event) -> Document:
        asked = board.asks.get(ask)
        title = "" if asked is None else shown(asked.title)
        told: Document = {"board": board.name, "id": ask, "title": title}
        if asked is not None:
            told |= {
                "step": shown(asked.step),
                "instructions": [shown(line) for line in asked.instructions],
                "fields": [_field(one) for one in asked.fields],
                "timeout_s": asked.timeout_s,
                "picture": shown(asked.picture),
            }
        document = self._document(Occasion.OPERATOR, event, f"{board.name} waits for a person: {title}")
        return document | {"ask": told}

    def _is_set_aside(self, board: BoardState, event: Event) -> Document:
        reason, until = (shown(str(event.get(name, ""))) for name in ("reason", "until"))
        text = f"{board.name} is set aside{f' until {until}' if until else ''}: {one_line(reason, 300)}"
        told = {"board": board.name, "reason": reason, "until": until or None}
        return self._document(Occasion.SET_ASIDE, event, text) | {"set_aside": told}

    def _end(self, event: Event) -> Document:
        state = self._state
        boards = [self._board(one) for one in state.boards.values()]
        spent = None if state.started is None or state.ended is None else state.ended - state.started
        text = summary((one["outcome"], one["board"]) for one in boards)
        text += f"; {seconds(spent)}" if spent is not None else ""
        text += f"; {shown(state.interrupted)}" if state.interrupted else ""
        seen = [Verdict(one["verdict"]) for one in boards if one["verdict"] in set(Verdict)]
        return self._document(Occasion.END, event, text) | {
            "verdict": worst(seen).value if seen else None,
            "exit_code": state.exit_code,
            "interrupted": shown(state.interrupted),
            "seconds": None if spent is None else round(spent, 3),
            "boards": boards,
        }

    def _board(self, board: BoardState) -> Document:
        counts = self._boards.get(board.name, _OfBoard()).verdicts
        verdicts = [Verdict(one) for one in counts if one in set(Verdict)]
        verdict = worst(verdicts).value if verdicts else None
        if board.phase in {SET_ASIDE, WAITING} and not counts:
            outcome = "set_aside" if board.phase == SET_ASIDE else "not_run"
        elif "lost" in counts:
            outcome = "lost"
        elif "none" in counts:
            outcome = verdict if verdict in _NOT_PASSED else "no_verdict"
        else:
            # Of a run that passed and ended with another code the last files could not be written.
            not_closed = verdict == Verdict.PASSED and board.exit_code
            outcome = "no_verdict" if not_closed else verdict or "no_verdict"
        return {
            "board": board.name,
            "file": shown(board.file),
            "outcome": outcome,
            "verdict": verdict,
            "exit_code": board.exit_code,
            "rounds": sum(counts.values()),
            "verdicts": dict(counts),
            "folder": self._path(board.folder),
            "reports": [self._path(one) for one in board.reports],
            "interrupted": shown(board.interrupted),
            "reason": shown(board.reason),
            "until": shown(board.until) or None,
        }

    def _document(self, occasion: Occasion, event: Event, text: str) -> Document:
        state, about = self._state, self._state.about
        return {
            "schema_version": SCHEMA_VERSION,
            "event": occasion.value,
            "time": event.get("time"),
            "text": text,
            "campaign": {
                "id": state.id,
                "folder": str(self._runs / CAMPAIGNS / state.id),
                "runs": str(self._runs),
                "started": about.get("time"),
                **{name: about.get(name) for name in ("host", "user", "pid", "version", "jobs", "repeat")},
                "boards": list(state.boards),
            },
        }

    def _path(self, relative: str) -> str | None:
        return str(self._runs / shown(relative)) if relative else None


def _keep(mine: _OfBoard, event: Event) -> None:
    if event.get("verdict") not in _NOT_PASSED:
        return
    if len(mine.scenarios) >= _MOST_SCENARIOS:
        mine.more += 1
        return
    mine.scenarios.append(
        {name: shown(str(event.get(name, ""))) for name in ("step", "title", "verdict", "reason")}
    )


def _field(given: Mapping[str, Any]) -> Document:
    return {
        "name": shown(str(given.get("name", ""))),
        "form": shown(str(given.get("form", ""))),
        "secret": bool(given.get("secret")),
    }


def shown(text: str) -> str:
    """Return a text as documents hold it: one line, bounded, nothing in it invisible."""
    return " ".join(visible(text, _TEXT).split())


def summary(boards: Iterable[tuple[str, str]]) -> str:
    """Return in one sentence what boards came to.

    Args:
        boards: The outcome of each, and its name.
    """
    by_outcome: dict[str, list[str]] = {}
    for outcome, board in boards:
        by_outcome.setdefault(outcome.replace("_", " "), []).append(board)
    number, named = 0, []
    for outcome, names in by_outcome.items():
        number += len(names)
        named.append(f"{len(names)} {outcome}{'' if outcome == Verdict.PASSED else f' ({_some(names)})'}")
    return f"{number} board{'s' if number != 1 else ''}: {', '.join(named) or 'none ran'}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
