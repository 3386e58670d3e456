"""Every form of a report says the same: one verdict a scenario, one of the run, and the same words beside it."""

import json
import shutil
import tarfile
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from harness.report import allure, ctrf, json_report, junit
from harness.report.model import load
from harness.run.events import ScenarioInfo
from harness.run.header import Header
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import OF_SCENARIOS, Verdict
from tests.report import hostile_run
from tests.report.ctrf_schema import SCHEMA
from tests.report.ctrf_schema import faults as ctrf_faults
from tests.report.forms_said import disagreements, of_json
from tests.report.hostile import EVERYTHING, HOSTILE
from tests.report.junit_schema import faults as junit_faults

SIMULATED = {"name": "b", "transports": {"se": {"kind": "simulated-i2c"}}}
EVERY = sorted((Path(__file__).parents[1] / "samples" / "run-folders").glob("*/*.tar.xz"))
CTRF = jsonschema.Draft202012Validator(SCHEMA)
REPORT = jsonschema.Draft202012Validator(json.loads(json_report.SCHEMA_FILE.read_bytes()))
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)"
)
pytestmark = needs_poppler


def run_of(root, *verdicts, header=None, attempts=1, interrupted="", by_person=False, finished=True):
    run = Run.create(root, "b", header or Header(board_file=SIMULATED, options={"service": "mock"}))
    for number, verdict in enumerate(verdicts):
        for _ in range(attempts):
            log = run.begin(ScenarioInfo(f"a/test_{number}", step_folder="a", title=f"scenario {number}"))
            log.measure(Measurement("time", "ms"), 1, samples=[1, 2])
            log.finish(verdict, reason=f"it is {verdict}")
    if finished:
        run.finish(interrupted, by_person=by_person)
    return run.path


@pytest.mark.parametrize("verdict", OF_SCENARIOS)
def test_each_verdict_is_the_same_in_every_form(tmp_path, verdict):
    assert disagreements(run_of(tmp_path, verdict)) == []


def test_something_of_everything(sample):
    assert disagreements(sample) == []


def test_every_reservation_stands_beside_the_verdict_of_every_form(tmp_path):
    header = Header(
        board_file={"transports": {"se": {"kind": "simulated-i2c"}, "console": {"kind": "serial"}}},
        options={
            "service": "mock",
            "development": ["a published key"],
            "replay": {"run": "r1", "faults": {"se": "drop=1"}},
        },
    )
    folder = run_of(tmp_path, Verdict.PASSED, header=header, interrupted="power was lost")
    _, verdict, said = of_json((json.dumps(load(folder).model_dump(mode="json"))).encode())
    assert verdict == "error"
    assert said == (
        "partly virtual board, mock service, development run",
        "replayed, no device was asked",
        "faults on purpose",
        "partial run",
    )
    assert disagreements(folder) == []


def test_a_real_device_has_nothing_beside_its_verdict(tmp_path):
    header = Header(board_file={"transports": {"se": {"kind": "i2c-dev"}}}, options={"service": "real"})
    folder = run_of(tmp_path, Verdict.PASSED, header=header)
    assert load(folder).reservations == []
    assert disagreements(folder) == []


@pytest.mark.parametrize(
    "ending",
    [{"finished": False}, {"interrupted": "Ctrl-C", "by_person": True}, {"interrupted": "the disk is full"}],
    ids=["killed", "by-person", "broken"],
)
def test_a_part_of_a_run_says_so_everywhere(tmp_path, ending):
    folder = run_of(tmp_path, Verdict.PASSED, Verdict.PASSED, **ending)
    assert "partial run" in load(folder).reservations
    assert disagreements(folder) == []


def test_every_attempt_counts_in_every_form(tmp_path):
    run = Run.create(tmp_path, "b", Header(board_file=SIMULATED))
    for verdict in (Verdict.FAILED, Verdict.BLOCKED, Verdict.PASSED):
        run.begin(ScenarioInfo("a/test_again", step_folder="a")).finish(verdict)
    run.finish()
    assert load(run.path).verdict is Verdict.FAILED
    assert disagreements(run.path) == []


def test_a_known_failure_is_a_failure_in_every_form(tmp_path):
    entry = {
        "scenario": "a/test_0",
        "reason": "wrong firmware",
        "reference": "BUG-7",
        "expires": date(2999, 1, 1).isoformat(),
    }
    folder = run_of(tmp_path, Verdict.FAILED, Verdict.PASSED, header=Header(known_failures=[entry]))
    assert load(folder).scenarios[0].known is not None
    assert disagreements(folder) == []
    assert b"known failure, BUG-7, until 2999-01-01: wrong firmware" in junit.render(load(folder))


def test_an_empty_run_and_one_without_a_journal(tmp_path):
    run = Run.create(tmp_path, "b")
    assert disagreements(run.path) == []
    run.finish()
    assert disagreements(run.path) == []
    (run.path / "journal.jsonl").unlink()
    (run.path / "run.json").unlink()
    (run.path / "journal.jsonl").write_bytes(b"\xff\n")
    assert disagreements(run.path) == []


def test_hostile_text_changes_no_verdict(tmp_path):
    assert disagreements(hostile_run.write(tmp_path, EVERYTHING)) == []


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_each_hostile_text_changes_no_verdict(tmp_path, text):
    assert disagreements(hostile_run.write(tmp_path, text)) == []


def killed_at(sample, to, lines):
    """Copy the sample, its journal ended after so many lines and in the middle of the next one."""
    shutil.copytree(sample, to)
    whole = (sample / "journal.jsonl").read_bytes().splitlines(keepends=True)
    rest = whole[lines][: len(whole[lines]) // 2] if lines < len(whole) else b""
    (to / "journal.jsonl").write_bytes(b"".join(whole[:lines]) + rest)
    return to


def agrees_when_killed(sample, tmp_path, lines):
    folder = killed_at(sample, tmp_path / f"killed-{lines}", lines)
    report = load(folder)
    assert report.incomplete
    assert "partial run" in report.reservations
    assert disagreements(folder) == []
    assert junit_faults(junit.render(report)) == []


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.95])
def test_a_run_that_was_killed_says_the_same_in_every_form(sample, tmp_path, share):
    count = len((sample / "journal.jsonl").read_bytes().splitlines())
    agrees_when_killed(sample, tmp_path, int(count * share))


@pytest.mark.slow
def test_a_run_that_was_killed_at_any_line_says_the_same_in_every_form(sample, tmp_path):
    for lines in range(len((sample / "journal.jsonl").read_bytes().splitlines())):
        agrees_when_killed(sample, tmp_path, lines)


def test_a_form_that_says_something_else_is_found(sample, monkeypatch):
    """The readers would see it: one verdict turned in one form."""
    from harness.report import ctrf

    for module, name in ((ctrf, "_STATUS"), (allure, "_STATUS")):
        with monkeypatch.context() as changed:
            changed.setitem(getattr(module, name), Verdict.BLOCKED, getattr(module, name)[Verdict.FAILED])
            with pytest.raises(AssertionError):
                disagreements(sample)


@pytest.mark.slow
@pytest.mark.parametrize("archive", EVERY, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_run_folders_of_every_version_say_the_same_in_every_form(archive, tmp_path):
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert disagreements(folder) == []
    report = load(folder)
    record = json.loads(ctrf.render(report, folder))
    CTRF.validate(record)
    assert ctrf_faults(record) == []
    assert junit_faults(junit.render(report)) == []
    REPORT.validate(json.loads(json_report.render(report)))
