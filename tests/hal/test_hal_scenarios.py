"""The scenarios of device id, random, storage and crypto: a sound port passes each, a broken one fails the right one."""

import importlib.util
import inspect
from pathlib import Path

import pytest
from fake_port import FUNCTIONS, FakePort, FakeScenario, hal_of

from harness.board.models import PlannedCarrier
from harness.errors import BenchError
from harness.id2.keytypes import KeyType
from harness.probe.errors import CallLostError, MissingFunctionError

SUITES = Path(__file__).resolve().parents[2] / "suites"
FILES = (
    "step4_adapt/port/test_device_id",
    "step4_adapt/port/test_random",
    "step4_adapt/port/test_storage",
    "step4_adapt/port/test_crypto",
    "robustness/test_without_power",
)
OUTSIDE = {"test_device_id_of_other_boards", "test_random_of_earlier_runs"}  # they need a runs folder
CUTS = {"test_partition_under_power_cuts", "test_kv_under_power_cuts"}


def scenarios():
    found = {}
    for name in FILES:
        spec = importlib.util.spec_from_file_location(name, SUITES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= {
            name: function
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if name.startswith("test_") and name not in OUTSIDE
        }
    return found


SCENARIOS = scenarios()


def run(name, port, **more):
    scenario = FakeScenario()
    SCENARIOS[name](scenario, hal_of(port, **more))
    return scenario


AREAS = {
    "id": "device_id",
    "random": "random",
    "seed": "random",
    "partition": "partition",
    "kv": "kv",
    "full": "kv",
}
CALLED_BY = {
    "did": "test_device_id_over_calls",
    "rnd": "test_random_stream",
    "sed": "test_seed_of_random",
    "pop": "test_partition_opens",
    "pwr": "test_partition_over_reset",
    "prd": "test_partition_over_reset",
    "pcl": "test_partition_opens",
    "kvi": "test_kv_full",
    "kvs": "test_kv_full",
    "kvg": "test_kv_over_reset",
    "kvd": "test_kv_absent",
    "aes": "test_aes_cbc",
    "sm4": "test_sm4_ctr",
    "hsh": "test_sm3",
}


def area_of(fault):
    """Return the scenarios that a fault can show in; each of the others calls functions that are sound."""
    word = AREAS.get(fault.partition("-")[0])
    crypto = ("aes", "sm4", "md5", "sha", "sm3")
    return [
        name
        for name in SCENARIOS
        if (word in name if word else name.removeprefix("test_").startswith(crypto))
    ]


def complaint(name, port):
    try:
        run(name, port)
    except AssertionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_sound_port_passes(name):
    scenario = run(name, FakePort())
    assert scenario.steps or scenario.left_out == {
        "HAL-KV-05": "the store is not full with 32768 bytes of the harness"
    }
    assert not scenario.findings


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name == "test_random_stream"))
        for name in sorted(SCENARIOS)
    ],
)
def test_small_probe_is_enough(name):
    if name.startswith(("test_aes", "test_sm4", "test_md5", "test_sha", "test_sm3")):
        assert run(name, FakePort(slots=(256, 256, 64))).steps
    else:
        run(name, FakePort(slots=(512, 256, 64)))


CAUGHT = {
    "id-changes": {
        "test_length_of_device_id",
        "test_device_id_over_calls",
        "test_device_id_over_resets",
        "test_device_id_over_power_cycles",
    },
    "id-changes-after-reset": {"test_device_id_over_resets", "test_device_id_over_power_cycles"},
    "id-null-without-length": {"test_length_of_device_id"},
    "id-null-ok": {"test_short_buffer_for_device_id"},
    "id-short-buffer": {"test_short_buffer_for_device_id"},
    "id-short-overflows": {"test_short_buffer_for_device_id"},
    "id-short-keeps-length": {"test_short_buffer_for_device_id"},
    "id-overflows": {
        "test_length_of_device_id",
        "test_short_buffer_for_device_id",
        "test_device_id_over_calls",
        "test_device_id_over_resets",
        "test_device_id_over_power_cycles",
    },
    "id-too-long": {
        "test_length_of_device_id",
        "test_short_buffer_for_device_id",
        "test_device_id_over_calls",
        "test_device_id_over_resets",
        "test_device_id_over_power_cycles",
    },
    "random-constant": {"test_random_stream", "test_random_over_resets", "test_random_over_power_cycles"},
    "random-repeats-after-reset": {"test_random_over_resets", "test_random_over_power_cycles"},
    "random-stuck-bit": {"test_random_stream"},
    "random-repeats-block": {
        "test_random_stream",
        "test_random_over_resets",
        "test_random_over_power_cycles",
    },
    "random-short": {
        "test_random_fills_its_buffer",
        "test_random_stream",
        "test_random_over_resets",
        "test_random_over_power_cycles",
    },
    "random-demo": {"test_random_stream", "test_random_over_resets", "test_random_over_power_cycles"},
    "random-fails": {
        "test_random_fills_its_buffer",
        "test_random_stream",
        "test_random_over_resets",
        "test_random_over_power_cycles",
        "test_seed_of_random",
    },
    "random-overflows": {
        "test_random_fills_its_buffer",
        "test_random_stream",
        "test_random_over_resets",
        "test_random_over_power_cycles",
        "test_seed_of_random",
    },
    "seed-refused": {"test_seed_of_random"},
    "partition-descriptors-run-out": {"test_partition_opens"},
    "partition-null-ok": {"test_partition_without_buffer"},
    "partition-beyond-end": {"test_partition_ends"},
    "partition-wraps": {"test_partition_ends"},
    "partition-reads-nothing": {"test_partition_ends"},
    "partition-off-by-one": {
        "test_partition_keeps_what_is_written",
        "test_partition_ends",
        "test_partition_over_reset",
        "test_partition_over_power_cycle",
        "test_partition_under_power_cuts",
    },
    "partition-forgets-neighbour": {
        "test_partition_keeps_what_is_written",
        "test_partition_ends",
        "test_partition_over_reset",
        "test_partition_over_power_cycle",
    },
    "partition-loses-write": {
        "test_partition_keeps_what_is_written",
        "test_partition_over_reset",
        "test_partition_over_power_cycle",
        "test_partition_ends",
        "test_partition_under_power_cuts",
    },
    "partition-erases-first": {"test_partition_under_power_cuts"},
    "kv-not-supported": {
        "test_kv_keeps_values",
        "test_kv_arguments",
        "test_kv_short_buffer",
        "test_kv_absent",
        "test_kv_full",
        "test_kv_over_reset",
        "test_kv_over_power_cycle",
        "test_kv_under_power_cuts",
    },
    "kv-wrong-code": {"test_kv_arguments"},
    "kv-truncates": {"test_kv_keeps_values"},
    "kv-keeps-tail": {
        "test_kv_keeps_values",
        "test_kv_over_reset",
        "test_kv_over_power_cycle",
        "test_kv_under_power_cuts",
    },
    "kv-loses-write": {
        "test_kv_keeps_values",
        "test_kv_arguments",
        "test_kv_short_buffer",
        "test_kv_absent",
        "test_kv_over_reset",
        "test_kv_over_power_cycle",
        "test_kv_under_power_cuts",
    },
    "kv-absent-code": {"test_kv_absent", "test_kv_over_reset", "test_kv_over_power_cycle"},
    "kv-short-buffer-ok": {"test_kv_short_buffer"},
    "kv-short-without-length": {"test_kv_short_buffer"},
    "kv-does-not-delete": {"test_kv_absent", "test_kv_over_reset", "test_kv_over_power_cycle"},
    "kv-forgets": {"test_kv_over_reset", "test_kv_over_power_cycle", "test_kv_under_power_cuts"},
    "kv-loses-last": {"test_kv_over_reset", "test_kv_over_power_cycle"},
    "kv-keeps-deleted": {"test_kv_over_reset", "test_kv_over_power_cycle"},
    "kv-clears-first": {"test_kv_under_power_cuts"},
    "kv-torn": {"test_kv_under_power_cuts"},
    "full-loses": {"test_kv_full"},
    "full-no-room-again": {
        "test_kv_full",
        "test_kv_absent",
        "test_kv_over_reset",
        "test_kv_over_power_cycle",
    },
    "cbc-iv-not-chained": {"test_aes_cbc", "test_sm4_cbc"},
    "ctr-carry-lost": {"test_aes_ctr", "test_sm4_ctr"},
    "sm4-decrypt-wrong": {"test_sm4_ecb", "test_sm4_cbc"},
    "cipher-overflows": {
        "test_aes_ecb",
        "test_aes_cbc",
        "test_aes_ctr",
        "test_aes_cfb",
        "test_sm4_ecb",
        "test_sm4_cbc",
        "test_sm4_ctr",
    },
    "sha256-pieces-wrong": {"test_sha256"},
    "sm3-tail-wrong": {"test_sm3"},
}


def test_a_board_that_goes_down_over_null_each_time_is_at_fault_and_once_is_not():
    with pytest.raises(AssertionError, match="ls_hal_kv_del without key: the board starts anew"):
        run("test_kv_arguments", port := FakePort("kv-null-crashes"))
    assert port.deletes_of_null == 2
    assert not port.store, "the keys of the harness are deleted all the same"
    with pytest.raises(CallLostError, match="in the middle of the call kvd"):
        run("test_kv_arguments", FakePort("kv-dip"))


@pytest.mark.parametrize("fault", sorted(CAUGHT))
@pytest.mark.slow
def test_fault_is_caught_by_the_right_scenarios(fault):
    caught = {name for name in area_of(fault) if complaint(name, FakePort(fault))}
    assert CAUGHT[fault] <= caught <= CAUGHT[fault] | CUTS, "when the power goes is chance"


@pytest.mark.slow
def test_demo_generator_of_the_vendor_is_named():
    with pytest.raises(AssertionError, match="the vendor's HAL demo"):
        run("test_random_stream", FakePort("random-demo"))


def test_random_that_follows_its_seed_is_a_finding_and_no_failure():
    assert run("test_seed_of_random", FakePort("random-demo")).findings == ["random-follows-seed"]


def test_set_that_is_not_atomic_is_a_finding_and_no_failure():
    for _ in range(20):
        scenario = run("test_kv_under_power_cuts", FakePort("kv-not-atomic"))
        if scenario.findings:
            break
    assert scenario.findings == ["kv-set-not-atomic"]


@pytest.mark.parametrize(
    ("fault", "name", "requirement"),
    [
        ("without-aes-cfb", "test_aes_cfb", "HAL-AES-04"),
        ("without-aes-ctr", "test_aes_ctr", "HAL-AES-03"),
        ("unbuilt-aes-ctr", "test_aes_ctr", "HAL-AES-03"),
        ("without-sm4-ctr", "test_sm4_ctr", "HAL-SM4-03"),
        ("without-md5", "test_md5", "HAL-HASH-01"),
        ("without-sm3", "test_sm3", "HAL-HASH-04"),
    ],
)
def test_what_the_port_does_not_support_is_left_out(fault, name, requirement):
    scenario = run(name, FakePort(fault))
    assert list(scenario.left_out) == [requirement]
    assert not scenario.steps


@pytest.mark.parametrize(
    ("fault", "name", "key_type"),
    [
        ("without-aes-ecb", "test_aes_ecb", KeyType.AES_128),
        ("without-sha256", "test_sha256", KeyType.AES_128),
        ("without-sm4-ecb", "test_sm4_ecb", KeyType.SM4_128),
        ("without-sm3", "test_sm3", KeyType.SM4_128),
    ],
)
def test_what_the_key_of_the_plan_needs_is_not_left_out(fault, name, key_type):
    with pytest.raises(AssertionError, match="0xFFFF0002"):
        run(name, FakePort(fault), key_type=key_type)
    assert run(name, FakePort(fault), key_type=key_type, carrier=PlannedCarrier.SE).left_out


@pytest.mark.parametrize("function", sorted(CALLED_BY))
def test_missing_function_is_named(function):
    port = FakePort(functions=FUNCTIONS - {function})
    with pytest.raises(MissingFunctionError) as missing:
        run(CALLED_BY[function], port)
    assert missing.value.function == function


def test_hash_without_room_in_the_probe_is_blocked():
    with pytest.raises(BenchError, match="slot b"):
        run("test_md5", FakePort("hash-no-room"))
