"""Step 4: the device randoms of the auth codes that the board makes by itself."""

from harness.fixtures.hal.device_random import CODES, CODES_A_START, DeviceRandoms
from harness.fixtures.hal.under_test import RESETS
from harness.fixtures.types import Scenario


def test_device_randoms(scenario: Scenario, device_randoms: DeviceRandoms) -> None:
    """No two of 300 auth codes have the same device random."""
    with scenario.step("RND-04"):
        for made in range(0, CODES, CODES_A_START):
            device_randoms.make(CODES_A_START)
            scenario.progress(made + CODES_A_START, CODES, "codes")
        device_randoms.tell_known_defect(scenario)
        repeated = device_randoms.repeated()
        assert not repeated, repeated


def test_device_randoms_over_resets(scenario: Scenario, device_randoms: DeviceRandoms) -> None:
    """No device random comes again after five resets."""
    with scenario.step("RND-05"):
        device_randoms.make(CODES_A_START)
        for _ in range(RESETS):
            device_randoms.start_anew()
            device_randoms.make(CODES_A_START)
        device_randoms.tell_known_defect(scenario)
        repeated = device_randoms.repeated()
        assert not repeated, f"over {RESETS} resets: {repeated}"
