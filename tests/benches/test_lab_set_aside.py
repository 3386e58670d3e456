"""Boards that are set aside for their health on a bench, as its client tells them: when, why, and what to do."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from harness.cli.lab_notices import LabNotices
from harness.cli.lab_shown import Shown, set_aside
from harness.lab.client_files import BEGUN, Asked
from harness.lab.results import results
from tests.benches.test_lab_answers import watcher
from tests.benches.test_lab_notices import HOST, Told

__all__ = ["watcher"]

REASON = "T-01: no answer\x1b[2J on I²C"


@pytest.fixture
def blocked_twice(watcher):
    """The watcher of a bench whose board was blocked in two rounds, and is set aside by the second."""
    watcher.note.begin = BEGUN
    for number in (1, 2):
        run = f"20261129T22000{number}.000Z-a"
        watcher.note.pulled[run] = f"/runs/{run}"
        takes(watcher, "board_started", pid=1, round=number)
        takes(watcher, "run_started", folder=run)
        takes(watcher, "run_finished", folder=run, verdict="blocked", exit_code=3)
        if number == 2:
            health(watcher, "set aside", REASON, until=in_an_hour())
        takes(watcher, "board_finished", exit_code=3)
    return watcher


def takes(watcher, event, **fields):
    watcher.state.take({"event": event, "board": "a", **fields})


def health(watcher, state, reason="", until=""):
    takes(watcher, "health", state=state, reason=reason, until=until)


def in_an_hour():
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")


def shown_by(watcher, **about):
    printed = StringIO()
    return printed, Shown(Console(file=printed, width=200), [watcher], **{"quiet": True, **about})


def test_a_board_that_its_rounds_set_aside_is_told_with_reason_and_what_to_do(blocked_twice):
    printed = StringIO()
    [board] = results([blocked_twice])
    assert (board.outcome, board.aside[0]) == ("blocked", REASON)
    set_aside(Console(file=printed, width=200), [board])
    told, what_to_do = printed.getvalue().split("\n", 1)[1].splitlines()
    assert told.startswith("bench-1:a is set aside until ")
    assert told.endswith(": T-01: no answer␛[2J on I²C")
    assert (
        what_to_do
        == "  try: mend it and `harness lab status --put-back bench-1:a`, or harness lab run bench-1:a"
    )


def test_a_line_tells_of_it_once_when_it_happens_and_of_its_health_again(blocked_twice):
    printed, shown = shown_by(blocked_twice)
    shown.tick()
    shown.tick()
    health(blocked_twice, "healthy")
    shown.tick()
    first, second = [line for line in printed.getvalue().splitlines() if "blocked" not in line]
    assert first.startswith("bench-1  a  set aside until ")
    assert second == "bench-1  a  healthy again"
    printed = StringIO()
    set_aside(Console(file=printed), results([blocked_twice]))
    assert printed.getvalue() == ""


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01T00:00:00+00:00", "9999-12-31T23:59:59-23:00"])
def test_a_moment_that_is_over_or_none_is_not_told(blocked_twice, until):
    health(blocked_twice, "set aside", "no answer", until)
    printed = StringIO()
    set_aside(Console(file=printed, width=200), results([blocked_twice]))
    assert printed.getvalue().splitlines()[1] == "bench-1:a is set aside: no answer"


def test_a_board_that_was_set_aside_between_rounds_when_all_ended_keeps_what_its_rounds_came_to(
    blocked_twice,
):
    takes(blocked_twice, "board_set_aside", reason=REASON, until=in_an_hour())
    [board] = results([blocked_twice])
    assert board.outcome == "goes on"
    blocked_twice.state.take({"event": "campaign_finished", "exit_code": 143, "interrupted": "asked to stop"})
    [board] = results([blocked_twice])
    assert (board.outcome, board.exit_code, len(board.folders)) == ("blocked", 3, 2)


def test_a_board_that_was_set_aside_before_its_first_round_is_not_run(watcher):
    takes(watcher, "board_set_aside", reason="no answer", until=in_an_hour())
    watcher.state.take({"event": "campaign_finished", "exit_code": 3, "interrupted": ""})
    [board] = results([watcher])
    assert (board.outcome, board.reason, board.aside[0]) == ("not run", "no answer", "no answer")


def test_commands_are_told_once_of_a_board_that_its_rounds_set_aside(blocked_twice, tmp_path):
    told = Told()
    asked = Asked("20261129T220000.000Z-0a1b2c", (HOST,))
    notices = LabNotices(told, asked, tmp_path / "client", tmp_path, [blocked_twice])
    notices.tick()
    takes(blocked_twice, "board_set_aside", reason=REASON, until=in_an_hour())
    notices.tick()
    [document] = told.of("set-aside")
    assert (document["set_aside"]["board"], document["set_aside"]["reason"]) == (
        "a",
        "T-01: no answer␛[2J on I²C",
    )
    blocked_twice.note.over = True
    told = Told()
    LabNotices(told, asked, tmp_path / "client", tmp_path, [blocked_twice]).tick()
    assert told.documents == []  # who attaches to what is over tells of nothing
