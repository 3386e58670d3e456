"""Runs that have ended: asked of the index no more often than needed, as bringing it up to date costs."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from harness.errors import HarnessError
from harness.history import index
from harness.history.listing import Filters, ListedRun, Listing, listed
from harness.history.store import Store
from harness.history.trends import Answer, answer

_FRESH_S = 20.0
_NEWEST = 5

_Found = TypeVar("_Found")


class Archive:
    """The runs of one folder. Threads may share it."""

    def __init__(self, runs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the folder of runs, which need not be there yet.

        Args:
            runs: The folder.
            clock: Monotonic seconds.
        """
        self._runs = runs
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[str, ListedRun] = {}
        self._read_at = -_FRESH_S
        self._read_of: object = None

    def listed(self, filters: Filters) -> Listing:
        """Return the runs that filters let through."""
        return self._ask(lambda store: listed(store, filters), Listing((), 0, 0, (), (), ""))

    def history(self, board: str = "") -> Answer:
        """Return the history of a board, or without one that of all boards in short."""
        return self._ask(lambda store: answer(store, board), Answer(None, (), (), ""))

    def last_runs(self, boards: tuple[str, ...], ended: object) -> Mapping[str, ListedRun]:
        """Return the last run of each board.

        Args:
            boards: Names of boards.
            ended: Another value than before says that runs have ended since.
        """
        with self._lock:
            now = self._clock()
            if now - self._read_at >= _FRESH_S or ended != self._read_of:
                self._last = self._ask(lambda store: _last(store, boards), {})
                # Reading a run that goes on costs more the longer it is: count the time from when it was read.
                self._read_at, self._read_of = self._clock(), ended
            return dict(self._last)

    def _ask(self, question: Callable[[Store], _Found], nothing: _Found) -> _Found:
        if not self._runs.is_dir():
            return nothing
        try:
            return index.ask(self._runs, question)
        except HarnessError:
            return nothing


def _last(store: Store, boards: tuple[str, ...]) -> dict[str, ListedRun]:
    found: dict[str, ListedRun] = {}
    for name in boards:
        newest = listed(store, Filters(boards=[_literal(name)], limit=_NEWEST)).runs
        # A run that goes on has come to nothing yet.
        ended = next((run for run in newest if "no end" not in run.marks), None)
        if ended is not None:
            found[name] = ended
    return found


def _literal(name: str) -> str:
    """Return a name so that no character in it is a pattern."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
