"""Runs the suites on boards side by side: a process for each, one view of all, one summary."""

import dataclasses
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import pytest
from rich.console import Console

from harness.board.models import BoardFile
from harness.board.opening import places
from harness.campaign.heard import Heard
from harness.campaign.job import Job
from harness.campaign.lost import close_aborted
from harness.campaign.process import Write, answer_of
from harness.campaign.scheduler import Scheduler
from harness.campaign.soak.rounds import Rounds
from harness.cli.campaign_end import came_of
from harness.cli.campaign_health import CampaignHealth
from harness.cli.campaign_view import CampaignView
from harness.cli.earlier import earlier_seconds
from harness.cli.jobs import Jobs
from harness.cli.progress_events import ProgressEvents, about
from harness.cli.session_end import BoardEnd, Came, SessionEnd
from harness.cli.soak import Soak
from harness.cli.suites import collected, nothing_from_outside
from harness.errors import HarnessError
from harness.fixtures.options import RunOptions
from harness.fixtures.signals import Ended as SignalEnded
from harness.operator.terminal import has_terminal
from harness.progress.writer import ProgressWriter
from harness.report.renderer import PDFS

_LATE = (
    *("harness.report.render", "harness.report.html", "harness.report.json_report", "harness.report.junit"),
    *("harness.report.ctrf", "harness.report.allure", "harness.report.csv_report", "harness.traffic.decode"),
    *("httpcore", "uvicorn.lifespan.off", "uvicorn.loops.asyncio"),
    *("harness.service.mock.server", "harness.service.mock.http.app", "harness.service.mock.operations"),
    *("harness.service.wire", "harness.web.listening", "harness.carrier.se", "harness.fixtures.oracle"),
    *("harness.fixtures.endurance", "harness.id2.cipher_tests", "harness.id2.random_generators"),
    "harness.id2.weak_keys",
)
"""What a run imports late: here it is imported once for all."""

_WAIT_S = 60.0  # seconds for what another process of this machine has, when --wait says nothing
_SLOWER = 3.0  # times its earlier time that a scenario may take without a sign


_Apart = tuple[tuple[str, ...], tuple[str, ...]]
"""What no other board may use meanwhile, and what the kernel locks."""


def side_by_side(
    health: CampaignHealth,
    words: Sequence[list[str]],
    options: RunOptions,
    jobs: Jobs,
    *,
    console: Console,
    progress: ProgressWriter,
    quiet: bool,
    select: str,
    at_terminal: bool,
    rounds: Rounds,
    heard: Heard,
) -> Came:
    """Run a session of pytest for each board.

    Args:
        health: The boards that run, and those that are set aside.
        words: Pytest's arguments for each that runs.
        options: The options of all runs.
        jobs: How many at a time.
        console: Where the view goes.
        progress: Takes all that is told.
        quiet: Show no view, and no line of a scenario.
        select: What the user selected.
        at_terminal: Whether a person at this terminal answers operator steps.
        rounds: How often each board runs.
        heard: The signals that ask for the end; somebody listens to them already.
    """
    campaign = progress.folder if progress.written else None
    files = health.running
    names = [file.name for file in files]
    at_once = jobs.number(len(files))
    earlier = [earlier_seconds(options.runs, file.name) for file in files]
    progress.start(
        about(
            [*files, *(file for file, _ in health.aside)],
            jobs=at_once,
            repeat=rounds.repeat or 0,
            select=select,
            set_aside=health.leaves_out,
        )
    )

    def work(job: Job, write: Write) -> Mapping[str, Any]:
        if job.closes:
            without = tuple(PDFS) if options.without_pdf else ()
            return {"code": close_aborted(options.runs / job.closes, job.reason, without=without).exit_code}
        end = SessionEnd()
        events = ProgressEvents(write, job.name, earlier[job.number], job.round, campaign)
        try:
            events.begin()
            with nothing_from_outside():
                code = end.code(int(pytest.main(words[job.number], plugins=[end, events])))
        except KeyboardInterrupt as error:
            # Asked to end when its run had not begun, or was whole already: nothing of it is lost.
            if end.began and not end.folders:
                raise
            end.interrupted = True
            code = end.exit_code = 128 + getattr(error, "number", signal.SIGINT)
        events.end(code)
        # Of a process of its own for each round, so that what a round needs and what it leaves can be told apart.
        memory = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        return {**dataclasses.asdict(BoardEnd.of(end, code)), "memory_mib": memory}

    soak = Soak(
        rounds, options.runs, None if campaign is None else campaign.path, leaves_out=health.leaves_out
    )
    if text := soak.said_before():
        print(f"note: {text}", file=sys.stderr)

    with CampaignView(
        console,
        progress,
        dict(zip(names, (sum(one.values()) for one in earlier), strict=True)),
        at_once=at_once,
        quiet=quiet,
        rounds=rounds.repeat if rounds.seconds is None else None,
        answers=campaign.answers if campaign is not None and at_terminal and has_terminal() else None,
    ) as view:
        for name, told in health.events():
            view.event(Job(name, len(files)), "board_set_aside", told, "")
        scheduler = Scheduler(
            work,
            view,
            jobs=at_once,
            folder=None if campaign is None else campaign.path,
            wait_s=options.wait or _WAIT_S,
            heard=heard,
            after=lambda ended: soak.after(
                ended,
                scheduler.start_no_more,
                lambda job, told: view.event(job, "board_set_aside", told, ""),
            ),
        )
        apart: Sequence[_Apart] = [((), ())] * len(files)
        try:
            if len(files) > 1 or rounds.several:  # a single process shares it with nobody
                _have_all_imported(files, options)
            apart = _places(files, replayed=options.replay is not None)
        except KeyboardInterrupt as ended:
            scheduler.end_by(ended.number if isinstance(ended, SignalEnded) else signal.SIGINT)
        turns = scheduler.run(
            [
                Job(
                    name,
                    number,
                    places=apart[number][0],
                    locks=apart[number][1],
                    most_silent_s=_most_silent(earlier[number], options, jobs),
                )
                for number, name in enumerate(names)
            ]
        )
    in_order = sorted(turns, key=lambda one: (one.job.number, one.job.round))
    came = came_of(in_order, files, why_ended=scheduler.why_ended, ended_by=scheduler.ended_by, select=select)
    # Of several rounds the table tells; of each board the last run is shown.
    last = {one.job.number: options.runs / one.folder for one in in_order if one.folder}
    came.folders = list(last.values())
    if soak.several:
        soak.take_the_rest(in_order, scheduler.why_ended)
        soak.write()
        came.soak = soak.document()
        came.said += soak.aside.values()
    return came


def _have_all_imported(files: Sequence[BoardFile], options: RunOptions) -> None:
    """Import here what every process needs, and the suites: it is shared then, and done once.

    What is wrong with a suite is each run's own to say.
    """
    source = files[0].source.path if files else None
    if source is None:
        return
    for module in _LATE:
        import_module(module)
    try:
        collected(source, dataclasses.replace(options, official=False, replay=None))
    except HarnessError:
        return


def _places(files: Sequence[BoardFile], *, replayed: bool) -> Sequence[_Apart]:
    """Return for each board what no other may use meanwhile, and what the kernel locks.

    Another process looks it up: libraries that talk to devices must not live in the one that others are forked from.
    """
    if replayed:
        return [((), ())] * len(files)

    def look_up(_job: Job, _write: Write) -> Mapping[str, Any]:
        return {"code": 0, "places": [[places.kept_apart(file), _locks(file)] for file in files]}

    answer = answer_of(look_up)
    if answer is None:
        return [((f"board {file.name}",), ()) for file in files]
    return [(tuple(apart), tuple(locks)) for apart, locks in answer["places"]]


def _locks(file: BoardFile) -> list[str]:
    try:
        return places.locked(file)
    except HarnessError:  # the run itself says what is not there
        return []


def _most_silent(earlier: Mapping[tuple[str, str], float], options: RunOptions, jobs: Jobs) -> float | None:
    longest = max([*earlier.values(), options.explore_for or 0.0], default=0.0)
    return max(jobs.lost_after_s, _SLOWER * longest)
