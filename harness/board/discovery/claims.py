"""Which board file means what was found, and who has it in use now."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.board.opening.locks import Holder as LockHolder
from harness.board.opening.locks import holder_of
from harness.board.reading.file import DEFAULT_FOLDER, BoardFile, board_files, load
from harness.errors import HarnessError, UsageError
from harness.kinds import asking
from harness.transport.found import Found
from harness.transport.holders import Holder, holders
from harness.transport.kind import TransportKind
from harness.transport.kinds import TRANSPORTS


@dataclass(frozen=True, slots=True)
class Claim:
    """A transport of a board file that means what was found.

    Attributes:
        board: Name of the board.
        transport: Name of the transport in it.
        settings: The transport's settings.
    """

    board: str
    transport: str
    settings: TransportKind

    def __str__(self) -> str:
        return f"{self.board}:{self.transport}"


@dataclass(frozen=True, slots=True)
class Listed:
    """Something found, with who claims and who holds it.

    Attributes:
        found: What it is.
        claims: The transports of board files that mean it.
        held: Who has it in use, in words; empty when nobody does.
        lock: The run that has it; None for none, or for a program that is no run.
    """

    found: Found
    claims: tuple[Claim, ...] = ()
    held: str = ""
    lock: LockHolder | None = None


def listed(
    found: Iterable[Found],
    boards: Iterable[BoardFile],
    *,
    locks: Path | None = None,
    in_use: Callable[[str], tuple[Holder, ...]] = holders,
) -> tuple[Listed, ...]:
    """Return what was found with its claims and holders.

    Args:
        found: What was found.
        boards: The board files.
        locks: Folder of the locks; the machine-wide one when left out.
        in_use: Returns the programs that have a device node open.
    """
    claims = [
        Claim(board.name, name, settings) for board in boards for name, settings in board.transports.items()
    ]
    return tuple(_list(each, claims, locks, in_use) for each in found)


def load_all(folder: Path) -> tuple[list[BoardFile], list[str]]:
    """Return the board files of a folder, and for those that are broken what is wrong.

    Raises:
        UsageError: there is no such folder; the default one may be missing.
    """
    if folder != DEFAULT_FOLDER and not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where it may not look
        raise UsageError(
            f"{folder}: there is no such folder with board files",
            hint="name one with --boards, or leave it out: boards is looked at by itself",
        )
    boards: list[BoardFile] = []
    broken: list[str] = []
    for path in board_files(folder):
        try:
            boards.append(load(path))
        except HarnessError as error:
            broken.append(error.message.partition("\n")[0])
    return boards, broken


def _list(
    found: Found, claims: list[Claim], locks: Path | None, in_use: Callable[[str], tuple[Holder, ...]]
) -> Listed:
    mine = tuple(claim for claim in claims if _means(claim, found))
    for name in (*dict.fromkeys(f"board {claim.board}" for claim in mine), *_places(found)):
        if (holder := holder_of(name, locks)) is not None:
            return Listed(found, mine, str(holder), holder)
    programs = in_use(found.path) if found.path.startswith("/dev/") else ()
    return Listed(found, mine, ", ".join(map(str, programs)))


def _means(claim: Claim, found: Found) -> bool:
    with asking(claim.settings, f"transport {claim} cannot be compared with {found}"):
        return claim.settings.means(found)


def _places(found: Found) -> tuple[str, ...]:
    """Return what a run locks when it uses this, whatever its board file; a chip on an I²C bus is locked by itself."""
    places: list[str] = []
    for name, kind in TRANSPORTS.all().items():
        with asking(kind, f"transport kind {name!r} cannot say how {found} is locked"):
            places += kind.locked_as(found)
    return tuple(dict.fromkeys(places))
