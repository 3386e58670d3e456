"""What stands behind the bench page: the boards and the runs of one host."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bench_page.answering import GivenHere
from harness.bench_page.archive import Archive
from harness.bench_page.boards import Board, Boards, Held, held, missing
from harness.bench_page.run_files import RunFiles
from harness.bench_page.starting import Starter
from harness.bench_page.tails import RunTail, Tail
from harness.bench_page.watching import Campaigns, Watched
from harness.board.opening.places import locked
from harness.campaign.health.state import Health
from harness.campaign.health.store import HealthStore
from harness.errors import HarnessError, UsageError
from harness.history.listing import ListedRun

_TAILS = 64
_USE_FRESH_S = 1.0
_PLACES_FRESH_S = 10.0  # looking for adapters costs, and few are plugged in
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Use:
    """Who has a board now, and whether it is fit for use.

    Attributes:
        held: What of it somebody has.
        absent: Why it is not there, as an adapter that is not plugged in; empty when it is.
        health: How it has been of late; None for a board whose file cannot be used.
    """

    held: tuple[Held, ...] = ()
    absent: str = ""
    health: Health | None = None


class Bench:
    """One bench. Threads may share it.

    Attributes:
        runs: The folder of runs.
        boards: Its boards.
        files: Files of run folders.
        campaigns: What `harness run` does and did.
        archive: Runs that have ended.
        starter: Starts campaigns.
        given: Answers to operator steps that this page gave.
        suites: Suites that a campaign may be started with beside the shipped ones. Code runs from them, so only who
            starts the page says which there are.
    """

    def __init__(
        self, runs: Path, boards: Sequence[Path], words: Sequence[str] = (), suites: Sequence[str] = ()
    ) -> None:
        """Take what the bench has; nothing is read yet.

        Args:
            runs: The folder of runs, which need not be there yet.
            boards: Board files.
            words: Options of `harness run` that each campaign started here gets.
            suites: See the attribute.
        """
        self.runs = runs
        self.boards = Boards(boards)
        self.files = RunFiles(runs)
        self.campaigns = Campaigns(runs)
        self.archive = Archive(runs)
        self.starter = Starter(runs, words)
        self.given = GivenHere()
        self.suites = tuple(suites)
        self._health = HealthStore(runs)
        self._lock = threading.Lock()
        self._tails: OrderedDict[str, RunTail] = OrderedDict()
        self._places: dict[Path, tuple[float, list[str], str]] = {}
        self._use: tuple[float, dict[str, Use]] = (-_USE_FRESH_S, {})

    def latest(self) -> list[Watched]:
        """Return the campaigns that go on, and some that have ended, the latest first."""
        return self.campaigns.latest(_SHOWN)

    def use(self) -> Mapping[str, Use]:
        """Return, by the names of boards, who has them now, or why they are not there."""
        with self._lock:
            read_at, found = self._use
            if time.monotonic() - read_at >= _USE_FRESH_S:
                found = {board.name: self._use_of(board) for board in self.boards.all()}
                self._use = (time.monotonic(), found)
            return found

    def last_runs(self, boards: Sequence[Board], watched: Sequence[Watched]) -> Mapping[str, ListedRun]:
        """Return the last run of each board that has one."""
        ended = tuple(
            (one.id, tuple(len(board.verdicts) + board.losses for board in one.state.boards.values()))
            for one in watched
        )
        return self.archive.last_runs(tuple(board.name for board in boards), ended)

    def tail(self, run: str) -> Tail:
        """Return the last lines of a run's recordings; nothing while there is no such run folder."""
        try:
            folder = self.files.run(run)
        except UsageError:
            return Tail()
        with self._lock:
            tail = self._tails.pop(run, None) or RunTail(folder, time.time() - time.monotonic())
            self._tails[run] = tail
            while len(self._tails) > _TAILS:
                self._tails.popitem(last=False)
        return tail.read()

    def put_back(self, board: str) -> None:
        """Take a board for healthy again, whatever its last runs were.

        Raises:
            BenchError: It cannot be written.
        """
        self._health.change(board, lambda known: Health(known.board))
        with self._lock:
            self._use = (-_USE_FRESH_S, {})

    def _use_of(self, board: Board) -> Use:
        if board.used is None:
            return Use()
        looked, places, absent = self._places.get(board.file, (-_PLACES_FRESH_S, [], ""))
        if time.monotonic() - looked >= _PLACES_FRESH_S:
            try:
                places, absent = locked(board.used), missing(board.used)
            except HarnessError as error:
                places, absent = [], error.message
            self._places[board.file] = (time.monotonic(), places, absent)
        health = self._health.of(board.name)
        return Use(tuple(held(places)), absent, health)
