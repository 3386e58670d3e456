"""What lies where, at the client and on a bench, for campaigns on many hosts."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LAB = ".lab"
"""The folder of campaigns on other hosts, below the folder of runs."""

SOAK = "soak.json"
"""What the rounds of a campaign came to, in its folder."""

LARGEST_SOAK = 32 << 20

RUN_NAME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[A-Za-z0-9._-]{1,80}")

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def new_id() -> str:
    """Return the name of a new campaign, chosen before any bench hears of it."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{secrets.token_hex(3)}"


def boot_id() -> str:
    """Return what tells one start of this machine from another; empty where the kernel does not say."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class BenchFolder:
    """What a bench keeps of campaigns that clients began on it."""

    path: Path

    def begun(self, campaign: str) -> Path:
        """Return the note that a campaign was begun here: made once, before its process starts."""
        return self.path / "begun" / f"{campaign}.json"

    def output(self, campaign: str) -> Path:
        """Return what the process of a campaign writes, as it has no terminal."""
        return self.path / "begun" / f"{campaign}.txt"

    def stop(self, campaign: str) -> Path:
        """Return the wish that a campaign ends, which waits here until it has come up."""
        return self.path / "begun" / f"{campaign}.stop"

    def places(self, campaign: str) -> Path:
        """Return what became of the places of a campaign at the lab's coordinator."""
        return self.path / "begun" / f"{campaign}.places.json"

    def received(self, run: str) -> Path:
        """Return the note that a client has the whole run folder."""
        return self.path / "received" / run


@dataclass(frozen=True, slots=True)
class ClientFolder:
    """What a client keeps of one campaign on other hosts."""

    path: Path

    @property
    def asked(self) -> Path:
        """What was asked, of which hosts."""
        return self.path / "lab.json"

    @property
    def lock(self) -> Path:
        """Locked by the kernel while a client attends to the campaign."""
        return self.path / "lock"

    def progress(self, host: str) -> Path:
        """Return the copy of a host's progress: whole lines only, so its size is where to resume."""
        return self.path / f"{host}.progress.jsonl"

    def host(self, host: str) -> Path:
        """Return what is known of a host: whether the campaign began there, and how it ended."""
        return self.path / f"{host}.json"

    def draft(self, run: str) -> Path:
        """Return where a run folder lies while it is being pulled."""
        return self.path / "pulling" / run
