"""The scenarios of a run as the page shows them: by onboarding step, those that did not apply together."""

from dataclasses import dataclass

from harness.report.document.blocks import Block, Heading, Section, Words
from harness.report.document.context import Context
from harness.report.records import MeasurementResult, Scenario
from harness.report.text import folder_title
from harness.run.measure import Measurement
from harness.run.verdict import OF_SCENARIOS, Verdict

_GAUGE_WIDTH = 110
_APART = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)


@dataclass(frozen=True, slots=True)
class Group:
    """The scenarios of one onboarding step.

    Attributes:
        number: Its place, from 1.
        title: Its name.
        shown: Those that were entered.
        apart: Those that did not apply or were not run, by that verdict.
    """

    number: int
    title: Words
    shown: tuple[Scenario, ...]
    apart: tuple[tuple[Verdict, tuple[Scenario, ...]], ...]

    @property
    def counts(self) -> list[tuple[Verdict, int]]:
        """How many scenarios have which verdict, without zeros."""
        every = [*self.shown, *(each for _, several in self.apart for each in several)]
        counts = [(verdict, sum(each.verdict is verdict for each in every)) for verdict in OF_SCENARIOS]
        return [(verdict, count) for verdict, count in counts if count]


@dataclass(frozen=True, slots=True)
class Failure:
    """What the document says of a scenario that did not pass, for the page to add its details to."""

    scenario: Scenario
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """Where a value lies beside its limits, on a line of a fixed width."""

    low: float
    span: float
    at: float


def groups(context: Context) -> list[Group]:
    """Return the scenarios by onboarding step, in the order of the run."""
    by_folder: dict[str, list[Scenario]] = {}
    for scenario in context.report.scenarios:
        by_folder.setdefault(scenario.step_folder, []).append(scenario)
    return [
        Group(
            number,
            context.told(folder_title(folder)),
            tuple(each for each in scenarios if not _is_apart(each)),
            tuple(
                (verdict, several)
                for verdict in _APART
                if (
                    several := tuple(
                        each for each in scenarios if each.verdict is verdict and _is_apart(each)
                    )
                )
            ),
        )
        for number, (folder, scenarios) in enumerate(by_folder.items(), start=1)
    ]


def _is_apart(scenario: Scenario) -> bool:
    """Whether a scenario has nothing to show but why it was not entered."""
    entered = any(step.began is not None or step.seconds is not None for step in scenario.steps)
    held = scenario.measurements or scenario.findings or scenario.evidence or scenario.notes or scenario.error
    return scenario.verdict in _APART and not entered and not held


def failures(section: Section, context: Context) -> tuple[tuple[Block, ...], list[Failure]]:
    """Return what a section says before the first scenario, and then what it says of each."""
    scenarios = {context.scenarios[each.key]: each for each in context.report.scenarios}
    before: list[Block] = []
    found: list[tuple[Scenario, str, list[Block]]] = []
    for block in section.blocks:
        if isinstance(block, Heading) and block.anchor in scenarios:
            found.append((scenarios[block.anchor], block.anchor, [block]))
        elif found:
            found[-1][2].append(block)
        else:
            before.append(block)
    return tuple(before), [Failure(scenario, anchor, tuple(blocks)) for scenario, anchor, blocks in found]


def gauge(each: MeasurementResult) -> Gauge | None:
    """Draw a measurement beside its limits; None where it has no two ends."""
    return gauge_of(each.value, each.low, each.high)


def gauge_of(value: float | str, low: float | None, high: float | None) -> Gauge | None:
    """Draw the allowed span over the middle of the line; the value is held inside the line's ends."""
    if isinstance(value, str) or high is None:
        return None
    low = 0.0 if low is None and high > 0 else low
    if low is None or high <= low:
        return None
    left, right = 0.15 * _GAUGE_WIDTH, 0.85 * _GAUGE_WIDTH
    try:
        at = left + (value - low) / (high - low) * (right - left)
    except OverflowError:  # a count of more digits than a fraction has room for
        return None
    return Gauge(round(left, 1), round(right - left, 1), round(min(max(at, 4.0), _GAUGE_WIDTH - 4.0), 1))


def limits(context: Context, each: MeasurementResult) -> str:
    """Return the limits of a measurement in words."""
    low, high = (None if limit is None else float(limit) for limit in (each.low, each.high))
    if low is not None and high is not None and low > high:
        return context.say("limits that no value meets")
    told = Measurement(each.name, each.unit, low, high).limits
    return (
        context.text(f"{context.say(told)} {context.say(each.unit)}", 160)
        if told
        else context.say("any value allowed")
    )


def value(context: Context, each: MeasurementResult) -> str:
    """Return a value with its unit."""
    number = f"{each.value:g}" if isinstance(each.value, float) else str(each.value)
    return context.text(f"{number} {context.say(each.unit)}", 120)
