import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report import junit
from harness.report.model import load
from harness.run.events import ScenarioInfo
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import hostile_run
from tests.report.hostile import EVERYTHING, HOSTILE
from tests.report.junit_schema import faults


def cases(folder):
    root = ET.fromstring(junit.render(load(folder)))
    return root, {case.get("name"): case for case in root.iter("testcase")}


def test_each_verdict_has_its_element(sample):
    root, found = cases(sample)
    outcomes = {
        name: [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
        for name, case in found.items()
    }
    assert outcomes == {
        "step1_plan/test_plan": [],
        "step2_prepare/test_licence": ["error"],
        "step4_adapt/test_get_id": [],
        "step4_adapt/test_unknown_instruction": ["failure"],
        "step4_adapt/test_times": ["failure"],
        "step5_verify/test_challenge": [],
        "robustness/test_module": ["skipped"],
        "robustness/test_never": ["skipped"],
    }
    assert found["step2_prepare/test_licence"].find("error").get("type") == "blocked: BenchError"
    assert (
        found["robustness/test_module"]
        .find("skipped")
        .get("message")
        .startswith("applies when carrier=module")
    )
    failure = found["step4_adapt/test_unknown_instruction"].find("failure")
    assert "who acts: the maker of the device" in failure.text
    assert "last: > 80 55 00 00 00" in failure.text
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "8",
        "failures": "2",
        "errors": "1",
    }


def test_counts_of_suites_add_up(sample):
    root, _ = cases(sample)
    for name in ("tests", "failures", "errors"):
        assert sum(int(suite.get(name)) for suite in root) == int(root.get(name))
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert suite.get("timestamp")


def test_properties_name_requirements_plan_and_identity(sample):
    root, found = cases(sample)
    said = found["step4_adapt/test_get_id"].find("system-out").text.splitlines()
    assert "requirement SE-ID-01" in said
    assert "verdict: passed (mock service)" in said
    suite = [(each.get("name"), each.get("value")) for each in root[0].find("properties")]
    assert ("plan.carrier", "se") in suite
    assert ("identity.id", "2122232425262728292A2B2C") in suite
    assert ("transport.se", "simulated I²C bus, FM1280 at 0x71") in suite
    assert "measured longest answer time: 61.5 ms" in found["step4_adapt/test_times"].find("system-out").text


def test_a_run_that_cannot_be_trusted_is_red_even_when_all_passed(sample):
    journal = sample / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    root, found = cases(sample)
    assert found["complete"].find("error") is not None
    assert "the journal ends inside a line" in found["complete"].find("error").text
    del root


@pytest.mark.parametrize("text", [*HOSTILE, EVERYTHING], ids=range(len(HOSTILE) + 1))
def test_hostile_text_is_valid_xml_and_bounded(tmp_path, text):
    folder = hostile_run.write(tmp_path, text)
    xml = junit.render(load(folder))
    ET.fromstring(xml)
    assert len(xml) < 1_000_000
    assert faults(xml) == []
    assert not re.search(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", xml.decode())


@settings(deadline=None, max_examples=8)
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_valid_xml(tmp_path_factory, text):
    ET.fromstring(junit.render(load(hostile_run.write(tmp_path_factory.mktemp("h"), text))))


def ended(tmp_path, how):
    """A run that ended in this way."""
    run = Run.create(tmp_path, "b")
    run.plan([ScenarioInfo("a/one"), ScenarioInfo("a/two"), ScenarioInfo("c/three")])
    run.begin(ScenarioInfo("a/one", step_folder="a")).finish(Verdict.PASSED)
    log = run.begin(ScenarioInfo("a/two", step_folder="a"))
    if how == "killed":
        return run.path
    if how == "interrupted":
        run.finish("Ctrl-C", by_person=True)
        return run.path
    log.finish(Verdict.FAILED if how == "failed" else Verdict.PASSED)
    if how in {"passed", "failed"}:
        run.begin(ScenarioInfo("c/three", step_folder="c")).finish(Verdict.NOT_APPLICABLE)
    run.finish()
    return run.path


@pytest.mark.parametrize(
    ("how", "itself"),
    [("passed", 0), ("failed", 0), ("killed", 1), ("interrupted", 1), ("incomplete", 1)],
)
def test_however_a_run_ended_strict_readers_take_it_and_it_adds_up(tmp_path, how, itself):
    folder = ended(tmp_path, how)
    xml = junit.render(load(folder))
    assert faults(xml) == []
    root = ET.fromstring(xml)
    assert len([suite for suite in root if suite.get("name") == "b: the run itself"]) == itself
    if how != "passed":
        assert int(root.get("failures")) + int(root.get("errors")) > 0, "CI must see that it did not pass"
    else:
        assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "0", "0")


def test_a_run_without_any_scenario_is_taken_too(tmp_path):
    run = Run.create(tmp_path, "b")
    assert faults(junit.render(load(run.path))) == []
    run.finish()
    assert faults(junit.render(load(run.path))) == []


def test_the_sample_is_taken(sample):
    assert faults(junit.render(load(sample))) == []


@pytest.mark.parametrize("seconds", [0, 1e-9, 0.0004, 59.9996, 1e6, 1e30])
def test_times_have_three_decimals_and_no_exponent(tmp_path, seconds):
    report = load(ended(tmp_path, "passed"))
    scenarios = [each.model_copy(update={"seconds": seconds}) for each in report.scenarios]
    assert faults(junit.render(report.model_copy(update={"scenarios": scenarios}))) == []
