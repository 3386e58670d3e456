"""Which board file means what was found, and who has it in use now."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.board.models import I2cSettings, SerialSettings, TransportSettings
from harness.board.models.user_space import (
    CcidSettings,
    FtdiI2cSettings,
    FtdiSpiSettings,
    HidSettings,
    PcscSettings,
    UsbSettings,
)
from harness.board.opening.locks import Holder as LockHolder
from harness.board.opening.locks import holder_of
from harness.board.reading.file import DEFAULT_FOLDER, BoardFile, board_files, load
from harness.errors import HarnessError, UsageError
from harness.transport.found import Bus, Found
from harness.transport.holders import Holder, holders

_ON_USB = (UsbSettings, CcidSettings, HidSettings, FtdiI2cSettings, FtdiSpiSettings)


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
    settings: TransportSettings

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


def means(settings: TransportSettings, found: Found) -> bool:
    """Tell whether a transport of a board file means what was found."""
    if isinstance(settings, PcscSettings):
        return found.bus is Bus.PCSC and settings.reader.casefold() in found.path.casefold()
    if isinstance(settings, SerialSettings) and found.bus is Bus.SERIAL:
        if settings.usb is not None:
            return found.seat is not None and settings.usb.selector().fits(found)
        return os.path.realpath(settings.port or "") == os.path.realpath(found.path)
    if isinstance(settings, I2cSettings) and found.bus is Bus.I2C:
        if settings.usb is not None:
            return found.seat is not None and settings.usb.selector().fits(found)
        if settings.adapter is not None:
            return settings.adapter in found.driver
        return os.path.realpath(settings.bus or "") == os.path.realpath(found.path)
    if isinstance(settings, _ON_USB) and found.bus is Bus.USB:
        # Which interface of the device it is decides the transport when it opens it.
        return replace(settings.usb.selector(), interface=None).fits(found)
    return False


def _list(
    found: Found, claims: list[Claim], locks: Path | None, in_use: Callable[[str], tuple[Holder, ...]]
) -> Listed:
    mine = tuple(claim for claim in claims if means(claim.settings, found))
    for name in (*dict.fromkeys(f"board {claim.board}" for claim in mine), *_places(found)):
        if (holder := holder_of(name, locks)) is not None:
            return Listed(found, mine, str(holder), holder)
    programs = in_use(found.path) if found.path.startswith("/dev/") else ()
    return Listed(found, mine, ", ".join(map(str, programs)))


def _places(found: Found) -> tuple[str, ...]:
    """Return what a run locks when it uses this, whatever its board file; a chip on an I²C bus is locked by itself."""
    if found.bus is Bus.SERIAL:
        return (os.path.realpath(found.path),)
    if found.bus is Bus.PCSC:
        return (f"PC/SC reader {found.path}",)
    return tuple(f"usb {found.location} interface {each.number}" for each in found.interfaces)
