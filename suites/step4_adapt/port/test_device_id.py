"""Step 4: the device id of the board's HAL."""

from harness.fixtures.hal.under_test import LONGEST_ID, POWER_CYCLES, RESETS
from harness.fixtures.types import HalUnderTest, Null, Scenario

CALLS = 100


def test_length_of_device_id(scenario: Scenario, hal: HalUnderTest) -> None:
    """Asked with NULL, the device id tells its length, and fits into a buffer of that length."""
    with scenario.step("HAL-ID-01"):
        asked = hal.calls.device_id(Null())
        assert asked.rc != 0, (
            "ls_hal_get_dev_id with NULL and length 0 gives 0: there is no id in a buffer of 0 bytes"
        )
        assert 1 <= asked.length <= LONGEST_ID, (
            f"ls_hal_get_dev_id with NULL and length 0 says {asked.length} bytes, not 1 to {LONGEST_ID}"
        )
        exact = hal.calls.device_id(asked.length)
        assert exact.rc == 0, f"a buffer of the {asked.length} bytes that it asked for gives {exact.rc}"
        assert exact.length == asked.length, f"{asked.length} bytes were announced, {exact.length} came"
        assert not exact.overwritten, (
            f"{exact.overwritten} bytes behind a buffer of {asked.length} are overwritten"
        )
        assert hal.device_id() == exact.data, "the id differs with the size of the buffer"
        if asked.rc != -1:
            scenario.note(f"with NULL and length 0 ls_hal_get_dev_id gives {asked.rc}; its header says -1")


def test_short_buffer_for_device_id(scenario: Scenario, hal: HalUnderTest) -> None:
    """A buffer that is too short is refused, and gets no byte too much."""
    size = len(hal.device_id())
    with scenario.step("HAL-ID-02"):
        for length in sorted({1, size // 2, size - 1} - {0, size}):
            short = hal.calls.device_id(length)
            assert short.rc != 0, f"a buffer of {length} bytes is taken for an id of {size}"
            assert not short.overwritten, (
                f"{short.overwritten} bytes behind a buffer of {length} are overwritten"
            )
            assert short.length != length, (
                f"a buffer of {length} bytes is refused, and {length} are asked for"
            )
            assert short.length <= LONGEST_ID, f"for a buffer of {length} bytes {short.length} are asked for"
            if short.length != size:
                scenario.note(
                    f"for a buffer of {length} bytes {short.length} are asked for, the id has {size}"
                )
        if size > 1:
            null = hal.calls.device_id(Null(1))
            assert null.rc != 0, "NULL with length 1 gives 0"


def test_device_id_over_calls(scenario: Scenario, hal: HalUnderTest) -> None:
    """The device id is the same in each call."""
    with scenario.step("HAL-ID-03"):
        first = hal.device_id()
        scenario.note(f"the device id has {len(first)} bytes")
        for number in range(2, CALLS + 1):
            other = hal.device_id()
            assert other == first, f"call {number} gives {other.hex()}, the first call gave {first.hex()}"


def test_device_id_over_resets(scenario: Scenario, hal: HalUnderTest) -> None:
    """The device id is the same after each reset."""
    with scenario.step("HAL-ID-04"):
        first = hal.device_id()
        for number in range(1, RESETS + 1):
            hal.starts.reset()
            other = hal.device_id()
            assert other == first, (
                f"after reset {number} the device id is {other.hex()}, it was {first.hex()}"
            )


def test_device_id_over_power_cycles(scenario: Scenario, hal: HalUnderTest) -> None:
    """The device id is the same after each loss of power."""
    with scenario.step("HAL-ID-05"):
        first = hal.device_id()
        for number in range(1, POWER_CYCLES + 1):
            hal.starts.power_cycle()
            other = hal.device_id()
            assert other == first, (
                f"after power cycle {number} the device id is {other.hex()}, it was {first.hex()}"
            )


def test_device_id_of_other_boards(scenario: Scenario, hal: HalUnderTest) -> None:
    """No other board had this device id."""
    with scenario.step("HAL-ID-06"):
        remark = hal.require_no_other_board(hal.device_id())
        if remark:
            scenario.note(remark)
