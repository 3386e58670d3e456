"""The look at each board before a campaign: which of them run, and which are set aside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.board.models import BoardFile
from harness.campaign.health.state import Health, still_out_of_reach
from harness.campaign.health.store import HealthStore

Problems = Mapping[str, Sequence[str]]
"""What keeps the machine from reaching a board, by its name; a board without an entry is reached."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What comes of a look at the boards.

    Attributes:
        set_aside: The boards that do not run now, by name.
        tried_again: The boards that were set aside and run all the same, each with why.
        problems: What keeps the machine from reaching a board that runs.
    """

    set_aside: Mapping[str, Health]
    tried_again: Mapping[str, str]
    problems: Problems


def look(
    boards: Iterable[BoardFile],
    store: HealthStore,
    find: Callable[[Sequence[BoardFile]], Problems],
    *,
    now: datetime,
    why_all: str = "",
) -> Looked:
    """Look at each board, and decide which run.

    A board that is set aside is tried again when its time has come and the machine reaches it, or sooner when what was
    missing is there again. Where the machine still does not reach it, it stays aside, and longer.

    Args:
        boards: The boards.
        store: Their health.
        find: Says what keeps the machine from reaching boards; opens nothing.
        now: This moment.
        why_all: Why boards run that are set aside; empty when they do not.

    Raises:
        BenchError: The health cannot be written.
    """
    each = list(boards)
    problems = find([board for board in each if not board.simulated])
    aside: dict[str, Health] = {}
    again: dict[str, str] = {}
    for board in each:
        name, health = board.name, store.of(board.name)
        if not health.set_aside:
            continue
        missing = problems.get(name, ())
        due = health.due(now)
        if why_all:
            again[name] = why_all
        elif not missing and due:
            again[name] = "its time has come"
        elif not missing and health.out_of_reach:
            again[name] = "what was missing is there again"
        elif missing and due:
            _, aside[name] = store.change(name, _kept_aside(missing[0], now))
        else:
            aside[name] = health
    return Looked(aside, again, {name: found for name, found in problems.items() if name not in aside})


def _kept_aside(problem: str, now: datetime) -> Callable[[Health], Health]:
    return lambda known: still_out_of_reach(known, problem, now=now)
