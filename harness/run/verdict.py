"""Verdicts: what a step, a scenario and a run came to, and the exit code that says so."""

import sys
from collections.abc import Iterable
from enum import StrEnum

from harness.errors import HarnessError


class Verdict(StrEnum):
    """What became of a step, a scenario or a run.

    `blocked` (the bench) and `error` (the harness) say nothing about the device; `not_applicable` means that
    the declaration excludes the scenario, `not_run` that its turn never came. `incomplete` is a word for runs
    only: what was judged passed, and something that was planned has no verdict.
    """

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"
    NOT_RUN = "not_run"
    INCOMPLETE = "incomplete"

    @property
    def judged(self) -> bool:
        """True when the verdict is the outcome of something that was tried."""
        return self not in {Verdict.NOT_APPLICABLE, Verdict.NOT_RUN}

    @property
    def words(self) -> str:
        """The verdict as a person reads it."""
        return self.value.replace("_", " ")


# A tool that broke cannot be trusted in what else it says, so error beats failed. A failure was seen on a
# working bench and stays true when the bench breaks later, so failed beats blocked.
_WORST_FIRST = (
    Verdict.ERROR,
    Verdict.FAILED,
    Verdict.BLOCKED,
    Verdict.INCOMPLETE,
    Verdict.PASSED,
    Verdict.NOT_RUN,
    Verdict.NOT_APPLICABLE,
)

_EXIT_CODES = {
    Verdict.ERROR: 4,
    Verdict.FAILED: 1,
    Verdict.BLOCKED: 3,
    Verdict.INCOMPLETE: 5,
    Verdict.PASSED: 0,
}

NOTHING_JUDGED = 2

OF_SCENARIOS = tuple(verdict for verdict in Verdict if verdict is not Verdict.INCOMPLETE)
"""The verdicts that a step or a scenario can have."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the first of error, failed, blocked, incomplete, passed, not_run, not_applicable that is there.

    Nothing at all is `not_run`.
    """
    seen = set(verdicts)
    return next((verdict for verdict in _WORST_FIRST if verdict in seen), Verdict.NOT_RUN)


def whole(
    verdicts: Iterable[Verdict], *, interrupted: bool, by_person: bool = False, unjudged: bool = False
) -> Verdict:
    """Return the verdict of a run, which passed only when everything that it planned has.

    Args:
        verdicts: Those of its scenarios.
        interrupted: It ended before its end, and by nobody's wish: it is an error when nothing worse was seen.
        by_person: Somebody ended it on purpose.
        unjudged: A planned scenario has no verdict.
    """
    seen = worst(verdicts)
    if seen in {Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR}:
        return seen
    if interrupted:
        return Verdict.ERROR
    if seen is Verdict.PASSED:
        return Verdict.INCOMPLETE if by_person or unjudged else seen
    return Verdict.NOT_RUN if by_person or unjudged else seen


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Return the exit code of a run: 4 error, 1 failed, 3 blocked, 5 incomplete, 0 passed, 2 for nothing judged."""
    return _EXIT_CODES.get(worst(verdicts), NOTHING_JUDGED)


def verdict_of(exception: BaseException) -> Verdict:
    """Return the verdict that an exception means for the step or scenario that it ended.

    An assertion is a failure of the device, a `HarnessError` says its own outcome, and everything else (a
    bug, an interruption) is an error of the harness. `pytest.skip` and `pytest.fail` count as what they say.
    """
    if isinstance(exception, BaseExceptionGroup):
        return worst(verdict_of(each) for each in exception.exceptions)
    if isinstance(exception, HarnessError):
        return Verdict(exception.outcome)
    if isinstance(exception, AssertionError):
        return Verdict.FAILED
    # Only a program that runs under pytest can raise pytest's own outcomes; a report need not load it to ask.
    pytest = sys.modules.get("pytest")
    if pytest is not None and isinstance(exception, pytest.skip.Exception):
        return Verdict.NOT_RUN
    if pytest is not None and isinstance(exception, pytest.fail.Exception):
        return Verdict.FAILED
    return Verdict.ERROR
