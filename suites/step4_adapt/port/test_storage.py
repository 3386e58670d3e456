"""Step 4: the reserved partition and the key-value store of the board's HAL. Sudden power cuts are in robustness."""

from collections.abc import Callable

import pytest

from harness.fixtures.hal.kv import ABSENT, KEYS, SIZE, SIZES
from harness.fixtures.hal.partition import PLACES
from harness.fixtures.types import HalUnderTest, Null, PartitionFlag, Scenario, StorageHalCode


def test_partition_opens(scenario: Scenario, hal: HalUnderTest) -> None:
    """The reserved partition can be opened for reading, for writing and for both, and closed, again and again."""
    with scenario.step("HAL-PART-01"):
        for _ in range(20):
            for flag in (PartitionFlag.READ, PartitionFlag.WRITE, PartitionFlag.BOTH):
                with hal.partition.opened(flag):
                    pass


def test_partition_keeps_what_is_written(scenario: Scenario, hal: HalUnderTest) -> None:
    """What is written into the reserved partition can be read, and its neighbours stay as they were."""
    with scenario.step("HAL-PART-02"), hal.partition.kept():
        hal.partition.fill()
        hal.partition.require_wanted("after the whole partition was written")
        for offset, size in PLACES:
            hal.partition.change(offset, size)
            hal.partition.require_wanted(f"after {size} bytes were written at offset {offset}")


def test_partition_without_buffer(scenario: Scenario, hal: HalUnderTest) -> None:
    """Reading to NULL and writing from NULL are refused."""
    with scenario.step("HAL-PART-03"), hal.partition.opened() as descriptor:
        written = hal.calls.write_partition(descriptor, 0, Null(1))
        assert written != 0, "a write from NULL gives 0"
        read = hal.calls.read_partition(descriptor, 0, Null(1))
        assert read.rc != 0, "a read to NULL gives 0"


def test_partition_ends(scenario: Scenario, hal: HalUnderTest) -> None:
    """What lies outside the reserved partition is neither given nor taken."""
    with scenario.step("HAL-PART-04"), hal.partition.kept():
        hal.partition.fill()
        wrong, strange = hal.partition.outside()
        for text in strange:
            scenario.note(text)
        assert not wrong, "; ".join(wrong)
        hal.partition.require_wanted("after reads and writes outside the partition")


def test_partition_over_reset(scenario: Scenario, hal: HalUnderTest) -> None:
    """The reserved partition is the same after a reset."""
    with scenario.step("HAL-PART-05"), hal.partition.kept():
        hal.partition.fill()
        hal.starts.reset()
        hal.partition.require_wanted("after a reset")


def test_partition_over_power_cycle(scenario: Scenario, hal: HalUnderTest) -> None:
    """The reserved partition is the same after a loss of power."""
    with scenario.step("HAL-PART-06"), hal.partition.kept():
        hal.partition.fill()
        hal.starts.power_cycle()
        hal.partition.require_wanted("after a loss of power")


def test_kv_keeps_values(scenario: Scenario, hal: HalUnderTest) -> None:
    """The key-value store gives back what was set, whole, whatever was there before."""
    with scenario.step("HAL-KV-01"), hal.kv.ready():
        other = hal.kv.set(KEYS[1], SIZE)
        for size in SIZES:
            if size > hal.calls.largest_input:
                scenario.note(f"the probe takes no value of {size} bytes")
                continue
            if size > SIZE:
                value, rc = hal.kv.try_to_set(KEYS[0], size)
                if rc:
                    scenario.note(f"the store takes no value of {size} bytes")
                    continue
            else:
                value = hal.kv.set(KEYS[0], size)
            hal.kv.require(KEYS[0], value, f"after a value of {size} bytes was set")
        hal.kv.require(KEYS[1], other, "after another key was set")


def test_kv_arguments(scenario: Scenario, hal: HalUnderTest) -> None:
    """Arguments that are none are refused with the code for them."""
    bad = StorageHalCode.BAD_PARAMETERS
    with scenario.step("HAL-KV-02"), hal.kv.ready():
        value = hal.kv.set(KEYS[0], SIZE)
        calls: dict[str, Callable[[], int]] = {
            "ls_hal_kv_set without key and value": lambda: hal.calls.kv_set(Null(), Null()),
            "ls_hal_kv_set without key": lambda: hal.calls.kv_set(Null(), value),
            "ls_hal_kv_set without value": lambda: hal.calls.kv_set(KEYS[0], Null()),
            "ls_hal_kv_get without key": lambda: hal.calls.kv_get(Null(), 0).rc,
            "ls_hal_kv_get to NULL of length 1": lambda: hal.calls.kv_get(KEYS[0], Null(1)).rc,
            "ls_hal_kv_del without key": lambda: hal.calls.kv_delete(Null()),
        }
        for what, call in calls.items():
            hal.kv.require_refused(call, bad, what)
        hal.kv.require(KEYS[0], value, "after calls that are refused")


def test_kv_short_buffer(scenario: Scenario, hal: HalUnderTest) -> None:
    """A buffer that is too short is refused, and the true length is told."""
    size = SIZE
    with scenario.step("HAL-KV-03"), hal.kv.ready():
        value = hal.kv.set(KEYS[0], size)
        for buffer in (Null(), 1, size - 1):
            answer = hal.calls.kv_get(KEYS[0], buffer)
            what = f"ls_hal_kv_get of {size} bytes to {'NULL of length 0' if buffer == Null() else f'{buffer} bytes'}"
            hal.kv.require_code(answer.rc, StorageHalCode.SHORT_BUFFER, what)
            assert answer.length == size, f"{what} says that {answer.length} bytes are needed"
            assert not answer.overwritten, f"{what} wrote {answer.overwritten} bytes behind the buffer"
        exact = hal.calls.kv_get(KEYS[0], size)
        assert exact.rc == 0, f"ls_hal_kv_get to a buffer of the {size} bytes that are needed fails"
        assert exact.data == value, "ls_hal_kv_get to a buffer of just the length gives another value"


def test_kv_absent(scenario: Scenario, hal: HalUnderTest) -> None:
    """What was never set or was deleted is not found."""
    not_found = StorageHalCode.ITEM_NOT_FOUND
    with scenario.step("HAL-KV-04"), hal.kv.ready(ABSENT):
        hal.kv.require_code(
            hal.calls.kv_get(ABSENT, 64).rc, not_found, "ls_hal_kv_get of a key that nobody set"
        )
        hal.kv.require_code(hal.calls.kv_delete(ABSENT), not_found, "ls_hal_kv_del of a key that nobody set")
        kept = hal.kv.set(KEYS[1], SIZE)
        hal.kv.set(KEYS[0], SIZE)
        assert hal.calls.kv_delete(KEYS[0]) == 0, "ls_hal_kv_del of a key that was set fails"
        hal.kv.require_code(hal.calls.kv_get(KEYS[0], 64).rc, not_found, "ls_hal_kv_get of a deleted key")
        hal.kv.require(KEYS[1], kept, "after another key was deleted")


@pytest.mark.endurance
def test_kv_full(scenario: Scenario, hal: HalUnderTest) -> None:
    """A full key-value store says so, loses nothing, and takes values again when some are deleted."""
    filled = hal.kv.filled(scenario.progress)
    if not filled.full:
        filled.delete()
        scenario.does_not_apply(
            "HAL-KV-05", f"the store is not full with {filled.total} bytes of the harness"
        )
        return
    with scenario.step("HAL-KV-05"), filled.deleted():
        filled.require_all()
        scenario.note(filled.told)
        filled.require_room_again()


def test_kv_over_reset(scenario: Scenario, hal: HalUnderTest) -> None:
    """The key-value store is the same after a reset, and what was deleted does not come back."""
    with scenario.step("HAL-KV-06"), hal.kv.ready():
        hal.kv.require_lasting(hal.starts.reset, "after a reset")


def test_kv_over_power_cycle(scenario: Scenario, hal: HalUnderTest) -> None:
    """The key-value store is the same after a loss of power, and what was deleted does not come back."""
    with scenario.step("HAL-KV-07"), hal.kv.ready():
        hal.kv.require_lasting(hal.starts.power_cycle, "after a loss of power")
