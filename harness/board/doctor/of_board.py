"""What keeps this machine from reaching one board: what its file names, and what the checks say of that."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.board.discovery.claims import listed
from harness.board.doctor.checks import CHECKS
from harness.board.doctor.doctor import Finding, Level, Machine, examine, worst_first
from harness.board.doctor.tools import missing_tools
from harness.board.models import BoardFile
from harness.board.opening.locks import holder_of
from harness.board.opening.opener import occupies
from harness.errors import HarnessError
from harness.kinds import asking
from harness.transport.found import Found
from harness.transport.kind import ABSENT


def examine_board(
    machine: Machine, board: BoardFile, found: Iterable[Found], *, locks: Path | None = None
) -> tuple[Finding, ...]:
    """Return what is in the way of a run on a board, the worst first. Nothing is opened, so a run that has it goes on.

    Args:
        machine: The machine.
        board: The board file.
        found: What was found on the machine.
        locks: Folder of the locks; the machine-wide one when left out.
    """
    devices = listed(found, [board], locks=locks, in_use=machine.in_use)
    ports = {each.found.location for each in devices if each.claims and each.found.usb_port is not None}
    # The USB device of a serial adapter tells what takes the adapter away, though the file means its port.
    near = [
        each
        for each in devices
        if each.claims or (each.found.usb_port is not None and each.found.location in ports)
    ]
    checked = (
        examine(machine, near, CHECKS) if near else ()
    )  # without any, one check would say that nothing is there
    return worst_first(
        dict.fromkeys(
            (*_in_use(board, locks), *_out_of_reach(board), *checked, *missing_tools([board])),
        )
    )


def _in_use(board: BoardFile, locks: Path | None) -> Iterator[Finding]:
    if (holder := holder_of(f"board {board.name}", locks)) is not None:
        yield Finding(
            Level.WARNS,
            f"board {board.name}",
            f"in a run now: {holder}",
            f"harness run {board.name} --wait 600",
        )


def _out_of_reach(board: BoardFile) -> Iterator[Finding]:
    """Give each transport whose device is not there, or is not the only one that fits."""
    for name, settings in board.transports.items():
        if settings.stands_in is not None:
            continue
        where = f"{board.name}:{name}"
        try:
            occupies(settings, board.folder)
            with asking(settings, f"transport kind {settings.kind!r} cannot say what stands out"):
                remark, place = settings.remark(board.folder), settings.place()
        except HarnessError as error:
            yield Finding(
                Level.BLOCKS, where, error.message, error.hint or "harness discover lists what is there"
            )
            continue
        if remark:
            level = Level.BLOCKS if remark == ABSENT else Level.WARNS
            yield Finding(
                level, where, f"{place}: {remark}", "plug it in; harness discover lists what is there"
            )
