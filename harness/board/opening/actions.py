"""What is done to a board from outside: by its controllers, and by the named actions of its serial ports."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, overload

from harness.board.models import BoardFile
from harness.board.opening.board import Board
from harness.board.opening.firmware import Firmware
from harness.board.opening.shared_port import console_given_up
from harness.console.reader import Console
from harness.controller.kind import Ability, Controller, ControllerContext, LineAction
from harness.errors import BenchError, HarnessError, UsageError
from harness.probe.errors import MissingFunctionError
from harness.run.safe import Mask
from harness.secret import Secret
from harness.settings.suggest import meant
from harness.transport.printable import safe_text
from harness.transport.serial.lines import LineStep, perform

if TYPE_CHECKING:
    from harness.board.opening.power import PowerWatch


_DONE = {
    Ability.RESET: "started anew",
    Ability.POWER_OFF: "switched off",
    Ability.POWER_ON: "switched on",
    Ability.POWER_CYCLE: "switched off and on",
    Ability.BUILD: "given a firmware that is built",
    Ability.FLASH: "flashed",
}

_OF_POWER = frozenset({Ability.POWER_OFF, Ability.POWER_ON, Ability.POWER_CYCLE})
_TRY_AGAIN_S = 0.5
_VALUE_NAME = re.compile(r"ID2_[A-Z0-9_]{1,60}")


def actions(board: BoardFile) -> dict[str, tuple[str, ...]]:
    """Return the names of the actions, each with the transports that have one of that name."""
    found: dict[str, tuple[str, ...]] = {}
    for transport, settings in board.transports.items():
        for action in settings.line_steps():
            found[action] = (*found.get(action, ()), transport)
    return found


def restart(board: Board) -> Console:
    """Start a board anew, and return its console, which has all that it prints from then on.

    A board with a controller for the reset starts by it; a simulated one without starts when its console is opened, and
    any other by switching it off and on, which also starts one that was off. What it printed before the power was away
    is left behind then.

    Raises:
        UsageError: The board file names no controller for it, or has no console.
        BenchError: The console cannot be opened, the reset could not be done, or the switch had no effect.
    """
    if board.file.simulated and board.file.controller(Ability.RESET) is None:
        board.close_console()
        return board.console()
    console = board.console()
    board.will_start()
    if not board.file.can_reset and board.file.can_restart:
        console.leave_behind()
        operate(board, Ability.POWER_CYCLE)
        return board.console()
    operate(board, Ability.RESET)
    board.will_start()  # a reset by the probe has greeted the start before
    return console


@overload
def operate(
    board: Board,
    ability: Literal[Ability.BUILD],
    firmware: None = None,
    *,
    values: Mapping[str, str | Secret] | None = None,
) -> Firmware: ...


@overload
def operate(
    board: Board,
    ability: Literal[Ability.RESET, Ability.POWER_OFF, Ability.POWER_ON, Ability.POWER_CYCLE, Ability.FLASH],
    firmware: Firmware | None = None,
    *,
    values: None = None,
) -> None: ...


@overload
def operate(
    board: Board,
    ability: Ability,
    firmware: Firmware | None = None,
    *,
    values: Mapping[str, str | Secret] | None = None,
) -> Firmware | None: ...


def operate(
    board: Board,
    ability: Ability,
    firmware: Firmware | None = None,
    *,
    values: Mapping[str, str | Secret] | None = None,
) -> Firmware | None:
    """Have the controller of a board do something to it, and note it in the journal and in every recording.

    A replayed board has answered already: then only the lines of recorded transports are set.

    Args:
        board: The board in use; it is locked.
        ability: What is to be done.
        firmware: What is to be written, for `Ability.FLASH`.
        values: What is built into the firmware, for `Ability.BUILD`, by the names of environment variables that begin
            with ID2_. The program alone gets them; no journal and no error shows those that are secret.

    Returns:
        The firmware that a build has made; None for the other abilities.

    Raises:
        UsageError: The board file names no controller for it; or the firmware is not there, or another one; or a
            value has another name.
        BenchError: It could not be done; a build that fails too: no device was asked.
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
        if board.replayed and not controller.acts_on_transports():
            board.note(f"{ability} by {controller.place()}: not done, the run is replayed")
            if ability is not Ability.BUILD:
                board.expects_start()  # the recorded board did
            return _replayed(board, ability)
        board.note(f"{ability} by {controller.place()}")
        context = _context(board, controller, firmware, values or {})
        if ability is Ability.BUILD:
            controller.do(ability, context)
            firmware = _built(board, controller)
        else:
            with board.starting():
                _act(board, controller, ability, firmware, context)
        if firmware is not None:
            board.firmware_known(firmware, built=ability is Ability.BUILD)
    except HarnessError as error:
        raise error.at(board=board.name) from error.__cause__
    return firmware if ability is Ability.BUILD else None


def _act(
    board: Board,
    controller: Controller,
    ability: Ability,
    firmware: Firmware | None,
    context: ControllerContext,
) -> None:
    if ability in _OF_POWER:
        _switch(board, controller, ability, context)
    elif ability is Ability.FLASH:
        _flash(board, controller, firmware, context)
    else:
        controller.do(ability, context)


def _replayed(board: Board, ability: Ability) -> Firmware | None:
    """Return what the recorded run built; of a flash ask what that run asked the board, as its answers are recorded."""
    if ability is Ability.FLASH:
        from harness.board.opening.flashing import require_own_id

        require_own_id(board)
        board.will_start()
        require_own_id(board)
        board.firmware_replayed()  # the recorded run wrote down what it flashed, behind what it built
    return board.firmware_replayed() if ability is Ability.BUILD else None


def _flash(
    board: Board, controller: Controller, firmware: Firmware | None, context: ControllerContext
) -> None:
    """Write a firmware that is one for this board into this board: its identity is checked before and after."""
    if firmware is None:
        raise UsageError("no firmware is named to be flashed", hint="name the file and its SHA-256")
    from harness.board.opening.flashing import require_for_board

    require_for_board(board, controller, firmware)
    from harness.board.opening.flashing import identity_of

    before = identity_of(board)
    from harness.board.opening.flashing import require_own_id

    board.note(f"before {Ability.FLASH}: {require_own_id(board)}")
    board.will_start()
    with console_given_up(board, controller):
        controller.do(Ability.FLASH, context)
    from harness.board.opening.flashing import require_same

    require_same(board, before)
    board.note(f"after {Ability.FLASH}: {require_own_id(board)}")


def _switch(board: Board, controller: Controller, ability: Ability, context: ControllerContext) -> None:
    """Take the power away or give it back, or both, and have the board show it; never leave it off by a mistake."""
    from harness.board.opening.power import PowerWatch

    watch = PowerWatch(board)
    before = board.without_power
    if ability is not Ability.POWER_ON:
        board.takes_power(lambda: _give_back(board, controller, context))
    watch.begin()
    if ability is Ability.POWER_OFF:
        try:
            controller.do(ability, context)
        except UsageError:
            if not before:
                board.has_power()  # nothing was switched: the tool is not there, or not to be used like this
            raise
        board.note(f"{ability}: {watch.is_off()}")
    elif ability is Ability.POWER_ON:
        _on(controller, context)
        if board.without_power:
            board.note(f"{ability}: {watch.is_on()}")
        board.has_power()
    else:
        try:
            _off_and_on(board, controller, context, watch)
        except BaseException as error:
            try:
                board.restore_power()
            except HarnessError as second:
                error.add_note(f"afterwards: {second.message}")
            raise
        board.note(f"{ability}: {watch.is_on()}")
        board.has_power()


def _off_and_on(board: Board, controller: Controller, context: ControllerContext, watch: PowerWatch) -> None:
    if Ability.POWER_CYCLE in controller.abilities():
        controller.do(Ability.POWER_CYCLE, context)
        return
    controller.do(Ability.POWER_OFF, context)
    board.note(f"{Ability.POWER_OFF}: {watch.is_off()}")
    if not board.replayed:
        time.sleep(controller.pause_s())
    watch.stayed_off()
    watch.leave_behind()
    _on(controller, context)


def _on(controller: Controller, context: ControllerContext) -> None:
    """Give the power, and try once more when that fails: a board that stays off is lost to all that follow."""
    try:
        controller.do(Ability.POWER_ON, context)
    except BenchError:
        time.sleep(_TRY_AGAIN_S)
        controller.do(Ability.POWER_ON, context)


def _give_back(board: Board, controller: Controller, context: ControllerContext) -> None:
    """Give the power back in the clean-up, without looking at the board; a replay took none away."""
    if board.replayed or Ability.POWER_ON not in controller.abilities():
        return
    board.note(f"{Ability.POWER_ON} by {controller.place()}: the board must not be left without power")
    try:
        with board.starting():
            _on(controller, context)
    except HarnessError as error:
        raise BenchError(
            f"the board is left without power: {error.message}", hint="switch it on by hand", board=board.name
        ) from error


def _context(
    board: Board, controller: Controller, firmware: Firmware | None, values: Mapping[str, str | Secret]
) -> ControllerContext:
    from harness.board.opening.server_under_test import environment_for_others

    environment, mask = environment_for_others(board.file), Mask()
    for name, value in values.items():
        if not _VALUE_NAME.fullmatch(name):
            raise UsageError(
                f"a build takes no value in the variable {safe_text(name, 60)}",
                hint="name it ID2_…, in capital letters, digits and underscores",
            )
        if isinstance(value, Secret):
            mask.add(value)
            board.redact(value)
        plain = value if isinstance(value, str) else value.reveal().decode("utf-8", errors="surrogateescape")
        if "\0" in plain:
            raise UsageError(f"the value of {name} holds a zero byte, which no variable can carry")
        environment[name] = plain
    return ControllerContext(
        board.file.folder,
        environment,
        lambda wanted: _carry_out(board, wanted),
        board.note,
        None if firmware is None else firmware.path.absolute(),
        mask.data,
        lambda reference: board.resolver.secret(reference, f"controllers: {controller.kind}"),
        lambda command: _restart_by_console(board, command),
        lambda: _restart_by_probe(board),
    )


def _restart_by_console(board: Board, command: str | None) -> None:
    """Have the board's shell start it anew; a console without a shell is given the command as it is."""
    dialect, console = board.file.dialect, board.console()
    settings = board.file.console
    assert settings is not None, "it is open"
    if dialect.shell() is not None:
        shell = board.shell()
        if command is None:
            console.reread(shell.restart(settings.boot_timeout_s))
        else:
            console.reread(shell.start(command, limit=settings.boot_timeout_s))
        return
    if command is None:
        raise UsageError(
            f"dialect {board.file.dialect_name} knows no command that starts the board anew",
            hint="write `command` under the controller",
        )
    console.send(command.encode() + b"\r")


def _restart_by_probe(board: Board) -> None:
    try:
        board.probe().order_start("rst")
    except MissingFunctionError as error:
        raise UsageError(
            f"the probe of the firmware cannot start the board anew: {error.message}",
            hint=f"{error.hint}; or name another controller for the reset",
        ) from error


def _built(board: Board, controller: Controller) -> Firmware:
    """Return what a build has made."""
    named = controller.artefact_path()
    if named is None:
        raise UsageError(
            f"controller {controller.kind} builds and does not say what it has made",
            hint="name the file: artefact",
        )
    path = board.file.folder / named
    if not path.is_file():
        raise BenchError(
            f"{Ability.BUILD}: the program ended well, and there is no firmware {path}",
            hint="correct `artefact`, or see why the build makes nothing",
        )
    return Firmware.of(path)


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
        with board.starting():  # nothing says what the lines are wired to
            perform(board.transport(places[0]), steps, pause)
    except HarnessError as error:
        raise error.at(board=board.name) from error.__cause__
    return steps
