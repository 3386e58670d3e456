"""Two runs beside each other: what fails now, what no longer does, what is no longer told, and what else changed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.history.differences import Difference, differences
from harness.history.noise import Band, band, changed
from harness.history.summary import MeasurementSummary, by_id, measurements, of_attempts
from harness.report.records import KnownFailure, RunReport, Scenario
from harness.run.verdict import Verdict

Key = tuple[str, str, str]
"""A measurement: id of the scenario, name, unit."""

_JUDGED = frozenset({Verdict.PASSED, Verdict.FAILED})


class Change(StrEnum):
    """What became of a scenario between two runs; a known failure is one that failed before as well."""

    NEW_FAILURE = "new_failure"
    KNOWN_FAILURE = "known_failure"
    STILL_FAILING = "still_failing"
    FIXED = "fixed"
    COVERAGE_LOST = "coverage_lost"
    COVERAGE_GAINED = "coverage_gained"


@dataclass(frozen=True, slots=True)
class ScenarioChange:
    """A scenario whose outcome differs, or that fails in both runs.

    Attributes:
        change: What became of it.
        id: Its id in the later run, or in the earlier one when it is gone.
        was: Its id in the earlier run when that is another; empty for the same.
        title: What it checks.
        before: What its attempts came to in the earlier run; None when that run does not know it.
        after: What its attempts came to in the later run; None when that run does not know it.
        attempts: How many attempts the later run made.
        reason: Why it came to that in the later run, in the words of that run.
        known: The known failure that it is; None for none.
    """

    change: Change
    id: str
    was: str
    title: str
    before: Verdict | None
    after: Verdict | None
    attempts: int
    reason: str
    known: KnownFailure | None


@dataclass(frozen=True, slots=True)
class MeasurementChange:
    """A measurement that changed by more than it does by itself, or whose limits changed.

    Attributes:
        before: What the earlier run measured.
        after: What the later run measured.
        around: What earlier runs of the board span; None when there are too few.
        value_changed: Whether the value changed; else only the limits did.
    """

    before: MeasurementSummary
    after: MeasurementSummary
    around: Band | None
    value_changed: bool

    @property
    def limits_changed(self) -> bool:
        """Whether the limits differ."""
        return (self.before.low, self.before.high) != (self.after.low, self.after.high)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs beside each other.

    Attributes:
        before: The earlier run.
        after: The later run.
        unreliable: Why what one of the runs says is not to be relied on.
        scenarios: Every scenario that changed, or fails in both.
        measurements: Every measurement that changed.
        unmeasured: Every measurement of the earlier run that the later one did not take in a scenario that passed.
        differences: In what the circumstances differ.
    """

    before: RunReport
    after: RunReport
    unreliable: tuple[str, ...]
    scenarios: tuple[ScenarioChange, ...]
    measurements: tuple[MeasurementChange, ...]
    unmeasured: tuple[MeasurementSummary, ...]
    differences: tuple[Difference, ...]

    @property
    def same_board(self) -> bool:
        """Whether both runs are of boards of one name."""
        return self.before.board == self.after.board

    def of(self, change: Change) -> list[ScenarioChange]:
        """Return the scenarios of which this became."""
        return [each for each in self.scenarios if each.change is change]

    @property
    def exit_code(self) -> int:
        """1 for new failures, known or not; 5 when less is judged, or a run is not to be relied on; 0 for no worse."""
        if self.of(Change.NEW_FAILURE):
            return 1
        return 5 if self.of(Change.COVERAGE_LOST) or self.unmeasured or self.unreliable else 0


def compare(
    before: RunReport,
    after: RunReport,
    earlier: Mapping[Key, Sequence[float]] | None = None,
    doubts: Sequence[str] = (),
) -> Comparison:
    """Compare two runs.

    Args:
        before: The earlier run.
        after: The later run, which is better, worse or the same.
        earlier: The medians of measurements in earlier runs of the board.
        doubts: Why what one of the runs says is not to be relied on, beyond what the runs say of themselves.
    """
    renamed = _renamed(before, after)
    return Comparison(
        before=before,
        after=after,
        unreliable=(*doubts, *_unreliable(before, after)),
        scenarios=tuple(_scenarios(before, after, renamed)),
        measurements=tuple(_measurements(before, after, renamed, earlier or {})),
        unmeasured=tuple(_unmeasured(before, after, renamed)),
        differences=differences(before, after),
    )


def _unreliable(before: RunReport, after: RunReport) -> Iterator[str]:
    for word, report in (("earlier", before), ("later", after)):
        for problem in report.problems:
            yield f"the {word} run: {problem}"
        if report.interrupted:
            yield f"the {word} run ended before its end: {report.interrupted}"


def _renamed(before: RunReport, after: RunReport) -> dict[str, str]:
    """Return the earlier id of each scenario that has another now.

    One that is gone and one that is new are the same when both check the same requirements under the same title, and
    no other of the two runs does.
    """
    old = {each.id: each for each in before.scenarios}
    new = {each.id: each for each in after.scenarios}
    gone = [each for name, each in old.items() if name not in new]
    added = [each for name, each in new.items() if name not in old]
    alike_gone, alike_added = Counter(map(_content, gone)), Counter(map(_content, added))
    earlier = {_content(each): each.id for each in gone}
    return {
        each.id: earlier[content]
        for each in added
        if alike_gone[content := _content(each)] == alike_added[content] == 1
    }


def _content(scenario: Scenario) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    steps = tuple(f"{step.requirement} {step.title}" for step in scenario.steps)
    return scenario.title, tuple(scenario.requirements), steps


def _scenarios(before: RunReport, after: RunReport, renamed: Mapping[str, str]) -> Iterator[ScenarioChange]:
    old, new = by_id(before.scenarios), by_id(after.scenarios)
    for name, attempts in new.items():
        was = renamed.get(name, name)
        if found := _change(name, old.get(was, []), attempts, was if was != name else ""):
            yield found
    taken = set(renamed.values())
    for name, attempts in old.items():
        if name not in new and name not in taken and (found := _change(name, attempts, [], "")):
            yield found


def _change(name: str, old: Sequence[Scenario], new: Sequence[Scenario], was: str) -> ScenarioChange | None:
    before = of_attempts(old) if old else None
    after = of_attempts(new) if new else None
    known = _known(new)
    change = _what(before, after, known=known is not None)
    if change is None:
        return None
    shown = next((each for each in new if each.verdict is after), None)
    return ScenarioChange(
        change=change,
        id=name,
        was=was,
        title=(new or old)[-1].title,
        before=before,
        after=after,
        attempts=len(new),
        reason="" if shown is None else _reason(shown),
        known=known,
    )


def _what(before: Verdict | None, after: Verdict | None, *, known: bool) -> Change | None:
    if after is Verdict.FAILED:
        if before is not Verdict.FAILED:
            # Known or not: it did not fail before, and no file may turn what is worse into what is not.
            return Change.NEW_FAILURE
        return Change.KNOWN_FAILURE if known else Change.STILL_FAILING
    if after is Verdict.PASSED:
        if before is Verdict.FAILED:
            return Change.FIXED
        return None if before is Verdict.PASSED else Change.COVERAGE_GAINED
    # A failure that nobody looked for again is not shown to be fixed.
    return Change.COVERAGE_LOST if before in _JUDGED else None


def _known(attempts: Sequence[Scenario]) -> KnownFailure | None:
    """Return the known failure that all failed attempts are."""
    failed = [each.known for each in attempts if each.verdict is Verdict.FAILED]
    return failed[0] if failed and None not in failed else None


def _reason(scenario: Scenario) -> str:
    return scenario.error.message if scenario.error is not None else scenario.reason


def _measurements(
    before: RunReport,
    after: RunReport,
    renamed: Mapping[str, str],
    earlier: Mapping[Key, Sequence[float]],
) -> Iterator[MeasurementChange]:
    old = {(each.scenario, each.name, each.unit): each for each in measurements(before)}
    for new in measurements(after):
        was = renamed.get(new.scenario, new.scenario)
        found = old.get((was, new.name, new.unit))
        if found is None:
            continue
        around = band(earlier.get((new.scenario, new.name, new.unit), ()))
        value_changed = (
            found.median is not None
            and new.median is not None
            and changed(found.median, new.median, new.low, new.high, around)
        )
        change = MeasurementChange(found, new, around, value_changed)
        if value_changed or change.limits_changed:
            yield change


def _unmeasured(
    before: RunReport, after: RunReport, renamed: Mapping[str, str]
) -> Iterator[MeasurementSummary]:
    """Give what is missing where nothing else tells it: a scenario that did not pass is told of itself."""
    taken = {
        (renamed.get(each.scenario, each.scenario), each.name, each.unit) for each in measurements(after)
    }
    passed = {
        renamed.get(name, name)
        for name, attempts in by_id(after.scenarios).items()
        if of_attempts(attempts) is Verdict.PASSED
    }
    for each in measurements(before):
        if each.scenario in passed and (each.scenario, each.name, each.unit) not in taken:
            yield each
