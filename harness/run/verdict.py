"""Verdicts: what a step, a scenario and a run came to, and the exit code that says so."""

import sys
from collections.abc import Iterable
from enum import StrEnum

from harness.errors import HarnessError


class Verdict(StrEnum):
    """What became of a step, a scenario or a run.

    `blocked` (the bench) and `error` (the harness) say nothing about the device; `not_applicable` means that
    the declaration excludes the scenario, `not_run` that its turn never came.
    """

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"
    NOT_RUN = "not_run"

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
    Verdict.PASSED,
    Verdict.NOT_RUN,
    Verdict.NOT_APPLICABLE,
)

_EXIT_CODES = {Verdict.ERROR: 4, Verdict.FAILED: 1, Verdict.BLOCKED: 3, Verdict.PASSED: 0}

NOTHING_JUDGED = 2


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of the whole: the first of error, failed, blocked, passed, not_run, not_applicable.

    Nothing at all is `not_run`.
    """
    seen = set(verdicts)
    return next((verdict for verdict in _WORST_FIRST if verdict in seen), Verdict.NOT_RUN)


def whole(verdicts: Iterable[Verdict], *, interrupted: bool, by_person: bool = False) -> Verdict:
    """Return the verdict of a run; what was interrupted has not passed, whatever was seen up to then.

    What a person ended on purpose is no error of the harness: such a run is `not_run`.
    """
    seen = worst(verdicts)
    if (interrupted or by_person) and seen not in {Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR}:
        return Verdict.ERROR if interrupted else Verdict.NOT_RUN
    return seen


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Return the exit code of a run: 4 error, 1 failed, 3 blocked, 0 passed, 2 when nothing was judged."""
    return _EXIT_CODES.get(worst(verdicts), NOTHING_JUDGED)


def verdict_of(exception: BaseException) -> Verdict:
    """Return the verdict that an exception means for the step or scenario that it ended.

    An assertion is a failure of the device, a `HarnessError` says its own outcome, and everything else (a
    bug, an interruption) is an error of the harness. A skip or fail asked of pytest counts as what was asked.
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
