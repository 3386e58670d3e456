"""Boards with a PUF, each broken in one way: which scenario catches it, and that none passes."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from harness.simulator.faults.catalogue import PUF_FAULTS

ROOT = Path(__file__).parents[2]
BOARD = ROOT / "boards" / "virtual-puf.yaml"

# Which scenario must catch each: what a run of it alone fails.
SCENARIOS = {
    "puf-other-key-signs": "test_signature",
    "puf-other-curve-signs": "test_signature",
    "puf-halves-swapped": "test_signature",
    "puf-signature-in-der": "test_challenge_codes",
    "puf-little-endian-numbers": "test_signature",
    "puf-zero-s": "test_signature",
    "puf-fixed-nonce": "test_shared_nonce",
    "puf-counting-nonce": "test_guessable_nonce",
    "puf-small-nonce": "test_guessable_nonce",
    "puf-few-nonces": "test_shared_nonce",
    "puf-hash-twice": "test_signature",
    "puf-tag-unchecked": "test_altered_ciphertexts",
    "puf-point-unchecked": "test_points_off_the_curve",
    "puf-head-unchecked": "test_altered_ciphertexts",
    "puf-plain-cut": "test_opened_ciphertexts",
    "puf-id-cut": "test_identity_of_a_puf",
    "puf-derives-from-signature": "test_nothing_is_derived",
}

pytestmark = pytest.mark.mutants


def run(folder, fault, select):
    board = yaml.safe_load(BOARD.read_text())
    board["name"] = f"puf-{fault or 'sound'}"
    if fault:
        board["transports"]["console"]["fault"] = fault
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
        "--quick",
    ]
    command += ["-k", select] if select else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    report = runs / "latest" / "report.json"
    assert report.exists(), f"no run folder:\n{done.stdout}\n{done.stderr}"
    return done.returncode, json.loads(report.read_text())


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("puf")
    with ThreadPoolExecutor(2) as pool:
        futures = {name: pool.submit(run, folder, name, select) for name, select in SCENARIOS.items()}
        futures[""] = pool.submit(run, folder, "", "")
        caught = {name: future.result() for name, future in futures.items()}
    for name, (_, report) in caught.items():
        bad = [one["id"] for one in report["scenarios"] if one["verdict"] == "failed"]
        sys.stdout.write(f"{name or '(sound)':28} {report['verdict']:8} {bad[0] if bad else '-'}\n")
    return caught


def test_each_broken_puf_has_its_scenario():
    assert list(SCENARIOS) == [fault.name for fault in PUF_FAULTS]


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_is_caught(results, name):
    code, report = results[name]
    failed = [one["id"] for one in report["scenarios"] if one["verdict"] == "failed"]
    assert (code, report["verdict"]) == (1, "failed"), report["verdict"]
    assert any(SCENARIOS[name] in one for one in failed), failed


def test_the_sound_board_passes(results):
    code, report = results[""]
    bad = [
        (one["id"], one["verdict"]) for one in report["scenarios"] if one["verdict"] in ("failed", "blocked")
    ]
    assert (code, bad) == (0, [])
