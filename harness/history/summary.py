"""What the index keeps of a run: enough to list, to search and to see trends; all else is in the run folder."""

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.history.configuration import Configuration, configuration
from harness.report.model import fold
from harness.report.records import MeasurementResult, RunReport, Scenario
from harness.report.stand_ins import stand_ins
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.run.verdict import Verdict, worst

_WORDS = 8_000
_REASON = 300
_SEALED, _APPROVED = ("SHA256SUMS", "SHA256SUMS.tester.sig"), "SHA256SUMS.approver.sig"
_APART = frozenset({"faults", "replay"})
_TAKEN = frozenset({Verdict.PASSED, Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR})


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """All attempts of a run at one scenario.

    Attributes:
        id: Its id.
        title: What it checks.
        verdict: What its attempts come to.
        attempts: How many there were.
        mixed: Whether one attempt passed and another failed.
        microseconds: How long all of them took.
    """

    id: str
    title: str
    verdict: Verdict
    attempts: int
    mixed: bool
    microseconds: int


@dataclass(frozen=True, slots=True)
class MeasurementSummary:
    """All values of one measurement of a scenario in one run; only finite numbers count in the statistics.

    Attributes:
        scenario: Id of the scenario.
        name: Name of the measurement.
        unit: Unit of its values.
        low: The lower limit, None for none.
        high: The upper limit, None for none.
        count: How many values there are.
        lowest: The smallest; None when no value is a finite number.
        median: The median.
        highest: The largest.
        verdict: The worst of their verdicts.
    """

    scenario: str
    name: str
    unit: str
    low: float | None
    high: float | None
    count: int
    lowest: float | None
    median: float | None
    highest: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Summary:
    """One run.

    Attributes:
        board: Name of the board.
        verdict: Verdict of the run, as its report gives it.
        started: When it began, UTC, ISO 8601; empty when the run does not say.
        seconds: How long it took; None when the run does not say.
        marks: What a reader must know beside the verdict, in words: simulated, official, sealed …
        number: Number of its report.
        altered: Whether a file of the run is not as its manifest says: its verdicts prove nothing.
        apart: Whether it says nothing of the board as it is: faults on purpose, or recordings judged again.
        configuration: What it was made with.
        counts: How many scenarios have which verdict.
        scenarios: Each scenario that applied.
        requirements: The state of each requirement that was judged.
        measurements: What was measured.
        words: What a search looks through, in small letters.
    """

    board: str
    verdict: Verdict
    started: str
    seconds: float | None
    marks: tuple[str, ...]
    number: str
    altered: bool
    apart: bool
    configuration: Configuration
    counts: dict[str, int]
    scenarios: tuple[ScenarioSummary, ...]
    requirements: dict[str, Verdict]
    measurements: tuple[MeasurementSummary, ...]
    words: str


def read(path: Path) -> Summary:
    """Return the summary of the run folder at `path`.

    Raises:
        UsageError: it is no run folder, or a newer harness wrote it.
        BenchError: it cannot be read.
    """
    folder = RunFolder.open(path)
    rewritten = manifest.rewritten(folder)
    return summarised(fold(folder, rewritten), folder.path, altered=bool(rewritten))


def summarised(report: RunReport, folder: Path, *, altered: bool) -> Summary:
    """Return the summary of a report.

    Args:
        report: The report.
        folder: Its run folder, in which signatures may lie.
        altered: Whether a file of the run is not as its manifest says.
    """
    return Summary(
        board=report.board,
        verdict=report.verdict,
        started=report.started or "",
        seconds=report.seconds,
        marks=(
            *_marks(report),
            *_closed(report, folder),
            *_seals(folder),
            *(("altered",) if altered else ()),
        ),
        number=report.particulars.number,
        altered=altered,
        apart=not _APART.isdisjoint(report.options),
        configuration=configuration(report),
        counts=report.totals.model_dump(),
        scenarios=tuple(_scenarios(report)),
        requirements={each.id: Verdict(each.state) for each in report.requirements if each.state in _TAKEN},
        measurements=tuple(measurements(report)),
        words=_words(report, folder),
    )


def _marks(report: RunReport) -> Iterator[str]:
    if report.mode == "official":
        yield "official"
    unreal = stand_ins(report)
    told = unreal.title.lower() if unreal is not None else ""
    if "partly virtual board" in told:
        yield "partly simulated"
    elif "virtual board" in told:
        yield "simulated"
    if "mock service" in told:
        yield "mock"
    if "replay" in report.options:
        yield "replay"
    if "faults" in report.options:
        yield "faults on purpose"
    if report.finished is None:
        yield "no end"


def _closed(report: RunReport, folder: Path) -> Iterator[str]:
    if report.finished is not None and not RunFolder(folder).closed:
        yield "no manifest"


def _seals(folder: Path) -> Iterator[str]:
    """Give what the names of files say; whether a seal is whole only `harness verify` knows."""
    if all((folder / name).is_file() for name in _SEALED):
        yield "approved" if (folder / _APPROVED).is_file() else "sealed"


def by_id(scenarios: Iterable[Scenario]) -> dict[str, list[Scenario]]:
    """Return all attempts at each scenario, in their order."""
    found: dict[str, list[Scenario]] = {}
    for each in scenarios:
        found.setdefault(each.id, []).append(each)
    return found


def of_attempts(attempts: Sequence[Scenario]) -> Verdict:
    """Return what all attempts at a scenario come to: a failure that was seen stays one, whatever came after it."""
    verdicts = [each.verdict for each in attempts]
    return Verdict.FAILED if Verdict.FAILED in verdicts else worst(verdicts)


def _scenarios(report: RunReport) -> Iterator[ScenarioSummary]:
    for name, attempts in by_id(report.scenarios).items():
        verdict = of_attempts(attempts)
        if verdict is Verdict.NOT_APPLICABLE:
            continue
        yield ScenarioSummary(
            id=name,
            title=attempts[-1].title,
            verdict=verdict,
            attempts=len(attempts),
            mixed={Verdict.PASSED, Verdict.FAILED} <= {each.verdict for each in attempts},
            microseconds=round(sum(each.seconds or 0 for each in attempts) * 1e6),
        )


def measurements(report: RunReport) -> Iterator[MeasurementSummary]:
    """Give each measurement of a run, the values of all attempts together."""
    for name, attempts in by_id(report.scenarios).items():
        taken: dict[tuple[str, str], list[MeasurementResult]] = {}
        for attempt in attempts:
            for each in attempt.measurements:
                taken.setdefault((each.name, each.unit), []).append(each)
        for (title, unit), each_of in taken.items():
            yield _measurement(name, title, unit, each_of)


def _measurement(
    scenario: str, name: str, unit: str, taken: Sequence[MeasurementResult]
) -> MeasurementSummary:
    values = [
        float(each.value)
        for each in taken
        if isinstance(each.value, int | float) and math.isfinite(each.value)
    ]
    return MeasurementSummary(
        scenario=scenario,
        name=name,
        unit=unit,
        low=taken[-1].low,
        high=taken[-1].high,
        count=len(taken),
        lowest=min(values, default=None),
        median=statistics.median(values) if values else None,
        highest=max(values, default=None),
        verdict=worst(each.verdict for each in taken),
    )


def _words(report: RunReport, folder: Path) -> str:
    item = report.particulars.item
    found = [folder.name, report.run, report.board, report.harness, report.particulars.number]
    found += [report.particulars.customer.name, report.particulars.maker.name, report.particulars.tester]
    found += [item.name, item.model, item.hardware_version, item.firmware_version, *item.serial_numbers]
    found += [report.station.name, *map(str, report.plan.values())]
    found += [f"{each.name} {each.sha256}" for each in report.inputs]
    found += [f"{name} {value}" for name, value in report.identity.items()]
    found += [f"{each.defect} {each.title}" for each in report.findings]
    for each in report.scenarios:
        if each.verdict in {Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR}:
            found.append(f"{each.id} {each.title} {each.reason[:_REASON]}")
    return "\n".join(each for each in found if each).casefold()[:_WORDS]
