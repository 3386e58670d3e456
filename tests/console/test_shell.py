"""The shell on a console, against a board that is a process of its own."""

import json
import os
import subprocess
import sys
import tty
from pathlib import Path

import pytest

from harness.console.dialect import DIALECTS
from harness.console.guard import Guarded
from harness.console.reader import Console
from harness.console.shell import Shell
from harness.console.shell_errors import NoAnswerError, ShellCrashedError, ShellRestartedError
from harness.console.shell_prompt import Credentials
from harness.errors import BenchError, UsageError
from harness.secret import Secret
from harness.transport.serial.port import SerialTransport

BOARD = Path(__file__).with_name("shell_board.py")
WITH_SHELL = [name for name, kind in DIALECTS.all().items() if kind.shell()]


@pytest.fixture
def board():
    """Return a function that starts a board and gives the shell on its console."""
    running = []

    def start(dialect="alios-3", *, login=None, spoken=None, **settings):
        master, slave = os.openpty()
        tty.setraw(slave)
        console = Console(Guarded(SerialTransport("console", os.ttyname(slave)), DIALECTS.get(dialect)))
        console.open()
        settings["dialect"] = spoken or dialect
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", BOARD, str(master), json.dumps(settings)], pass_fds=(master,)
        )
        os.close(master)
        running.append((console, process, slave))
        console.hidden = []
        return Shell(console, DIALECTS.get(dialect), login=login, hide=console.hidden.append), console

    yield start
    for console, process, slave in running:
        console.close()
        process.kill()
        process.wait()
        os.close(slave)


@pytest.mark.parametrize("dialect", WITH_SHELL)
def test_a_command_is_answered_on_every_dialect(board, dialect):
    shell, _ = board(dialect)
    shell.ready()
    assert shell.run("say a word").lines == ("a word",)
    assert shell.run("help").lines == ("commands:", "  help", "  say", "  reboot")


@pytest.mark.parametrize(
    "dialect",
    [name if name == "alios-3" else pytest.param(name, marks=pytest.mark.slow) for name in WITH_SHELL],
)
def test_log_lines_are_no_answer(board, dialect):
    shell, _ = board(dialect, chatter=0.02, breaks_in=0.05)
    for text in ("one", "two words", "three of them"):
        answer = shell.run(f"say {text}")
        assert answer.lines == (text,)
    answer = shell.run("help")
    assert answer.lines == ("commands:", "  help", "  say", "  reboot")
    assert len(answer.log) >= 4


@pytest.mark.parametrize("dialect", ["alios-3", "zephyr", "esp-idf", "linux"])
def test_a_log_line_in_the_middle_of_an_answer_is_taken_out(board, dialect):
    shell, _ = board(dialect, tears=True)
    answer = shell.run("say the whole answer")
    assert answer.lines == ("the whole answer",)
    assert len(answer.log) == 1


@pytest.mark.slow  # each lost character is waited for
@pytest.mark.parametrize("dialect", WITH_SHELL)
@pytest.mark.parametrize("seed", range(3))
def test_what_was_lost_is_typed_again_and_carried_out_once(board, dialect, seed):
    shell, _ = board(dialect, loses=0.04, seed=seed)
    for number in range(4):
        assert shell.run(f"say number {number}").lines == (f"number {number}",)
    ran = [line for line in shell.run("ran").lines if line.startswith("ran say")]
    assert ran == [f"ran say number {number}" for number in range(4)]


@pytest.mark.slow
def test_a_lost_character_is_typed_again(board):
    shell, _ = board("rt-thread", loses=0.03, seed=5)
    assert shell.run("say all of it").lines == ("all of it",)
    assert [line for line in shell.run("ran").lines if "say" in line] == ["ran say all of it"]


def test_a_uart_with_a_small_fifo_is_sent_to_more_slowly(board):
    shell, _ = board("rt-thread", fifo=8)
    assert shell.run("say a line that is longer than eight").lines == ("a line that is longer than eight",)


@pytest.mark.slow  # what is not echoed is waited for
def test_a_console_without_echo(board):
    shell, _ = board("alios-1", echo=False)
    assert shell.run("say it").lines == ("it",)
    assert shell.run("say it again").lines == ("it again",)


@pytest.mark.parametrize(
    ("dialect", "cause", "told"),
    [("esp-idf", "8", "8, timer watchdog"), ("linux", "WDOG", "wdog, watchdog"), ("rt-thread", "", "")],
)
def test_a_restart_in_mid_answer(board, dialect, cause, told):
    shell, _ = board(dialect, cause=cause)
    with pytest.raises(ShellRestartedError) as caught:
        shell.run("trap")
    assert caught.value.cause == told
    assert any("half an ans" in line for line in caught.value.excerpt)
    assert "started anew while it answered 'trap'" in caught.value.message
    shell.ready(20)
    assert shell.run("say after").lines == ("after",)


def test_a_command_that_prints_the_banner_is_no_start(board):
    shell, _ = board("rt-thread")
    assert shell.run("version").lines == ("version 4.1.1", "- RT -     Thread Operating System")
    assert shell.run("say on").lines == ("on",)


@pytest.mark.slow
def test_login_on_a_console_where_the_kernel_logs_all_the_time(board):
    login = Credentials("root", Secret("secret"))
    shell, _ = board("linux", login=login, asks=["root", "secret"], chatter=0.02)
    shell.ready(20)
    assert shell.run("say in").lines == ("in",)


def test_a_crash_that_leaves_a_prompt_of_its_own(board):
    shell, _ = board("alios-3")
    with pytest.raises(ShellCrashedError) as caught:
        shell.run("panic")
    assert "exception" in caught.value.message
    with pytest.raises(ShellCrashedError):
        shell.ready(2)


def test_a_board_that_is_asked_to_restart_does(board):
    shell, console = board("esp-idf")
    shell.ready()
    before = console.received
    shell.restart(5)
    assert b"rst:0xc" in console.since(before)[0]
    assert shell.run("say up").lines == ("up",)


def test_an_answer_in_pages(board):
    shell, _ = board("linux")
    assert shell.run("pages").lines == tuple(f"item {number}" for number in range(6))


def test_a_command_that_does_not_end(board):
    shell, _ = board("zephyr")
    with pytest.raises(NoAnswerError) as caught:
        shell.run("hang", limit=1.5)
    assert caught.value.outcome == "blocked"
    assert "hanging" in "".join(caught.value.traffic)


def test_a_started_command_is_read_by_others(board):
    shell, console = board("rt-thread")
    begin = shell.start("slow")
    console.expect(b"step 2", timeout=60)
    assert b"step 0" in console.since(begin)[0]


def test_a_mute_board_blocks(board):
    shell, _ = board("rt-thread", mute_boot=True, chatter=0.0, boots=True, echo=False, spoken="esp-idf")
    with pytest.raises(BenchError) as caught:
        shell.ready(0.5)
    assert caught.value.outcome == "blocked"


def test_another_dialect_blocks_and_says_what_to_check(board):
    shell, _ = board("zephyr", spoken="rt-thread")
    with pytest.raises(BenchError, match="no prompt shows") as caught:
        shell.ready(1.5)
    assert "console.dialect" in caught.value.hint
    assert any("msh />" in line for line in caught.value.traffic)


def test_a_dialect_without_a_shell(board):
    with pytest.raises(UsageError, match="no command can be given"):
        board("bare", spoken="alios-1")


# ---- Linux
PASSWORD = Secret("p$#@!w")


@pytest.mark.parametrize("password", [PASSWORD, Secret("wrong")])
@pytest.mark.slow
def test_login(board, password):
    shell, console = board("linux", login=Credentials("root", password), asks=["root", "p$#@!w"])
    if password is PASSWORD:
        shell.ready(15)
        assert shell.run("say in").lines == ("in",)
    else:
        with pytest.raises(BenchError, match="login is refused"):
            shell.ready(15)
    output = console.since(0)[0]
    assert b"=> " not in output, "no key stopped the boot loader"
    assert password.reveal() not in output
    assert console.hidden[0] is password


def test_a_login_that_nobody_is_named_for(board):
    shell, _ = board("linux", asks=["root", "x"])
    with pytest.raises(UsageError, match="the board file names none"):
        shell.ready(15)


def test_a_loader_that_was_stopped_goes_on(board):
    shell, console = board("linux", stopped=True)
    assert shell.run("say up", limit=15).lines == ("up",)
    assert b"=> boot" in console.since(0)[0]


@pytest.mark.parametrize(
    "command", ["a" * 80, "say " + "x " * 8, "say \x03", "", "   ", "say ö", "say a\rreboot"]
)
def test_what_the_shell_does_not_take_is_refused(board, command):
    shell, console = board("rt-thread")
    shell.ready()
    before = console.received
    with pytest.raises(UsageError):
        shell.run(command)
    assert console.received == before


@pytest.mark.parametrize("command", ["say $#@!", "m 0x20000000", "help; f 0x8000", "  m"])
def test_what_must_never_be_sent(board, command):
    shell, console = board("alios-3")
    shell.ready()
    before = console.received
    with pytest.raises(UsageError, match="is never sent to this console"):
        shell.run(command)
    assert console.received == before
    with pytest.raises(UsageError, match="is never sent to this console"):
        console.send(command.encode() + b"\r")
    assert shell.run("say still here").lines == ("still here",)
