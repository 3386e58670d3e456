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

KEPT = 200
"""Finished campaigns that are kept; the runs themselves are never touched."""

CAMPAIGN_ID = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{6}")
"""What the name of a campaign looks like."""

_DRAFT = re.compile(rf"\.{CAMPAIGN_ID.pattern}\.([0-9]+)\.tmp")
_LARGEST = 1 << 20


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
            file = os.open(self.folder.lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
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
            with self.folder.started.open("rb") as file:
                read = json.loads(file.read(_LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    def state(self) -> CampaignState:
        """Return what its progress comes to up to now; nothing when it cannot be read."""
        state = CampaignState()
        with suppress(HarnessError):
            for told in follow(self.folder.progress):
                state.take(told.event)
        return state


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
