"""Every fault that can be compiled into the HAL of our firmware is caught, each by the requirements that name it.

Run by `make mutants`, which prints which requirement caught which firmware.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
AREAS = {
    "random": "random",
    "kv": "kv",
    "partition": "partition",
    "device-id": "device_id and not randoms",
    "sha256": "md5 or sha1 or sha256 or sm3",
    "sm3": "md5 or sha1 or sha256 or sm3",
    "cbc": "aes or sm4",
    "ctr": "aes or sm4",
    "sm4": "aes or sm4",
}
"""Which scenarios a fault meets: those of its area. The whole suite takes too long for each."""

CAUGHT_BY = {
    "random-constant": {"HAL-RND-02", "HAL-RND-03", "HAL-RND-04", "RND-02", "RND-04", "RND-05"},
    "random-repeats-after-reset": {"HAL-RND-03", "HAL-RND-04", "RND-02", "RND-05"},
    "random-stuck-bit": {"HAL-RND-02", "RND-02"},
    "random-repeats-block": {"HAL-RND-02", "HAL-RND-03", "HAL-RND-04", "RND-02", "RND-04", "RND-05"},
    "random-short": {"HAL-RND-01", "HAL-RND-02", "HAL-RND-03", "HAL-RND-04"},
    "kv-loses-last-write": {"HAL-KV-06", "HAL-KV-07", "HAL-KV-08"},
    "kv-forgets": {"HAL-KV-06", "HAL-KV-07", "HAL-KV-08"},
    "kv-truncates": {"HAL-KV-01"},
    "kv-keeps-deleted": {"HAL-KV-06", "HAL-KV-07"},
    "partition-off-by-one": {"HAL-PART-02", "HAL-PART-04", "HAL-PART-05", "HAL-PART-06", "HAL-PART-07"},
    "partition-lost-on-power-cut": {"HAL-PART-07"},
    "partition-beyond-end": {"HAL-PART-04"},
    "device-id-changes": {"HAL-ID-01", "HAL-ID-03", "HAL-ID-04", "HAL-ID-05"},
    "device-id-changes-after-reset": {"HAL-ID-04", "HAL-ID-05"},
    "device-id-short-buffer": {"HAL-ID-02"},
    "sha256-pieces-wrong": {"HAL-HASH-03"},
    "sm3-tail-wrong": {"HAL-HASH-04"},
    "cbc-iv-not-chained": {"HAL-AES-02", "HAL-SM4-02"},
    "ctr-carry-lost": {"HAL-AES-03", "HAL-SM4-03"},
    "sm4-decrypt-wrong": {"HAL-SM4-01", "HAL-SM4-02"},
}

pytestmark = pytest.mark.mutants


def failed(fault, folder, select):
    """Run the scenarios of an area on a firmware; return the requirements that failed, and the verdict of the run."""
    board = yaml.safe_load((ROOT / "boards" / "virtual-probe.yaml").read_text())
    if fault:
        board["transports"]["console"]["fault"] = fault
    path = folder / f"{fault or 'sound'}.yaml"
    path.write_text(yaml.safe_dump(board))
    runs = folder / "runs" / path.stem
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        "--without-pdf",
        str(path),
        f"--runs={runs}",
        "-k",
        select,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (runs / "latest").exists(), f"no run folder:\n{done.stdout}\n{done.stderr}"
    report = json.loads((runs / "latest" / "report.json").read_text())
    steps = [step for one in report["scenarios"] for step in one["steps"]]
    assert not [one["id"] for one in report["scenarios"] if one["verdict"] in {"blocked", "error"}]
    return {step["requirement"] for step in steps if step["verdict"] == "failed"}, report["verdict"]


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_fault_is_caught_by_name(fault, tmp_path):
    area = next(words for name, words in AREAS.items() if fault.startswith(name))
    found, verdict = failed(fault, tmp_path, area)
    sys.stdout.write(f"\n{fault:32} {verdict:9} {', '.join(sorted(found))}\n")
    assert verdict == "failed"
    assert found == CAUGHT_BY[fault]


@pytest.mark.parametrize("area", dict.fromkeys(AREAS.values()))
def test_sound_firmware_passes(area, tmp_path):
    assert failed("", tmp_path, area) == (set(), "incomplete")
