"""Which failures of a run were known before, as the file said that the run was given: they stay failures."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from harness.report.records import KnownFailure, Scenario
from harness.run.verdict import Verdict, worst
from harness.settings.known_failures import KnownFailureEntry


def known_failures(
    entries: Sequence[KnownFailureEntry], board: str, started: str | None, scenarios: Sequence[Scenario]
) -> tuple[list[KnownFailure], list[Scenario]]:
    """Return what became of each entry for this board, and the scenarios with the entry that knows their failure.

    Whether an entry has expired goes by the day on which the run began, so that the report of a run never changes.
    A run that does not say when it began has no entry that counts.
    """
    day = _day(started)
    told: list[KnownFailure] = []
    by_scenario: dict[str, KnownFailure] = {}
    for entry in entries:
        if not entry.is_for(board):
            continue
        named = [each for each in scenarios if entry.names(each.id) and _checks(each, entry.requirement)]
        failing = [each for each in named if _fails(each, entry.requirement)]
        current = day is not None and day <= entry.expires
        state: Literal["applied", "expired", "unmatched"] = "applied" if failing else "unmatched"
        if not current:
            state = "expired"
        known = KnownFailure(
            scenario=entry.scenario,
            requirement=entry.requirement,
            board=entry.board,
            reason=entry.reason,
            reference=entry.reference,
            expires=entry.expires.isoformat(),
            state=state,
            scenarios=[each.key for each in failing],
            seen=worst(each.verdict for each in named) if named else None,
        )
        told.append(known)
        if state == "applied":
            for each in failing:
                by_scenario.setdefault(each.key, known)
    return told, [
        each.model_copy(update={"known": by_scenario[each.key]}) if each.key in by_scenario else each
        for each in scenarios
    ]


def _day(started: str | None) -> date | None:
    try:
        return date.fromisoformat((started or "")[:10])
    except ValueError:
        return None


def _checks(scenario: Scenario, requirement: str) -> bool:
    return not requirement or requirement in scenario.requirements


def _fails(scenario: Scenario, requirement: str) -> bool:
    """Whether it failed, and at this requirement where one is named; nothing else that failed there is known."""
    if scenario.verdict is not Verdict.FAILED:
        return False
    if not requirement:
        return True
    failed = {step.requirement for step in scenario.steps if step.verdict is Verdict.FAILED}
    return failed == {requirement} or (not failed and scenario.requirements == [requirement])
