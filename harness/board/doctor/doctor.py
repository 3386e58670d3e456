"""What keeps this machine from reaching its boards, each with the command that mends it."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.board.discovery.claims import Listed
from harness.transport.found import Found
from harness.transport.holders import Holder, holders
from harness.transport.usb.port import SYSTEM


class Level(StrEnum):
    """How bad it is."""

    BLOCKS = "blocks"  # a run cannot reach the device
    WARNS = "warns"  # a run may be disturbed or slow
    HINT = "hint"  # worth a look when answers are wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes:
        level: How bad it is.
        where: The device or the part of the system.
        problem: What is wrong, in one sentence.
        fix: The command that mends it, or what to do by hand.
    """

    level: Level
    where: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.level}: {self.where}: {self.problem}\n  fix: {self.fix}"


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine as the checks see it; tests make one up.

    Attributes:
        root: Root of the file system.
        may_use: Tells whether this user may read and write a device node.
        in_use: Returns the programs that have a device node open.
        user: Name of the user, for the commands.
        own_pid: This process, which may hold a device itself.
    """

    root: Path = SYSTEM
    may_use: Callable[[Path], bool] = lambda path: os.access(path, os.R_OK | os.W_OK)
    in_use: Callable[[str], tuple[Holder, ...]] = holders
    user: str = "$USER"
    own_pid: int = 0

    def at(self, path: str) -> Path:
        """Return a path below the root."""
        return self.root / path.lstrip("/")

    def text(self, path: str) -> str:
        """Return what a small file says, without spaces around; empty when it cannot be read."""
        try:
            return self.at(path).read_text(errors="replace").strip()
        except OSError:
            return ""

    def programs(self) -> dict[str, int]:
        """Return the names of the programs that run, each with a process id."""
        running: dict[str, int] = {}
        try:
            entries = list(self.at("/proc").iterdir())
        except OSError:
            return running
        for entry in entries:
            if entry.name.isdecimal() and (name := self.text(f"/proc/{entry.name}/comm")):
                running.setdefault(name, int(entry.name))
        return running


Check = Callable[[Machine, tuple[Listed, ...]], Iterable[Finding]]

_WORST_FIRST = tuple(Level)


def examine(machine: Machine, devices: Iterable[Listed], checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Run the checks and return what they find, the worst first, nothing twice.

    Args:
        machine: The machine.
        devices: What was found on it.
        checks: The checks.
    """
    present = tuple(devices)
    found = dict.fromkeys(finding for check in checks for finding in check(machine, present))
    return worst_first(found)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, the worst first, else in their order."""
    return tuple(sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.level)))


def blocks(findings: Iterable[Finding]) -> bool:
    """Tell whether one of the findings keeps a run from its device."""
    return any(finding.level is Level.BLOCKS for finding in findings)


def has_node(found: Found) -> bool:
    """Tell whether what was found is reached through a device node."""
    return found.path.startswith("/dev/")
