"""A bench that is not as it should be, by whole runs on a pseudo terminal: one clear line, and blocked is not failed."""

import json
import os
import pty
import random
import sys
import threading
import time
import tty
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import run as started

import pytest

from tests.transport.recordings import lines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = (ROOT / "tests" / "samples" / "id2_app-3.1.0-se-3des168.log").read_bytes()
OTHER = (ROOT / "tests" / "samples" / "id2_app-3.1.0-aes128.log").read_bytes()
ID = "379551166B860D8DC4235AC7"
FILE = """\
version: 1
name: lab
plan: {{pattern: own-platform, carrier: se, platform: third-party-os, key_type: 3des-168}}
transports:
  console: {{kind: serial, port: {port}, baudrate: 115200}}
console: {{transport: console, program: id2_app, boot_timeout_s: 5}}
device: {{id: {id2}}}
declaration: {{algorithms: [des-ecb], sdk_version: 3.1.0}}
service: {{endpoint: mock, product: {{name: my_product}}}}
limits: {{self_test_s: 20}}
"""


@contextmanager
def board(says, leaves=None):
    """Have a board at a port that says something again and again.

    `leaves`: it is unplugged when this is true; what it said until then counts for nothing, as a pseudo terminal takes
    sixty kilobytes that nobody reads.
    """
    master, slave = pty.openpty()
    tty.setraw(slave)
    over = threading.Event()

    def gone(seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if over.wait(0.002) or (leaves is not None and leaves()):
                return True
        return False

    def given(part):
        """Write all of it, however long nobody reads; tell whether the board is still there."""
        while part:
            try:
                part = part[os.write(master, part) :]
            except BlockingIOError:
                if gone(0.01):
                    return False
        return True

    def speak():
        os.set_blocking(master, False)
        while True:
            for at in range(0, len(says), 256):
                if gone(0.002):
                    return
                if not given(says[at : at + 256]):
                    return
            if gone(3):
                return

    thread = threading.Thread(target=speak)
    thread.start()
    port = os.ttyname(slave)
    if leaves is not None:
        threading.Thread(target=lambda: (thread.join(), os.close(slave), os.close(master))).start()
    yield port
    over.set()
    thread.join()
    if leaves is None:
        os.close(slave)
        os.close(master)


def judged(tmp_path, port, id2=ID):
    """Run the board at a port; return exit code, report and what was printed."""
    path = tmp_path / "lab.yaml"
    path.write_text(FILE.format(port=port, id2=id2))
    command = [sys.executable, "-m", "harness", "run", path, f"--runs={tmp_path / 'runs'}", "--quiet"]
    wide = os.environ | {"COLUMNS": "300"}
    done = started(command, cwd=ROOT, env=wide, capture_output=True, text=True, timeout=300, check=False)
    report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
    return done.returncode, report, done.stdout + done.stderr


def verdicts(report):
    return {each["verdict"] for each in report["scenarios"]}


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (b"", "not one byte has come since the port was opened"),
        (
            bytes(random.Random(7).choices((0, 0x80, 0xE0, 0xF8, 0xFE, 0xFF, 0x66), k=4000)),
            "the baud rate is wrong",
        ),
        (OTHER, f"another board is on the port: its console shows ID {'2122232425262728292A2B2C'}"),
        (b"Linux version 6.1 of another program altogether\r\n" * 40, "nothing of the vendor's programs"),
    ],
    ids=["silent", "wrong baud", "another board", "another program"],
)
def test_a_bench_at_fault_is_blocked(tmp_path, says, told):
    with board(says) as port:
        code, report, printed = judged(tmp_path, port)
    assert code == 3
    assert report["verdict"] == "blocked"
    assert "failed" not in verdicts(report)
    assert told in printed, printed
    assert "Traceback" not in printed
    assert "(the person at the bench must act)" in printed


def test_unplugged_is_blocked(tmp_path):
    code, report, printed = judged(tmp_path, tmp_path / "nothing-here")
    assert code == 3
    assert "failed" not in verdicts(report)
    assert "there is no such device" in printed


@pytest.mark.parametrize(
    ("says", "starts"),
    [(CONSOLE, 1), (CONSOLE + CONSOLE[:4352], 2)],
    ids=["in its first start", "in its second start"],
)
def test_unplugged_while_it_speaks_is_blocked_and_what_came_is_kept(tmp_path, says, starts):
    def heard():
        parts = (tmp_path / "runs").glob("2*/transport/console.rec*")
        with suppress(FileNotFoundError):
            return (
                sum(
                    each.read_bytes().count(b"ID2 Client Test Get Challenge Auth Code Start")
                    for each in parts
                )
                >= starts
            )
        return False

    with board(says, leaves=heard) as port:
        code, report, printed = judged(tmp_path, port)
    assert code == 3, printed
    assert "failed" not in verdicts(report)
    recorded = tmp_path / "runs" / "latest" / "transport" / "console.rec"
    assert len(lines(recorded)) > 3
    assert "gone" in printed or "no such device" in printed, printed


def test_a_report_of_another_board_on_the_console_of_this_one_is_failed(tmp_path):
    begin = CONSOLE.index(b"Validation Json")
    says = CONSOLE[:begin] + CONSOLE[begin:].replace(ID.encode(), b"379551166B860D8DC4235AC8")
    with board(says) as port:
        code, report, printed = judged(tmp_path, port)
    assert code == 1, printed
    assert "is not that of the device" in printed
    assert "blocked" not in verdicts(report)
