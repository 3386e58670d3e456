"""Turns the hooks of a run into the events of a campaign's progress."""

import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from harness import __version__
from harness.board.models import BoardFile
from harness.board.opening.locks import user_name
from harness.cli.answer_files import AnswerFiles
from harness.fixtures.collection import PLAN
from harness.fixtures.session import SESSION
from harness.progress.names import CampaignFolder
from harness.run.run import Run
from harness.run.safe import text as bounded
from harness.run.station import STATION_NAME
from harness.run.verdict import Verdict

_LONGEST_TEXT = 2_000  # characters
_BETWEEN_S = 0.25  # how often a scenario may say how far it is


class Events(Protocol):
    """Takes events, as `ProgressWriter.write` does."""

    def __call__(self, event: str, fields: Mapping[str, object], *, board: str = "") -> None:
        """Take one event."""


class ProgressEvents:
    """Follows the session of one board, and tells each thing that happens there as an event.

    What the run keeps secret is masked here, as nobody behind this knows it. Folders and reports are named relative to
    the folder of runs.

    Args:
        write: Takes the events.
        board: The board's name.
        earlier: How many seconds each scenario took in an earlier run; the expected end is guessed from it.
        round_: Which repetition it is, from 1.
        campaign: The campaign's folder, where operator steps may be answered; None for nowhere.
    """

    def __init__(
        self,
        write: Events,
        board: str,
        earlier: Mapping[tuple[str, str], float],
        round_: int = 1,
        campaign: CampaignFolder | None = None,
    ) -> None:
        self._write = write
        self._campaign = campaign
        self._board = board
        self._earlier = earlier
        self._round = round_
        self._config: pytest.Config | None = None
        self._progressed: tuple[float, str] = (0.0, "")

    def begin(self) -> None:
        """Tell that the board starts, in this process."""
        self._tell("board_started", pid=os.getpid(), round=self._round)

    def end(self, exit_code: int) -> None:
        """Tell that it has ended."""
        self._tell("board_finished", exit_code=exit_code)

    def _tell(self, event: str, **fields: object) -> None:
        self._write(event, fields, board=self._board)

    @property
    def _run(self) -> Run:
        assert self._config is not None, "pytest configures a plugin before it calls another hook"
        run = self._config.stash[SESSION].run
        assert run is not None, "a run has begun"
        return run

    def _shown(self, text: str) -> str:
        return bounded(self._run.masked(text), _LONGEST_TEXT)

    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_id2_run_started(self, scenarios: int) -> None:
        self._tell("run_started", folder=self._run.path.name, scenarios=scenarios)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        held = session.config.stash.get(SESSION, None)
        if held is None or held.run is None:
            return
        plans = [item.stash[PLAN] for item in session.items if PLAN in item.stash]
        meant = [(plan.info.step_folder, plan.info.title) for plan in plans if not plan.not_applicable]
        known = [self._earlier[one] for one in meant if one in self._earlier]
        self._tell(
            "planned",
            scenarios=[
                {"step": step, "title": self._shown(title), "expected_s": self._earlier.get((step, title))}
                for step, title in meant
            ],
            expected_s=round(sum(known), 3) if known else None,
        )

    def pytest_id2_operator_elsewhere(self) -> AnswerFiles | None:
        return None if self._campaign is None else AnswerFiles(self._tell_masked, self._campaign)

    def _tell_masked(self, event: str, fields: Mapping[str, object]) -> None:
        """Tell an event whose texts come from a scenario."""
        shown: dict[str, object] = {}
        for name, value in fields.items():
            if isinstance(value, str):
                shown[name] = self._shown(value)
            elif name == "instructions" and isinstance(value, list):
                shown[name] = [self._shown(str(each)) for each in value]
            else:
                shown[name] = value
        self._tell(event, **shown)

    def pytest_id2_told(self, text: str) -> None:
        self._tell("told", text=self._shown(text))

    def pytest_id2_scenario_started(self, step: str, title: str) -> None:
        self._progressed = (0.0, "")
        self._tell("scenario_started", step=step, title=self._shown(title))

    def pytest_id2_step_started(self, number: int, total: int, title: str) -> None:
        self._tell("step_started", number=number, total=total, title=self._shown(title))

    def pytest_id2_progressed(self, done: float, total: float, what: str) -> None:
        now, (last, said) = time.monotonic(), self._progressed
        if now - last < _BETWEEN_S and said == what and done < total:
            return
        self._progressed = (now, what)
        self._tell("progressed", done=done, total=total, what=self._shown(what))

    def pytest_id2_waits(self, whom: str, seconds: float | None) -> None:
        self._tell("waits", whom=self._shown(whom), seconds=seconds)

    def pytest_id2_waits_no_longer(self) -> None:
        self._tell("goes_on")

    def pytest_id2_scenario_finished(
        self, step: str, title: str, verdict: Verdict, seconds: float, reason: str
    ) -> None:
        self._tell(
            "scenario_finished",
            step=step,
            title=self._shown(title),
            verdict=verdict.value,
            seconds=round(seconds, 6),
            reason=self._shown(reason),
        )

    def pytest_id2_run_finished(self, reports: list[Path], interrupted: str) -> None:
        folder = self._run.path
        self._tell(
            "run_finished",
            folder=folder.name,
            verdict=self._run.verdict.value,
            exit_code=self._run.exit_code,
            reports=[os.path.relpath(report, folder.parent) for report in reports],
            interrupted=self._shown(interrupted),
        )


def about(
    boards: Sequence[BoardFile], *, jobs: int = 1, repeat: int = 1, select: str = "", set_aside: bool = True
) -> dict[str, object]:
    """Return what a campaign says of itself at its beginning.

    Args:
        boards: Its boards.
        jobs: How many run at a time.
        repeat: How many rounds there are.
        select: What scenarios were selected by; empty for all.
        set_aside: Whether boards are left out that are set aside for their health.
    """
    return {
        "boards": [{"name": one.name, "file": str(one.source.path)} for one in boards],
        "jobs": jobs,
        "host": os.environ.get(STATION_NAME) or socket.gethostname(),
        "pid": os.getpid(),
        "user": user_name(),
        "version": __version__,
        "repeat": repeat,
        "select": select,
        "set_aside": set_aside,
    }
