"""What is done to a board from outside: by its controllers, and by the named actions of its serial ports."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.board.models import BoardFile
from harness.board.opening.board import Board
from harness.board.opening.server_under_test import environment_for_others
from harness.console.reader import Console
from harness.controller.kind import Ability, ControllerContext, LineAction
from harness.errors import HarnessError, UsageError
from harness.settings.suggest import meant
from harness.transport.serial.lines import LineStep, perform

_DONE = {
    Ability.RESET: "started anew",
    Ability.POWER_OFF: "switched off",
    Ability.POWER_ON: "switched on",
    Ability.POWER_CYCLE: "switched off and on",
    Ability.FLASH: "flashed",
}


@dataclass(frozen=True, slots=True)
class Firmware:
    """A file to be written into a board.

    Attributes:
        path: The file.
        sha256: Hex digest that it must have.
    """

    path: Path
    sha256: str

    def check(self) -> None:
        """Compare the file with its hash.

        Raises:
            UsageError: It cannot be read, or is another one.
        """
        try:
            with self.path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise UsageError(
                f"{self.path}: cannot be read: {(error.strerror or str(error)).lower()}"
            ) from error
        if found != self.sha256.lower():
            raise UsageError(
                f"{self.path}: is another firmware: its SHA-256 is {found}, named is {self.sha256}",
                hint="build or fetch the named one, or correct the hash",
            )


def actions(board: BoardFile) -> dict[str, tuple[str, ...]]:
    """Return the names of the actions, each with the transports that have one of that name."""
    found: dict[str, tuple[str, ...]] = {}
    for transport, settings in board.transports.items():
        for action in settings.line_steps():
            found[action] = (*found.get(action, ()), transport)
    return found


def restart(board: Board) -> Console:
    """Start a board anew, and return its console, which has all that it prints from then on.

    A board with a controller for the reset starts by it; a simulated one without starts when its console is opened.

    Raises:
        UsageError: The board file names no controller for it, or has no console.
        BenchError: The console cannot be opened, or the reset could not be done.
    """
    if board.file.simulated and board.file.controller(Ability.RESET) is None:
        board.close_console()
        return board.console()
    console = board.console()
    board.will_start()
    operate(board, Ability.RESET)
    return console


def operate(board: Board, ability: Ability, firmware: Firmware | None = None) -> None:
    """Have the controller of a board do something to it, and note it in the journal and in every recording.

    A replayed board has answered already: then only the lines of recorded transports are set.

    Args:
        board: The board in use; it is locked.
        ability: What is to be done.
        firmware: What is to be written, for `Ability.FLASH`.

    Raises:
        UsageError: The board file names no controller for it; or the firmware is not there, or another one.
        BenchError: It could not be done.
    """
    controller = board.file.controller(ability)
    try:
        if controller is None:
            raise UsageError(
                f"nothing says how the board is {_DONE[ability]}",
                hint="write a controller under `controllers`; for a reset by DTR and RTS, link.reset names the action",
            )
        if firmware is not None:
            firmware.check()
        board.lock()
        if board.replayed and not controller.line_actions():
            board.note(f"{ability} by {controller.place()}: not done, the run is replayed")
            return
        board.note(f"{ability} by {controller.place()}")
        controller.do(
            ability,
            ControllerContext(
                board.file.folder,
                environment_for_others(board.file),
                lambda wanted: _carry_out(board, wanted),
                board.note,
                None if firmware is None else firmware.path,
            ),
        )
    except HarnessError as error:
        raise error.at(board=board.name) from error.__cause__


def _carry_out(board: Board, wanted: LineAction) -> None:
    run_action(board, wanted.action, wanted.transport)


def run_action(
    board: Board, action: str, transport: str | None = None, pause: Callable[[float], None] = time.sleep
) -> tuple[LineStep, ...]:
    """Carry out an action on a port that is open, and note it in every recording.

    Args:
        board: The board in use.
        action: Name of the action.
        transport: Which transport, when several have an action of this name.
        pause: Waits for some seconds between edges.

    Returns:
        The steps that were carried out.

    Raises:
        UsageError: The board file has no such action, or several transports have one.
        BenchError: The port is not open or gone, or has no such lines.
    """
    known = actions(board.file)
    places = known.get(action, ())
    if transport is not None:
        places = tuple(place for place in places if place == transport)
    try:
        if not places:
            raise UsageError(
                f"there is no action {action!r}{meant(action, tuple(known))} "
                f"actions: {', '.join(known) or 'none'}",
                hint="write it under `actions` of a serial transport in the board file",
                transport=transport or "",
            )
        if len(places) > 1:
            raise UsageError(
                f"transports {' and '.join(places)} each have an action {action!r}",
                hint="say which transport",
            )
        steps = board.file.transports[places[0]].line_steps()[action]
        board.mark(f"action {action} on {places[0]}: {'; '.join(map(str, steps))}")
        perform(board.transport(places[0]), steps, pause)
    except HarnessError as error:
        raise error.at(board=board.name) from error.__cause__
    return steps
