"""What a recorded run has answers for, as its journal, its header and its manifest say."""

import json

import pytest

from harness.board.opening.recorded_run import NO_SCENARIO, Unanswered, keeps_inputs, plan_of
from harness.run import manifest
from harness.run.inputs import FILE, RecordedInputs
from harness.run.run import Header, Run, ScenarioInfo
from harness.run.verdict import Verdict


def info(name):
    return ScenarioInfo(id=name, steps=(("R-1", "a step"),))


@pytest.fixture
def run(tmp_path):
    """A run with a scenario of every end."""
    names = (
        "passed",
        "failed",
        "left-out",
        "smaller",
        "skipped",
        "skipped-in-a-step",
        "nothing-to-check",
        "cut",
        "never",
        "else",
    )
    run = Run.create(tmp_path, "lab", Header(probes=("GetID",)))
    run.plan([info(name) for name in names])
    passed = run.begin(info("passed"))
    with passed.step(0):
        pass
    passed.finish(Verdict.PASSED)
    run.begin(info("failed")).finish(Verdict.FAILED)
    run.begin(info("left-out")).finish(Verdict.NOT_RUN, reason="left out by -k \x1b[2J")
    run.begin(info("smaller")).finish(Verdict.NOT_RUN, reason="left out by --quick", outside_plan=True)
    run.begin(info("skipped")).finish(Verdict.NOT_RUN, error=AssertionError("no restart"))
    skipped = run.begin(info("skipped-in-a-step"))
    with skipped.step(0):
        pass
    skipped.finish(Verdict.NOT_RUN)
    looked = run.begin(info("nothing-to-check"))
    looked.skip(0, "the console shows nothing of it")
    looked.finish(Verdict.NOT_APPLICABLE, reason="none of its steps applies to this board")
    run.begin(info("else")).finish(Verdict.NOT_APPLICABLE, reason="the board has no console")
    run.begin(info("cut"))
    return run


def test_what_ran_has_answers_and_what_was_left_out_has_none(run):
    found = plan_of(run.path)
    for name in ("passed", "failed", "skipped", "skipped-in-a-step", "nothing-to-check", "cut", "never"):
        assert found.lacks(name) is None, name
    assert found.lacks("smaller") == Unanswered(
        "the recorded run did not run it: left out by --quick", outside_plan=True
    )
    assert not found.lacks("left-out").outside_plan
    assert "\x1b" not in found.lacks("left-out").reason
    assert "has no console" in found.lacks("else").reason
    assert found.lacks("of tomorrow") == Unanswered(NO_SCENARIO)


@pytest.mark.parametrize(("header", "probes"), [({"probes": ["GetID", 7]}, {"GetID", "7"}), ({}, None)])
def test_a_header_names_the_probes_or_does_not(run, header, probes):
    assert plan_of(run.path).probes == {"GetID"}
    known = json.loads((run.path / "run.json").read_text())
    del known["probes"]
    (run.path / "run.json").write_text(json.dumps(known | header))
    assert plan_of(run.path).probes == probes


def test_only_a_manifest_can_say_that_a_run_never_kept_its_inputs(run):
    assert keeps_inputs(run.path), "without a manifest nobody can tell"
    manifest.write(run.folder)
    assert not keeps_inputs(run.path)


def test_inputs_that_were_taken_away_are_missing(run):
    RecordedInputs(lambda: run.path / FILE).begin()
    manifest.write(run.folder)
    (run.path / FILE).unlink()
    assert keeps_inputs(run.path)
