"""Consoles that say Pass although something is wrong beside the tests are caught without the device's key too.

With the key they are among all the broken devices of test_mutants.py.
"""

import copy

import pytest

from harness.simulator.faults.catalogue import CONSOLE_TEXT_FAULTS
from tests.mutants.test_mutants import CONSOLE, board_with, run

pytestmark = pytest.mark.mutants

WITHOUT_KEY = (
    "hard-fault-between-tests",
    "same-start-twice",
    "demo-random-linked",
    "other-sdk-version",
    "other-carrier",
)
"""One of each sort; tests/simulator/test_sim_console_text_faults.py has the judge meet all of them without the key."""


@pytest.fixture
def without_key():
    board = copy.deepcopy(CONSOLE)
    board["name"] = "virtual-console-without-key"
    del board["device"]
    return board


@pytest.mark.parametrize("name", WITHOUT_KEY)
def test_broken_console_is_caught_without_its_key(name, without_key, tmp_path):
    (fault,) = [fault for fault in CONSOLE_TEXT_FAULTS if fault.name == name]
    caught = run(board_with(fault, without_key, tmp_path), tmp_path / "runs")
    assert (caught.verdict, caught.exit_code) == ("failed", 1), caught.by
    # Others may see it too: the statistic over all randoms of a run sees the demo random.
    assert any("test_console" in name for name in caught.by)


def test_sound_console_passes_without_its_key(without_key, tmp_path):
    assert run(board_with(None, without_key, tmp_path), tmp_path / "runs").verdict == "passed"
