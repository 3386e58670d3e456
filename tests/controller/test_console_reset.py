"""A reset by the shell of the board: the bytes that reach its console."""

import os
import pty
import tty

import pytest

from harness.board.opening.actions import operate, restart
from harness.console.dialect import DIALECTS
from harness.controller.kind import Ability
from harness.errors import UsageError


@pytest.fixture
def console(tmp_path):

    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, {"console": {"kind": "serial", "port": os.ttyname(slave)}}
    os.close(master)
    os.close(slave)


def test_the_command_of_the_dialect(use, console):
    master, transports = console
    board = use(
        {"shell": {"kind": "console"}},
        transports=transports,
        console={"transport": "console", "dialect": "zephyr"},
    )
    restart(board)
    assert os.read(master, 64).endswith(b"kernel reboot cold\r")


def test_a_command_of_the_makers_own(use, console):
    master, transports = console
    board = use({"shell": {"kind": "console", "command": "sys reset"}}, transports=transports)
    operate(board, Ability.RESET)
    assert os.read(master, 64) == b"sys reset\r"


def test_a_dialect_without_one(use, console):
    board = use({"shell": {"kind": "console"}}, transports=console[1])
    with pytest.raises(UsageError, match="dialect bare knows no command that starts the board anew"):
        operate(board, Ability.RESET)


def test_what_must_never_be_sent(use, console):

    name, never = next(
        (name, never)
        for name in DIALECTS.names
        for never in DIALECTS.get(name).never_sent()
        if never.text or never.commands
    )
    command = (never.text or min(never.commands)).decode()
    settings = {"transport": "console", "dialect": name}
    board = use({"shell": {"kind": "console", "command": command}}, transports=console[1], console=settings)
    with pytest.raises(UsageError, match="is never sent to a console"):
        operate(board, Ability.RESET)
