import json
import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DeviceError, UsageError
from harness.report.model import load
from harness.run.events import ScenarioInfo
from harness.run.run import Run
from harness.run.verdict import Verdict
from tests.report import sample_run


def by_id(report):
    return {scenario.id: scenario for scenario in report.scenarios}


def test_everything_of_the_run_is_there(sample):
    report = load(sample)
    assert (report.board, report.verdict, report.exit_code) == ("virtual-se-i2c", "failed", 1)
    assert not report.incomplete
    assert report.problems == []
    assert report.plan["carrier"] == "se"
    assert report.declaration["extra"] == {"maximum": 512}
    assert report.identity == {"id": "2122232425262728292A2B2C", "vendor": "8184 Synochip"}
    assert [(used.name, used.recording) for used in report.transports] == [("se", "transport/se.rec")]
    assert report.notes == ["address 0x71 answered after 3 ms"]
    assert report.inputs[0].name == "board.yaml"
    assert report.started is not None
    assert report.finished is not None
    assert report.started <= report.scenarios[0].started <= report.finished
    assert report.seconds >= sum(scenario.seconds or 0 for scenario in report.scenarios)
    assert report.totals.model_dump() == {
        "passed": 3,
        "failed": 2,
        "blocked": 1,
        "error": 0,
        "not_applicable": 1,
        "not_run": 1,
    }


def test_scenarios_have_steps_measurements_findings_evidence_and_errors(sample):
    scenarios = by_id(load(sample))
    status = scenarios["step4_adapt/test_unknown_instruction"]
    assert status.error.code == 0x9000
    assert status.error.traffic == ("> 80 55 00 00 00", "< 90 00")
    assert [(step.verdict, step.seconds is None) for step in status.steps] == [
        ("failed", False),
        ("not_run", True),
    ]
    times = scenarios["step4_adapt/test_times"]
    assert [(each.name, each.verdict) for each in times.measurements] == [
        ("median answer time", "passed"),
        ("longest answer time", "failed"),
        ("commands", "passed"),
    ]
    code = scenarios["step5_verify/test_challenge"]
    assert code.evidence[0].state == "intact"
    assert code.findings[0].defect == "K3"
    assert code.notes == ["extra of 512 bytes"]
    never = scenarios["robustness/test_never"]
    assert (never.verdict, never.reason, never.started) == ("not_run", "its turn never came", None)


def test_requirements_are_counted(sample):
    report = load(sample)
    states = {requirement.id: requirement.state for requirement in report.requirements}
    assert states == {
        "PLAN-01": "passed",
        "SE-ID-01": "passed",
        "SE-SW-01": "failed",
        "SE-TIME-01": "failed",
        "CODE-01": "passed",
        "LIC-02": "blocked",
        "MDU-01": "not_applicable",
        "OTP-01": "uncovered",
    }
    assert report.coverage.model_dump() == {
        "known": 8,
        "passed": 3,
        "failed": 2,
        "unclear": 1,
        "not_checked": 1,
        "uncovered": 1,
    }


def test_a_requirement_outside_of_steps_and_of_the_list(tmp_path):
    run = Run.create(tmp_path, "b")
    run.requirements([{"id": "A-01"}, {"id": "A-02"}])
    log = run.begin(ScenarioInfo("s", requirements=("A-01", "Z-99")))
    log.finish(Verdict.PASSED)
    run.finish()
    states = {each.id: (each.state, each.scenarios) for each in load(run.path).requirements}
    assert states == {"A-01": ("passed", ["s"]), "A-02": ("not_run", []), "Z-99": ("passed", ["s"])}


def test_a_requirement_that_failed_once_has_failed(tmp_path):
    run = Run.create(tmp_path, "b")
    info = ScenarioInfo("s", steps=(("A-01", ""),))
    log = run.begin(info)
    with pytest.raises(DeviceError), log.step(0):
        raise DeviceError("no")
    log.finish(Verdict.FAILED)
    log = run.begin(info)
    with log.step(0):
        pass
    log.finish(Verdict.PASSED)
    run.finish()
    (result,) = load(run.path).requirements
    assert (result.state, result.scenarios) == ("failed", ["s", "s#2"])


def test_a_killed_run_gives_a_report_that_says_so(tmp_path):
    run = Run.create(tmp_path, "b")
    run.plan(
        [ScenarioInfo("done"), ScenarioInfo("half", steps=(("R", "1"), ("R", "2"))), ScenarioInfo("later")]
    )
    run.begin(ScenarioInfo("done")).finish(Verdict.PASSED)
    log = run.begin(ScenarioInfo("half", steps=(("R", "1"), ("R", "2"))))
    with log.step(0):
        copy = tmp_path / "copy"
        shutil.copytree(run.path, copy)  # as the disk is when the process dies here
    log.finish(Verdict.ERROR)
    run.finish()
    report = load(copy)
    assert report.incomplete
    assert (report.verdict, report.exit_code) == ("error", 4)
    assert report.finished is None
    assert report.problems == ["the journal has no end: the run was killed, or is still going on"]
    verdicts = {scenario.id: scenario.verdict for scenario in report.scenarios}
    assert verdicts == {"done": "passed", "half": "error", "later": "not_run"}
    half = by_id(report)["half"]
    assert "interrupted" in half.reason
    assert [(step.verdict, step.reason) for step in half.steps] == [("error", "interrupted"), ("not_run", "")]


def test_a_failure_before_the_kill_stays_a_failure(tmp_path):
    run = Run.create(tmp_path, "b")
    log = run.begin(ScenarioInfo("s", steps=(("R", "1"), ("R", "2"))))
    with pytest.raises(AssertionError), log.step(0):
        raise AssertionError
    copy = shutil.copytree(run.path, tmp_path / "copy")
    run.finish()
    assert load(copy).verdict is Verdict.FAILED


def test_a_run_that_a_person_ended_is_incomplete_and_no_error(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("s")).finish(Verdict.PASSED)
    run.finish("Ctrl-C", by_person=True)
    report = load(run.path)
    assert (report.incomplete, report.verdict, report.exit_code) == (True, "incomplete", 5)
    assert report.problems == []


def test_an_interrupted_run_is_incomplete(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("s")).finish(Verdict.PASSED)
    run.finish("stopped by the keyboard")
    report = load(run.path)
    assert (report.incomplete, report.interrupted, report.verdict) == (
        True,
        "stopped by the keyboard",
        "error",
    )
    assert report.problems == []


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_journal_cut_anywhere_gives_a_report_that_says_so(tmp_path_factory, data):
    folder = sample_run.write(tmp_path_factory.mktemp("r"))
    journal = folder / "journal.jsonl"
    size = journal.stat().st_size
    os.truncate(journal, data.draw(st.integers(0, size - 1)))
    report = load(folder)
    assert report.incomplete
    assert report.problems
    assert report.verdict in {"error", "failed", "blocked"}
    assert report.exit_code != 0


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_journal_with_any_line_lost_repeated_or_ruined_never_raises(tmp_path_factory, data):
    folder = sample_run.write(tmp_path_factory.mktemp("r"))
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.integers(0, len(lines) - 1))
    ruin = data.draw(st.sampled_from(["lose", "repeat", "swap", "garbage"]))
    if ruin == "lose":
        del lines[place]
    elif ruin == "repeat":
        lines.insert(other, lines[place])
    elif ruin == "swap":
        lines[place], lines[other] = lines[other], lines[place]
    else:
        lines[place] = data.draw(st.binary(max_size=40)) + b"\n"
    journal.write_bytes(b"".join(lines))
    report = load(folder)
    if ruin == "garbage":
        assert report.incomplete
        assert any(f"journal line {place + 1}" in problem for problem in report.problems)


def test_a_verdict_made_better_in_the_journal_shows(sample):
    journal = sample / "journal.jsonl"
    text = journal.read_text()
    lines = text.splitlines(keepends=True)
    changed = [
        line.replace('"verdict":"failed"', '"verdict":"passed"') if '"scenario-finished"' in line else line
        for line in lines
    ]
    journal.write_text("".join(changed))
    report = load(sample)
    assert report.problems == ["the journal closes with failed, its scenarios come to blocked"]
    assert (report.incomplete, report.verdict) == (True, "blocked")


def test_a_run_whose_only_verdicts_were_made_better_is_an_error(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("s")).finish(Verdict.FAILED)
    run.finish()
    journal = run.path / "journal.jsonl"
    text = journal.read_text()
    journal.write_text(text.replace('"failed"', '"passed"', 1))
    assert load(run.path).verdict is Verdict.ERROR


def test_scenarios_that_never_came_do_not_contradict_the_end(tmp_path):
    run = Run.create(tmp_path, "b")
    run.plan([ScenarioInfo("later"), ScenarioInfo("s")])
    run.begin(ScenarioInfo("s")).finish(Verdict.NOT_APPLICABLE)
    run.finish()
    report = load(run.path)
    assert (report.problems, report.exit_code) == ([], 2)


def test_events_out_of_place_are_named(sample):
    journal = sample / "journal.jsonl"
    with journal.open("a") as file:
        file.write('{"event":"note","t":1,"scenario":"ghost","text":"boo"}\n')
        file.write('{"event":"step-started","t":1,"scenario":"step1_plan/test_plan","step":0}\n')
    problems = load(sample).problems
    assert "a note event stands after the end of the run" in problems
    assert "a note event belongs to a scenario that never started" in problems
    assert "a step-started event of step1_plan/test_plan stands after its end" in problems


def test_a_step_that_is_not_declared_is_named(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("s"))
    with (run.path / "journal.jsonl").open("a") as file:
        file.write('{"event":"step-started","t":1,"scenario":"s","step":999999999999}\n')
    report = load(run.path)
    run.finish()
    assert "s has no step 999999999999" in report.problems


@pytest.mark.parametrize(
    "header", [None, b"", b"[]", b'{"plan":7}', b'{"plan":{"a":NaN}}', b'{"plan":"\\ud800"}', b"[" * 10**5]
)
def test_a_report_does_without_a_header(sample, header):
    if header is None:
        (sample / "run.json").unlink()
    else:
        (sample / "run.json").write_bytes(header)
    report = load(sample)
    assert report.incomplete
    assert any("run.json" in problem for problem in report.problems)
    assert report.board == "virtual-se-i2c"
    assert len(report.scenarios) == 8
    report.model_dump_json()


def test_a_report_does_without_a_journal(sample):
    (sample / "journal.jsonl").unlink()
    report = load(sample)
    assert report.incomplete
    assert report.scenarios == []
    assert report.board == "virtual-se-i2c"
    assert report.journal_sha256 == ""


def test_a_clock_that_no_calendar_holds(sample):
    journal = sample / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    for wall in ("yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999Z", "2026-11-22T19:00:00"):
        first = {**json.loads(lines[0]), "wall": wall, "t": 0}
        journal.write_text("".join([json.dumps(first) + "\n", *lines[1:]]))
        report = load(sample)
        assert report.seconds >= 0


def test_evidence_is_compared_with_its_hash(sample):
    first, second = sorted((sample / "evidence").iterdir())
    first.write_bytes(b"other")
    second.unlink()
    report = load(sample)
    states = {each.file: each.state for scenario in report.scenarios for each in scenario.evidence}
    assert states == {f"evidence/{first.name}": "changed", f"evidence/{second.name}": "missing"}
    assert f"evidence evidence/{first.name} is changed" in report.problems
    assert report.incomplete


@pytest.mark.parametrize(
    "file", ["../board.yaml", "/etc/passwd", "evidence/../run.json", "run.json", "evidence/link", ""]
)
def test_a_journal_cannot_make_a_report_read_other_files(sample, file):
    (sample / "evidence" / "link").symlink_to("/etc/passwd")
    journal = sample / "journal.jsonl"
    text = journal.read_text()
    name = next(path.name for path in (sample / "evidence").iterdir() if path.name != "link")
    journal.write_text(text.replace(f"evidence/{name}", file))
    states = [
        each.state for scenario in load(sample).scenarios for each in scenario.evidence if each.file == file
    ]
    assert states == ["missing"]


def test_no_run_folder_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError):
        load(tmp_path)
    with pytest.raises(UsageError):
        load(tmp_path / "gone")


def test_a_planned_scenario_without_a_verdict_leaves_the_report_incomplete(tmp_path):
    run = Run.create(tmp_path, "b")
    run.plan([ScenarioInfo("later"), ScenarioInfo("s")])
    run.begin(ScenarioInfo("s")).finish(Verdict.PASSED)
    run.finish()
    report = load(run.path)
    assert (report.problems, report.verdict, report.exit_code) == ([], "incomplete", 5)
    assert report.incomplete


def test_a_run_of_the_time_before_is_shown_by_its_own_rule(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("s")).finish(Verdict.PASSED)
    run.begin(ScenarioInfo("t")).finish(Verdict.NOT_RUN)
    run.finish()
    text = run.folder.journal.read_text()
    assert load(run.path).verdict is Verdict.INCOMPLETE
    old = text.replace('"schema":2', '"schema":1')
    run.folder.journal.write_text(
        old.replace('"verdict":"incomplete","exit_code":5', '"verdict":"passed","exit_code":0')
    )
    assert (load(run.path).problems, load(run.path).verdict) == ([], "passed")
