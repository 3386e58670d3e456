"""A reset by the shell of the board: the bytes that reach its console, and the start that must come of them."""

import json
import os
import pty
import re
import subprocess
import sys
import tty
from pathlib import Path

import pytest

from harness.board.opening.actions import operate, restart
from harness.console.dialect import DIALECTS
from harness.controller.kind import Ability
from harness.errors import BenchError, UsageError

BOARD = Path(__file__).parents[1] / "console" / "shell_board.py"
BANNERS = {"alios-3": b"Welcome to AliOS Things", "esp-idf": b"rst:0xc"}


@pytest.fixture
def console():
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, {"console": {"kind": "serial", "port": os.ttyname(slave)}}
    os.close(master)
    os.close(slave)


@pytest.fixture
def with_shell(use, console):
    """Return a function that starts a board with a shell, and opens it with a reset by its console."""
    running = []

    def start(dialect, *, command=None, spoken=None, **settings):
        settings["dialect"] = spoken or dialect
        arguments = [sys.executable, "-I", "-S", BOARD, str(console[0]), json.dumps(settings)]
        running.append(subprocess.Popen(arguments, pass_fds=(console[0],)))
        return use(
            {"shell": {"kind": "console", **({"command": command} if command else {})}},
            transports=console[1],
            console={"transport": "console", "dialect": dialect, "boot_timeout_s": 3},
        )

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.parametrize("dialect", BANNERS)
def test_the_start_is_read_from_its_first_line(with_shell, dialect):
    board = with_shell(dialect, boots=False, chatter=0.2)
    console = restart(board)
    assert console.expect(re.compile(BANNERS[dialect]), timeout=60)
    assert board.shell().run("say up").lines == ("up",)


def test_a_command_of_the_makers_own(with_shell):
    board = with_shell("alios-3", command="restart", boots=False)
    assert restart(board).expect(BANNERS["alios-3"], timeout=60)


@pytest.mark.slow
def test_a_command_that_starts_nothing_blocks(with_shell):
    board = with_shell("esp-idf", boots=False, mute_boot=True)
    with pytest.raises(BenchError, match="no start of the board shows within 3 s") as raised:
        restart(board)
    assert raised.value.outcome == "blocked"


@pytest.mark.slow
def test_a_mute_console_blocks(use, console):
    board = use(
        {"shell": {"kind": "console"}},
        transports=console[1],
        console={"transport": "console", "dialect": "zephyr", "boot_timeout_s": 1.5},
    )
    with pytest.raises(BenchError) as raised:
        restart(board)
    assert raised.value.outcome == "blocked"
    assert b"kernel reboot" not in os.read(console[0], 4096), "nothing is ordered without a prompt"


def test_a_console_without_a_shell_is_given_the_command_as_it_is(use, console):
    master, transports = console
    board = use({"shell": {"kind": "console", "command": "sys reset"}}, transports=transports)
    operate(board, Ability.RESET)
    assert os.read(master, 64) == b"sys reset\r"


def test_a_dialect_without_one(use, console):
    board = use({"shell": {"kind": "console"}}, transports=console[1])
    with pytest.raises(UsageError, match="dialect bare knows no command that starts the board anew"):
        operate(board, Ability.RESET)


NEVER = [
    (name, (never.text or min(never.commands)).decode())
    for name, kind in DIALECTS.all().items()
    for never in kind.never_sent()
]


@pytest.mark.parametrize(("dialect", "command"), NEVER)
def test_what_must_never_be_sent(with_shell, dialect, command):
    board = with_shell(dialect, spoken="alios-1", command=command, boots=False)
    with pytest.raises(UsageError, match="is never sent to this console"):
        operate(board, Ability.RESET)


@pytest.mark.parametrize(("kind", "more"), [("console", {"console": None}), ("probe", {})])
def test_the_section_that_it_acts_by_must_be_there(use, kind, more):
    with pytest.raises(UsageError, match=f"acts by the {kind} section, and there is none"):
        use({"it": {"kind": kind}}, **more)
