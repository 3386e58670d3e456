"""The suites of `make demo`, on the same chips, through the kernel's own I²C and serial drivers."""

import json
import shutil
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.board.reading.file import load
from harness.cli.main import invoke
from harness.cli.simulate_attach import virtual_board, write_board_file
from harness.id2 import weak_keys
from tests.lab.guest.outside import left_outside

KEPT = Path("/mnt")
LEAST = {"virtual-se-i2c": 50, "virtual-se-sm4": 50, "virtual-se-mtk": 30, "recorded-console": 8}
REAL = {
    "virtual-se-i2c": "i2c-tiny-usb",
    "virtual-se-sm4": "i2c-tiny-usb",
    "virtual-se-mtk": "/dev/ttyUSB",
    "recorded-console": "/dev/ttyACM",
}
BOARDS = tuple(REAL)
LEFT_OUT = (
    "chip_hidden",
    "chip_mac",
    "chip_tolerance",
    "chip_values",
    "explore",
    "key_strength",
    "whole_run",
)
"""Thousands of commands and much arithmetic about the chip: an emulated processor takes long, and learns no bus by it."""
CHOSEN = " and ".join(f"not {name}" for name in LEFT_OUT)
ENDINGS = {"passed", "not_applicable"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Plug all boards in, run the suites on them in one go, and return exit code and run folders by board."""
    folder = tmp_path_factory.mktemp("lab")
    results = folder / "runs"
    with ExitStack() as plugged, pytest.MonkeyPatch.context() as patched:
        left_outside(patched)
        # As with the scenarios of key_strength: eighty thousand keys are tried on what the console printed.
        patched.setattr(weak_keys, "find", lambda *_: None)
        files = []
        for name in BOARDS:
            described = load(Path("boards") / f"{name}.yaml")
            virtual = virtual_board(described)
            plugged.callback(virtual.remove)
            files.append(folder / f"lab-{name}.yaml")
            write_board_file(described, virtual.insert(), files[-1])
        code = invoke(["run", *map(str, files), "-k", CHOSEN, "--runs", str(results), "--unattended"])
        if results.is_dir():
            shutil.copytree(results, KEPT / "runs", symlinks=True)
        yield code, {name: next(results.glob(f"*Z-lab-{name}")) for name in BOARDS}


def test_exit_code(runs):
    assert runs[0] == 5, "a selection is incomplete at best"


@pytest.mark.parametrize("board", BOARDS)
def test_every_scenario_has_the_verdict_of_the_demo(runs, board):
    with (runs[1][board] / "journal.jsonl").open(encoding="utf-8") as journal:
        events = [json.loads(line) for line in journal]
    assert events[-1]["event"] == "run-finished"
    ends = [one for one in events if one["event"] == "scenario-finished"]
    assert len(ends) == sum(one["event"] == "scenario-started" for one in events)
    without = [one for one in ends if one["verdict"] == "not_run"]
    # What no run of this board plans, such as a rebuild without controllers, nobody chose to leave out.
    assert [
        one["scenario"]
        for one in without
        if not one.get("outside_plan") and not any(part in one["scenario"] for part in LEFT_OUT)
    ] == []
    verdicts = Counter(one["verdict"] for one in ends if one not in without)
    assert set(verdicts) <= ENDINGS
    assert verdicts["passed"] > LEAST[board]


@pytest.mark.parametrize("board", BOARDS)
def test_no_report_was_rendered_on_an_emulated_processor(runs, board):
    assert not (runs[1][board] / "report.html").exists()


@pytest.mark.parametrize("board", BOARDS)
def test_the_bytes_went_through_the_kernel(runs, board):
    assert REAL[board] in (runs[1][board] / "journal.jsonl").read_text(encoding="utf-8")
