"""Faults on purpose and replays: named wherever a verdict of such a run is read."""

import io
import xml.etree.ElementTree as ET

from rich.console import Console

from harness.report import allure, html, junit, terminal
from harness.report.circumstances import circumstances
from harness.report.model import load
from harness.run.header import Header
from harness.run.run import Run

OPTIONS = {
    "faults": {"chip": "seed 0; nak after=3"},
    "replay": {
        "run": "20261122-lab-1",
        "match": "exact",
        "timing": "none",
        "faults": {"chip": "seed 7; timeout"},
    },
}
NAMED = {
    "fault.chip": "seed 0; nak after=3",
    "replay": "20261122-lab-1",
    "replay.fault.chip": "seed 7; timeout",
}
WORDS = (
    "faults on purpose on chip: seed 0; nak after=3",
    "replayed from 20261122-lab-1: no device was asked",
    "faults on purpose when 20261122-lab-1 was recorded on chip: seed 7; timeout",
)


def report_of(folder, options):
    run = Run.create(folder, "lab-1", Header(options=options))
    run.finish()
    return load(run.path)


def said(report):
    console = Console(file=io.StringIO(), width=160)
    terminal.show([report], console)
    return console.file.getvalue()


def test_a_plain_run_says_nothing(sample):
    report = load(sample)
    assert circumstances(report) == []
    assert "a plain run without faults" in html.render(report, sample).decode()
    assert "on purpose" not in said(report)


def test_the_terminal_says_it_at_the_end(tmp_path):
    text = said(report_of(tmp_path, OPTIONS))
    verdict = text.index("lab-1: ")
    assert all(text.index(words) > verdict for words in WORDS)


def test_junit_has_properties(sample):
    report = load(sample).model_copy(update={"options": OPTIONS})
    for suite in ET.fromstring(junit.render(report)).iter("testsuite"):
        if suite.find("properties") is not None:
            found = {each.get("name"): each.get("value") for each in suite.find("properties")}
            assert NAMED.items() <= found.items()


def test_allure_has_them_in_its_environment(tmp_path):
    report = report_of(tmp_path, OPTIONS)
    lines = allure.render(report, tmp_path)["environment.properties"].decode().splitlines()
    assert {f"{name}={value}" for name, value in NAMED.items()} <= set(lines)


def test_the_page_says_it_before_anything_else(tmp_path):
    page = html.render(report_of(tmp_path, OPTIONS), tmp_path).decode()
    banner = page.index('class="note blocked warnings"')
    assert page.index("<h1>") < banner < page.index('class="lead"')
    warnings = page[banner : page.index('class="lead"')]
    assert all(words[1:] in warnings for words in WORDS)


def test_a_header_that_holds_anything(tmp_path):
    hostile = "<script>\x1b[31m\n\u202e"
    assert circumstances(report_of(tmp_path / "a", {"faults": [hostile], "replay": hostile})) == []
    many = {f"{number}{hostile}": hostile * 1000 for number in range(100)}
    found = circumstances(report_of(tmp_path / "b", {"faults": many, "replay": {"run": None, "faults": 7}}))
    assert len(found) == 51
    assert all(len(each.words) < 8000 and each.words.isprintable() for each in found)
