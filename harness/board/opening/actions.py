"""Named actions of a board, such as a reset by DTR and RTS: what the board file writes under `actions`."""

import time
from collections.abc import Callable

from harness.board.models import BoardFile
from harness.board.opening.board import Board
from harness.console.reader import Console
from harness.errors import HarnessError, UsageError
from harness.settings.suggest import meant
from harness.transport.serial.lines import LineStep, perform


def actions(board: BoardFile) -> dict[str, tuple[str, ...]]:
    """Return the names of the actions, each with the transports that have one of that name."""
    found: dict[str, tuple[str, ...]] = {}
    for transport, settings in board.transports.items():
        for action in settings.line_steps():
            found[action] = (*found.get(action, ()), transport)
    return found


def restart(board: Board) -> Console:
    """Start a board with a link anew, and return its console, which has all that it prints from then on.

    A simulated board starts when its console is opened; a real one by the action that `link.reset` names.

    Raises:
        UsageError: The board file names no action for it, or has no console.
        BenchError: The console cannot be opened, or has no such lines.
    """
    if board.file.simulated:
        board.close_console()
        return board.console()
    console = board.console()
    link = board.file.link
    if link is None or link.reset is None:
        raise UsageError(
            "nothing says how the board is started anew",
            hint="name an action of a serial transport as link.reset",
            board=board.name,
        )
    run_action(board, link.reset)
    return console


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
