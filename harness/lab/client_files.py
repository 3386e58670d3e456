"""What a client keeps of a campaign on other hosts, so that it can be attended to again after a restart."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from harness.disk import write_whole, writing
from harness.errors import UsageError
from harness.lab.names import LAB, ClientFolder
from harness.lab.ssh import Host
from harness.progress.campaigns import CAMPAIGN_ID

NEW, ASKED, BEGUN, REFUSED = "new", "asked", "begun", "refused"
"""How far the beginning on a host came: nothing was sent; it was asked, and may have begun; it began; it did not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of which hosts.

    Attributes:
        campaign: The name of the campaign, the same on every host.
        hosts: The hosts, each with the boards that take part.
        options: The options of each host's run.
        suites: Folders of suites that the options name.
        claims: What each host is to take for its boards before they run; empty without a queue.
        guessed: Whether hosts and boards are all those of the lab file, as another client began it.
    """

    campaign: str
    hosts: tuple[Host, ...]
    options: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    claims: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    guessed: bool = False


@dataclass(slots=True)
class HostNote:
    """What is known of one host.

    Attributes:
        begin: NEW, ASKED, BEGUN or REFUSED.
        reason: Why it did not begin, or was given up; empty otherwise.
        over: Whether nothing more comes from there.
        pulled: Where each run folder that was pulled lies, by its name on the bench.
        damaged: What is wrong with run folders that could not be taken, by name.
    """

    begin: str = NEW
    reason: str = ""
    over: bool = False
    pulled: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)


class ClientFiles:
    """The files of one campaign at the client, locked for this process.

    Args:
        runs: The client's folder of runs.
        campaign: The campaign's name.
    """

    def __init__(self, runs: Path, campaign: str) -> None:
        self.runs = runs
        self.campaign = campaign
        self.folder = ClientFolder(runs / LAB / campaign)
        self._lock = -1

    def lock(self) -> None:
        """Attend to the campaign alone until `unlock`, or until this process is gone.

        Raises:
            UsageError: Another process attends to it.
            BenchError: The disk refuses.
        """
        with writing(self.folder.path):
            self.folder.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.unlock()
            raise UsageError(
                f"{self.campaign}: another process of this computer attends to it",
                hint="look at its output, or end it and attach then; the runs go on",
            ) from None

    def unlock(self) -> None:
        """Let others attend to it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def write_asked(self, asked: Asked) -> None:
        """Keep what is asked.

        Raises:
            BenchError: The disk refuses.
        """
        _write(self.folder.asked, asdict(asked))

    def asked(self) -> Asked | None:
        """Return what was asked; None when this client knows nothing of the campaign."""
        told = _read(self.folder.asked)
        try:
            hosts = tuple(
                Host(
                    str(one["name"]),
                    str(one["ssh"]),
                    tuple(map(str, one["harness"])),
                    str(one["folder"]),
                    str(one["runs"]),
                    tuple(map(str, one["boards"])),
                )
                for one in told["hosts"]
            )
            options, suites = tuple(map(str, told["options"])), tuple(map(str, told["suites"]))
            return Asked(self.campaign, hosts, options, suites, guessed=told.get("guessed") is True)
        except (KeyError, TypeError):
            return None

    def host(self, name: str) -> HostNote:
        """Return what is known of a host."""
        told = _read(self.folder.host(name))
        note = HostNote()
        for key in ("begin", "reason"):
            if isinstance(told.get(key), str):
                setattr(note, key, told[key])
        note.over = told.get("over") is True
        for key in ("pulled", "damaged"):
            if isinstance(told.get(key), dict):
                setattr(note, key, {str(run): str(text) for run, text in told[key].items()})
        return note

    def write_host(self, name: str, note: HostNote) -> None:
        """Keep what is known of a host, on the disk itself: a bench may drop a run folder that the note has as here.

        Raises:
            BenchError: The disk refuses.
        """
        # Field by field: it is written for each run folder, and names all that are here.
        _write(
            self.folder.host(name),
            {each.name: getattr(note, each.name) for each in fields(note)},
        )

    def forget(self) -> None:
        """Remove the folder of a campaign of which nothing was sent to any host."""
        shutil.rmtree(self.folder.path, ignore_errors=True)


def known(runs: Path) -> list[str]:
    """Return the names of the campaigns that this client knows, the latest first."""
    try:
        names = [path.name for path in (runs / LAB).iterdir()]
    except OSError:
        return []
    return sorted((name for name in names if CAMPAIGN_ID.fullmatch(name)), reverse=True)


def find(runs: Path, word: str) -> str:
    """Return the name of the campaign that is meant: `latest`, a whole name, or its last part.

    Raises:
        UsageError: There is none, or there are several.
    """
    if CAMPAIGN_ID.fullmatch(word):
        return word
    names = known(runs)
    fitting = names[:1] if word == "latest" else [name for name in names if word and name.endswith(word)]
    if len(fitting) != 1:
        raise UsageError(
            f"{runs} knows {'several campaigns' if fitting else 'no campaign'} {word[:60]!r} on other hosts",
            hint="name it whole, as harness lab run printed it; with --lab any client finds it on the hosts",
        )
    return fitting[0]


def _write(path: Path, told: Mapping[str, object]) -> None:
    write_whole(path, json.dumps(told).encode() + b"\n", to_disk=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
