"""The power of a board is judged by what the board shows; a relay that does nothing is a fault of the bench."""

import re
import time

import pytest

from harness.board.opening.actions import operate, restart
from harness.board.opening.board import Board
from harness.controller.kind import Ability
from harness.errors import BenchError, UsageError
from tests.controller.conftest import RELAY, sh

QUICK = {"transport": "console", "boot_timeout_s": 0.5}


def relay(**more):
    return {"relay": {"kind": "command", "acts_on": "r", "off_s": 0.05, **RELAY, **more}}


def until(holds):
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def opened(use, lamp, controllers, **board):
    """Return the board, when its first words have come."""
    console = {"transport": "console", "boot_timeout_s": 0.5}
    used = use(controllers, transports=lamp(**board), console=console)
    heard = used.console()
    until(lambda: heard.received > 0)
    return used


@pytest.mark.parametrize("ticks", [False, True])
def test_a_board_that_goes_silent_and_speaks_again_was_without_power(use, lamp, ticks):
    board = opened(use, lamp, relay(), ticks=ticks)
    operate(board, Ability.POWER_CYCLE)
    assert "power_off: the console is silent" in board.notes
    assert board.notes[-1] == "power_cycle: the console speaks"
    assert board.console().since(0)[0].count(b"boot") == 2, "the first line after the power came was heard"
    assert not board.without_power


def test_an_off_without_effect_is_a_fault_of_the_bench(use, lamp, tmp_path, monkeypatch):
    monkeypatch.setattr("harness.board.opening.power._SETTLES_S", 0.8)
    monkeypatch.setattr("harness.board.opening.power._QUIET_S", 0.4)
    board = opened(use, lamp, relay(power_off=sh("true")), ticks=True)
    with pytest.raises(BenchError, match=r"power_off had no effect: its console still speaks") as raised:
        operate(board, Ability.POWER_CYCLE)
    assert raised.value.outcome == "blocked"
    assert "feeds this board" in raised.value.hint
    assert (tmp_path / "done").read_text() == "on\n", "and on again, whatever the relay did"


def test_an_off_without_effect_on_a_quiet_board_shows_when_it_does_not_start(use, lamp):
    board = opened(use, lamp, relay(power_off=sh("true")))
    with pytest.raises(BenchError, match=r"nothing came from the console within 0\.5 s"):
        operate(board, Ability.POWER_CYCLE)


def test_power_that_returns_by_itself_is_noticed(use, lamp, tmp_path, monkeypatch):
    board = opened(use, lamp, relay(off_s=60))
    heard = board.console()

    def returns_meanwhile(seconds):
        if seconds == 60:
            before = heard.received
            (tmp_path / "power").write_text("1")
            until(lambda: heard.received > before)

    monkeypatch.setattr("harness.board.opening.actions.time.sleep", returns_meanwhile)
    with pytest.raises(BenchError, match="its console speaks while it should be off"):
        operate(board, Ability.POWER_CYCLE)


def test_an_on_that_fails_is_tried_again(use, lamp, tmp_path):
    once = sh("echo try >> tries; test $(wc -l < tries) -ge 2 && echo 1 > power")
    board = opened(use, lamp, relay(power_on=once))
    operate(board, Ability.POWER_CYCLE)
    assert (tmp_path / "tries").read_text() == "try\n" * 2


def test_an_on_that_fails_again_blocks_and_is_tried_once_more_in_the_clean_up(use, lamp):
    board = opened(use, lamp, relay(power_on=sh("echo try >> never; exit 3")))
    with pytest.raises(BenchError, match=r"power_on: sh failed \(exit code 3\)"):
        operate(board, Ability.POWER_CYCLE)
    assert board.without_power
    with pytest.raises(BenchError, match="the board is left without power") as raised:
        board.close()
    assert raised.value.hint == "switch it on by hand"


def test_a_failed_off_does_not_skip_the_on(use, lamp, tmp_path):
    board = opened(use, lamp, relay(power_off=sh("echo 0 > power; exit 7")))
    with pytest.raises(BenchError, match="exit code 7"):
        operate(board, Ability.POWER_CYCLE)
    assert (tmp_path / "power").read_text() == "1\n"


def test_a_board_that_was_switched_off_is_on_after_the_run(use, lamp, tmp_path):
    board = opened(use, lamp, relay())
    operate(board, Ability.POWER_OFF)
    assert board.without_power
    assert (tmp_path / "power").read_text() == "0\n"
    board.close()
    assert (tmp_path / "power").read_text() == "1\n"
    assert "the board must not be left without power" in board.notes[-2]


def test_a_replay_switches_nothing_in_its_clean_up(use, lamp, monkeypatch):
    board = opened(use, lamp, relay())
    operate(board, Ability.POWER_OFF)
    monkeypatch.setattr(Board, "replayed", True)
    board.restore_power()
    assert not any("must not be left" in note for note in board.notes)


def test_the_power_comes_back_on_ctrl_c(use, lamp, tmp_path, monkeypatch):
    board = opened(use, lamp, relay(off_s=60))

    def interrupted(seconds):
        if seconds == 60:
            raise KeyboardInterrupt

    monkeypatch.setattr("harness.board.opening.actions.time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        operate(board, Ability.POWER_CYCLE)
    assert (tmp_path / "power").read_text() == "1\n"
    assert not board.without_power


def test_a_console_that_the_board_feeds_vanishes_and_is_found_again_by_its_path(use, lamp):
    board = opened(use, lamp, relay(off_s=0.3), feeds=True)
    console = board.console()
    operate(board, Ability.POWER_CYCLE)
    assert "power_off: the port of the console is gone" in board.notes
    assert board.console() is console
    assert b"boot" in console.since(0)[0].split(b"boot", 1)[1]


def test_a_board_that_is_switched_on_is_heard_from_its_first_line(use, lamp, tmp_path):
    board = use(relay(), transports=lamp(), console=QUICK)
    (tmp_path / "power").write_text("0")
    operate(board, Ability.POWER_OFF)
    operate(board, Ability.POWER_ON)
    assert b"boot" in board.console().since(0)[0]


def test_what_cannot_be_seen_is_unknown_and_not_off(use, lamp):
    board = use(
        {"relay": {"kind": "command", "acts_on": "r", "power_off": ["true"], "power_on": ["true"]}},
        transports={"console": {"kind": "serial", "port": "not-there"}},
    )
    operate(board, Ability.POWER_OFF)
    assert board.notes[-1].endswith("whether it is off is unknown")
    lamp()


def test_one_that_switches_off_alone_gives_no_power_cycle(use):
    board = use({"relay": {"kind": "command", "acts_on": "r", "power_off": ["true"]}})
    with pytest.raises(UsageError, match="nothing says how the board is switched off and on"):
        operate(board, Ability.POWER_CYCLE)


# ---- started anew by the power, where nothing else does it
def test_a_board_that_was_off_is_switched_on_when_it_is_started(use, lamp, tmp_path):
    transports = lamp()
    (tmp_path / "power").write_text("0")
    board = use(relay(), transports=transports, console={**QUICK, "program": "id2_app"})
    assert board.file.can_restart
    assert not board.file.can_reset
    restart(board).expect(re.compile(rb"boot"), timeout=60)
    assert (tmp_path / "power").read_text() == "1\n"


def test_what_a_board_printed_before_its_power_was_cut_is_left_behind(use, lamp):
    board = opened(use, lamp, relay(), ticks=True)
    console = restart(board)
    came = console.since(console.position)[0]
    assert came.startswith(b"boot"), "no tick of before"


def test_a_relay_that_lies_when_a_board_is_started_is_named(use, lamp, monkeypatch):
    monkeypatch.setattr("harness.board.opening.power._SETTLES_S", 0.8)
    monkeypatch.setattr("harness.board.opening.power._QUIET_S", 0.4)
    board = opened(use, lamp, relay(power_off=sh("true")), ticks=True)
    with pytest.raises(BenchError, match="power_off had no effect"):
        restart(board)
    assert not board.without_power


def test_a_reset_goes_before_the_power(use, lamp, tmp_path):
    board = opened(use, lamp, relay(reset=sh("touch was-reset")))
    restart(board)
    assert (tmp_path / "was-reset").exists()
    assert not (tmp_path / "done").exists()
