"""What each form of a report says of the verdicts of a run, against its journal, told without making it again.

A page says how many scenarios have which verdict; the forms for programs say it of each one. A PDF is not read.
"""

import csv
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.report import csv_report
from harness.report.junit import problems_of
from harness.report.records import RunReport
from harness.report.reservations import attempts
from harness.report.text import one_line, visible
from harness.run import manifest
from harness.run.verdict import Verdict, worst
from harness.seal import strict_json
from harness.seal.problems import Findings
from harness.seal.tree import content

_LARGEST = 256 * 1024 * 1024
_OUTCOMES = frozenset({"failure", "error", "skipped"})
_IN_JUNIT = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failure",
    Verdict.BLOCKED: "error",
    Verdict.ERROR: "error",
}
_IN_CTRF = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.NOT_RUN: "pending",
}
_IN_ALLURE = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.NOT_RUN: "skipped",
}
_ON_PAGE = re.compile(rb'data-filtered data-verdict="([a-z_]+)"')
_MEASURED = ("scenario", "attempt", "name", "value", "verdict")
_ITSELF = "the run itself"
_TOLD = 8

_Said = Counter[tuple[str, ...]]


class _OtherFormError(ValueError):
    """A file is no report of its form."""


def check(run: Path, report: RunReport, present: Collection[str], findings: Findings) -> list[str]:
    """Name each report that says something else than the journal; return those of which too little was read.

    Args:
        run: The run folder.
        report: What its journal comes to.
        present: The paths of its files.
        findings: Takes what is wrong.

    Raises:
        BenchError: a file cannot be read.
    """
    forms: dict[str, Callable[[Path, RunReport], tuple[_Said, _Said]]] = {
        "report.json": _json,
        "junit.xml": _junit,
        "ctrf.json": _ctrf,
        "report-measurements.csv": _csv,
    }
    results = sorted(path for path in present if path.startswith("allure-results/"))
    unread = []
    for path in sorted(present):
        if path in results or not manifest.is_report(path):
            continue
        form = forms.get(path)
        if form is None and path.startswith("report") and path.endswith(".html"):
            form = _page
        if form is None:
            unread.append(path)
        else:
            _compare(path, partial(form, run / path, report), findings)
    if results:
        _compare("allure-results", partial(_allure, run, results, report), findings)
    return unread


def _compare(name: str, said: Callable[[], tuple[_Said, _Said]], findings: Findings) -> None:
    try:
        its, mine = said()
    except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
        findings.wrong("contradicts", name, f"cannot be read as such a report: {error}")
        return
    wrong = sorted((mine - its) | (its - mine))
    for each in wrong[:_TOLD]:
        what = " ".join(filter(None, each))
        told = "says" if its[each] > mine[each] else "does not say"
        times = f" ({its[each]} times, {mine[each]} by the journal)" if its[each] and mine[each] else ""
        findings.wrong("contradicts", name, f"{told} {what}{times}")
    if len(wrong) > _TOLD:
        findings.wrong("contradicts", name, f"{len(wrong) - _TOLD} more that the journal does not say")


def _json(path: Path, report: RunReport) -> tuple[_Said, _Said]:
    said = _object(path)
    its: _Said = Counter((str(each["verdict"]), "of", str(each["key"])) for each in said["scenarios"])
    mine: _Said = Counter((each.verdict.value, "of", each.key) for each in report.scenarios)
    for name in ("verdict", "mode", "run", "board", "exit_code"):
        its[name, str(said[name])] += 1
        mine[name, str(getattr(report, name))] += 1
    its.update((f"{count} {name}",) for name, count in said["totals"].items())
    mine.update((f"{count} {name}",) for name, count in report.totals.model_dump().items())
    for name in ("number", "revision"):
        its[name, str(said["particulars"][name])] += 1
        mine[name, str(getattr(report.particulars, name))] += 1
    return its, mine


def _junit(path: Path, report: RunReport) -> tuple[_Said, _Said]:
    data = content(path, _LARGEST)
    if b"<!" in data:
        raise _OtherFormError("it holds declarations")  # without them nothing in it can grow
    try:
        root = ET.fromstring(data)  # noqa: S314  # as above
    except ET.ParseError as error:
        raise _OtherFormError("is no XML") from error
    cases = [(case, _outcome(case)) for case in root.iter("testcase")]
    its: _Said = Counter(
        (outcome, "of", case.get("name", ""))
        for case, outcome in cases
        if not case.get("classname", "").endswith(".run")
    )
    mine: _Said = Counter(
        (_IN_JUNIT.get(each.verdict, "skipped"), "of", visible(each.key)) for each in report.scenarios
    )
    for suite in (root, *root.iter("testsuite")):
        inside = Counter(_outcome(case) for case in suite.iter("testcase"))
        inside["tests"] = inside.total()
        for name, outcome in (("tests", "tests"), ("failures", "failure"), ("errors", "error")):
            its[f"{suite.get(name)} {name} in", suite.get("name", "")] += 1
            mine[f"{inside[outcome]} {name} in", suite.get("name", "")] += 1
    return its, mine


def _outcome(case: ET.Element) -> str:
    return next((child.tag for child in case if child.tag in _OUTCOMES), "passed")


def _ctrf(path: Path, report: RunReport) -> tuple[_Said, _Said]:
    results = _object(path)["results"]
    tests = [each for each in results["tests"] if each["name"] != _ITSELF]
    its: _Said = Counter(
        (str(each["rawStatus"]), str(each["status"]), "of", str(each["name"])) for each in tests
    )
    mine: _Said = Counter()
    for made in attempts(report).values():
        verdict = worst(each.verdict for each in made)
        shown = next(each for each in reversed(made) if each.verdict is verdict)
        status = "skipped" if shown.outside_plan else _IN_CTRF.get(verdict, "other")
        mine[verdict.value, status, "of", one_line(made[-1].id, 400) or "scenario"] += 1
    counted = Counter(str(each["status"]) for each in results["tests"])
    for name in ("passed", "failed", "skipped", "pending", "other"):
        its[f"{results['summary'][name]} {name}",] += 1
        mine[f"{counted[name]} {name}",] += 1
    its["verdict", str(results["summary"]["extra"]["verdict"])] += 1
    mine["verdict", report.verdict.value] += 1
    return its, mine


def _allure(run: Path, paths: Collection[str], report: RunReport) -> tuple[_Said, _Said]:
    its: _Said = Counter()
    for path in paths:
        if path.endswith("-result.json"):
            said = _object(run / path)
            its[str(said["status"]), "of", str(said["fullName"])] += 1
    mine: _Said = Counter(
        (_IN_ALLURE.get(each.verdict, "broken"), "of", visible(each.node or each.key))
        for each in report.scenarios
    )
    if problems_of(report):
        mine["broken", "of", _ITSELF] += 1
    return its, mine


def _csv(path: Path, report: RunReport) -> tuple[_Said, _Said]:
    """Read the rows of measurements; those of repetitions, of which there may be many, are counted."""
    head, *lines = content(path, _LARGEST).decode().split("\r\n")
    empty = ',""' * (len(csv_report.COLUMNS) - csv_report.COLUMNS.index("low"))
    rows = csv.DictReader([head, *(line for line in lines if line and not line.endswith(empty))])
    its: _Said = Counter(tuple(row[name].removeprefix("'") for name in _MEASURED) for row in rows)
    its[f"{len(lines) - 1} rows",] += 1
    mine: _Said = Counter()
    count = 0
    for scenario in report.scenarios:
        for taken in scenario.measurements:
            count += 1 + len(taken.samples)
            named = (one_line(scenario.key, 500), str(scenario.attempt), one_line(taken.name, 500))
            told = (one_line(str(taken.value), 500), taken.verdict.value)
            mine[tuple(word.removeprefix("'") for word in (*named, *told))] += 1
    mine[f"{count} rows",] += 1
    return its, mine


def _page(path: Path, report: RunReport) -> tuple[_Said, _Said]:
    counted = Counter(found.decode() for found in _ON_PAGE.findall(content(path, _LARGEST)))
    mine = Counter(each.verdict.value for each in report.scenarios)
    return _counts(counted), _counts(mine)


def _counts(counted: Counter[str]) -> _Said:
    return Counter((f"{count} {name}",) for name, count in counted.items())


def _object(path: Path) -> dict[str, Any]:
    said = strict_json.read(content(path, _LARGEST))
    if not isinstance(said, dict):
        raise _OtherFormError("is no object")
    return said
