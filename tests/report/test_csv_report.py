import csv
import io
import math

import pytest

from harness.report import csv_report
from harness.report.model import load
from harness.run.events import ScenarioInfo
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import hostile_run
from tests.report.hostile import EVERYTHING, HOSTILE

FORMULAS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1dcmd|'/c calc'!A1",
    '=HYPERLINK("http://evil.example")',
    "  =1",
]


def rows(folder):
    text = csv_report.render(load(folder)).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def measured(tmp_path, name="GetID", unit="s", board="b"):
    run = Run.create(tmp_path, board)
    log = run.begin(ScenarioInfo("a/one", steps=(("R-1", "timed"),), requirements=("R-1",)))
    with log.step(0):
        log.measure(Measurement(name, unit, -1.5, 2), -0.25, samples=[-0.5, -0.25], uncertainty=0.01)
        log.measure(Measurement("count"), 3)
    log.finish(Verdict.PASSED)
    run.finish()
    return run.path


def test_a_measurement_has_a_row_and_each_repetition_one(tmp_path):
    first, *repeated, single = rows(measured(tmp_path))
    assert list(first) == list(csv_report.COLUMNS)
    expected = {"scenario": "a/one", "attempt": "1", "requirement": "R-1", "name": "GetID", "repetition": ""}
    expected |= {"value": "-0.25", "unit": "s", "low": "-1.5", "high": "2.0", "uncertainty": "0.01"}
    expected |= {"verdict": "passed", "n": "2", "min": "-0.5", "max": "-0.25", "median": "-0.375", "p95": ""}
    assert {name: first[name] for name in expected} == expected
    assert [(each["repetition"], each["value"], each["verdict"]) for each in repeated] == [
        ("1", "-0.5", ""),
        ("2", "-0.25", ""),
    ]
    assert (single["value"], single["low"], single["n"], single["deviation"]) == ("3", "", "1", "")


def test_numbers_are_bare_texts_are_quoted_and_lines_end_as_the_standard_says(tmp_path):
    text = csv_report.render(load(measured(tmp_path))).decode()
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert "\n" not in "".join(lines)
    assert ',-0.25,"s",-1.5,2.0,0.01,"passed",2,' in lines[1]


def test_repetitions_of_every_kind_of_number_are_written_as_the_csv_module_would(tmp_path):
    run = Run.create(tmp_path, "b")
    log = run.begin(ScenarioInfo("a/one", title='with "quotes", and a comma'))
    log.measure(Measurement('a "b", c', "=s"), 1, samples=[1, -2.5, 1e-9, math.nan, -math.inf, 10**400, 0.1])
    log.finish(Verdict.PASSED)
    run.finish()
    text = csv_report.render(load(run.path)).decode()
    _, *repeated = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [each["repetition"] for each in repeated] == list("1234567")
    values = [each["value"] for each in repeated]
    assert values == ["1", "-2.5", "1e-09", "nan", "'-inf", hex(10**400), "0.1"]
    assert {each["unit"] for each in repeated} == {"'=s"}
    bare = [line.partition('"a ""b"", c",')[2].split(",")[1] for line in text.split("\r\n")[2:-1]]
    assert bare == ["1", "-2.5", "1e-09", '"nan"', '"\'-inf"', f'"{hex(10**400)}"', "0.1"]


def test_the_sample_says_beside_each_verdict_that_it_was_simulated(sample):
    found = rows(sample)
    assert {each["reservations"] for each in found} == {"mock service"}
    assert [(each["name"], each["verdict"]) for each in found] == [
        ("median answer time", "passed"),
        ("longest answer time", "failed"),
        ("commands", "passed"),
    ]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(tmp_path, text):
    for row in rows(measured(tmp_path, name=text, unit=text, board="b")):
        for name in ("name", "unit", "run", "board", "scenario"):
            assert row[name].lstrip()[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"), row[name]
    assert rows(measured(tmp_path / "again", name=text))[0]["name"].startswith("'") or text[:1] in "\t\r\n"


@pytest.mark.parametrize("text", [*HOSTILE, EVERYTHING], ids=range(len(HOSTILE) + 1))
def test_hostile_text_breaks_no_row(tmp_path, text):
    folder = hostile_run.write(tmp_path, text)
    found = rows(folder)
    taken = sum(len(each.measurements) for each in load(folder).scenarios)
    assert len(found) == taken > 0
    assert all(None not in row and None not in row.values() for row in found)
    assert len(csv_report.render(load(folder))) < 100_000


def test_a_run_without_measurements_has_its_head(tmp_path):
    run = Run.create(tmp_path, "b")
    run.finish()
    assert rows(run.path) == []
    assert csv_report.render(load(run.path)).decode().startswith('"run","board"')
