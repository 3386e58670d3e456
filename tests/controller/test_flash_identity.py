"""Nothing is flashed into another board: who it is is asked before a tool is started, and again behind it."""

import os
import pty
import tty

import pytest

from harness.board.opening.actions import operate
from harness.board.opening.board import Board
from harness.board.opening.firmware import Firmware
from harness.controller.kind import Ability
from harness.errors import BenchError
from tests.controller.conftest import sh

OWN, OTHER = "2122232425262728292A2B2C", "00112233445566778899AABB"
ASKED = {"probe": {}, "carrier": {"kind": "probe"}, "device": {"id": OWN}}


class Client:
    """The client of whichever firmware is there."""

    def __init__(self, ids):
        self.ids = ids

    def init(self):
        pass

    cleanup = init

    def get_id(self):
        found = self.ids.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def firmware(tmp_path):
    file = tmp_path / "out.bin"
    file.write_bytes(b"lamp-board")
    return Firmware.of(file)


@pytest.fixture
def asked(use, monkeypatch):
    """Return a function that gives a board whose client shows these IDs, one after the other."""

    def make(*ids):
        client = Client(list(ids))
        monkeypatch.setattr(Board, "carrier", lambda _: client)
        return use({"writer": writer("echo written > flashed")}, **ASKED)

    return make


def writer(script):
    return {
        "kind": "command",
        "acts_on": "probe 7",
        "flash": [*sh(f"{script} # $0"), "{firmware}"],
        "image": {"marker": "lamp-board"},
    }


def test_the_board_s_own_device_is_flashed(asked, firmware, tmp_path):
    board = asked(OWN, OWN)
    operate(board, Ability.FLASH, firmware)
    assert (tmp_path / "flashed").exists()
    assert [note for note in board.notes if "its ID² is" in note] == [
        f"before flash: its ID² is {OWN}",
        f"after flash: its ID² is {OWN}",
    ]


def test_another_board_on_the_port_is_refused_before_anything_is_written(asked, firmware, tmp_path):
    with pytest.raises(BenchError, match=f"another board is there: its ID² is {OTHER}") as raised:
        operate(asked(OTHER), Ability.FLASH, firmware)
    assert raised.value.outcome == "blocked"
    assert not (tmp_path / "flashed").exists()


def test_another_board_behind_the_flash_is_told(asked, firmware):
    with pytest.raises(BenchError, match=f"another board is there: its ID² is {OTHER}"):
        operate(asked(OWN, OTHER), Ability.FLASH, firmware)


def test_a_board_that_does_not_say_who_it_is_can_be_flashed(asked, firmware, tmp_path):
    board = asked(BenchError("nothing answers as a probe"), OWN)
    operate(board, Ability.FLASH, firmware)
    assert (tmp_path / "flashed").exists(), "an empty board has no probe"
    assert "before flash: its ID² cannot be had: nothing answers as a probe" in board.notes


def test_a_port_that_leads_to_another_device_behind_the_flash(use, firmware, tmp_path):
    pairs = [pty.openpty() for _ in range(2)]
    for number, (_, slave) in enumerate(pairs):
        tty.setraw(slave)
        (tmp_path / f"port-{number}").symlink_to(os.ttyname(slave))
    (tmp_path / "port").symlink_to("port-0")
    board = use(
        {"writer": writer("ln -sfn port-1 port")},
        transports={"console": {"kind": "serial", "port": str(tmp_path / "port")}},
    )
    try:
        with pytest.raises(BenchError, match="the board is not the one that was there before") as raised:
            operate(board, Ability.FLASH, firmware)
        assert "the firmware may be in another board" in raised.value.hint
    finally:
        board.close()
        for pair in pairs:
            for each in pair:
                os.close(each)
