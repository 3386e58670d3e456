"""Our own firmware, dressed as AliOS Things, on the kernel's ttyACM: shell, program, reset and power by its lines."""

from pathlib import Path

import pytest
import yaml

from harness.board.reading.file import load
from harness.cli.main import invoke
from harness.cli.simulate_attach import virtual_board, write_board_file
from harness.report import model
from tests.lab.guest.outside import left_outside

BOARD = Path("boards/virtual-se-alios.yaml")
CHOSEN = "test_console or test_shell_over_reset"


@pytest.fixture
def attached(tmp_path):
    """Plug the board in, and return the board file that leads to it through the kernel.

    Programs start late on an emulated processor, so it has longer to start than at a desk.
    """
    described = load(BOARD)
    virtual = virtual_board(described)
    file = tmp_path / "lab-firmware.yaml"
    try:
        write_board_file(described, virtual.insert(), file)
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        document["console"]["boot_timeout_s"] = 60
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        yield file
    finally:
        virtual.remove()


def test_shell_program_and_reset_through_the_kernel(attached, tmp_path, monkeypatch):
    left_outside(monkeypatch)
    results = tmp_path / "runs"
    code = invoke(["run", str(attached), "-k", CHOSEN, "--runs", str(results), "--unattended"])
    run = next(results.glob("*Z-lab-firmware"))
    report = model.load(run)
    passed = {one.id for one in report.scenarios if one.verdict == "passed"}
    assert any(name.startswith("step5_verify/test_console/") for name in passed)
    assert "robustness/test_shell_over_reset/test_shell_over_reset" in passed
    assert {one.verdict for one in report.scenarios} == {"passed", "not_applicable", "not_run"}
    assert "/dev/ttyACM" in (run / "journal.jsonl").read_text(encoding="utf-8")
    assert code == 5, "a selection is incomplete at best"
