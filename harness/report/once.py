"""What several forms of a report are made with, made once a report."""

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from harness.report.records import RunReport

_Made = TypeVar("_Made")


def once(make: Callable[[RunReport], _Made]) -> Callable[[RunReport], _Made]:
    """Make something of each report only once, and keep it as long as that report is in use.

    Reports cannot be changed, so what was made of one stays true; nobody may change what was made either.
    """
    kept: dict[int, tuple[weakref.ref[RunReport], _Made]] = {}

    @wraps(make)
    def made(report: RunReport) -> _Made:
        which = id(report)
        if which in kept:
            return kept[which][1]
        value = make(report)
        kept[which] = (weakref.ref(report, lambda _: kept.pop(which, None)), value)
        return value

    return made
