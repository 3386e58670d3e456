"""`harness verify` on the shipped boards: built, flashed and verified without a person."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.board.plan.facts import facts_of
from harness.board.reading.file import load
from tests.pages import ROOT

REBUILT = {f"VER-{number:02d}" for number in range(7, 15)}


@pytest.mark.parametrize(
    "board",
    [
        pytest.param("virtual-rebuild", marks=pytest.mark.slow),
        pytest.param("qemu-cortex-m3-rebuild", marks=pytest.mark.firmware),
    ],
)
def test_a_shipped_board_is_verified_unattended(tmp_path, board):
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", "verify", f"boards/{board}.yaml", f"--runs={tmp_path}"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("left out: the run only verifies") == 1, "once, and not for each scenario"
    report = json.loads((tmp_path / "latest" / "report.json").read_text())
    steps = {step["requirement"]: step["verdict"] for one in report["scenarios"] for step in one["steps"]}
    assert {steps.get(requirement) for requirement in REBUILT | {"VER-15"}} == {"passed"}
    assert "is flashed again" in (tmp_path / "latest" / "journal.jsonl").read_text()


@pytest.mark.parametrize("board", ["virtual-rebuild", "qemu-cortex-m3-rebuild", "example-rebuild-openocd"])
def test_the_boards_that_rebuild_say_so(board):
    facts = facts_of(load(Path(ROOT) / "boards" / f"{board}.yaml"))
    assert {"build", "flash"} <= set(facts)
