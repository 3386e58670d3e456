"""Every fault that can be compiled into the OSA of our firmware is caught by name, on both machines; sound ones pass.

Run by `make mutants`, which prints which requirement caught which firmware.
"""

import sys

import pytest

from harness.simulator.machine.sources import faults
from tests.mutants.firmware_runs import judged

GROUPS = ("client", "osa", "mutex", "semaphore", "thread", "net", "board")
ALL = "test_port or test_osa or test_network or test_board"

# Fault: scenarios that it meets, requirements that must fail, requirements that may fail too.
CAUGHT_BY = {
    "time-jumps-back": ("test_osa_time", {"OSA-TIME-02"}, {"OSA-TIME-04"}),
    "time-drifts": ("test_osa_time", {"OSA-TIME-03"}, {"OSA-TIME-04"}),
    "time-coarse": ("test_osa_time", {"OSA-TIME-01"}, set()),
    "time-restarts": ("test_osa_time", {"OSA-TIME-02"}, {"OSA-TIME-04"}),
    "sleep-short": ("test_osa_sleep", {"OSA-SLEEP-01"}, set()),
    "sleep-long": ("test_osa_sleep", {"OSA-SLEEP-02"}, set()),
    "calloc-dirty": ("test_osa_memory", {"OSA-MEM-01"}, set()),
    "free-forgets": ("test_leak and test_osa_memory", {"OSA-MEM-03"}, {"OSA-MEM-05"}),
    "malloc-overlaps": ("test_osa_memory", {"OSA-MEM-02"}, {"OSA-MEM-04"}),
    "memory-leak": ("test_osa_memory", {"OSA-MEM-05"}, set()),
    "snprintf-no-end": ("test_osa_text", {"OSA-TEXT-02"}, set()),
    "snprintf-lower-case": ("test_osa_text", {"OSA-TEXT-01"}, {"OSA-TEXT-02"}),
    "snprintf-no-precision": ("test_osa_text", {"OSA-TEXT-01"}, set()),
    "mutex-not-locking": ("test_osa_tasks", {"OSA-MUTEX-02"}, set()),
    "semaphore-not-waiting": ("test_osa_tasks", {"OSA-SEM-01"}, set()),
    "thread-never-runs": ("test_osa_tasks", {"OSA-THREAD-01"}, set()),
    "connect-refused-ok": ("test_network", {"NET-02"}, set()),
    "receive-ignores-timeout": ("test_network", {"NET-05"}, set()),
    "send-truncates": ("test_network", {"NET-03"}, set()),
}
OF_LINUX_ALONE = {
    "mutex-not-locking",
    "semaphore-not-waiting",
    "thread-never-runs",
    "connect-refused-ok",
    "receive-ignores-timeout",
    "send-truncates",
}
"""The other machine has no threads and no network."""

pytestmark = pytest.mark.mutants


RUNS = 4
"""Most runs of one fault: a run on a machine that is too busy to judge times by is blocked, and rightly so."""


def decided(machine, fault, select, folder):
    """Return what a run came to, the first that this machine was quick enough for; skip when none was."""
    for _ in range(RUNS):
        found = judged(machine, fault, GROUPS, select, folder)
        if not found.too_busy:
            return found
    pytest.skip(f"this machine was too late itself to judge a time in each of {RUNS} runs")


@pytest.mark.parametrize("machine", ["linux", "cortex-m3"])
@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_fault_is_caught_by_name(machine, fault, tmp_path):
    if machine == "cortex-m3" and fault in OF_LINUX_ALONE:
        pytest.skip("this machine has no threads and no network")
    select, must, may = CAUGHT_BY[fault]
    found = decided(machine, fault, select, tmp_path)
    sys.stdout.write(f"\n{machine:10} {fault:26} {found.verdict:9} {', '.join(sorted(found.failed))}\n")
    assert found.verdict == "failed"
    assert must <= found.failed <= must | may
    assert not found.undecided


@pytest.mark.parametrize("machine", ["linux", "cortex-m3"])
def test_sound_firmware_passes(machine, tmp_path):
    found = judged(machine, "", GROUPS, ALL, tmp_path)
    assert (found.verdict, found.failed, found.undecided) == ("incomplete", frozenset(), ())


@pytest.mark.parametrize("fault", ["sleep-long", "send-truncates"])
def test_a_replay_comes_to_the_same(fault, tmp_path):
    select = CAUGHT_BY[fault][0]
    found = decided("linux", fault, select, tmp_path)
    assert judged("linux", fault, GROUPS, select, tmp_path, replay=True) == found
    assert found.verdict == "failed"


def test_each_fault_of_a_machine_has_its_requirement():
    first, last = "time-jumps-back", "send-truncates"
    names = list(faults())
    assert set(names[names.index(first) : names.index(last) + 1]) <= set(CAUGHT_BY)
