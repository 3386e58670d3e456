"""What a process that was lost has left is closed as an aborted run."""

import json

import pytest

from harness.campaign.lost import close_aborted
from harness.errors import UsageError
from harness.report import model
from harness.report.renderer import PDFS
from harness.run.run import Run, ScenarioInfo
from harness.run.verdict import Verdict

INFOS = [
    ScenarioInfo(
        id=name, title=f"Scenario {name}", step_folder="step1_plan", requirements=("T-01",), steps=()
    )
    for name in ("one", "two", "three")
]


@pytest.fixture
def left(tmp_path):
    """A run folder whose process was killed in its second scenario of three."""
    run = Run.create(tmp_path, "board")
    run.plan(INFOS)
    run.begin(INFOS[0]).finish(Verdict.PASSED)
    run.begin(INFOS[1])
    return run.path


def test_it_has_an_end_and_reports_that_say_it_was_interrupted(left):
    with (left / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"event":"note","t":1,"te')
    report = close_aborted(left, "its process was killed by SIGKILL", without=tuple(PDFS))
    assert [one.verdict for one in report.scenarios] == ["passed", "error", "not_run"]
    assert (report.verdict, report.exit_code) == ("error", 4)
    assert report.interrupted == "its process was killed by SIGKILL"
    assert report.finished is not None
    page = (left / "report.html").read_text()
    assert "The run was interrupted: its process was killed by SIGKILL." in page
    assert "passed: 1, interrupted: 1." in page
    assert "ended by an error of the harness" not in page
    assert (left / "manifest.json").is_file()


def test_a_failure_that_was_seen_stays_one(tmp_path):
    run = Run.create(tmp_path, "board")
    run.plan(INFOS)
    run.begin(INFOS[0]).finish(Verdict.FAILED, reason="it said a wrong thing")
    report = close_aborted(run.path, "its process was killed by SIGSEGV", without=tuple(PDFS))
    assert (report.verdict, report.exit_code) == ("failed", 1)
    assert report.problems == []


def test_nothing_but_what_passed_is_no_passed_run(tmp_path):
    run = Run.create(tmp_path, "board")
    run.plan(INFOS[:1])
    run.begin(INFOS[0]).finish(Verdict.PASSED)
    report = close_aborted(run.path, "its process was killed by SIGSEGV", without=tuple(PDFS))
    assert (report.verdict, report.exit_code) == ("error", 4)


def test_closing_twice_adds_no_second_end(left):
    close_aborted(left, "one", without=tuple(PDFS))
    before = (left / "journal.jsonl").read_bytes()
    assert close_aborted(left, "two", without=tuple(PDFS)).interrupted == "one"
    assert (left / "journal.jsonl").read_bytes() == before
    last = json.loads(before.splitlines()[-1])
    assert last["event"] == "run-finished"
    assert model.load(left).problems == []


def test_what_is_no_run_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no run folder"):
        close_aborted(tmp_path, "why")
