"""What a campaign of boards side by side comes to."""

import dataclasses
from pathlib import Path

import pytest

from harness.board.reading.file import load
from harness.campaign.job import Ended, Job
from harness.campaign.soak.rounds import OVER
from harness.cli.campaign_end import came_of
from harness.cli.session_end import BoardEnd

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def files():
    return [load(ROOT / "boards" / f"{name}.yaml") for name in ("virtual-se-i2c", "virtual-se-mtk")]


def ended(name, code=0, *, number=0, round_=1, began=True, interrupted=False, **more):
    end = BoardEnd(code, began=began, interrupted=interrupted)
    return Ended(Job(name, number, round_), code, dataclasses.asdict(end), **more)


def came(files, *turns, why_ended="", ended_by=None):
    return came_of(turns, files, why_ended=why_ended, ended_by=ended_by, select="")


def test_rounds_that_came_too_late_take_nothing_from_those_that_ran(files):
    late = Ended(Job("two", 1, 2), not_begun=OVER)
    end = came(files, ended("one"), ended("two", number=1), late)
    assert (end.code, end.said) == (0, [])


def test_a_board_whose_first_round_came_too_late_was_not_run(files):
    end = came(files, ended("one"), Ended(Job("two", 1), not_begun=OVER))
    assert (end.code, end.said) == (5, ["not run: two"])


@pytest.mark.parametrize("code", [129, 130, 143])
def test_a_board_that_was_asked_to_end_keeps_the_campaign_from_passing(files, code):
    end = came(files, ended("one", code, interrupted=True), ended("two", number=1))
    assert (end.code, end.said) == (5, ["one: was asked to end before its run was over"])


def test_a_board_that_an_interruption_ended_before_its_run_is_told(files):
    asked = {"code": 130, "began": False, "interrupted": True}
    turns = [ended("one", 130, interrupted=True), ended("two", number=1, **asked)]
    # The signal may come while it is told that the run begins: the folder is there, and says what happened.
    turns.append(ended("three", folder="F", **asked))
    end = came(files, *turns, why_ended="ended by SIGINT", ended_by=2)
    assert end.code == 130
    assert end.said == [
        "interrupted; what happened until then is in the run folders",
        "ended before its run began: two",
    ]


def test_rounds_that_a_file_stopped_are_told_and_keep_it_from_passing(files):
    end = came(files, ended("one"), Ended(Job("one", 0, 2), not_begun="stopped by the file stop-one"))
    assert (end.code, end.said) == (5, ["one: no round after 1: stopped by the file stop-one"])


def test_a_failure_weighs_more_than_what_was_cut_short(files):
    assert came(files, ended("one", 143, interrupted=True), ended("two", 1, number=1)).code == 1


def test_of_a_run_that_could_not_be_closed_nobody_says_that_it_was(files):
    lost = Ended(Job("one", 0), lost="its process was killed", folder="F", not_closed="no\nspace")
    end = came(files, lost)
    assert end.code == 4
    (said,) = end.said
    assert "what it left could not be closed as an aborted run: F: no space" in said
    assert "harness report F" in said
