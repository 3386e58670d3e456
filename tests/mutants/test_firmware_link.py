"""Every fault of the link and of carrier km that can be compiled into our firmware is caught, each where it belongs.

Run by `make mutants`, which prints which requirement caught which firmware. They are judged from outside: without a probe.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.simulator.machine.sources import faults
from tests.mutants.link_runs import judged

pytestmark = pytest.mark.mutants

CAUGHT_BY = {
    "link-takes-missing-premaster": ("LINK-20", "test_missing_premaster"),
    "link-takes-short-premaster": ("LINK-21", "test_premaster_size"),
    "link-takes-unasked-extension": ("LINK-26", "test_unknown_extension"),
    "link-takes-wrong-server-code": ("LINK-19", "test_server_code and wrong-server-code"),
    "link-takes-missing-server-code": ("LINK-19", "test_server_code and no-server-code"),
    "link-takes-any-challenge": ("LINK-22", "test_challenge_size"),
    "link-takes-any-compression": ("LINK-35", "test_compression"),
    "link-takes-wrong-finished": ("LINK-23", "test_finished and wrong-finished"),
    "link-mac-unchecked": ("LINK-24", "test_record and record-mac"),
    "link-padding-unchecked": ("LINK-32", "test_record_padding"),
    "link-sequence-unchecked": ("LINK-24", "test_record and record-sequence"),
    "link-iv-repeats": ("LINK-40", "test_fresh_values"),
    "link-random-repeats": ("LINK-06", "test_hellos"),
    "link-fragment-ignored": ("LINK-10", "test_data_of_all_sizes"),
    "link-never-reconnects": ("LINK-16", "test_clean_disconnect"),
    "link-reconnects-at-once": ("LINK-29", "test_passing_refusal and 173"),
    "link-stops-at-first-alert": ("LINK-29", "test_passing_refusal and 173"),
    "link-retries-final-alert": ("LINK-30", "test_final_refusal and 169"),
    "link-never-pings": ("LINK-15", "test_idle_session"),
    "link-cuts-long-data": ("LINK-10", "test_data_of_all_sizes"),
    "link-prints-product-secret": ("LINK-13", "test_nothing_secret_on_the_console"),
    "link-prints-key": ("LINK-13", "test_nothing_secret_on_the_console"),
    "link-key-in-clear": ("LINK-12", "test_nothing_plain_on_the_wire"),
    "link-client-id-wrong": ("LINK-09", "test_mqtt_identity"),
    "link-asks-at-each-start": ("LINK-03", "test_provisioned_over_the_wire"),
    "link-asks-without-end": ("LINK-04", "test_refused_provisioning"),
    "link-takes-spoilt-otp-data": ("LINK-05", "test_spoilt_otp_data"),
    "identity-not-kept": ("LINK-03", "test_provisioned_over_the_wire"),
    "identity-lost-on-power-cut": ("PWR-01", "test_identity_under_power_cuts"),
    "link-code-over-time": ("PWR-02", "test_start_without_the_time"),
    "identity-outlives-erasing": ("LIC-06", "test_erased_device_is_a_new_one"),
}
"""The requirement that a fault breaks, and the scenarios that are run."""

NAMED = {"link-takes-missing-premaster": "k.9"}
"""Faults that are known defects of the vendor's SDK, with the id of the finding that names each."""

LONG_AGO_S = -900_000_000


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("link-firmwares")
    with ThreadPoolExecutor(2) as pool:
        futures = {
            fault: pool.submit(judged, folder, select, fault=fault)
            for fault, (_, select) in CAUGHT_BY.items()
        }
        found = {fault: future.result() for fault, future in futures.items()}
    lines = [f"\n{'broken firmware':34} caught by"]
    for fault, one in found.items():
        failed = sorted(name for name, verdict in one.verdicts.items() if verdict == "failed")
        lines.append(f"{fault:34} {', '.join(failed) or '-'}")
    sys.stdout.write("\n".join(lines) + "\n")
    return found


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_broken_link_is_caught(fault, results):
    requirement, _ = CAUGHT_BY[fault]
    found = results[fault]
    assert found.verdicts.get(requirement) == "failed", (found.verdicts, found.undecided)
    assert not found.undecided
    if fault in NAMED:
        assert NAMED[fault] in found.findings


def test_each_fault_of_the_link_has_its_requirement():
    assert set(CAUGHT_BY) == {name for name in faults() if name.startswith(("link-", "identity-"))}


def test_sound_firmware_passes_whatever_its_clock_says(tmp_path):
    select = " or ".join(dict.fromkeys(f"({select})" for _, select in CAUGHT_BY.values()))
    found = judged(tmp_path, f"({select}) or erased", clock_offset_s=LONG_AGO_S)
    assert not found.undecided
    wanted = {requirement for requirement, _ in CAUGHT_BY.values()} | {"LIC-06", "LIC-07"}
    assert {name: found.verdicts.get(name) for name in wanted} == dict.fromkeys(wanted, "passed")
