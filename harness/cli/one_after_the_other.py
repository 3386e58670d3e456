"""Runs the suites on boards one after the other: a pytest session in this process for each, with live progress."""

import dataclasses
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from harness.campaign.heard import Heard, asked_by
from harness.campaign.job import Ended, Job
from harness.campaign.stop_files import StopFiles
from harness.cli.campaign_end import came_of
from harness.cli.campaign_health import CampaignHealth
from harness.cli.earlier import earlier_seconds
from harness.cli.progress_events import ProgressEvents, about
from harness.cli.run_progress import RunProgress, Screen
from harness.cli.scenario_line import is_told, scenario_line
from harness.cli.session_end import BoardEnd, Came, SessionEnd
from harness.cli.suites import nothing_from_outside
from harness.fixtures.options import RunOptions
from harness.fixtures.signals import Ended as SignalEnded
from harness.progress.writer import ProgressWriter
from harness.run.verdict import Verdict

_SIGNAL = 128  # what the exit code of a process that a signal ended begins at


class _Follower(SessionEnd):
    """Follows a run by the hooks of `harness.fixtures.hooks`, and shows it as it goes."""

    def __init__(
        self,
        console: Console,
        screen: Screen,
        earlier: Mapping[tuple[str, str], float],
        heard: Heard,
        *,
        quiet: bool,
    ) -> None:
        super().__init__()
        self._console = console
        self._told = not quiet
        self._screen = screen
        self._board = ""
        self._progress = RunProgress("", [], {})
        self._earlier = earlier
        self._heard = heard

    @property
    def ends_the_rest(self) -> bool:
        """Whether what happened on this board would happen on the next one as well."""
        return bool(self.interrupted or self.stopped or self.broken or self.misused)

    def pytest_sessionstart(self) -> None:
        # From here on the session takes the signals itself; those before it were only kept.
        self._heard.overhear()
        if self._heard.signals:
            raise SignalEnded(self._heard.signals[0])

    def pytest_id2_run_started(self, board: str) -> None:
        super().pytest_id2_run_started(board)
        self._board = board

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        super().pytest_collection_finish(session)
        if not self._board:
            return
        meant = [(one.step, one.title) for one in self.scenarios if not one.not_applicable]
        self._progress = RunProgress(self._board, meant, self._earlier)
        self._screen.begin(self._progress)

    def pytest_id2_told(self, board: str, text: str) -> None:
        self._console.print(Text(f"{board}  {text}"), soft_wrap=True)

    def pytest_id2_operator_waits(self) -> None:
        self._screen.pause()

    def pytest_id2_operator_answered(self) -> None:
        self._screen.resume()

    def pytest_id2_scenario_started(self, step: str, title: str) -> None:
        self._progress.started(step, title)

    def pytest_id2_step_started(self, number: int, total: int, title: str) -> None:
        self._progress.step(number, total, title)

    def pytest_id2_progressed(self, done: float, total: float, what: str) -> None:
        self._progress.reached(done, total, what)

    def pytest_id2_waits(self, whom: str, seconds: float | None) -> None:
        self._progress.waits(whom, seconds)

    def pytest_id2_waits_no_longer(self) -> None:
        self._progress.goes_on()

    def pytest_id2_scenario_finished(  # type: ignore[override]  # pytest gives each hook what it names
        self, board: str, step: str, title: str, verdict: Verdict, seconds: float, reason: str
    ) -> None:
        super().pytest_id2_scenario_finished(verdict, reason)
        self._progress.finished(step, title)
        if self._told and is_told(verdict, reason, on_terminal=self._console.is_terminal):
            line = Text(scenario_line(board, step, title, verdict, seconds, reason))
            line.truncate(self._console.width, overflow="ellipsis")
            self._console.print(line, soft_wrap=True)

    def pytest_id2_run_finished(self, folder: Path) -> None:
        super().pytest_id2_run_finished(folder)
        self._screen.end()
        self._board = ""


def one_after_the_other(
    health: CampaignHealth,
    words: Sequence[list[str]],
    options: RunOptions,
    *,
    console: Console,
    progress: ProgressWriter,
    quiet: bool,
    select: str,
    heard: Heard,
) -> Came:
    """Run a session of pytest for each board; what would happen on all of them ends the rest.

    Args:
        health: The boards that run, and those that are set aside.
        words: Pytest's arguments for each that runs.
        options: The options of all runs.
        console: Where the view goes.
        progress: Takes all that is told.
        quiet: Show no view, and no line of a scenario.
        select: What the user selected.
        heard: The signals that ask for the end; somebody listens to them already.
    """
    every = [*health.running, *(file for file, _ in health.aside)]
    progress.start(about(every, select=select, set_aside=health.leaves_out))
    for name, aside in health.events():
        progress.write("board_set_aside", aside, board=name)
    turns: list[Ended] = []
    folders: list[Path] = []
    why, stopped, ended_by = "", "", None
    campaign = progress.folder if progress.written else None
    files = StopFiles(None if campaign is None else campaign.path, heard)
    screen = Screen(console, quiet=quiet)
    with ExitStack() as shown:
        shown.callback(screen.end)
        for number, (file, of_pytest) in enumerate(zip(health.running, words, strict=True)):
            job = Job(file.name, number)
            if not why and (heard.signals or files.found()):
                ended_by = next(iter(heard.signals), signal.SIGTERM)
                why = files.found() or asked_by(ended_by)
            not_begun = why or files.found(file.name)
            if not_begun:
                turns.append(Ended(job, not_begun=not_begun))
                continue
            earlier = earlier_seconds(options.runs, file.name)
            follower = _Follower(console, screen, earlier, heard, quiet=quiet)
            events = ProgressEvents(progress.write, file.name, earlier, campaign=campaign)
            with files.watching(file.name) as asked:
                end = _session(of_pytest, follower, events)
            folder = follower.folders[-1].name if follower.folders else ""
            turns.append(Ended(job, end.code, dataclasses.asdict(end), folder=folder))
            folders += follower.folders
            if end.interrupted and asked.why and not asked.all:
                # The file ends this board alone; a signal, be it before or while the board closed, ends all.
                ended_by = next(iter(heard.signals), None)
                why = "" if ended_by is None else asked_by(ended_by)
            elif end.interrupted:
                ended_by = follower.exit_code - _SIGNAL
                why = asked.why or asked_by(ended_by)
            elif follower.ends_the_rest:
                stopped = end.stopped
                why = stopped or "what ended the board before would end it too"
    came = came_of(turns, health.running, why_ended=why if ended_by else "", ended_by=ended_by, select=select)
    came.interrupted = came.interrupted or stopped
    came.folders = folders
    return came


def _session(words: list[str], follower: _Follower, events: ProgressEvents) -> BoardEnd:
    """Run a session of pytest with these arguments, and return how it ended."""
    events.begin()
    try:
        with nothing_from_outside():
            code = follower.code(int(pytest.main(words, plugins=[follower, events])))
    except KeyboardInterrupt as error:
        # Asked to end when its run had not begun, or was whole already: nothing of it is lost.
        if follower.began and not follower.folders:
            raise
        follower.interrupted = True
        code = follower.exit_code = _SIGNAL + getattr(error, "number", signal.SIGINT)
    events.end(code)
    return BoardEnd.of(follower, code)
