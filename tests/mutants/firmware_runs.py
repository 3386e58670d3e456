"""Runs of scenarios on our own firmware, sound or with one fault compiled in, on either machine."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.hostload import HostOverloadedError

ROOT = Path(__file__).resolve().parents[2]
ID = "2122232425262728292A2B2C"
NOT_ON_CORTEX_M3 = ("mutex", "semaphore", "thread", "net")


@dataclass(frozen=True)
class Judged:
    """What a run came to.

    Attributes:
        verdict: Of the run.
        failed: Requirements that failed.
        undecided: Scenarios that are blocked, or in error.
        too_busy: Whether all of those are blocked because this machine was late itself.
    """

    verdict: str
    failed: frozenset[str]
    undecided: tuple[str, ...]
    too_busy: bool = False


def board(machine: str, fault: str, port: tuple[str, ...]) -> dict:
    """Return a board file of our firmware on a machine."""
    console = {
        "kind": "firmware",
        "machine": machine,
        "carrier": "demo",
        "device": {"key_type": "aes-128", "id": ID, "key": {"published": "aes-128"}},
        "actions": {"reset": [{"rts": True}, {"wait_ms": 10}, {"rts": False}]},
    }
    if fault:
        console["fault"] = fault
    return {
        "version": 1,
        "name": f"{machine}-{fault or 'sound'}",
        "plan": {
            "pattern": "own-platform",
            "carrier": "demo",
            "platform": "third-party-os",
            "key_type": "aes-128",
        },
        "transports": {"console": console},
        "console": {"transport": "console", "program": "id2_app"},
        "probe": {},
        "carrier": {"kind": "probe"},
        "controllers": {"lines": {"kind": "serial-lines", "reset": "reset"}},
        "declaration": {
            "port": [group for group in port if machine == "linux" or group not in NOT_ON_CORTEX_M3],
            "features": [],
        },
    }


def judged(
    machine: str, fault: str, port: tuple[str, ...], select: str, folder: Path, *, replay: bool = False
) -> Judged:
    """Run the scenarios that `select` names on a firmware, or replay the last such run in the same folder."""
    document = board(machine, fault, port)
    path = folder / f"{document['name']}.yaml"
    path.write_text(yaml.safe_dump(document))
    runs = folder / "runs"
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
    command += ["--replay", str((runs / "latest").resolve())] if replay else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert (runs / "latest").exists(), f"no run folder:\n{done.stdout}\n{done.stderr}"
    report = json.loads((runs / "latest" / "report.json").read_text())
    steps = [step for one in report["scenarios"] for step in one["steps"]]
    undecided = [one for one in report["scenarios"] if one["verdict"] in {"blocked", "error"}]
    return Judged(
        report["verdict"],
        frozenset(step["requirement"] for step in steps if step["verdict"] == "failed"),
        tuple(one["id"] for one in undecided),
        bool(undecided)
        and all((one["error"] or {}).get("kind") == HostOverloadedError.__name__ for one in undecided),
    )
