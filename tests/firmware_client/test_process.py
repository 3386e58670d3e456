"""The whole firmware as a process on a pseudo-terminal: its probe answers, it resets, crashes, and keeps what it stored."""

import os
import signal
import socket
import subprocess
import time

import pytest

from harness.logcheck.judge import judge
from tests.firmware_client.board import WAIT_S, WITH_PROBE, SocketChip, crc

CHALLENGE = "55B83408399FA660F05C82E4F25333DC"


@pytest.mark.slow
def test_the_probe_answers_calls(start):
    board = start()
    hello = board.hello()
    assert hello[1:3] == ["p=1", "l=79"]
    assert board.run("gid o=48") == (-1, b"")
    assert board.run("ini") == (0, b"")
    assert board.run("gid o=48") == (0, b"2122232425262728292A2B2C")
    board.put("a", CHALLENGE.encode())
    result, code = board.run("cac a=32,o=512")
    assert (result, code[:4]) == (0, b"0~2~")
    assert board.run("cau o=16") == (0, b"power-on")


@pytest.mark.slow
def test_the_console_is_that_of_a_sound_board(start):
    board = start(options=())
    end = time.monotonic() + WAIT_S
    while "Generate AuthCode End" not in board.heard and time.monotonic() < end:
        board._hear(0.1)
    board.process.send_signal(signal.SIGKILL)
    judged = judge([board.heard.encode("latin-1")])
    assert "id2 probe" not in board.heard
    assert [item for item in judged.items if item.verdict.value == "failed"] == []
    assert sum(item.verdict.value == "passed" for item in judged.items) > 20


def test_a_firmware_without_a_probe_answers_nothing(start):
    board = start(options=())
    os.write(board._master, b"id2p 01 hi %" + crc("id2p 01 hi").encode() + b"\n")
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        board._hear(0.1)
    assert board.process.poll() is None
    assert "ID2P" not in board.heard


@pytest.mark.slow
def test_resets_say_why_and_have_other_randoms(start):
    board = start()
    board.hello()
    seen = set()
    for kind, cause in ((0, b"software"), (1, b"watchdog"), (0, b"software")):
        seen.add(board.run("rnd o=32")[1])
        board.send(f"run rst k={kind}")
        board.hello()
        assert board.run("cau o=16") == (0, cause)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("kind", "cause", "text"),
    [(0, b"other", "Hard Fault"), (1, b"other", "Hard Fault"), (2, b"watchdog", "")],
)
def test_crashes_are_printed_and_the_board_starts_again(start, kind, cause, text):
    board = start()
    board.hello()
    board.send(f"run crs k={kind}")
    board.hello()
    assert text in board.heard
    assert board.run("cau o=16") == (0, cause)


def test_stored_values_outlive_a_kill(start):
    board = start()
    board.hello()
    board.put("c", b"name")
    board.put("a", b"value")
    assert board.run("kvs c=4,a=5") == (0, b"")
    device_id = board.run("did o=32")
    board.close()
    again = start()
    again.hello()
    again.put("c", b"name")
    assert again.run("kvg c=4,o=9") == (0, b"value")
    assert again.run("did o=32") == device_id


def test_a_kill_in_the_middle_of_writing_leaves_old_or_new(start):
    """The partition is written again and again while the process is killed at any moment."""
    before = b""
    for number in range(8):
        board = start()
        board.hello()
        fd, _ = board.run("pop k=3")
        _, found = board.run(f"prd k={fd},o=40")
        if before:
            assert found in before
        new = bytes([number + 1]) * 40
        board.put("a", new)
        board.send(f"run pwr k={fd},a=40")
        time.sleep(0.0007 * number)
        board.process.kill()
        board.process.wait()
        before = (found, new)
    assert before


def test_osa(start):
    board = start()
    board.hello()
    _, blocks = board.run("exh k=1024,m=2000,o=8")
    had, spoilt = int.from_bytes(blocks[:4]), int.from_bytes(blocks[4:])
    assert 100 < had < 2000
    assert spoilt == 0
    assert board.run("exh k=1024,m=2000,o=8")[1] == blocks
    assert board.run("cal k=16,m=64,n=300,o=12")[1] == (300).to_bytes(4) + bytes(8)
    result, slept = board.run("slp k=100,o=8")
    assert result == 0
    assert 100 <= int.from_bytes(slept[:4]) < 1000
    assert board.run("smw k=50,o=4")[0] != 0
    assert board.run("mtx o=1") == (0, b"\x06")
    assert board.run("fmt k=0,m=48879,o=12")[1].startswith(b"0000BEEF\x00")


def test_network(start):
    board = start()
    board.hello()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        board.put("c", b"127.0.0.1")
        fd, _ = board.run(f"con c=9,k={port}")
        assert fd > 2
        far, _ = server.accept()
        with far:
            board.put("a", b"hello")
            assert board.run(f"snd k={fd},a=5")[0] == 0
            assert far.recv(16) == b"hello"
            far.sendall(b"answer")
            assert board.run(f"rcv k={fd},m=2000,o=40") == (6, b"answer")
            assert board.run(f"rcv k={fd},m=100,o=40")[0] < 0
            board.run(f"dis k={fd}")
    assert board.run(f"con c=9,k={port}")[0] < 0
    assert board.run("rcv k=0,m=1,o=4")[0] < 0


@pytest.mark.slow
def test_an_se_carrier_over_a_unix_socket(start, tmp_path):
    chip = SocketChip(tmp_path / "chip")
    board = start("--chip", chip.path, options=(*WITH_PROBE, "-DID2_CARRIER=ID2_CARRIER_SE"))
    board.hello()
    assert board.run("ini") == (0, b"")
    assert board.run("gid o=48") == (0, b"379551166B860D8DC4235AC7")
    assert board.run("sop k=0")[0] == 0
    board.put("a", bytes.fromhex("80F8000000"))
    assert board.run("trx k=0,a=5,o=258")[1][-2:] == b"\x90\x00"
    board.close()
    chip.close()


def test_wrong_options_are_told(programs, tmp_path):
    for words in (["--flash"], ["--flesh", "x"], ["--flash", str(tmp_path / "no" / "flash")]):
        done = subprocess.run(
            [programs(), *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
        )
        assert done.returncode == 2
        assert done.stderr
