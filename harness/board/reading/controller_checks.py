"""Checks of the controllers section against the rest of a board file."""

from harness.board.models import BoardFile
from harness.controller.kind import Ability, Controller
from harness.settings.problems import Loc, Problem


def errors(board: BoardFile) -> list[Problem]:
    """Return what makes the controllers of a board unusable."""
    found = []
    able: dict[Ability, str] = {}
    if board.link is not None and board.link.reset is not None:
        able[Ability.RESET] = "link.reset"
    for name, controller in board.controllers.items():
        found += actions_not_there(board, controller, ("controllers", name))
        found += _port_of_a_transport(board, controller, ("controllers", name))
        found += [
            Problem(("controllers", name), f"acts by the {section} section, and there is none")
            for section in controller.sections()
            if getattr(board, section, None) is None
        ]
        for ability in sorted(controller.abilities()):
            first = able.setdefault(ability, name)
            if first != name:
                text = f"{ability} is done by {first} already; a board has one controller for each"
                found.append(Problem(("controllers", name), text))
    return found


def actions_not_there(board: BoardFile, controller: Controller, loc: Loc) -> list[Problem]:
    """Return the actions of transports that a controller carries out and that no transport has.

    Args:
        board: The board file.
        controller: The controller.
        loc: Where it stands in the board file.
    """
    found = []
    for wanted in controller.line_actions():
        known = {
            action
            for name, settings in board.transports.items()
            if wanted.transport in (None, name)
            for action in settings.line_steps()
        }
        if wanted.action not in known:
            which = f"transport {wanted.transport!r}" if wanted.transport else "serial transport"
            text = (
                f"no {which} has an action {wanted.action!r}; actions: {', '.join(sorted(known)) or 'none'}"
            )
            found.append(Problem((*loc, wanted.field), text))
    return found


def _port_of_a_transport(board: BoardFile, controller: Controller, loc: Loc) -> list[Problem]:
    """Return that a controller writes to the port of a transport, where the bytes would reach the board."""
    port = getattr(controller, "port", None)
    if controller.shared_port() is not None:
        return []
    text = f"a controller of kind {controller.kind} has one of its own"
    return [
        Problem((*loc, "port"), f"is the port of transport {name} too; {text}")
        for name, settings in board.transports.items()
        if isinstance(port, str) and port == getattr(settings, "port", None)
    ]
