"""Takes steps away from a sequence while what is left still contradicts, by trying on the board."""

import time
from collections.abc import Callable
from itertools import combinations

from harness.explore.driver import Taken
from harness.explore.steps import Step

_PAIRS_UP_TO = 16
"""Steps of a sequence up to which pairs are taken away as well."""

Tried = Callable[[list[Step]], list[Taken] | None]
"""Carries a sequence out; returns it up to its contradiction, None for none."""


def reduced(taken: list[Taken], tried: Tried, until: float) -> list[Taken]:
    """Return the shortest sequence that could be found.

    Halves, quarters and so on go first, then single steps, then pairs such as an init and its cleanup. The last step,
    which contradicts, stays.

    Args:
        taken: A sequence that contradicts.
        tried: Carries a part of it out.
        until: The monotonic time at which the search ends.
    """
    size = len(taken) // 2
    while size > 1:
        taken = _without_runs(taken, size, tried, until)
        size = min(size, len(taken)) // 2
    for together in (1, 2):
        if together == 1 or len(taken) <= _PAIRS_UP_TO:
            taken = _without_any(taken, together, tried, until)
    return taken


def _without_runs(taken: list[Taken], size: int, tried: Tried, until: float) -> list[Taken]:
    start = 0
    while start < len(taken) - 1 and time.monotonic() < until:
        end = min(start + size, len(taken) - 1)
        shorter = tried([one.step for one in taken[:start] + taken[end:]])
        if shorter is None:
            start = end
        else:
            taken = shorter
    return taken


def _without_any(taken: list[Taken], together: int, tried: Tried, until: float) -> list[Taken]:
    left = combinations(range(len(taken) - 1), together)
    while (gone := next(left, None)) is not None and time.monotonic() < until:
        shorter = tried([one.step for place, one in enumerate(taken) if place not in gone])
        if shorter is not None:
            taken = shorter
            left = combinations(range(len(taken) - 1), together)
    return taken
