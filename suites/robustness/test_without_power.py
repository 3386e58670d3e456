"""Robustness: storage whose power goes at any moment.

They come last of all: a power cut at a random moment cannot be played back, nor what follows it on the same line.
"""

import pytest

from harness.fixtures.hal.power_cuts import CUTS
from harness.fixtures.types import HalUnderTest, InFlight, Scenario

CUT_AT_RANDOM = "the power is taken away at a moment that cannot be played back"


@pytest.mark.last
@pytest.mark.endurance
def test_partition_under_power_cuts(scenario: Scenario, hal: HalUnderTest) -> None:
    """Power cuts at any moment take nothing from the reserved partition that was acknowledged."""
    with scenario.step("HAL-PART-07"):
        if hal.replayed:
            pytest.skip(CUT_AT_RANDOM)
        with hal.partition.kept():
            cuts = hal.power_cuts_of_partition()
            cuts.begin()
            became = []
            for number in range(CUTS):
                became.append(cuts.cut())
                scenario.progress(number + 1, CUTS, "power cuts")
            scenario.note(cuts.told(became))


@pytest.mark.last
@pytest.mark.endurance
def test_kv_under_power_cuts(scenario: Scenario, hal: HalUnderTest) -> None:
    """Power cuts at any moment take no value from the key-value store that was acknowledged, and leave none half."""
    with scenario.step("HAL-KV-08"):
        if hal.replayed:
            pytest.skip(CUT_AT_RANDOM)
        with hal.kv.ready():
            cuts = hal.power_cuts_of_kv()
            cuts.begin()
            became = []
            for number in range(CUTS):
                became.append(cuts.cut())
                scenario.progress(number + 1, CUTS, "power cuts")
            scenario.note(cuts.told(became))
            lost = became.count(InFlight.LOST)
            if lost:
                scenario.finding(
                    "kv-set-not-atomic",
                    severity="major",
                    title="a set that a power cut interrupts loses the value",
                    detail=f"In {lost} of {CUTS} power cuts neither the old nor the new value was there afterwards. "
                    "What is updated while the power goes is lost: write the new value beside the old one first.",
                )
