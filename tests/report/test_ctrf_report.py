import json

import jsonschema
import pytest

from harness.report import ctrf
from harness.report.model import load
from harness.run.events import ScenarioInfo
from harness.run.run import Run
from harness.run.verdict import OF_SCENARIOS, Verdict
from tests.report import hostile_run
from tests.report.ctrf_schema import SCHEMA, faults
from tests.report.hostile import EVERYTHING, HOSTILE

VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def made(folder):
    record = json.loads(ctrf.render(load(folder), folder))
    VALIDATOR.validate(record)
    assert faults(record) == []
    return record


def by_name(record):
    return {test["name"].rpartition("/")[2]: test for test in record["results"]["tests"]}


def test_each_verdict_has_its_status_and_none_that_is_not_a_failure_is_failed(sample):
    record = made(sample)
    assert {name: (test["status"], test["rawStatus"]) for name, test in by_name(record).items()} == {
        "test_plan": ("passed", "passed"),
        "test_licence": ("other", "blocked"),
        "test_get_id": ("passed", "passed"),
        "test_unknown_instruction": ("failed", "failed"),
        "test_times": ("failed", "failed"),
        "test_challenge": ("passed", "passed"),
        "test_module": ("skipped", "not_applicable"),
        "test_never": ("pending", "not_run"),
    }
    summary = record["results"]["summary"]
    assert [summary[name] for name in ("tests", "passed", "failed", "skipped", "pending", "other")] == [
        8, 3, 2, 1, 1, 1,
    ]  # fmt: skip
    assert summary["extra"]["verdicts"] == load(sample).totals.model_dump()
    assert summary["extra"]["verdict"] == load(sample).verdict


def test_a_failure_has_its_message_traffic_steps_and_evidence(sample):
    found = by_name(made(sample))
    failure = found["test_unknown_instruction"]
    assert failure["message"].startswith("failed: the chip answered 9000")
    assert "last: > 80 55 00 00 00" in failure["trace"]
    assert [step["status"] for step in failure["steps"]] == ["failed", "pending"]
    assert failure["filePath"] == "suites/step4_adapt/test_step4_adapt.py"
    (attachment,) = found["test_get_id"]["attachments"]
    assert (sample / attachment["path"]).read_bytes().startswith(b"8184")
    measured = found["test_times"]["extra"]["measurements"]
    assert [(each["name"], each["value"], each["verdict"]) for each in measured][1] == (
        "longest answer time", 61.5, "failed",
    )  # fmt: skip


def test_simulation_and_mock_stand_beside_the_verdict(sample):
    results = made(sample)["results"]
    assert results["environment"]["testEnvironment"] == "mock service"
    assert results["environment"]["healthy"] is False
    assert results["summary"]["extra"]["verdictWords"] == "failed (mock service)"
    for test in results["tests"]:
        assert test["extra"]["verdictWords"].endswith("(mock service)")


def attempted(tmp_path, *verdicts):
    run = Run.create(tmp_path, "b")
    for verdict in verdicts:
        run.begin(ScenarioInfo("a/one", step_folder="a")).finish(verdict, reason=f"it {verdict}")
    run.finish()
    return run.path


@pytest.mark.parametrize(
    ("verdicts", "status", "flaky"),
    [
        ((Verdict.FAILED, Verdict.PASSED), "failed", True),
        ((Verdict.PASSED, Verdict.BLOCKED, Verdict.PASSED), "other", True),
        ((Verdict.FAILED, Verdict.FAILED), "failed", False),
        ((Verdict.PASSED, Verdict.PASSED), "passed", False),
    ],
)
def test_attempts_are_one_test_and_a_success_hides_no_failure(tmp_path, verdicts, status, flaky):
    (test,) = made(attempted(tmp_path, *verdicts))["results"]["tests"]
    assert (test["status"], test["flaky"], test["retries"]) == (status, flaky, len(verdicts) - 1)
    assert [each["extra"]["verdict"] for each in test["retryAttempts"]] == list(verdicts[:-1])
    assert test["extra"]["lastAttempt"] == verdicts[-1]
    if status == "failed":
        assert test["message"] == "failed: it failed"


def test_a_killed_run_shows_it_in_a_test_of_its_own(sample):
    journal = sample / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    record = made(sample)
    test = record["results"]["tests"][-1]
    assert (test["name"], test["status"], test["rawStatus"]) == ("the run itself", "other", "error")
    assert "the journal ends inside a line" in test["trace"]
    assert "partial run" in record["results"]["environment"]["testEnvironment"]


def test_what_the_options_left_out_is_skipped_and_what_never_came_is_pending(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("a/quick")).finish(Verdict.NOT_RUN, outside_plan=True)
    run.begin(ScenarioInfo("a/late")).finish(Verdict.NOT_RUN)
    run.finish()
    found = by_name(made(run.path))
    assert (found["quick"]["status"], found["late"]["status"]) == ("skipped", "pending")


@pytest.mark.parametrize("verdict", OF_SCENARIOS)
def test_only_a_failure_is_failed(tmp_path, verdict):
    (test, *_) = made(attempted(tmp_path, verdict))["results"]["tests"]
    assert (test["status"] == "failed") is (verdict is Verdict.FAILED)
    assert (test["status"] == "passed") is (verdict is Verdict.PASSED)


def test_ids_are_those_of_the_board_and_report_ids_of_the_run(tmp_path):
    one, other = (made(attempted(tmp_path / name, Verdict.PASSED)) for name in "ab")
    assert by_name(one)["one"]["id"] == by_name(other)["one"]["id"]
    assert one["reportId"] != other["reportId"]


@pytest.mark.parametrize("text", [*HOSTILE, EVERYTHING, ""], ids=range(len(HOSTILE) + 2))
def test_hostile_text_stays_text_and_is_bounded(tmp_path, text):
    folder = hostile_run.write(tmp_path, text)
    rendered = ctrf.render(load(folder), folder)
    made(folder)
    assert len(rendered) < 1_000_000
    assert not any(character in rendered.decode() for character in "\x1b\x00\x7f\x85\u202e\u2066\u2028\ufeff")


def test_a_folder_without_anything_gives_a_valid_report(tmp_path):
    run = Run.create(tmp_path, "b")
    run.path.joinpath("run.json").unlink()
    run.path.joinpath("journal.jsonl").write_bytes(b"")
    record = made(run.path)
    assert record["results"]["summary"]["start"] == 0
    assert "timestamp" not in record
