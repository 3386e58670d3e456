"""The scenarios of a run that did not pass, and why, out of its report."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.bench_page.run_files import RunFiles
from harness.errors import UsageError
from harness.run.verdict import Verdict

_MOST = 50
_REPORT_MAX = 32 << 20
_WORST_FIRST = (Verdict.FAILED, Verdict.ERROR, Verdict.BLOCKED)


@dataclass(frozen=True, slots=True)
class NotPassed:
    """A scenario that did not pass. Its texts come from a folder that anybody may have made.

    Attributes:
        title: What it checks.
        verdict: What it came to.
        reason: Why; empty when the report does not say.
        known: Whether it is a failure that the bench knows of.
    """

    title: str
    verdict: Verdict
    reason: str
    known: bool


def not_passed(files: RunFiles, run: str) -> tuple[list[NotPassed], int]:
    """Return the scenarios of a run that failed, broke or are blocked, and how many more there are.

    Args:
        files: The run folders.
        run: The run's name.

    Returns:
        The worst first, at most fifty. None of a run whose report is missing, cut, or larger than 32 MiB.
    """
    told = [one for one in map(_scenario, _scenarios(files, run)) if one is not None]
    told.sort(key=lambda one: _WORST_FIRST.index(one.verdict))
    return told[:_MOST], max(0, len(told) - _MOST)


def _scenarios(files: RunFiles, run: str) -> list[Any]:
    try:
        file = files.open(run, "report.json")
    except UsageError:
        return []
    with os.fdopen(file.descriptor, "rb") as opened:
        if file.size > _REPORT_MAX:
            return []
        try:
            report = json.loads(opened.read(_REPORT_MAX))
        except (OSError, ValueError, RecursionError):
            return []
    found = report.get("scenarios") if isinstance(report, dict) else None
    return found if isinstance(found, list) else []


def _scenario(told: object) -> NotPassed | None:
    if not isinstance(told, Mapping) or told.get("verdict") not in _WORST_FIRST:
        return None
    title, reason = (str(told.get(name) or "") for name in ("title", "reason"))
    return NotPassed(title, Verdict(told["verdict"]), reason, told.get("known") is not None)
