"""Keeps the health of boards in small files below the folder of runs, a file for each board.

Each is replaced as a whole under a lock of the kernel: two campaigns at once lose nothing of each other, and one that
is killed at any moment leaves the file before or the file after.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from harness.campaign.health.state import Health
from harness.disk import write_whole, writing
from harness.progress.names import CAMPAIGNS

_FOLDER = "health"
_LOCK = ".lock"
_LARGEST = 65_536
_FILE: TypeAdapter[Health] = TypeAdapter(Health)


class HealthStore:
    """The health of the boards of a folder of runs.

    Args:
        runs: The folder of runs.
    """

    def __init__(self, runs: Path) -> None:
        self.folder = runs / CAMPAIGNS / _FOLDER

    def of(self, board: str) -> Health:
        """Return the health of a board; that of one without a file, or with one that nobody can read, is good."""
        try:
            file = os.open(self._file(board), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(file, "rb") as opened:
                known = _FILE.validate_json(opened.read(_LARGEST))
        except (OSError, ValidationError):
            return Health(board)
        return known if known.board == board else Health(board)

    def change(self, board: str, changed: Callable[[Health], Health]) -> tuple[Health, Health]:
        """Change the health of a board; return it as it was and as it is.

        Raises:
            BenchError: It cannot be written.
        """
        with self._locked():
            before = self.of(board)
            after = changed(before)
            if after == Health(board):
                with writing(self._file(board)):
                    self._file(board).unlink(missing_ok=True)
            elif after != before:
                write_whole(self._file(board), _FILE.dump_json(after, indent=1) + b"\n")
        return before, after

    def _file(self, board: str) -> Path:
        return self.folder / f"{board}.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            with writing(self.folder):
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)
