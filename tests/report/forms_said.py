"""What each form of a report says of a run: the verdict of every scenario, of the run, and what stands beside it.

Each reader knows its own format alone and nothing of how the harness writes it.
"""

import csv
import html
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter

from rich.console import Console

from harness.report import terminal
from harness.report.model import load
from harness.report.render import rendered
from harness.run.verdict import Verdict

WORDS = {verdict.words: verdict.value for verdict in Verdict}
JUNIT = {"failure": {"failed"}, "error": {"blocked", "error"}, "skipped": {"not_applicable", "not_run"}}
CTRF = {
    "passed": {"passed"},
    "failed": {"failed"},
    "other": {"blocked", "error"},
    "skipped": {"not_applicable", "not_run"},
    "pending": {"not_run"},
}
ALLURE = {
    "passed": {"passed"},
    "failed": {"failed"},
    "broken": {"blocked", "error"},
    "skipped": {"not_applicable", "not_run"},
}


def split(told):
    """Return the verdict and what stands beside it, of "passed (virtual board; partial run)"."""
    words, _, rest = told.partition(" (")
    return WORDS[words], tuple(rest.removesuffix(")").split("; ")) if rest else ()


def of_json(text):
    report = json.loads(text)
    return (
        Counter(each["verdict"] for each in report["scenarios"]),
        report["verdict"],
        tuple(report["reservations"]),
    )


def of_junit(text):
    root = ET.fromstring(text)
    found, beside = Counter(), set()
    for suite in root:
        properties = {each.get("name"): each.get("value") for each in suite.find("properties")}
        beside.add(split(properties["verdict"]))
        if suite.get("name").endswith(": the run itself"):
            continue
        for case in suite.iter("testcase"):
            verdict, said = split(case.find("system-out").text.splitlines()[0].removeprefix("verdict: "))
            outcome = next((child.tag for child in case if child.tag in JUNIT), None)
            assert verdict in JUNIT.get(outcome, {"passed"}), f"{verdict} as {outcome}"
            beside.add((split(properties["verdict"])[0], said))
            found[verdict] += 1
    if not beside:
        return found, None, None
    ((verdict, said),) = beside
    return found, verdict, said


def of_ctrf(text):
    results = json.loads(text)["results"]
    found = Counter()
    for test in results["tests"]:
        if test["extra"].get("scenario") is False:
            continue
        assert test["rawStatus"] in CTRF[test["status"]], test
        found[test["extra"].get("lastAttempt", test["rawStatus"])] += 1
        for attempt in test.get("retryAttempts", []):
            assert attempt["extra"]["verdict"] in CTRF[attempt["status"]]
            found[attempt["extra"]["verdict"]] += 1
    extra = results["summary"]["extra"]
    assert found == Counter({name: count for name, count in extra["verdicts"].items() if count})
    assert extra["verdict"] == split(extra["verdictWords"])[0]
    return found, *split(extra["verdictWords"])


def of_allure(files):
    found, beside = Counter(), set()
    for name, content in files.items():
        if name.endswith("-result.json"):
            result = json.loads(content)
            if result["name"] == "the run itself":
                assert result["status"] == "broken"
                continue
            tags = [label["value"] for label in result["labels"] if label["name"] == "tag"]
            verdict = WORDS[tags[0]]
            assert verdict in ALLURE[result["status"]], result["status"]
            beside.add(tuple(tag for tag in tags[1:] if tag != "known failure"))
            found[verdict] += 1
    environment = files["allure-results/environment.properties"].decode()
    (told,) = re.findall(r"^verdict=(.*)$", environment, re.MULTILINE)
    verdict, said = split(told)
    assert beside <= {said}
    return found, verdict, said


def of_terminal(report):
    console = Console(width=4_000, no_color=True, highlight=False)
    with console.capture() as captured:
        terminal.summary([report], console)
    verdicts = "|".join(WORDS)
    (line,) = re.findall(
        rf"^[^\n]*: (?:{verdicts})(?:, [^\n]*)? \([^()\n]+, [^,()\n]+\)$", captured.get(), re.MULTILINE
    )
    words, said, counts = re.search(rf": ({verdicts})((?:, [^()]+)?) \(([^()]+)\)$", line).groups()
    found = Counter()
    for part in counts.split(", ")[:-1]:
        if part != "no scenario":
            count, _, what = part.partition(" ")
            if what != "of them known":
                found[WORDS[what]] = int(count)
    return found, WORDS[words], said.removeprefix(", ")


def of_csv(text):
    rows = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    return [row["verdict"] for row in rows if not row["repetition"]], {row["reservations"] for row in rows}


def text_of_page(page):
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def text_of_pdf(data):
    told = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True).stdout
    return " ".join(told.decode().split())


def disagreements(folder):
    """Return how the forms of a run folder differ in verdicts, counts, or what stands beside the verdict."""
    report, files = load(folder), rendered(folder)
    allure = {name: content for name, content in files.items() if name.startswith("allure-results/")}
    expected = of_json(files["report.json"])
    counts, verdict, said = expected
    found = []
    others = {
        "ctrf.json": of_ctrf(files["ctrf.json"]),
        "allure-results": of_allure(allure),
        "junit.xml": of_junit(files["junit.xml"]),
    }
    if not report.scenarios:  # a file without suites has no place for it
        assert others.pop("junit.xml")[0] == counts == Counter()
    found += [
        f"{name} says {told}, report.json {expected}" for name, told in others.items() if told != expected
    ]
    told = of_terminal(report)
    if told != (counts, verdict, ", ".join(said)):
        found.append(f"the terminal says {told}, report.json {expected}")
    verdicts, beside = of_csv(files["report-measurements.csv"])
    if verdicts != [taken.verdict.value for each in report.scenarios for taken in each.measurements]:
        found.append("report-measurements.csv has other verdicts")
    if beside - {"; ".join(said)}:
        found.append(f"report-measurements.csv says {beside}, report.json {said}")
    pages = {"report.html": text_of_page(files["report.html"])}
    pages |= {name: text_of_pdf(files[name]) for name in ("report.pdf", "report-short.pdf") if name in files}
    for name, text in pages.items():
        if Verdict(verdict).words.casefold() not in text.casefold():
            found.append(f"{name} does not say {verdict}")
        found += [f"{name} does not say {part!r}" for part in said if part.casefold() not in text.casefold()]
    return found
