"""`harness run --repeat` and `--for`, as a user runs them."""

import json
import signal
import subprocess
import sys
import time

import pytest

from harness.cli.main import invoke

pytestmark = pytest.mark.slow


def command(folder, *more):
    words = [
        sys.executable,
        "-m",
        "harness",
        "run",
        "virtual-se-i2c",
        "-k",
        "test_plan",
        "-q",
        "--without-pdf",
    ]
    return [*words, f"--runs={folder / 'runs'}", *more]


def kept(folder):
    (file,) = folder.glob("runs/.campaigns/2*/soak.json")
    return json.loads(file.read_text())


def test_each_board_runs_so_many_times(tmp_path):
    done = subprocess.run(
        command(tmp_path, "virtual-se-sm4", "--repeat", "2", "-j2", "--json"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    document = json.loads(done.stdout)
    assert [board["rounds"] for board in document["soak"]["boards"]] == [2, 2]
    assert len(document["runs"]) == 2  # the last of each
    assert len(list(tmp_path.glob("runs/2*"))) == 4
    assert [board["rounds"] for board in kept(tmp_path)["boards"]] == [2, 2]


def test_the_time_ends_after_the_round_that_runs(tmp_path):
    done = subprocess.run(
        command(tmp_path, "--for", "1s"), capture_output=True, text=True, timeout=300, check=False
    )
    assert "note: rounds begin until " in done.stderr
    assert " of 1 board in " in done.stdout
    assert "ended: its time is over" in done.stdout
    assert all((folder / "report.json").exists() for folder in tmp_path.glob("runs/2*"))


def test_an_interruption_ends_in_order_and_tells_what_there_was(tmp_path):
    process = subprocess.Popen(
        command(tmp_path, "--for", "1h"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 200
    while len(list(tmp_path.glob("runs/2*/report.html"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130
    assert " of 1 board in " in out
    assert kept(tmp_path)["boards"][0]["rounds"] >= 2


@pytest.mark.parametrize("words", [["--repeat", "0"], ["--for", "soon"], ["--for", "0s"]])
def test_what_is_no_time_or_number_is_refused(tmp_path, capsys, words):
    assert invoke(["run", "virtual-se-i2c", f"--runs={tmp_path}", *words]) == 2
    assert words[0] in capsys.readouterr().err
