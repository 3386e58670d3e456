"""`harness campaigns --follow`: what a campaign of another process does, as if it ran at this terminal."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import Any

from harness.campaign.job import Job
from harness.cli.campaign_view import CampaignView
from harness.cli.output import OwnConsole
from harness.operator.terminal import has_terminal
from harness.progress.campaigns import Campaign
from harness.progress.reader import follow
from harness.progress.state import CampaignState

_LOOK_S = 0.2
_GONE = 4  # exit code of a campaign whose process was killed
_INTERRUPTED = 130


def followed(campaign: Campaign) -> int:
    """Show a campaign until it ends; return its exit code.

    Whoever sits at this terminal may answer its operator steps, as anybody else may: the first answer wins.

    Raises:
        UsageError: It has no progress.
        BenchError: Its progress cannot be read.
    """
    state = CampaignState()
    with closing(OwnConsole()) as console:
        try:
            _show(campaign, state, console)
        except KeyboardInterrupt:
            if campaign.alive:
                print(
                    f"the campaign goes on; harness campaigns {campaign.id} --stop ends it", file=sys.stderr
                )
            return _INTERRUPTED
    if state.ended is None:
        print(f"error: the process of {campaign.id} is gone; what its runs left has no end", file=sys.stderr)
        return _GONE
    return _GONE if state.exit_code is None else state.exit_code & 0xFF


def _show(campaign: Campaign, state: CampaignState, console: OwnConsole) -> None:
    offset = 0
    with ExitStack() as showing:
        view: CampaignView | None = None
        while state.ended is None:
            # Asked first: what a process that is dead now wrote is read below, all of it.
            alive = campaign.alive
            for told in follow(campaign.folder.progress, offset):
                offset = told.offset
                state.take(told.event)
                if view is None:
                    view = showing.enter_context(_view(campaign, state, console, asks=alive))
                _pass_on(view, told.event, state)
            if not alive:
                return
            if view is not None:
                view.tick()
            time.sleep(_LOOK_S)


def _view(campaign: Campaign, state: CampaignState, console: OwnConsole, *, asks: bool) -> CampaignView:
    at_once, rounds = state.about.get("jobs"), state.about.get("repeat")
    # What a person types may be a secret: it is asked for by nobody else's campaign.
    mine = campaign.folder.path.stat().st_uid == os.geteuid()
    answered_here = asks and mine and has_terminal() and os.isatty(0)
    return CampaignView(
        console,
        None,
        dict.fromkeys(state.boards, 0.0),
        at_once=at_once if isinstance(at_once, int) and at_once > 0 else 1,
        quiet=False,
        rounds=rounds if isinstance(rounds, int) and rounds > 0 else None,
        answers=campaign.folder.answers if answered_here else None,
        began=state.started,
    )


def _pass_on(view: CampaignView, event: Mapping[str, Any], state: CampaignState) -> None:
    name, kind = event.get("board"), event["event"]
    if not isinstance(name, str) or name not in state.boards:
        return
    view.event(Job(name, 0), kind, event, str(event.get("time", "")))
    if kind in {"board_finished", "board_lost"}:
        view.board_ended(name)
