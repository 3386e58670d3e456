"""Allure's own command reads `allure-results/`, and comes to the counts of the run."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.report.model import load
from harness.report.render import render
from harness.run.events import ScenarioInfo
from harness.run.header import Header
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import hostile_run, sample_run
from tests.report.hostile import EVERYTHING

pytestmark = pytest.mark.allure
ROOT = Path(__file__).resolve().parents[2]


def generated(tmp_path, *folders):
    """Return the report that Allure makes of run folders, as its summary and its results by name."""
    command = os.environ.get("ALLURE", "")
    assert command, "set ALLURE to the Allure command, or use make allure-test"
    for folder in folders:
        render(folder, ("allure",))
    out = tmp_path / "allure"
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run(
        [ROOT / command, "generate", *(folder / "allure-results" for folder in folders), "-o", out],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    results = [json.loads(path.read_text()) for path in (out / "data" / "test-results").glob("*.json")]
    environment = {
        each["name"]: each["values"]
        for each in json.loads((out / "widgets" / "allure_environment.json").read_text())
    }
    return summary, results, environment


def counts(folder, *, itself=0):
    totals = load(folder).totals
    found = {
        "total": len(load(folder).scenarios) + itself,
        "passed": totals.passed,
        "failed": totals.failed,
        "broken": totals.blocked + totals.error + itself,
        "skipped": totals.not_applicable + totals.not_run,
    }
    return {name: count for name, count in found.items() if count}


def test_the_sample(tmp_path):
    folder = sample_run.write(tmp_path / "runs")
    summary, results, environment = generated(tmp_path, folder)
    assert summary["stats"] == counts(folder)
    assert environment["verdict"] == ["failed (mock service)"]
    assert not [each for each in results if each["isRetry"]]
    (failure,) = [each for each in results if "wrong instruction" in each["name"]]
    assert failure["status"] == "failed"
    assert "the chip answered 9000" in json.dumps(failure)


def test_a_killed_run_is_not_green(tmp_path):
    run = Run.create(tmp_path / "runs", "b", Header())
    run.plan([ScenarioInfo("a/one", step_folder="a"), ScenarioInfo("a/two", step_folder="a")])
    run.begin(ScenarioInfo("a/one", step_folder="a")).finish(Verdict.PASSED)
    summary, results, environment = generated(tmp_path, run.path)
    assert summary["stats"] == counts(run.path, itself=1)
    assert summary["status"] != "passed"
    assert "partial run" in environment["verdict"][0]
    assert {each["name"] for each in results} == {"a/one", "a/two", "the run itself"}


def test_every_attempt_is_counted(tmp_path):
    run = Run.create(tmp_path / "runs", "b", Header())
    for verdict in (Verdict.FAILED, Verdict.PASSED):
        run.begin(ScenarioInfo("a/again", step_folder="a")).finish(verdict)
    run.finish()
    summary, _, _ = generated(tmp_path, run.path)
    assert summary["stats"] == {"total": 2, "passed": 1, "failed": 1}


def test_hostile_text(tmp_path):
    folder = hostile_run.write(tmp_path / "runs", EVERYTHING)
    summary, _, _ = generated(tmp_path, folder)
    assert summary["stats"] == counts(folder, itself=1), "and the run itself, as it was interrupted"


def test_histories_of_two_runs_are_one(tmp_path):
    """The same scenario of two runs of one board is the same test: the later run counts, the earlier is a retry."""
    folders = [sample_run.write(tmp_path / "runs") for _ in range(2)]
    summary, results, _ = generated(tmp_path, *folders)
    assert summary["stats"]["total"] == counts(folders[1])["total"]
    assert len({each["historyId"] for each in results}) == counts(folders[1])["total"]
