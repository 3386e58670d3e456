"""`load`: a run folder becomes a `RunReport`, whatever state the folder is in."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json

from harness.errors import BenchError
from harness.report import coverage
from harness.report.clock import Clock
from harness.report.known import known_failures
from harness.report.records import (
    Finding,
    RunReport,
    Scenario,
    Totals,
    TransportUsed,
)
from harness.report.reservations import reservations
from harness.report.scenario_fold import ScenarioFold
from harness.run import manifest, reader
from harness.run.bench import Bench
from harness.run.events import (
    BoardFound,
    Event,
    FindingNamed,
    NoteTaken,
    Requirement,
    RequirementsKnown,
    RunFinished,
    RunStarted,
    ScenariosPlanned,
    ScenarioStarted,
    TransportOpened,
)
from harness.run.folder import RunFolder
from harness.run.header import InputFile
from harness.run.policy_named import Named
from harness.run.station import Station
from harness.run.tool import Tool
from harness.run.verdict import OF_SCENARIOS, Verdict, exit_code, whole
from harness.settings.known_failures import KnownFailureEntry
from harness.settings.particulars import Particulars

__all__ = ["RunReport", "load"]

_HEADER_LIMIT = 16 * 1024 * 1024
_PLAN_COUNTS = 2
"""From this version of the journal on, a run without a verdict for something planned is incomplete."""


class _Header(BaseModel):
    """`run.json`; a report can do without any of it."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, strict=True)

    run: str = ""
    board: str = ""
    started: str = ""
    harness: str = ""
    python: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    tool: Tool = Tool()
    station: Station = Station()
    bench: Bench = Bench()
    named: list[Named] = Field(default_factory=list)
    plan: dict[str, JsonValue] = Field(default_factory=dict)
    declaration: dict[str, JsonValue] = Field(default_factory=dict)
    options: dict[str, JsonValue] = Field(default_factory=dict)
    inputs: list[InputFile] = Field(default_factory=list)
    board_file: dict[str, JsonValue] = Field(default_factory=dict)
    report: dict[str, JsonValue] = Field(default_factory=dict)
    known_failures: list[JsonValue] = Field(default_factory=list)


def load(path: Path) -> RunReport:
    """Return the report of the run folder at `path`.

    A run that was killed, or a journal that is cut or has lines that cannot be read, gives a report that says
    so and that is never better than `error`.

    Raises:
        UsageError: there is no run folder at `path`, or a newer harness wrote it.
        BenchError: the folder cannot be read.
    """
    folder = RunFolder.open(path)
    return fold(folder, manifest.rewritten(folder))


def fold(folder: RunFolder, rewritten: Sequence[str], journal: reader.JournalText | None = None) -> RunReport:
    """Return the report of a run folder, given the source files that are not what its manifest recorded.

    A journal that was read already need not be read again.

    Raises:
        UsageError: a newer harness wrote the folder.
        BenchError: the folder cannot be read.
    """
    journal = journal or reader.read(folder.journal)
    damage = list(journal.problems)
    if journal.cut:
        damage.append("the journal ends inside a line: the run was killed, or the file was cut")
    header = _read_header(folder, damage)
    damage += [f"not as manifest.json says: {name}" for name in rewritten]
    folded = _RunFold(folder, damage)
    for event in journal.events:
        folded.take(event)
    return folded.report(header)


def _particulars(said: dict[str, JsonValue], damage: list[str]) -> Particulars:
    try:
        # In JSON a date is a text and a tuple a list.
        return Particulars.model_validate_json(json.dumps(said))
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
        damage.append(f"run.json: report: cannot be read: {', '.join(places)}")
        return Particulars()


def _known_failures(said: list[JsonValue], damage: list[str]) -> list[KnownFailureEntry]:
    try:
        return [KnownFailureEntry.model_validate_json(json.dumps(each)) for each in said]
    except ValidationError:
        damage.append("run.json: known_failures: cannot be read, so no failure counts as known")
        return []


def _read_header(folder: RunFolder, damage: list[str]) -> _Header:
    try:
        with folder.header.open("rb") as file:
            return _Header.model_validate(from_json(file.read(_HEADER_LIMIT), allow_inf_nan=False))
    except FileNotFoundError:
        damage.append("there is no run.json")
    except ValueError:
        damage.append("run.json is no header of this version")
    except OSError as error:
        raise BenchError(f"{folder.header}: cannot be read: {error.strerror}") from error
    return _Header()


class _RunFold:
    """Takes the events of a run in order."""

    def __init__(self, folder: RunFolder, damage: list[str]) -> None:
        self._folder = folder
        self._damage = damage
        self._start: RunStarted | None = None
        self._end: RunFinished | None = None
        self._last = 0
        self._identity: dict[str, str] = {}
        self._transports: dict[str, TransportUsed] = {}
        self._known: list[Requirement] = []
        self._uncovered: list[str] = []
        self._scenarios: dict[str, ScenarioFold] = {}
        self._planned: dict[str, ScenarioFold] = {}
        self._findings: list[Finding] = []
        self._notes: list[str] = []
        self._broke: list[str] = []

    def take(self, event: Event) -> None:
        """Take one event."""
        self._last = event.t
        if self._end is not None:
            self._damage.append(f"a {event.event} event stands after the end of the run")
        if isinstance(event, RunStarted):
            self._start = event
        elif isinstance(event, RunFinished):
            self._end = event
        elif isinstance(event, BoardFound):
            self._identity.update(event.identity)
        elif isinstance(event, TransportOpened):
            self._transports[event.name] = TransportUsed.model_validate(event)
        elif isinstance(event, RequirementsKnown):
            self._known += event.known
            self._uncovered += event.uncovered
        elif isinstance(event, ScenariosPlanned):
            for info in event.scenarios:
                self._planned[info.id] = ScenarioFold(info, key=info.id, started=None)
        elif isinstance(event, ScenarioStarted):
            self._scenarios[event.scenario] = ScenarioFold(event.info, key=event.scenario, started=event.t)
        elif isinstance(event, FindingNamed | NoteTaken) and not event.scenario:
            self._take_loose(event)
        elif event.scenario in self._scenarios:
            if isinstance(event, FindingNamed):
                self._findings.append(Finding.model_validate(event))
            if problem := self._scenarios[event.scenario].take(event):
                self._damage.append(problem)
        else:
            self._damage.append(f"a {event.event} event belongs to a scenario that never started")

    @property
    def _official(self) -> bool:
        return self._start is not None and self._start.mode == "official" and not self._broke

    def _take_loose(self, event: FindingNamed | NoteTaken) -> None:
        if isinstance(event, NoteTaken):
            self._notes.append(event.text)
            if event.against_official:
                self._broke.append(event.text)
        else:
            self._findings.append(Finding.model_validate(event))

    def _whole(self, scenarios: Sequence[Scenario], *, interrupted: bool, by_person: bool) -> Verdict:
        verdicts = [scenario.verdict for scenario in scenarios]
        if self._start is not None and self._start.schema < _PLAN_COUNTS:
            seen = whole(verdicts, interrupted=interrupted)
            return Verdict.NOT_RUN if by_person and seen is Verdict.PASSED else seen
        unjudged = any(each.verdict is Verdict.NOT_RUN and not each.outside_plan for each in scenarios)
        return whole(verdicts, interrupted=interrupted, by_person=by_person, unjudged=unjudged)

    def report(self, header: _Header) -> RunReport:
        """Return the report of everything taken so far."""
        clock = Clock.anchored(self._start.wall, self._start.t) if self._start else Clock()
        if self._start is None:
            self._damage.append("the journal has no beginning")
        if self._end is None:
            self._damage.append("the journal has no end: the run was killed, or is still going on")
        ran = {fold.info.id for fold in self._scenarios.values()}
        never = [fold for name, fold in self._planned.items() if name not in ran]
        folds = [*self._scenarios.values(), *never]
        scenarios = [fold.result(clock, self._folder.path) for fold in folds]
        lost = [each for scenario in scenarios for each in scenario.evidence if each.state != "intact"]
        self._damage += [f"evidence {each.file} is {each.state}" for each in lost]
        particulars = _particulars(header.report, self._damage)
        entries = _known_failures(header.known_failures, self._damage)
        interrupted = self._end.interrupted if self._end else ""
        by_person = self._end is not None and self._end.by_person
        seen = self._whole(scenarios, interrupted=bool(interrupted) and not by_person, by_person=by_person)
        if self._end is not None and self._end.verdict is not seen:
            self._damage.append(f"the journal closes with {self._end.verdict}, its scenarios come to {seen}")
        verdict = self._whole(
            scenarios,
            interrupted=bool((interrupted and not by_person) or self._damage),
            by_person=by_person,
        )
        board = header.board or (self._start.board if self._start else "")
        started = clock.moment(self._start.t if self._start else None)
        known, scenarios = known_failures(entries, board, started, scenarios)
        requirements = coverage.results(self._known, frozenset(self._uncovered), scenarios)
        report = RunReport(
            run=header.run or (self._start.run if self._start else self._folder.name),
            board=board,
            mode="official" if self._official else "development",
            no_longer_official=self._broke,
            named=header.named,
            particulars=particulars,
            verdict=verdict,
            exit_code=exit_code([verdict]),
            incomplete=bool(interrupted or self._damage) or verdict is Verdict.INCOMPLETE,
            interrupted=interrupted,
            problems=self._damage,
            started=started,
            finished=clock.moment(self._end.t if self._end else None),
            began=self._start.t if self._start else None,
            seconds=clock.seconds(self._start.t if self._start else None, self._last),
            harness=header.harness or (self._start.harness if self._start else ""),
            python=header.python,
            packages=header.packages,
            tool=header.tool,
            station=header.station,
            bench=header.bench,
            plan=header.plan,
            declaration=header.declaration,
            options=header.options,
            inputs=header.inputs,
            board_file=header.board_file,
            known_failures=known,
            identity=self._identity,
            transports=list(self._transports.values()),
            totals=_totals(scenarios),
            scenarios=scenarios,
            findings=self._findings,
            notes=self._notes,
            coverage=coverage.count(requirements),
            requirements=requirements,
            journal_sha256=_sha256(self._folder.journal),
        )
        return report.model_copy(update={"reservations": list(reservations(report))})


def _totals(scenarios: Sequence[Scenario]) -> Totals:
    verdicts = [scenario.verdict for scenario in scenarios]
    return Totals(**{verdict.value: verdicts.count(verdict) for verdict in OF_SCENARIOS})


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error
