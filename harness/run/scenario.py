"""The log of one scenario: its steps, measurements, evidence and findings, written as they happen."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import BenchError, ToolError
from harness.run import evidence
from harness.run.events import (
    EvidenceKept,
    FindingNamed,
    MeasurementTaken,
    NoteTaken,
    ScenarioFinished,
    ScenarioInfo,
    ScenarioStarted,
    StepFinished,
    StepStarted,
)
from harness.run.failure import ErrorRecord
from harness.run.journal import Journal
from harness.run.measure import Measurement, OutsideLimitsError
from harness.run.statistics import KEPT, histogram_of, statistics_of
from harness.run.verdict import Verdict, verdict_of, worst
from harness.severity import Severity

_BETTER_THAN_SEEN = {
    Verdict.ERROR: "a step ended with an error of the harness",
    Verdict.FAILED: "a step or a measurement failed",
    Verdict.BLOCKED: "a step was blocked by the bench",
    Verdict.NOT_APPLICABLE: "none of its steps applies to this board",
}


@dataclass(slots=True)
class _Step:
    """A step while it runs."""

    index: int
    outside: list[str] = field(default_factory=list)
    excused: list[BenchError] = field(default_factory=list)

    def judge(self) -> None:
        """Raise `OutsideLimitsError` when a measurement lay outside its limits, or what explains that it did."""
        if self.outside:
            raise OutsideLimitsError("; ".join(self.outside))
        if self.excused:
            raise self.excused[0]


class ScenarioLog:
    """Writes what happens in one scenario. Made by `Run.begin`; ended once, by `finish`.

    The verdict that `finish` returns is never better than what the steps and measurements say.
    """

    def __init__(
        self,
        info: ScenarioInfo,
        *,
        key: str,
        number: int,
        journal: Journal,
        evidence_folder: Path,
        on_finish: Callable[["ScenarioLog", Verdict], None],
    ) -> None:
        self.info = info
        self.key = key
        self._number = number
        self._journal = journal
        self._evidence_folder = evidence_folder
        self._on_finish = on_finish
        self._stack: list[_Step] = []
        self._steps: dict[int, Verdict] = {}
        self._loose: list[Verdict] = []
        self._pieces = 0
        self._finished = False
        self.outside_plan = False
        journal.write(ScenarioStarted(scenario=key, info=info))

    @property
    def finished(self) -> bool:
        """Whether it has its verdict: nothing can be added any more."""
        return self._finished

    @contextmanager
    def step(self, index: int) -> Iterator[None]:
        """Run one step; `index` counts from 0 in the order of `ScenarioInfo.steps`.

        An exception ends the step with the verdict it means, and goes on. Without one the step passes, unless
        one of its measurements lay outside its limits. A step may run again; its verdict is then the worst of
        all.

        Raises:
            ToolError: there is no such step.
            OutsideLimitsError: measurements of this step lay outside their limits.
            BenchError: the journal cannot be written.
        """
        self._check_step(index)
        step = _Step(index)
        self._write_step_started(index)
        self._stack.append(step)
        try:
            yield
            step.judge()
        except KeyboardInterrupt:
            self._end_step(index, Verdict.NOT_RUN, reason="interrupted")
            raise
        except BaseException as error:
            # Whatever ends the step, an interruption included, must be in the journal before it goes on.
            self._end_step(index, verdict_of(error), error=ErrorRecord.of(error, self._journal.mask))
            raise
        else:
            self._end_step(index, Verdict.PASSED)
        finally:
            self._stack.remove(step)

    def skip(self, index: int, reason: str) -> None:
        """Say that a step does not apply to this board, and why.

        Raises:
            ToolError: there is no such step.
        """
        self._check_step(index)
        self._end_step(index, Verdict.NOT_APPLICABLE, reason=reason)

    def measure(
        self,
        measurement: Measurement,
        value: float,
        *,
        samples: Sequence[float] = (),
        uncertainty: float | None = None,
        excuse: BenchError | None = None,
    ) -> Verdict:
        """Record `value` (in the measurement's unit) and return passed, failed or blocked.

        A value outside its limits fails the step at its end, or the scenario when no step is running. An `excuse`,
        which says that it is the bench's doing, makes it blocked.

        Args:
            measurement: What is measured.
            value: The value that is judged.
            samples: The values of all repetitions in order, of which `value` is one, or which it was made from.
            uncertainty: The expanded uncertainty of the value (k = 2 at least), in the measurement's unit.
            excuse: What explains a value outside its limits without the device.
        """
        verdict = measurement.judge(value)
        if verdict is Verdict.FAILED and excuse is not None:
            verdict = Verdict.BLOCKED
        many = len(samples) > KEPT
        self._write(
            MeasurementTaken(
                scenario=self.key,
                step=self._current,
                name=measurement.name,
                value=value,
                unit=measurement.unit,
                low=measurement.low,
                high=measurement.high,
                verdict=verdict,
                uncertainty=uncertainty,
                samples=() if many else tuple(samples),
                statistics=statistics_of(samples) if many else None,
                histogram=histogram_of(samples) if many else None,
            )
        )
        if verdict is Verdict.BLOCKED and excuse is not None:
            if self._stack:
                self._stack[-1].excused.append(excuse)
            else:
                self._loose.append(verdict)
        elif verdict is not Verdict.PASSED:
            unit = f" {measurement.unit}" if measurement.unit else ""
            said = (
                f"{measurement.name} is {value:g}{unit}, allowed {measurement.limits or 'any number'}{unit}"
            )
            if self._stack:
                self._stack[-1].outside.append(said)
            else:
                self._loose.append(Verdict.FAILED)
        return verdict

    def evidence(
        self, name: str, data: bytes, *, media_type: str = "application/octet-stream", title: str = ""
    ) -> Path:
        """Keep `data` as a file of the run's evidence and return its path.

        Known secrets inside are replaced by stars; of more than 16 MiB only the beginning is kept, and the
        journal says so.

        Raises:
            BenchError: the disk refuses.
        """
        self._check_open()
        self._pieces += 1
        kept = evidence.keep(
            self._evidence_folder,
            data,
            number=f"{self._number:03d}-{self._pieces:02d}",
            name=name,
            media_type=media_type,
            mask=self._journal.mask,
        )
        self._write(
            EvidenceKept(
                scenario=self.key,
                step=self._current,
                name=name,
                title=title or name,
                file=f"{self._evidence_folder.name}/{kept.path.name}",
                media_type=kept.media_type,
                size=kept.size,
                sha256=kept.sha256,
                cut_from=kept.cut_from,
                masked=kept.masked,
            )
        )
        return kept.path

    def finding(self, defect: str, *, severity: Severity | str, title: str, detail: str = "") -> None:
        """Name a defect or an observation; it does not by itself decide the verdict.

        Args:
            defect: Its id, e.g. "K2"; the same defect has the same id in every run.
            severity: info, minor, major or critical.
            title: What it is, in one sentence.
            detail: What was seen.

        Raises:
            ToolError: there is no such severity.
        """
        self._write(
            FindingNamed(
                scenario=self.key,
                step=self._current,
                defect=defect,
                severity=_severity(severity),
                title=title,
                detail=detail,
            )
        )

    def note(self, text: str) -> None:
        """Write a remark into the journal."""
        self._write(NoteTaken(scenario=self.key, step=self._current, text=text))

    def finish(
        self,
        verdict: Verdict,
        reason: str = "",
        error: BaseException | None = None,
        *,
        outside_plan: bool = False,
    ) -> Verdict:
        """End the scenario and return the verdict that was recorded.

        A passing scenario is recorded as failed when a measurement outside its steps failed, with the worst
        of its steps when one of them did not pass, and as an error when a declared step was never entered:
        what was not checked has not passed. Steps that were not reached are recorded as not_run.

        Args:
            verdict: What became of it.
            reason: Why, in one sentence.
            error: What ended it.
            outside_plan: It did not run because the options of the run declare a smaller plan.

        Raises:
            ToolError: the scenario was finished before.
            BenchError: the journal cannot be written; the verdict counts all the same.
        """
        self._check_open()
        missed = [index for index in range(len(self.info.steps)) if index not in self._steps]
        recorded = self._fold(verdict)
        if recorded is Verdict.PASSED and missed:
            recorded = Verdict.ERROR
            names = ", ".join(str(index + 1) for index in missed)
            reason = reason or f"the scenario ended without entering step {names}, which it declares"
        elif recorded is not verdict:
            reason = reason or _BETTER_THAN_SEEN[recorded]
        self.outside_plan = outside_plan and recorded is Verdict.NOT_RUN
        unreached = Verdict.NOT_APPLICABLE if recorded is Verdict.NOT_APPLICABLE else Verdict.NOT_RUN
        self._finished = True
        try:
            for index in missed:
                self._journal.write(StepFinished(scenario=self.key, step=index, verdict=unreached))
            self._journal.write(
                ScenarioFinished(
                    scenario=self.key,
                    verdict=recorded,
                    reason=reason,
                    error=None if error is None else ErrorRecord.of(error, self._journal.mask),
                    outside_plan=self.outside_plan,
                )
            )
        finally:
            self._on_finish(self, recorded)
        return recorded

    def _fold(self, verdict: Verdict) -> Verdict:
        """Return `verdict`, or the worse one that the steps and measurements say."""
        seen = worst([*self._loose, *self._steps.values()])
        if seen in {Verdict.ERROR, Verdict.FAILED, Verdict.BLOCKED}:
            return worst([verdict, seen])
        nothing_applied = bool(self._steps) and seen is Verdict.NOT_APPLICABLE
        return seen if verdict is Verdict.PASSED and nothing_applied else verdict

    @property
    def _current(self) -> int | None:
        return self._stack[-1].index if self._stack else None

    def _write_step_started(self, index: int) -> None:
        self._check_open()
        self._journal.write(StepStarted(scenario=self.key, step=index))

    def _end_step(
        self, index: int, verdict: Verdict, *, reason: str = "", error: ErrorRecord | None = None
    ) -> None:
        self._steps[index] = worst([verdict, self._steps[index]]) if index in self._steps else verdict
        self._write(StepFinished(scenario=self.key, step=index, verdict=verdict, reason=reason, error=error))

    def _write(
        self, event: StepFinished | MeasurementTaken | EvidenceKept | FindingNamed | NoteTaken
    ) -> None:
        self._check_open()
        self._journal.write(event)

    def _check_open(self) -> None:
        if self._finished:
            raise ToolError(f"scenario {self.key} was finished already")

    def _check_step(self, index: int) -> None:
        if not 0 <= index < len(self.info.steps):
            raise ToolError(f"scenario {self.key} has no step {index}: it declares {len(self.info.steps)}")


def _severity(severity: Severity | str) -> Severity:
    try:
        return Severity(severity)
    except ValueError as error:
        raise ToolError(f"{severity!r} is no severity: use {', '.join(Severity)}") from error
