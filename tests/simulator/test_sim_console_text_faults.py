"""Each broken console of this sort is caught by the judge, by the item that is meant for it, key known or not."""

import pytest

from harness.id2 import published
from harness.id2.keys import KeyType
from harness.logcheck import KeyRing, judge
from harness.logcheck.claims import Claims
from harness.run.verdict import Verdict
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.console.board import ConsoleBoard, ConsoleConfig
from harness.simulator.faults.catalogue import CONSOLE_TEXT_FAULTS, FAULTS, find

DEVICE = published.KEYS[KeyType.AES_128]
KEYS = {"keyless": KeyRing(), "keyed": KeyRing.of(DEVICE.key, DEVICE.id2)}
CLAIMS = Claims(carrier="se", key_type=KeyType.AES_128, id2=DEVICE.id2, sdk_version="3.1.0")
ITEMS = {
    "hard-fault-between-tests": "crash in line",
    "panic-after-report": "crash in line",
    "zephyr-fatal-error": "crash in line",
    "alios-exception": "crash in line",
    "sanitizer-report": "crash in line",
    "undefined-behaviour": "crash in line",
    "stack-smashing": "crash in line",
    "failed-assertion": "crash in line",
    "trusted-application-panics": "crash in line",
    "reset-by-watchdog": "reset cause in line",
    "restarts-in-mid-run": "restart in line",
    "same-start-twice": "device random of another start",
    "banner-after-report": "restart in line",
    "built-february-30": "banner",
    "built-1900": "banner",
    "built-2190": "banner",
    "demo-random-linked": "device random",
    "endless-error-line": "error in line",
    "other-sdk-version": "claimed SDK version",
    "other-carrier": "banner",
}


@pytest.fixture
def report_of(chip_of):
    def run(fault, keys):
        config = ConsoleConfig(
            DEVICE.id2,
            DEVICE.key,
            chip=chip_of(KeyType.AES_128),
            random=SeededRandom(3),
            now_ms=lambda: 1_795_370_421_790,
            fault=find(fault) if fault else None,
        )
        return judge((output.data for output in ConsoleBoard(config).power_on()), keys=keys, claims=CLAIMS)

    return run


def test_each_has_its_item_and_is_among_the_broken_devices():
    assert sorted(ITEMS) == sorted(fault.name for fault in CONSOLE_TEXT_FAULTS)
    assert set(CONSOLE_TEXT_FAULTS) <= set(FAULTS)
    assert len(CONSOLE_TEXT_FAULTS) >= 14


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("name", ITEMS)
def test_broken_console_fails_by_its_item(report_of, name, keys):
    report = report_of(name, KEYS[keys])
    assert report.verdict is Verdict.FAILED
    assert any(item.name.startswith(ITEMS[name]) for item in report.failed()), report.failed()


@pytest.mark.parametrize("keys", KEYS)
def test_sound_console_passes(report_of, keys):
    report = report_of("", KEYS[keys])
    assert report.failed() == ()
    assert report.verdict is Verdict.PASSED
