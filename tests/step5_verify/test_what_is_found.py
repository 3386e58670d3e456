"""What `harness verify` finds on a real board before it flashes anything."""

import json
import subprocess
import sys

import pytest
import yaml

from tests.pages import ROOT
from tests.step5_verify.bench import Bench

pytestmark = pytest.mark.slow

PLAN = {"pattern": "own-platform", "carrier": "demo", "platform": "third-party-os", "key_type": "aes-128"}
MAKE = ["make", "-s", "-C", str(ROOT / "firmware"), "image", "MACHINE=linux", "CARRIER=demo", "LINK_PROBE=0"]


def verify(folder, before, *, port=None, code):
    """Verify a board that prints `before` until something is flashed; return its report, and whether something was."""
    bench = Bench(folder, before=before)
    bench.start()
    maker = {
        "kind": "command",
        "acts_on": str(folder),
        "build": [*MAKE, f"IMAGE_DIR={folder / 'objects'}"],
        "artefact": "objects/firmware.elf",
        "flash": ["sh", "-c", "cp $0 flash.new && mv flash.new flash.elf", "{firmware}"],
    }
    document = {
        "version": 1,
        "name": "found",
        "plan": PLAN,
        "transports": {"console": {"kind": "serial", "port": port or bench.port}},
        "console": {"transport": "console", "program": "id2_app", "boot_timeout_s": 2},
        "controllers": {
            "maker": maker,
            "button": {"kind": "command", "acts_on": "the button", "reset": ["touch", "reset"]},
        },
        "limits": {"self_test_s": 30 if code == 0 else 2},
        "device": {"id": "2122232425262728292A2B2C", "key": {"published": "aes-128"}},
        "service": {"endpoint": "mock", "product": {"name": "found", "licences": 10}},
    }
    path = folder / "found.yaml"
    path.write_text(yaml.safe_dump(document))
    command = [sys.executable, "-m", "harness.cli.main", "verify", "--without-pdf", str(path)]
    command.append(f"--runs={folder / 'runs'}")
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    finally:
        bench.close()
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    report = json.loads((folder / "runs" / "latest" / "report.json").read_text())
    assert not [one for one in report["scenarios"] if one["verdict"] == "failed"]
    assert not list((folder / "runs" / "latest").glob("*.pdf"))
    return report, bench.flash.exists()


def test_an_empty_board_is_flashed_and_verified(tmp_path):
    report, _ = verify(tmp_path, b"", code=0)
    steps = {step["requirement"]: step["verdict"] for one in report["scenarios"] for step in one["steps"]}
    assert {steps[f"VER-{number:02d}"] for number in range(7, 15)} == {"passed"}


@pytest.mark.parametrize(
    ("before", "port", "said"),
    [
        (bytes(range(128, 250)) * 20, None, "the baud rate is wrong"),
        (b"<LS_LOG> x 1: ID2: 00112233445566778899AABB\r\n", None, "nothing is flashed into another board"),
        (b"", "/dev/not-there", "not-there"),
    ],
    ids=["wrong baud rate", "another board", "unplugged"],
)
def test_a_board_that_cannot_be_the_one_is_not_flashed(tmp_path, before, port, said):
    report, flashed = verify(tmp_path, before, port=port, code=3)
    assert not flashed
    assert any(said in one["reason"] for one in report["scenarios"] if one["verdict"] == "blocked")
