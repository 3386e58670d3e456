"""Firmwares with a fault in the client or in the SE driver: each is caught by the requirement that is meant for it.

Run by `make mutants`. The client is judged on the Demo carrier, the driver over a simulated chip.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
import yaml

from harness.simulator.machine.sources import faults
from tests.pages import ROOT

pytestmark = pytest.mark.mutants

DEVICE = {"key_type": "aes-128", "id": "2122232425262728292A2B2C", "key": {"published": "aes-128"}}
CLIENT = "test_client_limits or test_client_lifecycle or test_id2_api or test_nearly_right_server_code"
DRIVER = "test_driver"

CLIENT_FAULTS = {
    "id-cut-to-buffer": "API-BUF-01",
    "length-not-reported": "API-BUF-02",
    "challenge-ends-in-nul": "API-BUF-03",
    "decrypt-cuts": "API-BUF-04",
    "length-pointer-unchecked": "API-NUL-01",
    "extra-ends-at-nul": "API-EXT-02",
    "zero-padding-taken": "API-DEC-02",
    "challenge-not-clipped": "API-LIM-03",
    "empty-seed-taken": "API-LIM-04",
    "key-length-unchecked": "API-LIM-05",
    "server-sign-unchecked": "API-LIM-06",
    "server-sign-beginning": "VER-06",
    "server-sign-end-unchecked": "VER-06",
    "server-random-beginning": "VER-06",
    "server-extra-beginning": "VER-06",
    "id-before-init": "API-INI-01",
    "init-not-counted": "API-INI-02",
    "cleanup-needs-init": "API-INI-01",
    "id-after-cleanup": "API-INI-03",
}
DRIVER_FAULTS = {
    "driver-before-open": "DRV-02",
    "driver-takes-any-handle": "DRV-04",
    "driver-overflows": "DRV-05",
    "driver-swallows-status": "DRV-06",
    "driver-drops-last-byte": "DRV-07",
    "driver-ok-without-chip": "DRV-09",
}
NAMED = {"extra-ends-at-nul": "k.3", "zero-padding-taken": "k.2"}
"""Faults that are known defects of the vendor's SDK, with the id of the finding that names each."""


@dataclass(frozen=True)
class Judged:
    """What a run said.

    Attributes:
        failed: Requirements with a failed step.
        blocked: Requirements with a step that is blocked or in error.
        passed: Requirements with a step that passed.
        findings: Ids of the findings.
    """

    failed: frozenset[str]
    blocked: frozenset[str]
    passed: frozenset[str]
    findings: frozenset[str]


@pytest.fixture
def judge(tmp_path):
    def run(carrier, select, *, fault=None, chip=True, probe=True, linked=True):
        console = {
            "kind": "firmware",
            "machine": "linux",
            "carrier": carrier,
            "device": DEVICE,
            "probe": linked,
        }
        device = {"id": DEVICE["id"], "key": {"simulated": "console"}}
        declaration = {
            "sdk_version": "3.1.0",
            "features": ["encrypt", "secret", "derive-key", "verify-server"],
            "port": ["driver"] if carrier == "se" else [],
            "chip_fitted": chip,
        }
        if fault:
            console["fault"] = fault
        if not chip:
            del console["device"], device["key"]
        board = {
            "version": 1,
            "name": "firmware-calls",
            "plan": {
                "pattern": "own-platform",
                "carrier": carrier,
                "platform": "third-party-os",
                "key_type": "aes-128",
            },
            "transports": {"console": console},
            "console": {"transport": "console", "program": "id2_app"},
            **({"probe": {}, "carrier": {"kind": "probe"}} if probe else {}),
            "device": device,
            "declaration": declaration,
            "service": {"endpoint": "mock", "product": {"name": "firmware_calls"}},
        }
        path = tmp_path / "firmware-calls.yaml"
        path.write_text(yaml.safe_dump(board))
        command = [
            sys.executable,
            "-m",
            "harness.cli.main",
            "run",
            "--without-pdf",
            str(path),
            f"--runs={tmp_path / 'runs'}",
        ]
        done = subprocess.run(
            [*command, "-k", select], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        latest = tmp_path / "runs" / "latest" / "report.json"
        assert latest.is_file(), f"no run folder:\n{done.stdout}\n{done.stderr}"
        return _judged(json.loads(latest.read_text()))

    return run


def _judged(report):
    steps = [(step["requirement"], step["verdict"]) for one in report["scenarios"] for step in one["steps"]]

    def having(*verdicts):
        return frozenset(requirement for requirement, verdict in steps if verdict in verdicts)

    findings = frozenset(one["defect"] for one in report["findings"])
    return Judged(having("failed"), having("blocked", "error"), having("passed"), findings)


@pytest.mark.parametrize(("fault", "requirement"), CLIENT_FAULTS.items())
def test_broken_client_is_caught(fault, requirement, judge):
    judged = judge("demo", CLIENT, fault=fault)
    assert requirement in judged.failed
    assert not judged.blocked
    assert judged.findings & {"k.2", "k.3"} == ({NAMED[fault]} if fault in NAMED else set())


@pytest.mark.parametrize(("fault", "requirement"), DRIVER_FAULTS.items())
def test_broken_driver_is_caught(fault, requirement, judge):
    judged = judge("se", DRIVER, fault=fault, chip=requirement != "DRV-09")
    assert requirement in judged.failed
    assert not judged.blocked


@pytest.mark.parametrize("carrier", ["demo", "se"])
def test_sound_firmware_passes(carrier, judge):
    judged = judge(carrier, f"{CLIENT} or {DRIVER}")
    assert (judged.failed, judged.blocked) == (frozenset(), frozenset())
    assert set(CLIENT_FAULTS.values()) <= judged.passed
    assert judged.passed >= (set(DRIVER_FAULTS.values()) - {"DRV-09"} if carrier == "se" else set())
    assert judged.findings >= {"k.5", "k.8", "probe-in-firmware"}


def test_sound_driver_without_a_chip_passes(judge):
    judged = judge("se", DRIVER, chip=False)
    assert (judged.failed, judged.blocked, judged.passed) == (frozenset(), frozenset(), frozenset({"DRV-09"}))


@pytest.mark.parametrize("linked", [True, False])
def test_a_probe_in_the_firmware_of_a_product_is_named(linked, judge):
    judged = judge("demo", "test_console", probe=False, linked=linked)
    assert ("LOG-12" in judged.failed) is linked
    assert ("probe-in-firmware" in judged.findings) is linked


def test_each_fault_of_the_sources_has_its_requirement():
    names = {name for name in faults() if name.startswith("driver-") or name in CLIENT_FAULTS}
    assert names == set(CLIENT_FAULTS) | set(DRIVER_FAULTS)
