"""Beginning a campaign on a bench, at most once for each name that a client chose.

A client whose connection broke while it asked does not know whether it was heard. So the note that a name was begun
is made, and brought to the disk, before the campaign's process starts: who asks again with the same name is told what
became of it, and nothing is started a second time.
"""

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.disk import is_locked, writing
from harness.errors import BenchError, UsageError
from harness.lab.names import BenchFolder, boot_id
from harness.progress.campaigns import CAMPAIGN_ID, KEPT, Campaign, campaigns
from harness.progress.names import CAMPAIGNS, CampaignFolder

_START_LIMIT_S = 120.0
_TOLD = 4_000  # bytes of what a start that failed says
_LARGEST_NOTE = 1 << 22

UNKNOWN, BEGUN, NEVER, RUNNING, ENDED, FORGOTTEN = (
    "unknown",
    "begun",
    "never came up",
    "running",
    "ended",
    "forgotten",
)
"""What a bench knows of a campaign: nothing; that its process starts; that this ended early; it lives; it is over; that
it was begun, so long ago that its progress may have been removed."""


@dataclass(frozen=True, slots=True)
class Started:
    """What came of a request to begin.

    Attributes:
        state: As `state_of` gives it.
        again: Whether the name had been begun before, so that nothing was started now.
        refused: Why the campaign did not start; empty when it did.
    """

    state: str
    again: bool = False
    refused: str = ""


class Starting:
    """A campaign that begins on this bench, unless one of its name was begun before.

    Its process belongs to no connection, so it lives on when the client, its link or this process goes. It inherits a
    lock on the note, which tells whether it still lives while it comes up.

    Args:
        runs: The folder of runs.
        lab: What this bench keeps of campaigns that clients began.
        name: The name that the client chose.
        asked: What the note says of it.
        command: The command that is the campaign.

    Raises:
        UsageError: The name is none.
        BenchError: The disk refuses the note; nothing was started.
    """

    def __init__(
        self, runs: Path, lab: BenchFolder, name: str, asked: Mapping[str, Any], command: Sequence[str]
    ) -> None:
        if not CAMPAIGN_ID.fullmatch(name):
            raise UsageError(f"{name[:60]!r} is no name of a campaign")
        self.name = name
        self._runs = runs
        self._lab = lab
        self._deadline = time.monotonic() + _START_LIMIT_S
        self._process: subprocess.Popen[bytes] | None = None
        self._refused = ""
        note = _note_taken(lab.begun(name), {**asked, "boot": boot_id()})
        self._again = note is None
        self._host = str(asked.get("host", ""))
        if note is None:
            return
        output = lab.output(name)
        try:
            with writing(output), output.open("ab") as file:
                self._process = subprocess.Popen(  # noqa: S603 - our own command, with words that stand for themselves
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    start_new_session=True,
                    pass_fds=(note,),
                )
        except BenchError as error:
            self._refused = error.message
        finally:
            os.close(note)

    def came(self) -> Started | None:
        """Return what came of it; None while it is not known yet."""
        if self._refused:
            return Started(NEVER, refused=self._refused)
        ended = None if self._process is None else self._process.poll()
        state = state_of(self._runs, self._lab, self.name)
        if self._again:
            told = begun_on(self._lab, self.name)
            if not told and state == BEGUN and time.monotonic() < self._deadline:
                return None  # another request of this moment is writing it
            other = str(told.get("host", self._host))
            if other != self._host:
                return Started(
                    state, again=True, refused=f"this is the computer that {other} of the lab file is"
                )
        if self._again or state in {RUNNING, ENDED}:
            return Started(state, again=self._again)
        if self._process is not None and self._lab.places(self.name).is_file():
            return Started(state)  # its places are being taken, which may last, and may be in vain
        if ended is not None:
            return Started(state, refused=said(self._lab, self.name) or f"ended with exit code {ended}")
        if time.monotonic() > self._deadline:
            return Started(state, refused=f"did not come up within {_START_LIMIT_S:.0f} s")
        return None


def said(lab: BenchFolder, name: str) -> str:
    """Return the end of what the process of a campaign has written, as it has no terminal."""
    try:
        with lab.output(name).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TOLD))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def state_of(runs: Path, lab: BenchFolder, name: str) -> str:
    """Return what this bench knows of a campaign."""
    folder = CampaignFolder(runs / CAMPAIGNS / name)
    if folder.progress.is_file():
        return RUNNING if Campaign(name, folder).alive else ENDED
    if not lab.begun(name).is_file():
        return UNKNOWN
    if is_locked(lab.begun(name)):
        return BEGUN
    later = [one.id for one in campaigns(runs) if one.id > name]
    return FORGOTTEN if len(later) >= KEPT else NEVER


def begun_on(lab: BenchFolder, name: str) -> Mapping[str, Any]:
    """Return what the note of a campaign says; empty when there is none."""
    try:
        with lab.begun(name).open("rb") as file:
            told = json.loads(file.read(_LARGEST_NOTE))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _note_taken(note: Path, told: Mapping[str, Any]) -> int | None:
    """Make the note, locked, and bring it to the disk; return its descriptor, or None when it was there."""
    with writing(note):
        note.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = os.open(note, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            return None
        fcntl.flock(file, fcntl.LOCK_EX)
        rest = memoryview(json.dumps(told).encode())
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
        folder = os.open(note.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return file


def own_command(program: str, python: str) -> list[str]:
    """Return the words that start this harness again.

    Args:
        program: What this process was started as: `sys.argv[0]`.
        python: The interpreter.

    Raises:
        BenchError: It is no file.
    """
    path = Path(program)
    if path.name == "__main__.py":
        return [python, "-m", path.parent.name]
    if not path.is_file():
        raise BenchError(f"{program}: the harness cannot be started again: it is no file")
    return [str(path.resolve())] if os.access(path, os.X_OK) else [python, str(path.resolve())]
