"""`allure-results/`, in the models of Allure's own library, with names that depend on the run alone."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from allure_commons.logger import AllureMemoryLogger
from allure_commons.model2 import (
    Attachment,
    Label,
    Link,
    Parameter,
    Status,
    StatusDetails,
    TestResult,
    TestStepResult,
)
from allure_commons.types import LabelType, LinkType, Severity

from harness.report.circumstances import properties
from harness.report.junit import problems_of
from harness.report.records import Evidence, RunReport, Scenario, Step
from harness.report.renderer import Renderer
from harness.report.reservations import known_as, reservations, told
from harness.report.scenario_fold import evidence_path
from harness.report.text import folder_title, one_line, visible
from harness.report.words import Language
from harness.run.failure import ErrorRecord
from harness.run.verdict import Verdict

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:id2-harness:allure")
_STATUS = {
    Verdict.PASSED: Status.PASSED,
    Verdict.FAILED: Status.FAILED,
    Verdict.BLOCKED: Status.BROKEN,
    Verdict.ERROR: Status.BROKEN,
    Verdict.NOT_APPLICABLE: Status.SKIPPED,
    Verdict.NOT_RUN: Status.SKIPPED,
    Verdict.INCOMPLETE: Status.BROKEN,
}
# Allure has one word for both ways a device can stay unjudged; categories keep them apart.
_CATEGORIES = (
    ("Device failed", Status.FAILED, ""),
    ("Blocked by the bench", Status.BROKEN, "blocked:"),
    ("Error of the harness", Status.BROKEN, "error:"),
    ("Not applicable to this board", Status.SKIPPED, "not applicable:"),
    ("Not run", Status.SKIPPED, "not run:"),
)


class AllureReport(Renderer):
    """`allure-results/`, for Allure."""

    writes = "allure-results/"

    def lacks(self) -> str:
        """Return an empty text: nothing is missing."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files."""
        del language
        return {self.writes + name: content for name, content in render(report, folder).items()}


def render(report: RunReport, folder: Path) -> dict[str, bytes | Path]:
    """Return the files of `allure-results/` by name; an attachment is the path of the evidence to copy.

    Args:
        report: The run.
        folder: Its run folder, where the evidence lies.
    """
    memory = AllureMemoryLogger()  # type: ignore[no-untyped-call]
    files: dict[str, bytes | Path] = {}
    levels = {requirement.id: requirement.level for requirement in report.requirements}
    for scenario in report.scenarios:
        result = _result(report, scenario, levels)
        for evidence in scenario.evidence:
            _attach(result, evidence, folder, files)
        memory.report_result(result)  # type: ignore[no-untyped-call]
    if problems := problems_of(report):
        memory.report_result(_run_itself(report, problems))  # type: ignore[no-untyped-call]
    for case in memory.test_cases:
        files[f"{case['uuid']}-result.json"] = _json(case)
    files["environment.properties"] = _environment(report)
    files["categories.json"] = _json(
        [
            {"name": name, "matchedStatuses": [status], "messageRegex": f"(?s){start}.*"}
            for name, status, start in _CATEGORIES
        ]
    )
    return files


def _result(report: RunReport, scenario: Scenario, levels: Mapping[str, str]) -> TestResult:
    # An attempt has a history of its own: as retries of one test the last alone would count.
    history = f"{report.board} {scenario.key}"
    must = any(levels.get(name) == "must" for name in scenario.requirements)
    labels = [
        (LabelType.PARENT_SUITE, visible(report.board)),
        (LabelType.SUITE, folder_title(scenario.step_folder)),
        (LabelType.FEATURE, folder_title(scenario.step_folder)),
        (LabelType.SEVERITY, (Severity.CRITICAL if must else Severity.NORMAL).value),
        (LabelType.HOST, visible(report.station.name or report.station.id)),
        (LabelType.FRAMEWORK, "id2-harness"),
        (LabelType.LANGUAGE, "python"),
        (LabelType.TAG, scenario.verdict.words),
        *((LabelType.TAG, said) for said in reservations(report)),
        *([(LabelType.TAG, "known failure")] if scenario.known else []),
        *((LabelType.STORY, visible(name)) for name in scenario.requirements),
    ]
    result = TestResult(
        uuid=_name(report, scenario.key),
        historyId=hashlib.sha256(history.encode()).hexdigest()[:32],
        testCaseId=hashlib.sha256(scenario.key.encode()).hexdigest()[:32],
        name=one_line(scenario.title) + (f" (attempt {scenario.attempt})" if scenario.attempt > 1 else ""),
        fullName=visible(scenario.node or scenario.key),
        status=_STATUS[scenario.verdict],
        statusDetails=_details(scenario.verdict, scenario.reason, scenario.error, known_as(scenario)),
        stage="finished",
        labels=[Label(name=name, value=value) for name, value in labels],
        links=[
            Link(type=LinkType.LINK, url=f"urn:id2-requirement:{one_line(name)}", name=one_line(name))
            for name in scenario.requirements
        ],
        parameters=_parameters(scenario),
        steps=[_step(step) for step in scenario.steps],
        titlePath=[visible(report.board), folder_title(scenario.step_folder)],
    )
    result.start = _milliseconds(scenario.started)
    if result.start is not None and scenario.seconds is not None:
        result.stop = result.start + round(scenario.seconds * 1_000)
    return result


def _run_itself(report: RunReport, problems: Sequence[str]) -> TestResult:
    """Return a result that is broken because the run is not whole or cannot be trusted: nobody must miss it."""
    result = TestResult(
        uuid=_name(report, "the run itself"),
        historyId=hashlib.sha256(f"{report.board} the run itself".encode()).hexdigest()[:32],
        testCaseId=hashlib.sha256(b"the run itself").hexdigest()[:32],
        name="the run itself",
        fullName="the run itself",
        status=Status.BROKEN,
        statusDetails=StatusDetails(
            message=f"error: {visible(problems[0])}", trace=visible("\n".join(problems), 8_000)
        ),
        stage="finished",
        labels=[
            Label(name=LabelType.PARENT_SUITE, value=visible(report.board)),
            Label(name=LabelType.SUITE, value="Run"),
            *(Label(name=LabelType.TAG, value=said) for said in reservations(report)),
        ],
        titlePath=[visible(report.board), "Run"],
    )
    result.start = result.stop = _milliseconds(report.started)
    return result


def _step(step: Step) -> TestStepResult:
    return TestStepResult(
        name=f"{one_line(step.requirement)} {one_line(step.title)}".strip(),
        status=_STATUS[step.verdict],
        statusDetails=_details(step.verdict, step.reason, step.error),
        stage="finished",
    )


def _details(
    verdict: Verdict, reason: str, error: ErrorRecord | None, known: str = ""
) -> StatusDetails | None:
    if verdict is Verdict.PASSED:
        return None
    said = visible(error.message if error else reason) or "no reason was given"
    trace = visible("\n".join([*([known] if known else []), *(error.advice if error else [])]), 8_000)
    return StatusDetails(known=True if known else None, message=f"{verdict.words}: {said}", trace=trace)


def _parameters(scenario: Scenario) -> list[Parameter]:
    measured = [
        Parameter(name=one_line(each.name), value=one_line(f"{each.value} {each.unit}"))
        for each in scenario.measurements
    ]
    found = [
        Parameter(name=f"finding {one_line(each.defect)}", value=one_line(f"{each.severity}: {each.title}"))
        for each in scenario.findings
    ]
    # Parameters would make a history of their own for each value.
    for parameter in [*measured, *found]:
        parameter.excluded = True
    return [*measured, *found]


def _attach(result: TestResult, evidence: Evidence, folder: Path, files: dict[str, bytes | Path]) -> None:
    path = evidence_path(folder, evidence.file)
    if path is None:
        return
    name = f"{uuid.uuid5(_NAMES, f'{result.uuid} {evidence.file}')}-attachment{path.suffix}"
    files[name] = path
    attachment = Attachment(name=one_line(evidence.title), source=name, type=evidence.media_type)
    into = (
        result if evidence.step is None or evidence.step >= len(result.steps) else result.steps[evidence.step]
    )
    into.attachments.append(attachment)


def _environment(report: RunReport) -> bytes:
    facts = {
        "verdict": told(report.verdict, reservations(report)),
        "reservations": "; ".join(reservations(report)),
        "mode": report.mode,
        "board": report.board,
        "run": report.run,
        "harness": report.harness,
        "python": report.python,
        "station": report.station.name or report.station.id,
        **properties(report),
    }
    lines = [f"{_property(name, ' :=#!')}={_property(value, '')}" for name, value in facts.items()]
    return "".join(f"{line}\n" for line in lines).encode()


def _property(text: str, special: str) -> str:
    """Escape for a Java properties file."""
    shown = one_line(text).replace("\\", "\\\\")
    return "".join(f"\\{character}" if character in special else character for character in shown)


def _name(report: RunReport, key: str) -> str:
    return str(uuid.uuid5(_NAMES, f"{report.run} {key}"))


def _milliseconds(moment: str | None) -> int | None:
    return None if moment is None else round(datetime.fromisoformat(moment).timestamp() * 1_000)


def _json(value: Mapping[str, object] | Sequence[object]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
