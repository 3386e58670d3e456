"""Requirement coverage: what this run says about each requirement."""

from collections.abc import Sequence
from typing import Literal

from harness.report.records import Coverage, RequirementResult, Scenario
from harness.run.events import Requirement
from harness.run.verdict import Verdict, worst

State = Verdict | Literal["uncovered"]


def results(
    known: Sequence[Requirement], uncovered: frozenset[str], scenarios: Sequence[Scenario]
) -> list[RequirementResult]:
    """Return the state of each requirement, in the order of the list; ids that the list lacks come last."""
    checked: dict[str, list[tuple[str, Verdict]]] = {}
    for scenario in scenarios:
        for requirement, verdict in _checks(scenario):
            checked.setdefault(requirement, []).append((scenario.key, verdict))
    listed = {requirement.id: requirement for requirement in known}
    unlisted = {name: Requirement(name) for name in checked if name not in listed}
    return [
        RequirementResult(
            id=requirement.id,
            statement=requirement.statement,
            source=requirement.source,
            level=requirement.level,
            applies_when=requirement.applies_when,
            compares=requirement.compares,
            state=_state(requirement.id, checked, uncovered),
            scenarios=list(dict.fromkeys(key for key, _ in checked.get(requirement.id, ()))),
        )
        for requirement in (listed | unlisted).values()
    ]


def _checks(scenario: Scenario) -> list[tuple[str, Verdict]]:
    by_step = [(step.requirement, step.verdict) for step in scenario.steps]
    in_steps = {requirement for requirement, _ in by_step}
    # A requirement that no step names stands for the scenario as a whole.
    return by_step + [(name, scenario.verdict) for name in scenario.requirements if name not in in_steps]


def _state(name: str, checked: dict[str, list[tuple[str, Verdict]]], uncovered: frozenset[str]) -> State:
    if name in checked:
        return worst(verdict for _, verdict in checked[name])
    return "uncovered" if name in uncovered else Verdict.NOT_RUN


def count(requirements: Sequence[RequirementResult]) -> Coverage:
    """Return how many requirements are in which state."""
    states = [str(requirement.state) for requirement in requirements]
    return Coverage(
        known=len(states),
        passed=states.count("passed"),
        failed=states.count("failed"),
        unclear=states.count("blocked") + states.count("error"),
        not_checked=states.count("not_applicable") + states.count("not_run"),
        uncovered=states.count("uncovered"),
    )
