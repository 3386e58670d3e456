"""Named actions: from the board file to the edges of DTR and RTS."""

import pytest

from harness.board.opening.actions import actions, run_action
from harness.board.opening.board import Board
from harness.board.plan.preview import preview
from harness.errors import BenchError, UsageError
from harness.transport.serial.lines import LineStep
from tests.transport.recordings import lines

HEAD = """\
version: 1
name: lab
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
"""
ACTIONS = "{reset: [{dtr: off, rts: on}, {wait_ms: 50}, {rts: off}], knock: [{break_ms: 3}]}"


@pytest.fixture
def board(load_text, tmp_path):
    def make(transports, console="a"):
        lines = "\n".join(f"  {name}: {{{settings}}}" for name, settings in transports.items())
        return load_text(f"{HEAD}transports:\n{lines}\nconsole: {{transport: {console}}}\n")

    return make


def test_actions_are_listed_and_planned(board):
    found = board({"a": f"kind: serial, port: 'loop://', actions: {ACTIONS}"})
    assert actions(found) == {"reset": ("a",), "knock": ("a",)}
    assert preview(found).transports[0].place == "loop://, 115200 baud, actions reset, knock"


def test_an_action_is_carried_out_and_recorded(board, tmp_path):
    found = board({"a": f"kind: serial, port: 'loop://', actions: {ACTIONS}"})
    waits = []
    with Board(found, recordings=lambda name: tmp_path / f"{name}.rec", locks=tmp_path) as used:
        used.console()
        steps = run_action(used, "reset", pause=waits.append)
    assert steps == (LineStep(dtr=False, rts=True), LineStep(wait_ms=50), LineStep(rts=False))
    assert waits == [0.05]
    recorded = lines(tmp_path / "a.rec")[1:]
    assert "action reset on a: dtr off, rts on; wait 50 ms; rts off" in [each.get("m") for each in recorded]
    assert [each["x"] for each in recorded if each["op"] == "set-lines"] == ["0302", "0200"]


def test_an_action_on_a_port_that_is_not_open(board, tmp_path):
    found = board({"a": f"kind: serial, port: 'loop://', actions: {ACTIONS}"})
    with Board(found, locks=tmp_path) as used, pytest.raises(BenchError, match="not open") as caught:
        run_action(used, "reset")
    assert (caught.value.board, caught.value.transport) == ("lab", "a")


def test_an_unknown_action(board, tmp_path):
    found = board({"a": f"kind: serial, port: 'loop://', actions: {ACTIONS}"})
    with (
        Board(found, locks=tmp_path) as used,
        pytest.raises(UsageError, match=r"there is no action 'rest'.*reset.*actions: reset, knock") as caught,
    ):
        run_action(used, "rest")
    assert caught.value.board == "lab"


def test_two_actions_of_one_name(board, tmp_path):
    settings = f"kind: serial, port: 'loop://', actions: {ACTIONS}"
    found = board({"a": settings, "b": settings})
    with Board(found, locks=tmp_path) as used:
        with pytest.raises(UsageError, match="transports a and b each have an action 'reset'"):
            run_action(used, "reset")
        used.console()
        assert run_action(used, "knock", "a") == (LineStep(break_ms=3),)
        with pytest.raises(UsageError, match="there is no action 'reset'"):
            run_action(used, "reset", "c")


def test_a_socket_has_no_actions(board):
    with pytest.raises(UsageError, match=r"5: transports.a: has actions, and a socket has no lines"):
        board({"a": f"kind: serial, port: 'socket://h:7', actions: {ACTIONS}"})
