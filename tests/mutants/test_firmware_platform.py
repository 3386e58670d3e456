"""Each fault of the system around our client is caught, and by the scenario that is meant for it; none passes.

Run by `make carrier-mutants`, which prints what each run came to. A fault that shows a wrong device fails by name. One
that leaves nothing to judge, such as a console that is dead, must not pass and must not be called the device's fault.

Runs mostly wait, so several go on at once.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
import yaml

from harness.simulator.machine.sources import FOLDER, faults
from tests.mutants.firmware_runs import ROOT

pytestmark = pytest.mark.mutants

IN_PROGRAM = "The program says what it is, and what follows agrees"
"""The scenario that starts the program: it fails, outside of its steps, when the board crashes or starts anew in it."""
WITH_LEAKS = "test_console or test_key_never_shown"
LOOPS = "the board is set aside as failed: the board starts over and over"
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
        fault: What is wrong in the firmware; empty for nothing.
        chatter_ms: Milliseconds between lines that other tasks log.
        boot_ms: Milliseconds that a start takes.
        finding: What the run tells and does not hold against the device.
        lost: How the run says that the board was set aside.
    """

    dialect: str
    by: tuple[str, ...] = ()
    carrier: str = "se"
    select: str = "test_console and not test_no_probe"
    plan: str = ""
    probe: bool = False
    fault: str = ""
    chatter_ms: int = 0
    boot_ms: int = 300
    finding: str = ""
    lost: str = ""


FAILED = {
    "app-crashes": Variant("alios-3", (IN_PROGRAM, "LOG-10")),
    "app-overflows-stack": Variant("rt-thread", (IN_PROGRAM, "LOG-10")),
    "app-aborts": Variant("alios-1", (IN_PROGRAM, "LOG-10")),
    "app-hangs": Variant("esp-idf", (IN_PROGRAM, "LOG-10")),
    "app-reboots": Variant("alios-3", (IN_PROGRAM, "LOG-10", "LOG-02", "LOG-05")),
    "app-reboots-once": Variant("linux", (IN_PROGRAM, "LOG-10", "LOG-02", "LOG-05"), carrier="tee"),
    "app-crashes-at-end": Variant("zephyr", (IN_PROGRAM, "LOG-10")),
    "app-stops": Variant("alios-1", ("LOG-02", "LOG-05")),
    "app-ends-early": Variant("rt-thread", ("LOG-05",)),
    "report-of-another": Variant("alios-3", ("LOG-05", "LOG-09")),
    "boot-loop": Variant("esp-idf", (IN_PROGRAM,), lost=LOOPS),
    "boot-loop-silent": Variant("rt-thread", (IN_PROGRAM,), lost=LOOPS),
    "boot-loop-by-watchdog": Variant("alios-3", (IN_PROGRAM,), lost=LOOPS),
    "command-of-another": Variant("alios-3", ("LOG-01", "LOG-09", "LOG-05")),
    "random-source-dead": Variant("rt-thread", ("LOG-03", "LOG-04")),
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
    "console-dead": Variant(
        "alios-3", lost="the board is set aside: the scenarios before this one could not work"
    ),
    "line-speed-wrong": Variant("rt-thread"),
    "output-loses": Variant("alios-3"),
    "prompt-never": Variant("zephyr"),
    "shell-deaf": Variant("alios-3"),
    "command-missing": Variant("rt-thread"),
}
"""Faults after which nothing can be judged."""


TOLERATED = {"input-loses": Variant("alios-3")}
"""Faults that a line or a person's hand can cause as well: nothing may be called the device's fault."""

TOLD = {
    "reset-cause-watchdog": Variant("alios-3", select="test_shell_over_reset", finding="reset-cause"),
    "clock-an-hour-wrong": Variant(
        "rt-thread", select="test_clock_over_reset", probe=True, finding="clock-off"
    ),
}
"""Faults that a sound board may show as well: the run tells them and holds them against nobody.

Boards restart by their watchdog on command, and AliOS Things keeps the reason of an earlier start. No function of ID2
takes the time of day from the board: the caller gives it, and may have asked the network for it.
"""

NOT_LOOKED_FOR = {
    "start-of-another": "a boot loader that is built on another system greets before the board's own: MCUboot on Zephyr",
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
    **{
        f"{dialect}, a line of another task each 3 ms": Variant(dialect, chatter_ms=3)
        for dialect in ("alios-1", "alios-3", "rt-thread", "zephyr", "esp-idf")
    },
    "linux, a line of another task each 3 ms": Variant(
        "linux", carrier="tee", select=WITH_LEAKS, chatter_ms=3
    ),
    "zephyr, a line of another task each 40 ms": Variant("zephyr", chatter_ms=40),
    "esp-idf at once": Variant("esp-idf", boot_ms=0),
    "linux after 20 s": Variant("linux", carrier="tee", boot_ms=20_000),
}

CASES = {
    **{
        name: replace(variant, fault=name)
        for name, variant in (FAILED | NOT_JUDGED | TOLERATED | TOLD).items()
    },
    **WRONGLY_BUILT,
    **SOUND,
}
AT_ONCE = 3


@dataclass(frozen=True)
class Judged:
    """What a run came to.

    Attributes:
        verdict: Of the run.
        failed: Requirements that failed, and titles of scenarios that failed outside of their steps.
        undecided: Scenarios that are blocked or in error, with the reason.
        findings: Names of what it tells without holding it against the device.
        not_run: Why scenarios of the selection did not run.
        seconds: What it took.
    """

    verdict: str
    failed: frozenset[str]
    undecided: tuple[str, ...]
    findings: frozenset[str]
    not_run: frozenset[str]
    seconds: float


def board(variant):
    """Return the board file of a variant."""
    console = {
        "kind": "firmware",
        "machine": "linux",
        "carrier": variant.carrier,
        "dialect": variant.dialect,
        "boot_ms": variant.boot_ms,
        "chatter_ms": variant.chatter_ms,
        "probe": variant.probe,
        "device": DEVICE,
        "actions": {
            "reset": [{"rts": True}, {"rts": False}],
            "off": [{"dtr": False}],
            "on": [{"dtr": True}],
        },
    }
    if variant.fault:
        console["fault"] = variant.fault
    program = {
        "transport": "console",
        "program": "id2_app",
        "dialect": variant.dialect,
        "command": "id2_app",
        "boot_timeout_s": 3 + variant.boot_ms / 1000,
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
        "limits": {"self_test_s": 3},
    }
    if variant.probe:
        document |= {"probe": {}, "declaration": {"port": ["kv", "partition", "osa"], "rtc": True}}
    return document


def judged(variant, folder):
    """Run the scenarios of a variant."""
    folder.mkdir()
    path = folder / "firmware-platform.yaml"
    path.write_text(yaml.safe_dump(board(variant)))
    runs = folder / "runs"
    command = [sys.executable, "-m", "harness.cli.main", "run", "--without-pdf", str(path), f"--runs={runs}"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "-k", variant.select], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    seconds = time.monotonic() - began
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
    return Judged(
        report["verdict"],
        frozenset(failed | outside),
        tuple(undecided),
        frozenset(finding["defect"] for finding in report["findings"]),
        frozenset(str(one.get("reason")) for one in scenarios if one["verdict"] == "not_run"),
        seconds,
    )


@pytest.fixture(scope="module")
def results(request, tmp_path_factory):
    """What the runs come to that the selected tests ask for."""
    folder = tmp_path_factory.mktemp("platform")
    asked = [item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = {
            name: pool.submit(judged, CASES[name], folder / str(number))
            for number, name in enumerate(name for name in dict.fromkeys(asked) if name in CASES)
        }
        yield lambda name: say(name, started[name].result())


def say(name, found):
    """Print what a run came to, and return it."""
    sys.stdout.write(
        f"\n{name:42} {found.seconds:5.1f} s {found.verdict:10} {', '.join(sorted(found.failed))}"
    )
    sys.stdout.write("".join(f"\n{'':42} {line}" for line in found.undecided[:2]) + "\n")
    return found


@pytest.mark.parametrize("name", FAILED)
def test_a_wrong_device_fails(name, results):
    found = results(name)
    assert found.verdict == "failed"
    assert found.failed & {*FAILED[name].by}
    assert was_set_aside(found, FAILED[name])


@pytest.mark.parametrize("name", NOT_JUDGED)
def test_what_cannot_be_judged_neither_passes_nor_fails(name, results):
    found = results(name)
    assert found.verdict == "blocked"
    assert not found.failed
    assert was_set_aside(found, NOT_JUDGED[name])


def was_set_aside(found, variant):
    """Tell whether the rest of a run was left out as the variant says; true when it says nothing."""
    return not variant.lost or any(reason.startswith(variant.lost) for reason in found.not_run)


@pytest.mark.parametrize("name", TOLERATED)
def test_what_the_line_can_cause_is_never_called_the_devices_fault(name, results):
    found = results(name)
    assert found.verdict in {"blocked", "incomplete"}
    assert not found.failed


@pytest.mark.parametrize("name", TOLD)
def test_what_a_sound_board_may_show_is_told_and_decides_nothing(name, results):
    found = results(name)
    assert (found.verdict, found.failed, found.undecided) == ("incomplete", frozenset(), ())
    assert TOLD[name].finding in found.findings


@pytest.mark.parametrize("name", WRONGLY_BUILT)
def test_another_carrier_than_that_of_the_plan_fails(name, results):
    found = results(name)
    assert found.verdict == "failed"
    assert found.failed & {*WRONGLY_BUILT[name].by}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_board_passes_however_chatty(name, results):
    found = results(name)
    assert (found.verdict, found.failed, found.undecided) == ("incomplete", frozenset(), ())
    assert not found.findings & {variant.finding for variant in TOLD.values()}


def test_each_fault_of_the_platform_is_looked_for():
    text = (FOLDER / "faults.h").read_text(encoding="utf-8")
    listed = text.partition("#define ID2_PLATFORM_FAULTS")[2].partition("\n\n")[0]
    platform = {name for name in faults() if f"X({name.upper().replace('-', '_')}, " in listed}
    assert len(platform) >= 25
    assert platform == {*FAILED, *NOT_JUDGED, *TOLERATED, *TOLD, *NOT_LOOKED_FOR}
