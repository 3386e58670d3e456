"""A trusted application that is missing or panics, a key in the normal world, another carrier: none passes on the TEE board.

Run by `make mutants`, on the board that is provisioned through its trusted application, with its link.
"""

import sys

import pytest

from tests.mutants.link_runs import judged

pytestmark = pytest.mark.mutants

ON = "virtual-tee"
ON_CONSOLE = "test_nothing_secret_on_the_console"

IN_PROGRAM = "The program says what it is, and what follows agrees"
"""The scenario in which the program is started: it fails, outside of its steps, when the board has crashed."""

FAULTS = {
    "ta-missing": ({"LOG-02", "LOG-05", "LOG-07"}, "test_console"),
    "supplicant-missing": ({"LOG-02", "LOG-05", "LOG-07"}, "test_console"),
    "ta-panics": ({"LOG-10"}, "test_console"),
    "ta-panics-later": ({IN_PROGRAM}, "test_console"),  # in the handshake, before id2_app
    "key-printed": ({"LINK-13"}, ON_CONSOLE),
    "key-printed-bytes": ({"LINK-13"}, ON_CONSOLE),
    "key-printed-base64": ({"LINK-13"}, ON_CONSOLE),
    "link-prints-key": ({"LINK-13"}, ON_CONSOLE),
    "identity-not-kept": ({"LINK-03"}, "test_provisioned_over_the_wire"),
}
"""Fault: requirements of which one must fail, and the scenarios that are run."""

CARRIERS = {"demo": {"LOG-08", "LOG-09"}, "km": {"LOG-09"}}
"""Carrier that is linked where the plan has a TEE: requirements of which one must fail."""


def said(name, found):
    """Print what a run came to, and return what failed."""
    failed = {requirement for requirement, verdict in found.verdicts.items() if verdict == "failed"}
    sys.stdout.write(f"\n{name:24} {', '.join(sorted(failed)) or '-'} undecided: {found.undecided}\n")
    return failed


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_tee_is_caught(fault, tmp_path):
    wanted, select = FAULTS[fault]
    assert said(fault, judged(tmp_path, select, on=ON, fault=fault)) & wanted


@pytest.mark.parametrize("carrier", CARRIERS)
def test_another_carrier_than_the_tee_is_caught(carrier, tmp_path):
    found = judged(tmp_path, "test_console", on=ON, name=f"linked-{carrier}", carrier=carrier)
    assert said(carrier, found) & CARRIERS[carrier]


def test_a_sound_tee_passes_what_the_faults_fail(tmp_path):
    select = " or ".join(sorted({f"({select})" for _, select in FAULTS.values()}))
    found = judged(tmp_path, select, on=ON)
    wanted = set().union(*(requirements for requirements, _ in FAULTS.values()), *CARRIERS.values()) - {
        IN_PROGRAM
    }
    assert IN_PROGRAM not in found.verdicts
    assert not found.undecided
    assert {name: found.verdicts.get(name) for name in wanted} == dict.fromkeys(wanted, "passed")
