"""Every broken security module, behind the socket protocol and behind AT commands: which scenario catches it."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from harness.simulator.faults.catalogue import FAULTS, find
from harness.simulator.faults.fault import Layer

ROOT = Path(__file__).resolve().parents[2]
BOARDS = {"socket": "virtual-module", "at": "virtual-module-at"}
SCENARIOS = {
    "module-timestamp-as-challenge": "test_timestamp_codes",
    "module-shared-init": "test_inits_of_two_connections",
    "module-no-init-needed": "test_before_init",
    "module-one-connection-at-a-time": "test_two_connections",
    "module-body-with-error": "test_answers_on_the_wire",
    "module-magic-wrong": "test_identity",
    "module-other-command-number": "test_answers_on_the_wire",
    "module-field-one-too-long": "test_identity",
    "module-body-one-too-short": "test_identity",
    "module-version-with-length": "test_answers_on_the_wire",
    "module-positive-errors": "test_decrypt",
    "module-partial-writes": "test_whole_writes",
    "module-late-answers": "test_answer_times",
    "module-silent-on-unknown-command": "test_unknown_commands",
    "module-id-changes": "test_same_id",
    "module-id-lower-case": "test_identity",
    "module-repeated-random": "test_device_randoms",
    "module-wrong-key": "test_signature",
    "module-extra-not-signed": "test_signature",
    "module-extra-ends-at-nul": "test_extra_with_nul",
    "module-long-challenge-taken": "test_challenge_limits",
    "module-long-extra-taken": "test_extra_limits",
    "module-padding-not-checked": "test_decrypt",
    "module-server-code-not-checked": "test_nearly_right_server_code",
}
"""The scenario that catches each, by the name of its function."""

AT_SCENARIOS = {"module-no-init-needed": None}
"""What another scenario catches behind AT commands; None for what nobody asks there."""

pytestmark = pytest.mark.mutants


def cases():
    for fault in FAULTS:
        if fault.layer is not Layer.MODULE:
            continue
        for protocol in sorted(fault.module_hooks().protocols):
            scenario = (
                AT_SCENARIOS.get(fault.name, SCENARIOS[fault.name])
                if protocol == "at"
                else SCENARIOS[fault.name]
            )
            if scenario is not None:
                yield fault.name, protocol, scenario


CASES = list(cases())


def run(case, folder):
    name, protocol, scenario = case
    board = yaml.safe_load((ROOT / "boards" / f"{BOARDS[protocol]}.yaml").read_text())
    board["name"] = f"{name}-{protocol}"
    for transport in board["transports"].values():
        transport["device"] = {**transport["device"], "fault": name}
    if name == "module-late-answers":
        board["limits"] = {"auth_code_s": 0.3}
    if protocol == "socket":
        board["carrier"]["answer_s"] = 2
    path = folder / f"{board['name']}.yaml"
    path.write_text(yaml.safe_dump(board))
    runs = folder / board["name"]
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        "--without-pdf",
        str(path),
        f"--runs={runs}",
        "-k",
        scenario,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (runs / "latest").exists(), f"no run folder:\n{done.stdout}\n{done.stderr}"
    report = json.loads((runs / "latest" / "report.json").read_text())
    failed = [one["id"] for one in report["scenarios"] if one["verdict"] == "failed"]
    return report["verdict"], done.returncode, failed, json.dumps(report)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(CASES, pool.map(lambda case: run(case, folder), CASES), strict=True))
    for (name, protocol, _), (verdict, _, failed, _) in found.items():
        sys.stdout.write(f"\n{name:36} {protocol:7} {verdict:9} {failed[0] if failed else '-'}")
    return found


def test_there_are_enough_and_each_has_its_scenario():
    names = [fault.name for fault in FAULTS if fault.layer is Layer.MODULE]
    assert list(SCENARIOS) == names
    assert len(names) >= 10


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_broken_module_is_caught(case, results):
    verdict, exit_code, failed, report = results[case]
    assert (verdict, exit_code) == ("failed", 1), find(case[0]).summary
    assert any(case[2] in one for one in failed), failed
    if case[0] == "module-timestamp-as-challenge":
        assert "known defect k.10" in report
