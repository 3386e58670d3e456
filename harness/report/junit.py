"""`junit.xml`, as CI servers read it: one suite an onboarding step, one case a scenario.

Blocked and error are both `<error>` there (the type tells them apart), since JUnit knows no third way to not
pass. The file keeps to what the strictest reader takes, junit-10.xsd of the xUnit plugin of Jenkins: no `skipped` on
`<testsuites>`, no `<properties>` in a `<testcase>`, times with three decimals; what has no place of its own there
(title, requirements, findings) stands in `<system-out>`.
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from harness.report.circumstances import circumstances, properties
from harness.report.once import once
from harness.report.records import RunReport, Scenario
from harness.report.renderer import Renderer
from harness.report.reservations import known_as, reservations, told
from harness.report.text import folder_title, visible
from harness.report.words import Language
from harness.run.failure import ErrorRecord
from harness.run.verdict import Verdict

_TEXT_LIMIT = 8_000
_COUNTED = ("tests", "failures", "errors")
_LONGEST_S = 999_999_999.0


class JunitReport(Renderer):
    """`junit.xml`, for CI servers."""

    writes = "junit.xml"

    def lacks(self) -> str:
        """Return an empty text: nothing is missing."""
        return ""

    def render(self, report: RunReport, folder: Path, language: Language) -> dict[str, bytes | Path]:
        """Return its files."""
        del language
        del folder
        return {self.writes: render(report)}


@once
def render(report: RunReport) -> bytes:
    """Return `junit.xml`. Characters that XML cannot hold are shown as pictures."""
    by_folder: dict[str, list[Scenario]] = {}
    for scenario in report.scenarios:
        by_folder.setdefault(scenario.step_folder, []).append(scenario)
    suites = [_suite(report, folder, scenarios) for folder, scenarios in by_folder.items()]
    if problems := problems_of(report):
        suites.append(_integrity(report, problems))
    total = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in _COUNTED}
    time = _time(sum(scenario.seconds or 0 for scenario in report.scenarios))
    root = ET.Element("testsuites", total, name=visible(report.board), time=time)
    root.extend(suites)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(report: RunReport, folder: str, scenarios: Sequence[Scenario]) -> ET.Element:
    name = f"{visible(report.board)}: {folder_title(folder)}"
    suite = ET.Element("testsuite", _counts(scenarios), name=name, hostname=_station(report))
    if report.started is not None:
        suite.set("timestamp", report.started.removesuffix("Z"))
    _properties(suite, _about(report) | properties(report))
    said = reservations(report)
    for scenario in scenarios:
        suite.append(_case(report, scenario, said))
    return suite


def _about(report: RunReport) -> dict[str, str]:
    particulars = report.particulars
    numbered = {"report.number": particulars.number, "report.revision": particulars.revision}
    return {
        "run": report.run,
        "board": report.board,
        "harness": report.harness,
        "mode": report.mode,
        "verdict": told(report.verdict, reservations(report)),
        "reservations": "; ".join(reservations(report)),
        **{name: value for name, value in numbered.items() if value},
    }


def _case(report: RunReport, scenario: Scenario, said: tuple[str, ...]) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=visible(f"{report.board}.{scenario.step_folder or 'run'}"),
        name=visible(scenario.key),
        time=_time(scenario.seconds),
    )
    reason = scenario.error.message if scenario.error else scenario.reason
    if scenario.verdict is Verdict.FAILED:
        _outcome(case, "failure", _kind(scenario), reason or "failed", scenario.error)
    elif scenario.verdict in {Verdict.BLOCKED, Verdict.ERROR}:
        kind = f"{scenario.verdict}: {_kind(scenario)}"
        _outcome(case, "error", kind, reason or scenario.verdict.words, scenario.error)
    elif scenario.verdict is not Verdict.PASSED:
        ET.SubElement(case, "skipped", message=visible(reason or scenario.verdict.words))
    ET.SubElement(case, "system-out").text = _inert(visible(_said(scenario, said), _TEXT_LIMIT))
    return case


def problems_of(report: RunReport) -> list[str]:
    """Return why a run is not whole or cannot be trusted, which no scenario of it says; empty for a whole run."""
    found = [*([report.interrupted] if report.interrupted else []), *report.problems]
    if not found and report.verdict is Verdict.INCOMPLETE:
        found = [each.words for each in circumstances(report) if each.name == "no-verdict"]
    return found


def _integrity(report: RunReport, problems: Sequence[str]) -> ET.Element:
    """Return a suite that is red because the run as a whole cannot be trusted, or is not whole: CI must not miss it."""
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0", "time": _time(0)}
    suite = ET.Element("testsuite", counts, name=f"{visible(report.board)}: the run itself")
    _properties(suite, _about(report))
    case = ET.SubElement(
        suite, "testcase", classname=visible(f"{report.board}.run"), name="complete", time=_time(0)
    )
    error = ET.SubElement(case, "error", type="error: incomplete run", message=visible(problems[0]))
    error.text = visible("\n".join(problems), _TEXT_LIMIT)
    return suite


def _outcome(case: ET.Element, tag: str, kind: str, message: str, error: ErrorRecord | None) -> None:
    element = ET.SubElement(case, tag, type=visible(kind), message=visible(message))
    if error is not None:
        element.text = _inert(visible("\n".join([error.message, *error.advice]), _TEXT_LIMIT))


def _kind(scenario: Scenario) -> str:
    return scenario.error.kind if scenario.error else scenario.verdict.value


def _inert(text: str) -> str:
    """Return text in which no server finds a file to attach. Source: GitLab and Jenkins, [[ATTACHMENT|path]]."""
    return text.replace("[[", "[ [")


def _said(scenario: Scenario, said: tuple[str, ...]) -> str:
    lines = [f"verdict: {told(scenario.verdict, said)}", f"title: {scenario.title}"]
    if scenario.attempt > 1:
        lines.append(f"attempt: {scenario.attempt}")
    if known := known_as(scenario):
        lines.append(known)
    lines += [f"requirement {name}" for name in scenario.requirements]
    lines += [
        f"step {step.index + 1} {step.requirement}: {step.verdict.words}: {step.title}"
        for step in scenario.steps
    ]
    for each in scenario.measurements:
        bounds = f" ({each.low} … {each.high})" if each.low is not None or each.high is not None else ""
        stated = f" ± {each.uncertainty}" if each.uncertainty is not None else ""
        lines.append(f"measured {each.name}: {each.value}{stated} {each.unit}{bounds}: {each.verdict.words}")
    lines += [f"finding {each.defect} ({each.severity}): {each.title}" for each in scenario.findings]
    lines += [f"evidence {each.file} sha256 {each.sha256}" for each in scenario.evidence]
    return "\n".join(lines)


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=visible(name), value=visible(value))


def _counts(scenarios: Sequence[Scenario]) -> dict[str, str]:
    verdicts = [scenario.verdict for scenario in scenarios]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.FAILED)),
        "errors": str(verdicts.count(Verdict.BLOCKED) + verdicts.count(Verdict.ERROR)),
        "skipped": str(verdicts.count(Verdict.NOT_APPLICABLE) + verdicts.count(Verdict.NOT_RUN)),
        "time": _time(sum(scenario.seconds or 0 for scenario in scenarios)),
    }


def _time(seconds: float | None) -> str:
    """Return a duration with three decimals and without an exponent, as the schema wants it."""
    return f"{max(0.0, min(seconds or 0.0, _LONGEST_S)):.3f}"


def _station(report: RunReport) -> str:
    return visible(report.station.name or report.station.id or "unknown")
