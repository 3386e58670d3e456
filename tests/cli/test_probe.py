"""`harness probe`: the probe of a board by hand, on the firmware as a process of this machine."""

import re
import sys
from pathlib import Path

import pytest

from harness.cli.main import main

BOARD = """
version: 1
name: by-hand
plan: {pattern: own-platform, carrier: CARRIER, platform: third-party-os, key_type: aes-128}
transports:
  console:
    kind: firmware
    machine: linux
    carrier: CARRIER
    device:
      command_set: ica
      key_type: aes-128
      id: 2122232425262728292A2B2C
      key: {published: aes-128}
      answers: direct
console: {transport: console}
probe: {}
carrier: {kind: probe}
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    path = tmp_path / "by-hand.yaml"
    path.write_text(BOARD.replace("CARRIER", "demo"))
    return path


@pytest.fixture
def se_board(tmp_path: Path) -> Path:
    path = tmp_path / "by-hand.yaml"
    path.write_text(BOARD.replace("CARRIER", "se"))
    return path


def run(*words: object) -> int:
    """Run the command in this process and return its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["harness", "probe", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
    return int(end.value.code or 0)


def test_hello_lists_what_is_in_the_firmware(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(board) == 0
    out = capsys.readouterr().out
    assert out.startswith("probe    version 1, boot ")
    assert "client       ini cln ver gid cac" in out
    assert "kv           kvi kvx kvs kvg kvd" in out


def test_calls_follow_in_one_conversation(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(board, "call", "gid", "o=48", "then", "ini", "then", "gid", "o=24", "then", "gid", "o=48") == 0
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if line.startswith("rc")] == [
        "rc       -1  generic error: everything without a number of its own, also every chip status but 9000",
        "rc       0",
        "rc       -3  short buffer: the needed length was written back",
        "rc       0",
    ]
    assert "text     2122232425262728292A2B2C" in out


@pytest.mark.parametrize("function", [["rst"], ["crs", "k=1"]])
def test_a_start_that_was_asked_for_is_no_error(
    board: Path, capsys: pytest.CaptureFixture[str], function: list[str]
) -> None:
    assert run(board, "call", *function, "then", "ini") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == function[0]
    assert re.fullmatch(r"started anew, boot [0-9A-F]{4}", out[1])
    assert out[2:] == ["ini", "rc       0", "length   0"]


def test_slots_and_null_pointers(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = ["cac", "a=t:1", "b=x:00ff", "o=512"]
    assert run(board, "call", "ini", "then", *code, "then", "cac", "a=-", "o=512") == 0
    out = capsys.readouterr().out
    assert "text     2~2~" in out
    assert out.splitlines()[-2].startswith("rc       -2")


def test_secrets_are_hidden_unless_asked_for(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # device-protocol.md c.2: derive_key with seed appKey and this key
    derived = "73001BCF91D16587B795EA7EC65A89F3"
    calls = ["call", "ini", "then", "dky", "c=t:appKey", "o=16"]
    assert run(board, *calls) == 0
    hidden = capsys.readouterr()
    assert derived not in hidden.out + hidden.err
    assert "16 bytes, a secret of the device; --show-secrets prints them" in hidden.out
    assert run(board, "--show-secrets", *calls) == 0
    assert derived in capsys.readouterr().out


def test_apdus_go_through_the_driver(se_board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(se_board, "apdu", "00A404000EA000000041 6C6959756E2E494432".replace(" ", ""), "80F8000000") == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("< ")
    assert lines[-1].endswith("0C2122232425262728292A2B2C9000")


def test_monitor_prints_what_the_console_prints(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(board, "monitor", "--for", "1") == 0
    assert "id2 probe: this firmware carries out test commands, do not ship it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["cal"], "there is no action 'cal'"),
        (["hello", "x"], "hello takes no words"),
        (["call"], "there is no function ''"),
        (["call", "gidd"], "there is no function 'gidd'"),
        (["call", "gid", "o"], "'o' is no argument of a call"),
        (["call", "gid", "o=1x"], "'o=1x' is no argument of a call"),
        (["call", "gid", "k=4294967296"], "'k=4294967296' is no argument of a call"),
        (["call", "dec", "a=x:0"], "'a=x:0' is no argument of a call"),
        (["call", "dec", "a=00"], "'a=00' is no argument of a call"),
        (["call", "ini", "then"], "there is no function ''"),
        (["apdu"], "apdu needs a command in hex"),
        (["apdu", "80F"], "'80F' is no argument of a call"),
    ],
)
def test_what_is_typed_wrong_is_said_before_anything_is_opened(
    board: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert run(board, *words) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_a_board_without_a_probe_section(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text(BOARD.replace("CARRIER", "demo").replace("probe: {}\ncarrier: {kind: probe}\n", ""))
    assert run(path) == 2
    assert "probe: {}" in capsys.readouterr().err
