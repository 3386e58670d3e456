"""Exploring finds faults of a firmware that show only after certain calls, none of which a fixed scenario names."""

import json
import re
import sys
import time
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.explore.sequence import load
from harness.simulator.machine.sources import FOLDER

SECONDS = 120
"""How long the explorer looks for each fault; the goal is ten minutes."""

ENOUGH = 12
"""How many of the faults must be found."""

SEED = 1

BOARD = """\
version: 1
name: explored-{fault}
plan: {{pattern: own-platform, carrier: demo, platform: third-party-os, key_type: aes-128}}
transports:
  console:
    kind: firmware
    machine: linux
    carrier: demo
    device:
      {{command_set: ica, key_type: aes-128, id: 2122232425262728292A2B2C, key: {{published: aes-128}}, seed: 1}}
{broken}
    actions:
      reset: [{{rts: on}}, {{wait_ms: 1}}, {{rts: off}}]
      "off": [{{dtr: off}}, {{wait_ms: 1}}]
      "on": [{{dtr: on}}]
console: {{transport: console, program: id2_app}}
probe: {{}}
carrier: {{kind: probe}}
controllers:
  lines: {{kind: serial-lines, reset: reset, power_off: "off", power_on: "on"}}
device: {{serial_number: EXPLORED, id: 2122232425262728292A2B2C, key: {{simulated: console}}, spare: true}}
declaration:
  features: [encrypt, derive-key, secret, verify-server, kpm, totp, otp]
service: {{endpoint: mock, product: {{name: virtual_lock, licences: 10, validity_years: 5}}}}
"""


def faults():
    """Return the faults that depend on the state of the client, as the firmware lists them."""
    text = (FOLDER / "faults.h").read_text()
    listed = text[text.index("#define ID2_STATE_FAULTS(X)") :].split("\n\n")[0]
    return [name.lower().replace("_", "-") for name in re.findall(r"X\(([A-Z_0-9]+),", listed)]


def explored(folder, fault, seconds):
    """Explore a firmware; return the exit code, the seconds, and the run folder."""
    broken = f"    fault: {fault}" if fault else ""
    board = folder / f"explored-{fault or 'sound'}.yaml"
    board.write_text(BOARD.format(fault=fault or "sound", broken=broken))
    runs = folder / "runs"
    began = time.monotonic()
    code = invoke(
        ["explore", str(board), "--for", f"{seconds}s", "--seed", str(SEED), f"--runs={runs}", "-q"]
    )
    (run,) = runs.glob("[0-9]*")
    return code, time.monotonic() - began, run


@pytest.mark.mutants
def test_most_state_dependent_faults_are_found(tmp_path, capfd):
    found, missed = [], []
    for fault in faults():
        folder = tmp_path / fault
        folder.mkdir()
        code, seconds, run = explored(folder, fault, SECONDS)
        capfd.readouterr()
        lines = (run / "journal.jsonl").read_text().splitlines()
        notes = [json.loads(line).get("text", "") for line in lines]
        told = next((text for text in notes if text.startswith("explored with seed")), "no word of exploring")
        kept = [load(one) for one in (run / "evidence").glob("*sequence.json")]
        length = f"shrunk to {len(kept[0])} steps" if code == 1 else f"exit code {code}"
        with capfd.disabled():
            sys.stdout.write(f"{fault:32} {seconds:6.1f} s  {length}; {told}\n")
        (found if code == 1 else missed).append(fault)
    assert len(faults()) == 15
    assert len(found) >= ENOUGH, f"not found: {', '.join(missed)}"


@pytest.mark.mutants
def test_sound_firmware_is_not_accused(tmp_path):
    code, _, run = explored(tmp_path, "", SECONDS)
    assert code == 0, f"{Path(run, 'journal.jsonl').read_text()[-3000:]}"


def test_no_scenario_names_a_state_dependent_fault():
    root = Path(__file__).resolve().parents[2]
    texts = [path.read_text() for path in (root / "suites").rglob("*.py")]
    texts.append((root / "suites" / "requirements.yaml").read_text())
    assert [name for name in faults() if any(name in text for text in texts)] == []
