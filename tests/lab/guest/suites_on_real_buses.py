"""The suites of `make demo`, on the same chips, through the kernel's own I²C and serial drivers."""

import json
import shutil
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.board.file import load
from harness.cli.main import invoke
from harness.cli.simulate_attach import virtual_board, write_board_file

# One board for each bus: the fourth of the demo, virtual-se-sm4, is on the same bus as the first.
BOARDS = ("virtual-se-i2c", "virtual-se-mtk", "recorded-console")
KEPT = Path("/mnt")
LEAST = {"virtual-se-i2c": 50, "virtual-se-mtk": 30, "recorded-console": 8}
REAL = {
    "virtual-se-i2c": "i2c-tiny-usb",
    "virtual-se-mtk": "/dev/ttyUSB",
    "recorded-console": "/dev/ttyACM",
}
ENDINGS = {"passed", "not_applicable"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Plug all boards in, run the suites on them in one go, and return exit code and reports by board."""
    folder = tmp_path_factory.mktemp("lab")
    results = folder / "runs"
    with ExitStack() as plugged:
        files = []
        for name in BOARDS:
            described = load(Path("boards") / f"{name}.yaml")
            virtual = virtual_board(described)
            plugged.callback(virtual.remove)
            files.append(folder / f"lab-{name}.yaml")
            write_board_file(described, virtual.insert(), files[-1])
        code = invoke(["run", *map(str, files), "--runs", str(results), "--unattended"])
        if results.is_dir():
            shutil.copytree(results, KEPT / "runs", symlinks=True)
        yield (
            code,
            {
                name: json.loads(next(results.glob(f"*Z-lab-{name}/report.json")).read_text())
                for name in BOARDS
            },
        )


def test_exit_code(runs):
    assert runs[0] == 0


@pytest.mark.parametrize("board", BOARDS)
def test_every_scenario_has_the_verdict_of_the_demo(runs, board):
    report = runs[1][board]
    verdicts = Counter(scenario["verdict"] for scenario in report["scenarios"])
    assert set(verdicts) <= ENDINGS
    assert verdicts["passed"] > LEAST[board]


@pytest.mark.parametrize("board", BOARDS)
def test_the_bytes_went_through_the_kernel(runs, board):
    assert REAL[board] in json.dumps(runs[1][board])
