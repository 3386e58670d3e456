"""The probe section of a board file, and the way to the probe through the board."""

from pathlib import Path

import pytest

from harness.board.opening.board import Board
from harness.board.plan.applies import evaluate, facts_of
from harness.board.reading.file import load
from harness.errors import UsageError
from harness.fixtures.requirements import load as load_requirements
from tests.probe.fake_probe import FakeProbe, ProbeLine

BOARD = """
version: 1
name: probed
plan: {pattern: own-platform, carrier: demo, platform: third-party-os, key_type: aes-128}
transports:
  console: {kind: serial, port: /dev/ttyUSB0}
console: {transport: console}
"""

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = {
    name: one
    for name, one in load_requirements(ROOT / "suites" / "requirements.yaml").by_id.items()
    if name.startswith("LOG-")
}


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


@pytest.mark.parametrize("carrier", ["demo", "km", "se"])
def test_nothing_is_judged_of_a_program_that_nobody_named(tmp_path, carrier):
    path = tmp_path / "probed.yaml"
    text = BOARD.replace("carrier: demo", f"carrier: {carrier}") + "probe: {}\ncarrier: {kind: probe}\n"

    def applying(text):
        path.write_text(text)
        facts = facts_of(load(path))
        return {name for name, one in CONSOLE.items() if evaluate(one.applies_when, facts).applies}

    # LOG-08 is judged by what the client prints when it is called, and waits for no program.
    assert applying(text) == (set() if carrier == "demo" else {"LOG-08"})
    path.write_text(text)
    decision = evaluate(CONSOLE["LOG-01"].applies_when, facts_of(load(path)))
    assert decision.reason == "console.program: no program is known to print to a console"
    named = text.replace("{transport: console}", "{transport: console, program: id2_app}")
    assert applying(named) > {"LOG-01", "LOG-07", "LOG-10"}
