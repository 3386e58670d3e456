"""The view of a campaign: when it may end."""

import io

import pytest
from rich.console import Console

from harness.campaign.job import Job
from harness.cli.campaign_view import CampaignView


def head(*, rounds, round_=1, expected=60.0):
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    view = CampaignView(console, None, {"one": expected}, at_once=1, quiet=True, rounds=rounds)
    planned = {"scenarios": [{"step": "s", "title": "t", "expected_s": expected}]}
    view.event(Job("one", 0), "board_started", {"pid": 1, "round": round_}, "")
    view.event(Job("one", 0), "planned", planned, "")
    running = _first_line(console, view)
    view.event(Job("one", 0), "board_finished", {"exit_code": 0}, "")
    return running, _first_line(console, view)


def _first_line(console, view):
    console.file.truncate(0)
    console.print(view)
    return console.file.getvalue().strip("\0").splitlines()[0].rstrip()


@pytest.mark.parametrize(
    ("rounds", "round_", "running", "ended"),
    [
        (1, 1, "about 1:00 left", "1/1 boards ended, 0:00"),
        (3, 1, "about 3:00 left", "0/1 boards ended, 0:00, about 2:00 left"),
        (3, 3, "about 1:00 left", "1/1 boards ended, 0:00"),
        (None, 7, "end not known yet", "0/1 boards ended, 0:00, end not known yet"),
    ],
)
def test_the_end_is_that_of_all_rounds(rounds, round_, running, ended):
    first, then = head(rounds=rounds, round_=round_)
    assert first.endswith(running)
    assert then == ended
