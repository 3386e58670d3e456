"""The summary of a campaign on many hosts: what came of each board, why, and which run folder here tells more."""

from io import StringIO

import pytest
from rich.console import Console

from harness.cli.lab_shown import summary
from harness.lab.client_files import BEGUN
from harness.lab.results import results
from tests.benches.test_lab_answers import watcher

__all__ = ["watcher"]

WITHOUT_RUN = "without a run"


@pytest.fixture
def runs(watcher):
    """Have board `a` run as often as there are verdicts; one without an end is lost, with its folder here as well."""
    watcher.note.begin = BEGUN

    def runs(*verdicts, **end):
        for number, verdict in enumerate(verdicts, 1):
            folder = f"run-{number}"
            if verdict != WITHOUT_RUN:
                watcher.note.pulled[folder] = f"runs/{folder}"
            takes("board_started", pid=1, round=number)
            if verdict != WITHOUT_RUN:
                takes("run_started", folder=folder)
            if verdict == WITHOUT_RUN:
                takes("board_finished", exit_code=2)
            elif verdict is None:
                takes("board_lost", folder=folder, reason="its process was killed")
            else:
                takes("run_finished", folder=folder, verdict=verdict, exit_code=5, **end)
                takes("board_finished", exit_code=5)

    def takes(event, **fields):
        watcher.state.take({"event": event, "board": "a", **fields})

    return runs


def printed_of(watcher):
    printed = StringIO()
    summary(Console(file=printed, width=80), results([watcher]), quiet=False)
    return printed.getvalue()


@pytest.mark.parametrize(
    ("verdicts", "end", "outcome", "reason", "folder"),
    [
        (["incomplete"], {"interrupted": "ended by SIGTERM"}, "incomplete", "ended by SIGTERM", "runs/run-1"),
        ([None], {}, "aborted", "its process was killed", "runs/run-1"),
        (["passed", None], {}, "aborted", "its process was killed", "runs/run-2"),
        (["failed", "passed"], {}, "failed", "", "runs/run-1"),
        (["passed", "passed"], {}, "passed", "", "runs/run-2"),
        (["failed", None], {}, "failed", "", "runs/run-1"),
        (["passed", WITHOUT_RUN], {}, "not run", "left no run; exit code 2", "runs/run-1"),
        (["passed", WITHOUT_RUN, "passed"], {}, "not run", "left no run; exit code 2", "runs/run-3"),
        (["failed", WITHOUT_RUN], {}, "failed", "", "runs/run-1"),
        (["blocked", WITHOUT_RUN], {}, "blocked", "", "runs/run-1"),
    ],
)
def test_the_run_folder_that_the_outcome_rests_on_is_named(
    runs, watcher, verdicts, end, outcome, reason, folder
):
    runs(*verdicts, **end)
    told = printed_of(watcher)
    assert f"bench-1  a      {outcome}" in told
    assert reason in told
    assert [word for word in told.split() if word.startswith("runs/")] == [folder]


def test_of_a_board_without_a_run_folder_here_none_is_named(runs, watcher):
    runs(None)
    watcher.note.pulled.clear()
    told = printed_of(watcher)
    assert "its process was killed" in told
    assert "runs/" not in told
