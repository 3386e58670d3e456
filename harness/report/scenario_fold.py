"""Folding the events of one scenario into its part of the report."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.report.clock import Clock
from harness.report.records import Evidence, Finding, MeasurementResult, Scenario, Step
from harness.run.events import (
    EvidenceKept,
    FindingNamed,
    MeasurementTaken,
    NoteTaken,
    ScenarioFinished,
    ScenarioInfo,
    StepFinished,
    StepStarted,
)
from harness.run.failure import ErrorRecord
from harness.run.statistics import numbers, statistics_of
from harness.run.verdict import Verdict, worst

_EVIDENCE_FILE = re.compile(r"evidence/[A-Za-z0-9_-][A-Za-z0-9._-]*")

ScenarioEvent = (
    StepStarted | StepFinished | MeasurementTaken | EvidenceKept | FindingNamed | NoteTaken | ScenarioFinished
)


@dataclass(slots=True)
class _StepFold:
    """What the journal says of one step."""

    started: int | None = None
    began: int | None = None
    ended: int | None = None
    nanoseconds: int | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    reason: str = ""
    error: ErrorRecord | None = None

    @property
    def running(self) -> bool:
        return self.started is not None

    def enter(self, t: int) -> None:
        self.started = t
        self.began = t if self.began is None else self.began


NO_END = "interrupted: the journal has no end for it"
"""The reason of a scenario that was running when its process was killed."""


class ScenarioFold:
    """Takes the events of one scenario in order; `result` may be asked at any moment.

    A scenario that never started is one whose turn never came; one without its end was interrupted.
    """

    def __init__(self, info: ScenarioInfo, *, key: str, started: int | None) -> None:
        self.info = info
        self.key = key
        self._started = started
        self._end: ScenarioFinished | None = None
        self._steps = [_StepFold() for _ in info.steps]
        self._measurements: list[MeasurementTaken] = []
        self._findings: list[Finding] = []
        self._evidence: list[EvidenceKept] = []
        self._notes: list[str] = []

    @property
    def interrupted(self) -> bool:
        """True when the scenario started and has no end."""
        return self._started is not None and self._end is None

    def take(self, event: ScenarioEvent) -> str:
        """Take one event; return what is wrong with it, or an empty text."""
        if self._end is not None:
            return f"a {event.event} event of {self.key} stands after its end"
        if isinstance(event, ScenarioFinished):
            self._end = event
        elif isinstance(event, NoteTaken):
            self._notes.append(event.text)
        elif event.step is not None and not 0 <= event.step < len(self._steps):
            return f"{self.key} has no step {event.step}"
        elif isinstance(event, StepStarted):
            self._steps[event.step].enter(event.t)
        elif isinstance(event, StepFinished):
            self._end_step(event)
        elif isinstance(event, MeasurementTaken):
            self._measurements.append(event)
        elif isinstance(event, EvidenceKept):
            self._evidence.append(event)
        else:
            self._findings.append(Finding.model_validate(event))
        return ""

    def _end_step(self, event: StepFinished) -> None:
        step = self._steps[event.step]
        if step.started is not None:
            step.nanoseconds = (step.nanoseconds or 0) + max(0, event.t - step.started)
            step.ended = event.t
        step.started = None
        step.verdicts.append(event.verdict)
        step.reason = event.reason or step.reason
        step.error = event.error or step.error

    def result(self, clock: Clock, folder: Path) -> Scenario:
        """Return the scenario's part of the report."""
        verdict, reason = self._verdict()
        end = self._end.t if self._end else None
        return Scenario(
            key=self.key,
            attempt=_attempt(self.key, self.info.id),
            id=self.info.id,
            node=self.info.node,
            step_folder=self.info.step_folder,
            title=self.info.title or self.info.id,
            requirements=list(self.info.requirements),
            verdict=verdict,
            reason=reason,
            outside_plan=verdict is Verdict.NOT_RUN and self._end is not None and self._end.outside_plan,
            error=self._end.error if self._end else None,
            started=clock.moment(self._started),
            seconds=clock.seconds(self._started, end),
            began=self._started,
            ended=end,
            steps=[self._step(index) for index in range(len(self._steps))],
            measurements=[_measurement(event) for event in self._measurements],
            findings=list(self._findings),
            evidence=[_evidence(event, folder) for event in self._evidence],
            notes=list(self._notes),
        )

    def _verdict(self) -> tuple[Verdict, str]:
        if self._end is not None:
            return self._end.verdict, self._end.reason
        if self._started is None:
            return Verdict.NOT_RUN, "its turn never came"
        # What was seen before the interruption stays true.
        seen = worst(verdict for step in self._steps for verdict in step.verdicts)
        verdict = Verdict.FAILED if seen is Verdict.FAILED else Verdict.ERROR
        return verdict, NO_END

    def _step(self, index: int) -> Step:
        fold = self._steps[index]
        requirement, title = self.info.steps[index]
        verdicts = [*fold.verdicts, Verdict.ERROR] if fold.running else fold.verdicts
        return Step(
            index=index,
            requirement=requirement,
            title=title,
            verdict=worst(verdicts),
            reason="interrupted" if fold.running else fold.reason,
            seconds=None if fold.nanoseconds is None else round(fold.nanoseconds / 1e9, 6),
            began=fold.began,
            ended=fold.ended,
            error=fold.error,
        )


def _measurement(event: MeasurementTaken) -> MeasurementResult:
    result = MeasurementResult.model_validate(event)
    if result.statistics is None and result.samples:
        return result.model_copy(update={"statistics": statistics_of(numbers(result.samples))})
    return result


def _attempt(key: str, scenario: str) -> int:
    number = key.removeprefix(f"{scenario}#")
    return int(number) if number != key and number.isascii() and number.isdigit() else 1


def _evidence(event: EvidenceKept, folder: Path) -> Evidence:
    return Evidence(
        step=event.step,
        name=event.name,
        title=event.title,
        file=event.file,
        media_type=event.media_type,
        size=event.size,
        sha256=event.sha256,
        cut_from=event.cut_from,
        masked=event.masked,
        state=_state(event, folder),
    )


def evidence_path(folder: Path, file: str) -> Path | None:
    """Return the path of a piece of evidence, or None when it is not there as a plain file of this run.

    The journal's word for it is not enough: a path that leads out of the evidence folder, or a link, counts
    as missing.
    """
    path = folder / file
    if (
        not _EVIDENCE_FILE.fullmatch(file)
        or path.parent.is_symlink()
        or path.is_symlink()
        or not path.is_file()
    ):
        return None
    return path


def _state(event: EvidenceKept, folder: Path) -> Literal["intact", "changed", "missing"]:
    path = evidence_path(folder, event.file)
    if path is None:
        return "missing"
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == event.sha256
    except OSError:
        return "missing"
    return "intact" if same else "changed"
