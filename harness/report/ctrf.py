"""`ctrf.json`, the Common Test Report Format, as actions and bots of several forges read it.

The format has one word for tests that did not fail and did not pass: blocked and error are `other` there, never
`failed`. Attempts at a scenario are one test: its status is the worst of them, as it is for the run.

Source: the specification of CTRF 1.0.0 (ctrf-io/ctrf).
"""

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from harness.report.junit import problems_of
from harness.report.measurements import values_of
from harness.report.records import Evidence, MeasurementResult, RunReport, Scenario, Step
from harness.report.renderer import Renderer
from harness.report.reservations import attempts, known_as, reservations, told
from harness.report.scenario_fold import evidence_path
from harness.report.text import folder_title, one_line, visible
from harness.report.words import Language
from harness.run.failure import ErrorRecord
from harness.run.statistics import numbers, statistics_of
from harness.run.verdict import Verdict, worst

SPEC_VERSION = "1.0.0"

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:id2-harness:ctrf")
_STATUSES = ("passed", "failed", "skipped", "pending", "other")
_STATUS = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.BLOCKED: "other",
    Verdict.ERROR: "other",
    Verdict.INCOMPLETE: "other",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.NOT_RUN: "pending",
}
_TEXT_LIMIT = 8_000
_LONGEST_MS = 2**53 - 1

Json = dict[str, object]


class CtrfReport(Renderer):
    """`ctrf.json`, for forges and bots."""

    writes = "ctrf.json"

    def lacks(self) -> str:
        """Return an empty text: nothing is missing."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files."""
        del language
        return {self.writes: render(report, folder)}


def render(report: RunReport, folder: Path) -> bytes:
    """Return `ctrf.json`; attachments are paths inside the run folder `folder`."""
    said = reservations(report)
    tests = [_test(report, folder, made, said) for made in attempts(report).values()]
    if problems := problems_of(report):
        tests.append(_run_itself(report, problems))
    start, stop = _milliseconds(report.started), _milliseconds(report.finished)
    start = start if start is not None else 0
    if stop is None:
        stop = start + (_duration(report.seconds))
    record = {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "reportId": str(uuid.uuid5(_NAMES, f"{report.run} {report.journal_sha256}")),
        **_moment("timestamp", report.finished or report.started),
        "generatedBy": f"id2-harness {one_line(report.harness)}".strip(),
        "results": {
            "tool": {"name": "id2-harness", "version": one_line(report.harness)},
            "summary": _summary(report, tests, start, max(start, stop)),
            "tests": tests,
            "environment": _environment(report, said),
        },
    }
    return json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def _summary(report: RunReport, tests: Sequence[Json], start: int, stop: int) -> Json:
    counted = Counter(str(test["status"]) for test in tests)
    return {
        "tests": len(tests),
        **{status: counted[status] for status in _STATUSES},
        "flaky": sum(test.get("flaky") is True for test in tests),
        "suites": len({str(test["suite"]) for test in tests}),
        "start": start,
        "stop": stop,
        "extra": {
            "verdict": report.verdict.value,
            "verdictWords": told(report.verdict, reservations(report)),
            "exitCode": report.exit_code,
            "verdicts": report.totals.model_dump(),
        },
    }


def _environment(report: RunReport, said: Sequence[str]) -> Json:
    item, particulars = report.particulars.item, report.particulars
    facts = {
        "reportName": particulars.title,
        "appName": item.name or report.board,
        "appVersion": item.firmware_version,
        "testEnvironment": "; ".join(said) or "device",
    }
    extra = {
        "run": report.run,
        "board": report.board,
        "mode": report.mode,
        "station": report.station.name or report.station.id,
        "reportNumber": particulars.number,
        "reportRevision": particulars.revision,
    }
    return {
        **{name: one_line(value, 400) for name, value in facts.items() if value},
        "healthy": report.verdict is Verdict.PASSED,
        "extra": {
            **{name: one_line(value, 400) for name, value in extra.items() if value},
            "reservations": list(said),
        },
    }


def _test(report: RunReport, folder: Path, made: Sequence[Scenario], said: tuple[str, ...]) -> Json:
    *earlier, last = made
    verdict = worst(each.verdict for each in made)
    # What is told of the test is told by an attempt that had its verdict: a failure is not hidden behind a success.
    shown = next(each for each in reversed(made) if each.verdict is verdict)
    test: Json = {
        "id": str(uuid.uuid5(_NAMES, f"{report.board} {last.id}")),
        "name": one_line(last.id, 400) or "scenario",
        "status": _status(shown),
        "duration": _duration(last.seconds),
        **_times(last),
        "suite": [one_line(report.board) or "board", folder_title(last.step_folder)],
        **_why(shown),
        "rawStatus": verdict.value,
        "tags": [
            *(one_line(name) for name in last.requirements),
            *(["known-failure"] if shown.known else []),
        ],
        "type": "hardware-in-the-loop",
        "device": one_line(report.board),
    }
    if path := last.node.partition("::")[0]:
        test["filePath"] = one_line(path, 400)
    if earlier:
        test["retries"] = len(earlier)
        test["retryAttempts"] = [_attempt(each, folder) for each in earlier]
        test["flaky"] = len({each.verdict for each in made}) > 1 and any(
            each.verdict is Verdict.PASSED for each in made
        )
    return {
        **test,
        "attachments": _attachments(last.evidence, folder),
        "steps": [_step(step) for step in last.steps],
        "extra": {
            "title": one_line(last.title, 400),
            "verdictWords": told(verdict, said),
            "requirements": [one_line(name) for name in last.requirements],
            "outsidePlan": last.outside_plan,
            "measurements": [_measurement(each) for each in last.measurements],
            "findings": [
                {
                    "id": one_line(each.defect),
                    "severity": each.severity.value,
                    "title": one_line(each.title, 400),
                }
                for each in last.findings
            ],
            **({"known": known_as(shown)} if shown.known else {}),
            **({"lastAttempt": last.verdict.value} if earlier else {}),
        },
    }


def _attempt(scenario: Scenario, folder: Path) -> Json:
    return {
        "attempt": scenario.attempt,
        "status": _status(scenario),
        "duration": _duration(scenario.seconds),
        **_times(scenario),
        **_why(scenario),
        "attachments": _attachments(scenario.evidence, folder),
        "extra": {"verdict": scenario.verdict.value},
    }


def _run_itself(report: RunReport, problems: Sequence[str]) -> Json:
    """Return a test that did not pass because the run is not whole or cannot be trusted: nobody must miss it."""
    verdict = Verdict.INCOMPLETE if report.verdict is Verdict.INCOMPLETE else Verdict.ERROR
    return {
        "id": str(uuid.uuid5(_NAMES, f"{report.board} the run itself")),
        "name": "the run itself",
        "status": _STATUS[verdict],
        "duration": 0,
        "suite": [one_line(report.board) or "board", "Run"],
        "message": visible(problems[0]),
        "trace": visible("\n".join(problems), _TEXT_LIMIT),
        "rawStatus": verdict.value,
        "extra": {"scenario": False},
    }


def _status(scenario: Scenario) -> str:
    # Left out by the options of the run: nothing is awaited any more.
    return "skipped" if scenario.outside_plan else _STATUS[scenario.verdict]


def _why(scenario: Scenario) -> Json:
    if scenario.verdict is Verdict.PASSED:
        return {}
    reason = scenario.error.message if scenario.error else scenario.reason
    message = f"{scenario.verdict.words}: {visible(reason) or 'no reason was given'}"
    return {"message": message, **_trace(scenario.error)}


def _trace(error: ErrorRecord | None) -> Json:
    if error is None:
        return {}
    return {"trace": visible("\n".join([error.message, *error.advice]), _TEXT_LIMIT)}


def _step(step: Step) -> Json:
    return {
        "name": f"{one_line(step.requirement)} {one_line(step.title)}".strip() or "step",
        "status": _STATUS[step.verdict],
        "extra": {"requirement": one_line(step.requirement), "verdict": step.verdict.value},
    }


def _measurement(taken: MeasurementResult) -> Json:
    came = taken.statistics or statistics_of(values_of(taken))
    return {
        "name": one_line(taken.name),
        "value": taken.value if numbers([taken.value]) else one_line(str(taken.value)),
        "unit": one_line(taken.unit),
        "low": taken.low,
        "high": taken.high,
        "uncertainty": taken.uncertainty,
        "verdict": taken.verdict.value,
        "n": came.n if came else 0,
    }


def _attachments(evidence: Sequence[Evidence], folder: Path) -> list[Json]:
    return [
        {
            "name": one_line(each.title) or "evidence",
            "contentType": one_line(each.media_type),
            "path": each.file,
            "extra": {"sha256": one_line(each.sha256), "state": each.state},
        }
        for each in evidence
        if evidence_path(folder, each.file) is not None
    ]


def _times(scenario: Scenario) -> Json:
    start = _milliseconds(scenario.started)
    if start is None:
        return {}
    return {"start": start, "stop": start + _duration(scenario.seconds)}


def _moment(name: str, moment: str | None) -> Json:
    return {} if moment is None else {name: moment}


def _milliseconds(moment: str | None) -> int | None:
    return None if moment is None else round(datetime.fromisoformat(moment).timestamp() * 1_000)


def _duration(seconds: float | None) -> int:
    return round(max(0.0, min((seconds or 0.0) * 1_000, _LONGEST_MS)))
