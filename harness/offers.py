"""What installed packages offer by entry points, read once: a look through all of them takes as long as an import."""

import sys
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any


def offers(group: str) -> EntryPoints:
    """Return the entry points of a group."""
    found: EntryPoints = _offers(tuple(sys.path)).select(group=group)
    return found


def groups() -> set[str]:
    """Return the names of all groups in which packages offer something."""
    return set(_offers(tuple(sys.path)).groups)


@cache
def _offers(path: tuple[str, ...]) -> Any:  # of another type in each version of Python
    del path  # what is found depends on it
    return entry_points()
