"""Whether a firmware may be written: it must be one for this board, and this board must be the one that is there."""

from harness.board.opening.board import Board
from harness.board.opening.firmware import Firmware
from harness.board.opening.opener import occupies
from harness.controller.kind import Controller
from harness.errors import BenchError, HarnessError, UsageError
from harness.transport.printable import safe_text


def require_for_board(board: Board, controller: Controller, firmware: Firmware) -> None:
    """Check that a firmware is one for this board: its own build has made it, or it is as `image` says.

    Raises:
        UsageError: It is not, or nothing says so; nothing was written.
    """
    image = controller.image_of_board()
    if image is not None:
        image.require(firmware.path, firmware.sha256)
    elif firmware.sha256 not in board.built:
        raise UsageError(
            f"{firmware.path}: nothing says that it is a firmware for board {board.name}",
            hint="write `image` with a marker, a magic or hashes under the controller that flashes; what the board's "
            "own build makes is known",
        )


def identity_of(board: Board) -> tuple[str, ...]:
    """Return what is known of the board that is there: where its transports lead to, by USB identity or path.

    Raises:
        BenchError: The device of a transport is not plugged in.
        UsageError: Several have the identity that the board file names.
    """
    if board.replayed:
        return ()
    return tuple(
        place
        for settings in board.file.transports.values()
        for place in occupies(settings, board.file.folder)
    )


def require_same(board: Board, before: tuple[str, ...]) -> None:
    """Check after the writing that the transports still lead to the same devices.

    Raises:
        BenchError: They lead elsewhere.
    """
    after = identity_of(board)
    if after != before:
        raise BenchError(
            f"flash: the board is not the one that was there before: {', '.join(after)} instead of {', '.join(before)}",
            hint="see what is plugged in where; the firmware may be in another board",
        )


def require_own_id(board: Board) -> str:
    """Ask the board for its ID² through its probe, when both are in the board file; return what it says, in words.

    Raises:
        BenchError: Another board answers.
    """
    known = board.file.device.id
    if known is None or board.file.probe is None or board.file.client is None:
        return "its ID² is not asked for: the board file has no probe or no ID"
    try:
        carrier = board.carrier()
        carrier.init()
        found = carrier.get_id()
        carrier.cleanup()
    except HarnessError as error:
        return f"its ID² cannot be had: {error.message}"
    if found != known:
        raise BenchError(
            f"another board is there: its ID² is {safe_text(found, 64)}, the board file names {known}",
            hint="plug the board's own device in, or correct device.id; nothing is flashed into another board",
        )
    return f"its ID² is {known}"
