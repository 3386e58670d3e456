import json
from pathlib import Path

import pytest

from harness.report import allure
from harness.report.model import load
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING


def results(folder):
    files = allure.render(load(folder), folder)
    found = [json.loads(content) for name, content in files.items() if name.endswith("-result.json")]
    return files, {result["fullName"].rsplit("::")[-1]: result for result in found}


def test_each_verdict_has_its_status(sample):
    _, found = results(sample)
    assert {name: result["status"] for name, result in found.items()} == {
        "test_plan": "passed",
        "test_licence": "broken",
        "test_get_id": "passed",
        "test_unknown_instruction": "failed",
        "test_times": "failed",
        "test_challenge": "passed",
        "test_module": "skipped",
        "test_never": "skipped",
    }
    assert found["test_licence"]["statusDetails"]["message"].startswith("blocked: the service")
    assert "who acts: the maker of the device" in found["test_times"]["statusDetails"]["trace"]


def test_steps_labels_links_and_times(sample):
    _, found = results(sample)
    result = found["test_unknown_instruction"]
    assert [(step["name"], step["status"]) for step in result["steps"]] == [
        ("SE-SW-01 An unknown instruction is refused with 6D00", "failed"),
        ("SE-SW-01 The chip works on afterwards", "skipped"),
    ]
    labels = [(label["name"], label["value"]) for label in result["labels"]]
    for label in (
        ("parentSuite", "virtual-se-i2c"),
        ("suite", "Step 4 · Adapt"),
        ("severity", "critical"),
        ("framework", "id2-harness"),
        ("story", "SE-SW-01"),
    ):
        assert label in labels
    assert ("severity", "normal") in [
        (label["name"], label["value"]) for label in found["test_plan"]["labels"]
    ]
    assert result["links"] == [{"type": "link", "url": "urn:id2-requirement:SE-SW-01", "name": "SE-SW-01"}]
    assert result["stop"] >= result["start"] > 1_700_000_000_000
    assert "start" not in found["test_never"]


def test_measurements_and_findings_are_parameters_that_leave_the_history_alone(sample):
    _, found = results(sample)
    assert found["test_times"]["parameters"][1] == {
        "name": "longest answer time",
        "value": "61.5 ms",
        "excluded": True,
    }
    (parameter,) = found["test_challenge"]["parameters"]
    assert parameter["name"] == "finding K3"
    assert parameter["excluded"]


def test_evidence_is_attached_to_its_step(sample):
    files, found = results(sample)
    (attachment,) = found["test_get_id"]["steps"][0]["attachments"]
    assert attachment["name"] == "Answer of GET ID"
    assert attachment["type"] == "text/plain"
    assert isinstance(files[attachment["source"]], Path)
    assert files[attachment["source"]].read_bytes().startswith(b"8184")


def test_evidence_that_is_a_link_is_left_out(sample):
    for path in (sample / "evidence").iterdir():
        path.unlink()
        path.symlink_to("/etc/passwd")
    files, _ = results(sample)
    assert not [name for name in files if "attachment" in name]


def test_names_depend_on_the_run_and_history_on_the_board(tmp_path):
    one, other = sample_run.write(tmp_path / "a"), sample_run.write(tmp_path / "b")
    first, second = results(one)[1]["test_get_id"], results(other)[1]["test_get_id"]
    assert first["uuid"] != second["uuid"]
    assert first["historyId"] == second["historyId"]
    third = results(sample_run.write(tmp_path / "c", board="other"))[1]["test_get_id"]
    assert third["historyId"] != first["historyId"]
    assert third["testCaseId"] == first["testCaseId"]


def test_environment_and_categories(sample):
    files, _ = results(sample)
    environment = files["environment.properties"].decode()
    assert "plan.key_type=aes-128\n" in environment
    assert "transport.se=simulated I²C bus, FM1280 at 0x71\n" in environment
    names = [category["name"] for category in json.loads(files["categories.json"])]
    assert "Blocked by the bench" in names


@pytest.mark.parametrize("text", [EVERYTHING, "a=b\nc: #!\\"])
def test_hostile_text_stays_in_its_place(tmp_path, text):
    folder = hostile_run.write(tmp_path, text)
    files, found = results(folder)
    assert len(found) >= 1
    assert all("/" not in name for name in files)
    lines = files["environment.properties"].decode().splitlines()
    assert len(lines) == len([line for line in lines if "=" in line])
    assert not any("\x1b" in content.decode() for content in files.values() if isinstance(content, bytes))
