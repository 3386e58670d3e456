"""The last runs of boards in a folder of runs, by the names of their folders and the end of their journals."""

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_TAIL = 65_536
_PER_BOARD = 5


@dataclass(frozen=True, slots=True)
class LastRun:
    """One run of a board.

    Attributes:
        run: Name of its folder, which begins with the time of its beginning.
        verdict: Its verdict; empty while it goes on, and for one that was killed.
    """

    run: str
    verdict: str

    @property
    def started(self) -> str:
        """When it began, as `2026-11-29T22:00:01Z`."""
        day, _, time = self.run.partition("T")
        return f"{day[:4]}-{day[4:6]}-{day[6:8]}T{time[:2]}:{time[2:4]}:{time[4:6]}Z"


def last_runs(runs: Path, boards: Collection[str]) -> dict[str, list[LastRun]]:
    """Return the last runs of each of these boards, the newest first."""
    wanted = set(boards)
    found: dict[str, list[str]] = {name: [] for name in boards}
    try:
        with os.scandir(runs) as entries:
            for entry in entries:
                moment, separator, board = entry.name.partition("Z-")
                if separator and board in wanted and moment[:8].isdigit():
                    found[board].append(entry.name)
    except OSError:
        return {name: [] for name in boards}
    return {
        name: [
            LastRun(folder, _verdict(runs / folder)) for folder in sorted(names, reverse=True)[:_PER_BOARD]
        ]
        for name, names in found.items()
    }


def _verdict(folder: Path) -> str:
    try:
        file = os.open(folder / "journal.jsonl", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as journal:
            size = journal.seek(0, os.SEEK_END)
            journal.seek(max(0, size - _TAIL))
            event = json.loads(journal.read().rstrip().rpartition(b"\n")[2])
        return str(event["verdict"]) if event["event"] == "run-finished" else ""
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
