"""The campaigns of a folder of runs: which there are, which of them still go on, and which are pruned."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, UsageError
from harness.progress.names import CAMPAIGNS, CampaignFolder
from harness.progress.reader import follow
from harness.progress.state import CampaignState
from harness.run.folder import alive as is_process
from harness.settings import regular_file

KEPT = 200
"""Finished campaigns that are kept; the runs themselves are never touched."""

CAMPAIGN_ID = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{6}")
"""What the name of a campaign looks like."""

_DRAFT = re.compile(rf"\.{CAMPAIGN_ID.pattern}\.([0-9]+)\.tmp")
_LARGEST = 1 << 20
_KERNEL_LOCKS = Path("/proc/locks")


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign.

    Attributes:
        id: Its name; names sort by the time of their beginning.
        folder: What lies where.
    """

    id: str
    folder: CampaignFolder

    @property
    def alive(self) -> bool:
        """Whether its process lives, which the kernel's lock alone tells."""
        try:
            # Without O_NONBLOCK a named pipe in its place would wait for its writer for ever.
            file = os.open(self.folder.lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError:  # of another user, who keeps it to himself
            with suppress(OSError):
                return bool(holders(self.folder.lock))
            return False
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(file)
        return False

    def about(self) -> Mapping[str, Any]:
        """Return what was known at its beginning; empty when nothing can be read."""
        try:
            read = json.loads(regular_file.read(self.folder.started, _LARGEST))
        except (OSError, HarnessError, ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    def state(self) -> CampaignState:
        """Return what its progress comes to up to now; nothing when it cannot be read."""
        return self.read()[0]

    def read(self) -> tuple[CampaignState, str]:
        """Return what its progress comes to up to now, and why it cannot be read, empty when it can."""
        state = CampaignState()
        try:
            for told in follow(self.folder.progress):
                state.take(told.event)
        except HarnessError as error:
            return state, error.message
        return state, "" if state.seq >= 0 else f"{self.folder.progress}: holds no event"


def holders(lock: Path) -> set[int]:
    """Return the processes that hold a lock on a file, as the kernel lists them; opens nothing.

    Raises:
        OSError: There is no such file, or no such list.
    """
    inode = str(lock.stat().st_ino)  # the list has lines `1: FLOCK ADVISORY WRITE pid dev:inode …`
    listed = [line.split() for line in _KERNEL_LOCKS.read_text().splitlines()]
    return {
        int(words[4])
        for words in listed
        if words[1] == "FLOCK" and words[4].isdecimal() and words[5].endswith(f":{inode}")
    }


def campaigns(runs: Path) -> list[Campaign]:
    """Return the campaigns of a folder of runs, the latest first."""
    place = runs / CAMPAIGNS
    try:
        with os.scandir(place) as entries:
            names = [each.name for each in entries if CAMPAIGN_ID.fullmatch(each.name)]
    except OSError:
        return []
    return [Campaign(name, CampaignFolder(place / name)) for name in sorted(names, reverse=True)]


def find(runs: Path, name: str) -> Campaign:
    """Return the campaign of this name, or the latest for `latest`; the last part of a name is enough.

    Raises:
        UsageError: There is none, or several.
    """
    known = campaigns(runs)
    fitting = known[:1] if name == "latest" else [one for one in known if one.id == name]
    if not fitting and name:
        fitting = [one for one in known if one.id.endswith(name)]
    if len(fitting) != 1:
        raise UsageError(
            f"{runs} has {'several campaigns' if fitting else 'no campaign'} {name[:60]!r}",
            hint="harness campaigns lists those that there are; --runs says where",
        )
    return fitting[0]


def prune(runs: Path) -> None:
    """Remove the oldest campaigns that have ended, beyond `KEPT`, and what a killed process left unfinished.

    What cannot be removed does no harm.
    """
    for one in campaigns(runs)[KEPT:]:
        if not one.alive:
            shutil.rmtree(one.folder.path, ignore_errors=True)
    with suppress(OSError):
        for path in (runs / CAMPAIGNS).iterdir():
            draft = _DRAFT.fullmatch(path.name)
            if draft is not None and not is_process(int(draft[1])):
                shutil.rmtree(path, ignore_errors=True)
