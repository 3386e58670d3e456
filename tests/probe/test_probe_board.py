"""The probe section of a board file, and the way to the probe through the board."""

import pytest

from harness.board.opening.board import Board
from harness.board.plan.applies import facts_of
from harness.board.reading.file import load
from harness.errors import UsageError
from tests.probe.fake_probe import FakeProbe, ProbeLine

BOARD = """
version: 1
name: probed
plan: {pattern: own-platform, carrier: demo, platform: third-party-os, key_type: aes-128}
transports:
  console: {kind: serial, port: /dev/ttyUSB0}
console: {transport: console}
"""


def board_file(tmp_path, more="probe: {}\n"):
    path = tmp_path / "probed.yaml"
    path.write_text(BOARD + more)
    return load(path)


@pytest.mark.parametrize("section", ["probe: {}\n", "probe:\n", "probe: {line_end: crlf, prefix: sh}\n"])
def test_a_board_with_a_probe_section_has_a_probe(tmp_path, section):
    assert "probe" in facts_of(board_file(tmp_path, section))


def test_a_board_without_one_has_none(tmp_path):
    file = board_file(tmp_path, "")
    assert "probe" not in facts_of(file)
    with pytest.raises(UsageError, match="no probe section"):
        Board(file).probe()


def test_a_probe_without_a_console_is_a_mistake(tmp_path):
    with pytest.raises(UsageError, match="probe: is on the console, and the board has no console section"):
        load_without_console(tmp_path)


def load_without_console(tmp_path):
    path = tmp_path / "probed.yaml"
    path.write_text(
        BOARD.replace(
            "console: {transport: console}\n", "chip: {transport: chip, framing: hex-line}\n"
        ).replace("  console: {kind: serial", "  chip: {kind: serial")
        + "probe: {}\n"
    )
    return load(path)


def test_the_probe_of_a_board_is_on_its_console(tmp_path, monkeypatch):
    probe = FakeProbe(functions={"gid": lambda _: (0, 24, b"2122232425262728292A2B2C")})
    monkeypatch.setattr("harness.board.opening.wiring.Wiring.make", lambda *_, **__: ProbeLine(probe))
    with Board(board_file(tmp_path), locks=tmp_path / "locks") as board:
        link = board.probe()
        assert link.call("gid", out=48).data == b"2122232425262728292A2B2C"
        assert board.probe() is link
        board.close_console()
        assert board.probe() is not link
