"""Every broken device is caught by a scenario, with the right verdict; the sound ones pass.

Run by `make mutants`, which prints which scenario caught which device.
"""

import json
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from harness.simulator.faults.catalogue import FAULTS as ALL_FAULTS
from harness.simulator.faults.catalogue import SESSION_FAULTS, Expected, Fault, Layer
from tests.mutants.answer_scenarios import ANSWER_SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ROOT / "boards"
CONSOLE = {
    "version": 1,
    "name": "virtual-console",
    "plan": {"pattern": "own-platform", "carrier": "se", "platform": "third-party-os", "key_type": "aes-128"},
    "transports": {
        "console": {
            "kind": "simulated-console",
            "app": "id2_app",
            "device": {
                "key_type": "aes-128",
                "id": "2122232425262728292A2B2C",
                "key": {"published": "aes-128"},
                "seed": 7,
            },
        }
    },
    "console": {"transport": "console", "program": "id2_app"},
    "device": {"id": "2122232425262728292A2B2C", "key": {"simulated": "console"}},
    "declaration": {"sdk_version": "3.1.0"},
}

LINK_BOARD = "virtual-km-itls"
# The whole suite of the link takes minutes on one board, so each broken one meets the scenario that is meant for it.
LINK_SCENARIOS = {
    "link-accepts-wrong-server-code": "test_server_code",
    "link-accepts-missing-server-code": "test_server_code",
    "link-accepts-foreign-server-code": "test_server_code",
    "link-accepts-missing-premaster": "test_missing_premaster",
    "link-accepts-short-premaster": "test_premaster_size",
    "link-ignores-finished": "test_finished",
    "link-ignores-record-mac": "test_record",
    "link-accepts-skipped-sequence": "test_record",
    "link-accepts-any-challenge": "test_challenge_size",
    "link-accepts-any-suite": "test_suite_not_offered",
    "link-accepts-unknown-extension": "test_unknown_extension",
    "link-forgets-identity": "test_provisioned_over_the_wire",
    "link-never-reconnects": "test_clean_disconnect or test_dirty_disconnect",
    "link-reconnects-without-pause": "test_passing_refusal and 173",
    "link-stops-at-first-alert": "test_passing_refusal and 173",
    "link-retries-final-alert": "test_final_refusal and 169",
    "link-key-in-clear": "test_nothing_plain_on_the_wire",
    "link-payload-in-clear": "test_nothing_plain_on_the_wire",
    "link-wrong-client-id": "test_mqtt_identity",
    "link-cuts-long-data": "test_data_of_all_sizes",
    "link-drops-fragments": "test_data_of_all_sizes",
    "link-ignores-max-fragment": "test_data_of_all_sizes",
    "link-ignores-close-notify": "test_clean_disconnect",
    "link-never-pings": "test_idle_session",
    "link-prints-product-secret": "test_nothing_secret_on_the_console",
    "link-compares-code-start": "test_server_code",
    "link-compares-code-middle": "test_server_code",
    "link-compares-code-end": "test_server_code",
    "link-compares-code-sum": "test_server_code",
    "link-ignores-code-type": "test_server_code",
    "link-ignores-code-random": "test_server_code",
    "link-ignores-premaster-padding": "test_premaster_padding",
    "link-compares-finished-start": "test_finished",
    "link-compares-finished-end": "test_finished",
    "link-compares-finished-sum": "test_finished",
    "link-compares-mac-start": "test_finished",
    "link-compares-mac-end": "test_finished",
    "link-compares-mac-length": "test_finished",
    "link-ignores-padding": "test_record_padding",
    "link-clamps-padding": "test_record_padding",
    "link-accepts-any-version": "test_version",
    "link-accepts-any-record-version": "test_version or test_record_version",
    "link-accepts-any-compression": "test_compression",
    "link-accepts-long-session-id": "test_odd_form",
    "link-accepts-any-verify-request": "test_odd_form",
    "link-skips-unasked-messages": "test_order",
    "link-skips-unknown-records": "test_order",
    "link-skips-change-cipher-spec": "test_order_under_keys",
    "link-takes-data-in-clear": "test_order",
    "link-takes-another-finished": "test_order_under_keys",
    "link-zero-iv": "test_fresh_values or test_randoms",
    "link-counted-iv": "test_fresh_values or test_randoms",
    "link-chained-iv": "test_fresh_values or test_randoms",
    "link-reused-iv": "test_fresh_values or test_randoms",
    "link-same-device-random": "test_fresh_values or test_randoms",
    "link-counts-device-random": "test_fresh_values or test_randoms",
    "link-counts-client-random": "test_fresh_values or test_randoms",
    "link-time-only-client-random": "test_fresh_values or test_randoms",
    "link-few-bits-client-random": "test_fresh_values or test_randoms",
}

# Those that show over a whole run only are tried in test_whole_run_mutants.
# Those of a PUF are tried in test_puf_mutants, those of a module in test_module_mutants.
FAULTS = tuple(
    fault
    for fault in ALL_FAULTS
    if fault not in SESSION_FAULTS and fault.layer not in {Layer.PUF, Layer.MODULE}
)
BY_NAME = {fault.name: fault for fault in FAULTS}

pytestmark = pytest.mark.mutants


@dataclass(frozen=True)
class Caught:
    """What a run said about one broken device."""

    verdict: str
    exit_code: int
    by: tuple[str, ...]


def board_with(fault: Fault | None, base: dict, folder: Path) -> Path:
    board = json.loads(json.dumps(base))
    name = fault.name if fault else "sound"
    board["name"] = f"{board['name']}-{name}"
    if fault:
        (transport,) = board["transports"].values()
        where = transport if fault.layer in {Layer.CONSOLE, Layer.LINK} else transport["device"]
        where["fault"] = fault.name
    if "link" in board:
        board["link"] |= {"connect_timeout_s": 4, "reconnect_timeout_s": 6}
    elif "chip" in board:
        board["chip"]["timeout_s"] = 0.5
    else:
        board["limits"] = {"self_test_s": 3}
        board["console"]["boot_timeout_s"] = 1
    path = folder / f"{board['name']}.yaml"
    path.write_text(yaml.safe_dump(board))
    return path


def base_for(fault: Fault) -> dict:
    if fault.layer is Layer.CONSOLE:
        return CONSOLE
    if fault.layer is Layer.LINK:
        return yaml.safe_load((BOARDS / f"{LINK_BOARD}.yaml").read_text())
    for name in ("virtual-se-i2c", "virtual-se-sm4", "virtual-se-mtk"):
        board = yaml.safe_load((BOARDS / f"{name}.yaml").read_text())
        (transport,) = board["transports"].values()
        device = transport["device"]
        fits = fault.fits(device["command_set"]) and device["key_type"] in fault.key_types
        if fits and (not fault.needs or device.get("answers", "direct") in fault.needs):
            return board
    raise AssertionError(f"no virtual board can have the fault {fault.name}: needs {fault.needs!r}")


def run(board: Path, runs: Path, select: str | None = None, *, quick: bool = True) -> Caught:
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        "--without-pdf",
        str(board),
        f"--runs={runs / board.stem}",
    ]
    command += ["-k", select] if select else []
    command += ["--quick"] if quick else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (runs / board.stem / "latest").exists(), f"no run folder:\n{done.stdout}\n{done.stderr}"
    report = json.loads((runs / board.stem / "latest" / "report.json").read_text())
    bad = [one["id"] for one in report["scenarios"] if one["verdict"] in {"failed", "blocked", "error"}]
    return Caught(report["verdict"], done.returncode, tuple(bad))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutants")
    with ThreadPoolExecutor(2) as pool:
        futures: dict[str, Future[Caught]] = {
            fault.name: pool.submit(
                run,
                board_with(fault, base_for(fault), folder),
                folder / "runs",
                LINK_SCENARIOS.get(fault.name) or ANSWER_SCENARIOS.get(fault.name),
            )
            for fault in FAULTS
        }
        caught = {name: future.result() for name, future in futures.items()}
    lines = [f"\n{'broken device':40} {'expected':9} {'verdict':9} caught by"]
    for name, one in caught.items():
        more = f" and {len(one.by) - 1} more" if len(one.by) > 1 else ""
        lines.append(
            f"{name:40} {BY_NAME[name].expected:9} {one.verdict:9} {one.by[0] if one.by else '-'}{more}"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return caught


def test_each_broken_link_has_its_scenario():
    assert list(LINK_SCENARIOS) == [fault.name for fault in FAULTS if fault.layer is Layer.LINK]


def test_there_are_enough():
    assert sum(fault.expected is not Expected.PASSED for fault in FAULTS) >= 20


@pytest.mark.parametrize("name", BY_NAME)
def test_broken_device_is_caught(name, results):
    expected, caught = BY_NAME[name].expected, results[name]
    assert caught.verdict == expected, f"{name}: {BY_NAME[name].summary}; caught by {caught.by}"
    assert caught.exit_code == {"failed": 1, "blocked": 3, "passed": 0}[expected]


def test_sound_console_board_passes(tmp_path):
    assert run(board_with(None, CONSOLE, tmp_path), tmp_path / "runs").verdict == "passed"
