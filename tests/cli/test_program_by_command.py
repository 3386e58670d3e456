"""Whole runs of a board whose program is started by a command: boot loader, kernel, login, shell, program, report."""

import json
import os
import subprocess
import sys
import tty
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "tests" / "console" / "shell_board.py"
CONSOLE = ROOT / "tests" / "samples" / "id2_app-3.1.0-se-3des168.log"
PASSWORD = "hunter2-of-the-lab"
FILE = """\
version: 1
name: lab
plan: {{pattern: own-platform, carrier: se, platform: third-party-os, key_type: 3des-168}}
transports:
  console: {{kind: serial, port: {port}, baudrate: 115200}}
console:
  transport: console
  program: id2_app
  dialect: {dialect}
  command: id2_app
  boot_timeout_s: 8
  {login}
device: {{id: 379551166B860D8DC4235AC7}}
declaration: {{algorithms: [des-ecb], sdk_version: 3.1.0}}
service: {{endpoint: mock, product: {{name: my_product}}}}
limits: {{self_test_s: 20}}
"""
LOGIN = "login: {user: root, password: {env: LAB_PASSWORD}}"


@pytest.fixture
def judged(tmp_path):
    """Start a board, judge it, and return exit code, report and what was printed."""
    running = []

    def run(dialect, login="", **settings):
        master, slave = os.openpty()
        tty.setraw(slave)
        settings |= {"dialect": dialect, "prints": CONSOLE.read_text("latin-1")}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", BOARD, str(master), json.dumps(settings)], pass_fds=(master,)
        )
        os.close(master)
        running.append((process, slave))
        path = tmp_path / "lab.yaml"
        path.write_text(FILE.format(port=os.ttyname(slave), dialect=dialect, login=login))
        done = subprocess.run(
            [sys.executable, "-m", "harness", "run", path, f"--runs={tmp_path / 'runs'}", "--quiet"],
            cwd=ROOT,
            env=os.environ | {"COLUMNS": "300", "LAB_PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
        return done.returncode, report, done.stdout + done.stderr

    yield run
    for process, slave in running:
        process.kill()
        process.wait()
        os.close(slave)


def of_console(report):
    return {
        one["id"].rpartition("/")[2]: one["verdict"]
        for one in report["scenarios"]
        if "test_console/" in one["id"]
    }


@pytest.mark.parametrize(
    ("dialect", "login", "settings"),
    [
        ("linux", LOGIN, {"asks": ["root", PASSWORD], "chatter": 0.2}),
        ("rt-thread", "", {"longest": 79}),
    ],
    ids=["linux", "rt-thread"],
)
def test_the_program_is_started_and_its_console_judged(tmp_path, judged, dialect, login, settings):
    code, report, printed = judged(dialect, login, **settings)
    verdicts = of_console(report)
    assert set(verdicts.values()) <= {"passed", "not_applicable"}, (verdicts, printed)
    assert list(verdicts.values()).count("passed") >= 5
    assert code in (0, 3), printed
    recorded = (tmp_path / "runs" / "latest" / "transport" / "console.rec").read_bytes()
    assert PASSWORD.encode() not in recorded
    assert PASSWORD not in printed


def test_a_login_that_is_refused_blocks(judged):
    code, report, printed = judged("linux", LOGIN, asks=["root", "another password"])
    assert code == 3
    assert "failed" not in {one["verdict"] for one in report["scenarios"]}
    assert "the login is refused" in printed
    assert "console.login" in printed
