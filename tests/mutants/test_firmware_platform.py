"""Each fault of the system around our client is caught, and by the scenario that is meant for it; none passes.

Run by `make firmware-mutants`, which prints what each run came to. A fault that shows a wrong device fails by name. One
that leaves nothing to judge, such as a console that is dead, must not pass and must not be called the device's fault.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
import yaml

from harness.simulator.machine.sources import FOLDER, faults
from tests.mutants.firmware_runs import ROOT

pytestmark = pytest.mark.mutants

IN_PROGRAM = "The program says what it is, and what follows agrees"
"""The scenario that starts the program: it fails, outside of its steps, when the board crashes or starts anew in it."""
WITH_LEAKS = "test_console or test_key_never_shown"
DEVICE = {"key_type": "aes-128", "id": "2122232425262728292A2B2C", "key": {"published": "aes-128"}}
PLATFORMS = {"alios-1": "alios-things", "alios-3": "alios-things", "linux": "link-tee"}


@dataclass(frozen=True)
class Variant:
    """A board that is wrong in one way.

    Attributes:
        dialect: The system that our firmware is dressed as.
        carrier: Where it keeps the key.
        select: The scenarios that it meets.
        by: Requirements of which one must fail; empty where nothing may be called the device's fault.
        plan: Carrier of the plan, where it is another.
        probe: Whether the board has a probe.
    """

    dialect: str
    by: tuple[str, ...] = ()
    carrier: str = "se"
    select: str = "test_console"
    plan: str = ""
    probe: bool = False


FAILED = {
    "app-crashes": Variant("alios-3", (IN_PROGRAM, "LOG-10")),
    "app-overflows-stack": Variant("rt-thread", (IN_PROGRAM, "LOG-10")),
    "app-aborts": Variant("alios-1", (IN_PROGRAM, "LOG-10")),
    "app-hangs": Variant("esp-idf", (IN_PROGRAM, "LOG-10")),
    "app-reboots": Variant("alios-3", (IN_PROGRAM, "LOG-10", "LOG-02", "LOG-05")),
    "app-reboots-once": Variant("linux", (IN_PROGRAM, "LOG-10", "LOG-02", "LOG-05"), carrier="tee"),
    "app-crashes-at-end": Variant("zephyr", (IN_PROGRAM, "LOG-10")),
    "app-ends-early": Variant("rt-thread", ("LOG-05",)),
    "report-of-another": Variant("alios-3", ("LOG-05", "LOG-09")),
    "boot-loop": Variant("esp-idf", (IN_PROGRAM,)),
    "boot-loop-silent": Variant("rt-thread", (IN_PROGRAM,)),
    "boot-loop-by-watchdog": Variant("alios-3", (IN_PROGRAM,)),
    "command-of-another": Variant("alios-3", ("LOG-01", "LOG-09", "LOG-05")),
    "random-source-dead": Variant("rt-thread", ("LOG-04",)),
    "key-printed": Variant("linux", ("LEAK-01",), carrier="tee", select=WITH_LEAKS),
    "key-printed-bytes": Variant("linux", ("LEAK-01",), carrier="tee", select=WITH_LEAKS),
    "key-printed-base64": Variant("linux", ("LEAK-01",), carrier="tee", select=WITH_LEAKS),
    "ta-missing": Variant("linux", ("LOG-02", "LOG-05", "LOG-07"), carrier="tee"),
    "ta-panics": Variant("linux", ("LOG-10",), carrier="tee"),
    "ta-panics-later": Variant("linux", ("LOG-10",), carrier="tee"),
    "supplicant-missing": Variant("linux", ("LOG-02", "LOG-05", "LOG-07"), carrier="tee"),
    "deaf-after-reboot": Variant("alios-3", ("ROB-06",), select="test_shell_over_reset"),
    "flash-forgets": Variant("rt-thread", ("HAL-KV-06", "HAL-PART-05"), select="over_reset", probe=True),
}
"""Fault: what must fail."""

NOT_JUDGED = {
    "app-stops": Variant("alios-1"),
    "console-dead": Variant("alios-3"),
    "line-speed-wrong": Variant("rt-thread"),
    "output-loses": Variant("alios-3"),
    "prompt-never": Variant("zephyr"),
    "shell-deaf": Variant("alios-3"),
    "command-missing": Variant("rt-thread"),
}
"""Faults after which nothing can be judged."""


TOLERATED = {"input-loses": Variant("alios-3")}
"""Faults that a line or a person's hand can cause as well: nothing may be called the device's fault."""

NOT_LOOKED_FOR = {
    "reset-cause-watchdog": "a board that is fed through its console keeps an old cause over a loss of power",
    "start-of-another": "a boot loader of another system may greet before the board's own",
    "clock-an-hour-wrong": "no function of ID2 takes the time of day from the board: the caller gives it",
}
"""Faults that show no wrong device, with the reason."""

WRONGLY_BUILT = {
    "a Demo carrier where the plan has a chip": Variant(
        "alios-3", ("LOG-08", "LOG-09"), carrier="demo", plan="se"
    ),
    "a TEE where the plan has a chip": Variant("rt-thread", ("LOG-09",), carrier="tee", plan="se"),
}
"""Sound firmwares that are not what the plan says."""

SOUND = {
    "alios-1": Variant("alios-1"),
    "alios-3": Variant("alios-3"),
    "rt-thread": Variant("rt-thread"),
    "zephyr": Variant("zephyr"),
    "esp-idf": Variant("esp-idf"),
    "linux": Variant("linux", carrier="tee", select=WITH_LEAKS),
}


@dataclass(frozen=True)
class Judged:
    """What a run came to.

    Attributes:
        verdict: Of the run.
        failed: Requirements that failed, and titles of scenarios that failed outside of their steps.
        undecided: Scenarios that are blocked or in error, with the reason.
    """

    verdict: str
    failed: frozenset[str]
    undecided: tuple[str, ...]


def board(variant, fault, chatter_ms=0):
    """Return the board file of a variant."""
    console = {
        "kind": "firmware",
        "machine": "linux",
        "carrier": variant.carrier,
        "dialect": variant.dialect,
        "boot_ms": 300,
        "chatter_ms": chatter_ms,
        "probe": variant.probe,
        "device": DEVICE,
        "actions": {
            "reset": [{"rts": True}, {"rts": False}],
            "off": [{"dtr": False}],
            "on": [{"dtr": True}],
        },
    }
    if fault:
        console["fault"] = fault
    program = {
        "transport": "console",
        "program": "id2_app",
        "dialect": variant.dialect,
        "command": "id2_app",
        "boot_timeout_s": 10,
    }
    if variant.dialect == "linux":
        program["login"] = {"user": "root"}
    document = {
        "version": 1,
        "name": "firmware-platform",
        "plan": {
            "pattern": "iot-platform" if variant.dialect == "linux" else "own-platform",
            "carrier": variant.plan or variant.carrier,
            "platform": PLATFORMS.get(variant.dialect, "third-party-os"),
            "key_type": "aes-128",
        },
        "transports": {"console": console},
        "console": program,
        "controllers": {
            "board": {"kind": "serial-lines", "reset": "reset", "power_off": "off", "power_on": "on"}
        },
        "device": {"id": DEVICE["id"], "key": {"simulated": "console"}},
        "limits": {"self_test_s": 20},
    }
    if variant.probe:
        document |= {"probe": {}, "declaration": {"port": ["kv", "partition"]}}
    return document


def judged(variant, folder, fault="", chatter_ms=0):
    """Run the scenarios of a variant."""
    path = folder / "firmware-platform.yaml"
    path.write_text(yaml.safe_dump(board(variant, fault, chatter_ms)))
    runs = folder / "runs"
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        str(path),
        f"--runs={runs}",
        "-k",
        variant.select,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert (runs / "latest" / "report.json").exists(), f"no run folder:\n{done.stdout}\n{done.stderr}"
    report = json.loads((runs / "latest" / "report.json").read_text())
    scenarios = report["scenarios"]
    failed = {
        step["requirement"] for one in scenarios for step in one["steps"] if step["verdict"] == "failed"
    }
    outside = {one["title"] for one in scenarios if one["verdict"] == "failed"} if not failed else set()
    undecided = (
        f"{one['title']}: {one.get('reason')}" for one in scenarios if one["verdict"] in {"blocked", "error"}
    )
    return Judged(report["verdict"], frozenset(failed | outside), tuple(undecided))


def say(name, found):
    """Print what a run came to."""
    sys.stdout.write(f"\n{name:42} {found.verdict:10} {', '.join(sorted(found.failed))}")
    sys.stdout.write("".join(f"\n{'':42} {line}" for line in found.undecided[:2]) + "\n")


@pytest.mark.parametrize("fault", FAILED)
def test_a_wrong_device_fails(fault, tmp_path):
    found = judged(FAILED[fault], tmp_path, fault)
    say(fault, found)
    assert found.verdict == "failed"
    assert found.failed & {*FAILED[fault].by}


@pytest.mark.parametrize("fault", NOT_JUDGED)
def test_what_cannot_be_judged_neither_passes_nor_fails(fault, tmp_path):
    found = judged(NOT_JUDGED[fault], tmp_path, fault)
    say(fault, found)
    assert found.verdict == "blocked"
    assert not found.failed


@pytest.mark.parametrize("fault", TOLERATED)
def test_what_the_line_can_cause_is_never_called_the_devices_fault(fault, tmp_path):
    found = judged(TOLERATED[fault], tmp_path, fault)
    say(fault, found)
    assert found.verdict in {"blocked", "incomplete"}
    assert not found.failed


@pytest.mark.parametrize("name", WRONGLY_BUILT)
def test_another_carrier_than_that_of_the_plan_fails(name, tmp_path):
    found = judged(WRONGLY_BUILT[name], tmp_path)
    say(name, found)
    assert found.verdict == "failed"
    assert found.failed & {*WRONGLY_BUILT[name].by}


@pytest.mark.parametrize("chatter_ms", [0, 3, 40])
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_board_passes_however_chatty(name, chatter_ms, tmp_path):
    found = judged(SOUND[name], tmp_path, chatter_ms=chatter_ms)
    say(f"{name}, chatter {chatter_ms} ms", found)
    assert (found.verdict, found.failed, found.undecided) == ("incomplete", frozenset(), ())


def test_each_fault_of_the_platform_is_looked_for():
    text = (FOLDER / "faults.h").read_text(encoding="utf-8")
    listed = text.partition("#define ID2_PLATFORM_FAULTS")[2].partition("\n\n")[0]
    platform = {name for name in faults() if f"X({name.upper().replace('-', '_')}, " in listed}
    assert len(platform) >= 25
    assert platform == {*FAILED, *NOT_JUDGED, *TOLERATED, *NOT_LOOKED_FOR}
