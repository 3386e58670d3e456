"""Commands that a whole run tells."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cli.main import invoke

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_run_tells_commands_of_the_lab_and_of_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.yaml").write_text("version: 1\nnotify: [{command: sh -c 'cat > end.json'}]\n")
    words = ["run", "virtual-se-i2c", "-k", "test_plan", "--runs=runs", "--without-pdf", "-q"]
    words += ["--notify-failure", "sh -c 'cat > failure.json; exit 9'"]
    assert invoke(words) == 5
    end = json.loads((tmp_path / "end.json").read_text())
    assert (end["event"], end["exit_code"], end["boards"][0]["outcome"]) == ("end", 5, "incomplete")
    assert Path(end["boards"][0]["folder"], "report.html").is_file()
    assert json.loads((tmp_path / "failure.json").read_text())["run"]["board"] == "virtual-se-i2c"
    said = capsys.readouterr().err
    assert "its 1 `notify:` commands are told" in said
    assert "warning: --notify-failure: 'sh' was told of failure: exit code 9" in said


@pytest.mark.slow
def test_no_notify_tells_nobody(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.yaml").write_text("version: 1\nnotify: [{command: touch told}]\n")
    words = ["run", "virtual-se-i2c", "-k", "test_plan", "--runs=runs", "--without-pdf", "-q", "--no-notify"]
    assert invoke(words) == 5
    assert not (tmp_path / "told").exists()


@pytest.mark.slow
def test_an_interrupted_run_tells_its_end(tmp_path):
    command = [sys.executable, "-m", "harness", "run", "virtual-km-itls", f"--runs={tmp_path / 'runs'}"]
    command += ["--without-pdf", "-q", "--notify-end", f"sh -c 'cat > {tmp_path}/end.json'"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            told = b"".join(path.read_bytes() for path in tmp_path.glob("runs/.campaigns/*/progress.jsonl"))
            if told.count(b'"scenario_finished"') > 3:
                break
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        process.kill()
    end = json.loads((tmp_path / "end.json").read_text())
    assert end["interrupted"]
    assert end["exit_code"] == process.returncode == 128 + signal.SIGTERM


def test_a_wrong_command_is_refused_before_anything_is_touched(tmp_path, capsys):
    words = ["run", "virtual-se-i2c", f"--runs={tmp_path / 'runs'}", "--notify-end", "a 'b"]
    assert invoke(words) == 2
    assert "--notify-end: is no command: no closing quotation" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
