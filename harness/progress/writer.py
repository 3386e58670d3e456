"""Writes what a campaign tells while it goes on: one append-only file, one writer, one JSON object a line.

Progress decides nothing, so what keeps it from being written never harms a run: it is told once, and later events are
tried again. Verdicts stand in the journals of the runs.
"""

import fcntl
import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from harness.progress.campaigns import prune
from harness.progress.names import CAMPAIGNS, CampaignFolder
from harness.run.safe import Mask, json_value

_MOST_WAITING = 4 * 1024 * 1024  # bytes that a disk may be behind by; then the file is given up
_BARE = Mask()  # who tells something masks it: only there the secrets are known
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class ProgressWriter:
    """Writes the progress of one campaign. Threads may share it.

    Invariants:
        * `seq` counts from 0 without a gap, also when the disk was full for a while.
        * The lock is held from before the folder has its name until `close`, or until the process dies.
        * No method raises because a disk or a folder refuses.

    Args:
        runs: The folder of runs.
        on_trouble: Told once, in a sentence, when progress cannot be written.
        on_event: Given each event in its order, also when the file cannot be written; must return at once, and may
            write another.
        name: The campaign's name, when whoever asked for it chose one; a new one when empty.
    """

    def __init__(
        self,
        runs: Path,
        on_trouble: Callable[[str], None],
        on_event: Callable[[Mapping[str, object]], None] | None = None,
        *,
        name: str = "",
    ) -> None:
        now = datetime.now(UTC)
        self.id = name or f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{secrets.token_hex(3)}"
        self.folder = CampaignFolder(runs / CAMPAIGNS / self.id)
        self._on_trouble = on_trouble
        self._on_event = on_event
        self._lock = threading.RLock()  # who takes an event may tell another
        self._told = False
        self._seq = 0
        self._waiting = b""
        self._file = self._alive = -1
        try:
            self._make()
        except OSError as error:
            self._trouble(error)
            self.close()
            return
        prune(runs)

    def _make(self) -> None:
        # The folder gets its name when it is whole and locked, so that no reader takes a campaign that begins for dead.
        draft = CampaignFolder(self.folder.path.with_name(f".{self.id}.{os.getpid()}.tmp"))
        draft.answers.mkdir(parents=True)
        try:
            self._alive = os.open(draft.lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(draft.progress, flags, 0o644)
            draft.answers.chmod(0o700)  # what is answered may be a secret
            draft.path.rename(self.folder.path)
        except OSError:
            shutil.rmtree(draft.path, ignore_errors=True)
            raise

    @property
    def written(self) -> bool:
        """Whether there is a folder that a reader finds."""
        return self._file >= 0

    def start(self, about: Mapping[str, object]) -> None:
        """Begin: write `campaign_started`, and the same for readers into `campaign.json`.

        Args:
            about: boards, jobs, host, pid, user, version, repeat.
        """
        told = {"id": self.id, **about}
        if self.written:
            try:
                self.folder.started.write_bytes(_JSON.encode(json_value(told, _BARE)).encode() + b"\n")
            except OSError as error:
                self._trouble(error)
        self.write("campaign_started", told)

    def write(
        self, event: str, fields: Mapping[str, object] | None = None, *, board: str = "", time: str = ""
    ) -> None:
        """Append one event.

        Args:
            event: Its name.
            fields: What belongs to it, as plain JSON values; secrets must be masked already. Long texts are cut.
            board: The board's name; empty for the campaign's own.
            time: When it happened, as `now` gives it; now when left out.
        """
        with self._lock:
            if not self.written and self._on_event is None:
                return
            head: dict[str, object] = {"seq": self._seq, "time": time or now(), "event": event}
            if board:
                head["board"] = board
            told = json_value({**head, **(fields or {})}, _BARE)
            self._seq += 1
            if self.written:
                self._waiting += _JSON.encode(told).encode() + b"\n"
                self._write_out()
            if self._on_event is not None:
                assert isinstance(told, dict), "a mapping stays one"
                self._on_event(told)

    def _write_out(self) -> None:
        try:
            while self._waiting:
                self._waiting = self._waiting[os.write(self._file, self._waiting) :]
        except OSError as error:
            self._trouble(error)
            if len(self._waiting) > _MOST_WAITING:
                self._give_up()

    def _give_up(self) -> None:
        self._waiting = b""
        with suppress(OSError):
            os.close(self._file)
        self._file = -1

    def _trouble(self, error: OSError) -> None:
        if self._told:
            return
        self._told = True
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        self._on_trouble(
            f"{self.folder.path}: the progress cannot be written: {reason}; the run goes on without it"
        )

    def close(self) -> None:
        """End, and let the lock go; more than once does nothing."""
        with self._lock:
            if self._file >= 0:
                self._write_out()
            for descriptor in (self._file, self._alive):
                if descriptor >= 0:
                    with suppress(OSError):
                        os.close(descriptor)
            self._file = self._alive = -1


def now() -> str:
    """Return the time of this moment as events carry it."""
    moment = datetime.now(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
