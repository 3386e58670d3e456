"""The scenarios of the client's bare functions: sound SDKs of every release pass, and each thing that is broken fails."""

from types import SimpleNamespace

import pytest

from harness.board.models import Feature, PlannedCarrier
from harness.carrier.se import SeCarrier
from harness.chip.ica.chip import IcaChip
from harness.chip.session import ChipSession
from harness.fixtures.oracle import Oracle
from harness.fixtures.port.client import ClientUnderTest
from harness.id2.keys import Key, KeyType
from harness.probe.client import CALLS, NULL_CALLS, ClientCalls
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.suites.step4_adapt import test_id2_api as api
from harness.suites.step4_adapt.port import test_client_lifecycle as lifecycle
from harness.suites.step4_adapt.port import test_client_limits as limits
from tests.step4_adapt.conftest import ModelChannel
from tests.step4_adapt.scenario_alone import judged
from tests.step4_adapt.vendor_client import AES, ID, Stub, Vendor, release_2

LIMITS = {"API-BUF-01", "API-BUF-02", "API-BUF-03", "API-BUF-04", "API-NUL-01", "API-EXT-01"}
LIMITS |= {"API-LIM-03", "API-LIM-04", "API-LIM-05", "API-LIM-06"}
LIFE = {"API-INI-01", "API-INI-02", "API-INI-03"}


def board(carrier="demo", *, key_type=KeyType.AES_128, features=(), sdk_version=None):
    return SimpleNamespace(
        plan=SimpleNamespace(carrier=PlannedCarrier(carrier), key_type=key_type),
        declaration=SimpleNamespace(features=tuple(map(Feature, features)), sdk_version=sdk_version),
    )


def judge(vendor, file=None, *, names=None):
    """Run all scenarios on one stand-in, initialised as the fixture does it."""
    file = file or board()
    client = ClientUnderTest(ClientCalls(vendor), file)
    given = {"client": client, "carrier": None, "oracle": Oracle(file.plan.key_type, ID, AES)}
    every = {name for name in vars(limits) if name.startswith("test_")} - {"test_extra_with_nul"}
    with client.started():
        client.look_for_id()
        inits = vendor.inits
        found = judged(limits, given, names or every)
        if not (names or client.is_module):
            life = judged(lifecycle, given)
            found.steps |= life.steps
            found.findings += life.findings
        assert vendor.starts or vendor.inits == inits, "the client is not left as it was found"
    assert vendor.starts or not vendor.inits or "cleanup-ends-nothing" in vendor.broken
    return found


def failed(found):
    return {name for name, verdict in found.steps.items() if verdict.startswith("failed")}


def not_run(found):
    return {name for name, verdict in found.steps.items() if verdict.startswith("not_run")}


def not_applicable(found):
    return {name for name, verdict in found.steps.items() if verdict.startswith("n/a")}


def test_sdk_3_1_passes_and_its_defects_are_named():
    found = judge(Vendor())
    assert found.steps == dict.fromkeys(LIMITS | LIFE, "passed")
    assert found.findings == [("k.8", "info"), ("k.5", "info")]


def test_a_client_without_the_defects_passes_and_none_is_named():
    found = judge(Vendor(id_room=24, extra_of_nothing=None, zero_padding=False, nul_in_extra=False))
    assert found.steps == dict.fromkeys(LIMITS | LIFE, "passed")
    assert found.findings == []


def test_the_stub_of_a_module_passes_what_it_can():
    found = judge(Stub(), board("module", features=["secret", "verify-server"]))
    assert failed(found) == set()
    assert not_applicable(found) == {"API-BUF-02", "API-LIM-03"}
    assert set(found.steps) == LIMITS


def test_a_device_without_an_id_is_not_failed_for_what_only_an_id_can_show():
    found = judge(Vendor(key=None))
    assert failed(found) == set()
    assert not_run(found) == {
        *("API-BUF-01", "API-BUF-02", "API-BUF-03", "API-BUF-04", "API-NUL-01"),
        *("API-LIM-04", "API-LIM-05", "API-LIM-06"),
        "API-INI-03",
    }
    assert "holds no ID²" in found.steps["API-BUF-01"]


@pytest.mark.parametrize(
    ("vendor", "requirement"),
    [
        (Vendor(key=None, broken=frozenset({"says-it-has-an-id"})), "API-BUF-01"),
        (Vendor(key=None, missing=frozenset({"pst"})), "API-BUF-01"),
        (Vendor(key=None, broken=frozenset({"nul-behind-dch"})), "API-LIM-03"),
        (Vendor(key=None, broken=frozenset({"challenge-not-clipped"})), "API-LIM-03"),
    ],
)
def test_a_device_that_says_it_has_an_id_or_fails_without_one_is_failed(vendor, requirement):
    assert requirement in failed(judge(vendor))


def test_sdk_2_0_is_held_to_nothing_of_later_releases():
    found = judge(release_2())
    assert failed(found) == set()
    assert {"API-NUL-01", "API-LIM-03", "API-INI-01", "API-INI-02"} <= not_applicable(found)
    declared = judge(Vendor(), board(sdk_version="2.0.0"))
    assert failed(declared) == set()


def test_an_sm2_carrier_is_named_and_not_failed():
    sm2 = Vendor(unsupported=frozenset({"sec", "dky"}))
    found = judge(sm2, board("se", key_type=KeyType.SM2_256), names={"test_seeds", "test_derived_lengths"})
    assert failed(found) == set()
    assert found.findings == [("k.11", "minor")]
    aes = judge(Vendor(unsupported=frozenset({"sec", "dky"})), names={"test_seeds"})
    assert (failed(aes), aes.findings) == (set(), [])


@pytest.mark.parametrize("how", ["unsupported", "missing"])
@pytest.mark.parametrize("function", ["enc", "dch", "vsv", "sec", "dky", "pst"])
def test_what_is_not_offered_and_not_declared_fails_nothing(function, how):
    found = judge(Vendor(**{how: frozenset({function})}))
    assert failed(found) == set()


@pytest.mark.parametrize(
    ("function", "feature"), [("sec", "secret"), ("dky", "derive-key"), ("vsv", "verify-server")]
)
def test_what_is_declared_and_not_supported_fails(function, feature):
    found = judge(Vendor(unsupported=frozenset({function})), board(features=[feature]))
    assert failed(found)
    assert all("-8" in found.steps[name] for name in failed(found))


BROKEN = {
    "id-cut-to-buffer": "API-BUF-01",
    "length-not-reported": "API-BUF-02",
    "length-too-small": "API-BUF-02",
    "nul-behind-gid": "API-BUF-03",
    "nul-behind-cac": "API-BUF-03",
    "nul-behind-dch": "API-BUF-03",
    "nul-behind-dky": "API-BUF-03",
    "nul-behind-dec": "API-BUF-04",
    "decrypt-cuts": "API-BUF-04",
    "null-crashes": "API-NUL-01",
    "null-resets": "API-NUL-01",
    "null-gives-minus-one": "API-NUL-01",
    "null-taken": "API-NUL-01",
    "challenge-not-clipped": "API-LIM-03",
    "challenge-lower-case": "API-LIM-03",
    "long-seed-taken": "API-LIM-04",
    "empty-seed-taken": "API-LIM-04",
    "key-of-33": "API-LIM-05",
    "other-short-keys": "API-LIM-05",
    "any-server-code": "API-LIM-06",
    "any-device-random": "API-LIM-06",
    "answers-before-init-gid": "API-INI-01",
    "answers-before-init-tac": "API-INI-03",
    "cleanup-without-init-fails": "API-INI-01",
    "init-not-counted": "API-INI-02",
    "cleanup-ends-nothing": "API-INI-01",
}


@pytest.mark.parametrize(("name", "requirement"), BROKEN.items())
def test_what_is_broken_fails_by_name(name, requirement):
    found = judge(Vendor(broken=frozenset({name})))
    assert requirement in failed(found), found.steps


def test_every_null_pointer_is_asked_and_every_function_before_init():
    vendor = Vendor()
    judge(vendor, names={"test_null_pointers"})
    for call in NULL_CALLS:
        assert call.function in vendor.calls
    assert {call.function for call in CALLS} >= {
        "ver",
        "gid",
        "cac",
        "tac",
        "dec",
        "enc",
        "dch",
        "vsv",
        "sec",
        "dky",
        "pst",
    }


def test_one_reset_in_the_middle_of_a_call_is_no_evidence():
    found = judge(Vendor(broken=frozenset({"reset-once"})), names={"test_null_pointers"})
    assert found.steps["API-NUL-01"].startswith("blocked")


def test_state_comes_back_after_a_failure_too():
    vendor = Vendor(broken=frozenset({"answers-before-init-gid"}), inits=3)
    client = ClientUnderTest(ClientCalls(vendor), board())
    with client.started():
        judged(lifecycle, {"client": client})
    assert vendor.inits == 3


def test_a_board_that_started_anew_is_not_counted_down():
    vendor = Vendor()
    client = ClientUnderTest(ClientCalls(vendor), board())
    with client.started():
        assert "ini" in vendor.calls
        vendor.inits, vendor.starts = 0, 1
    assert "cln" not in vendor.calls


@pytest.mark.parametrize(("like_sdk", "found"), [(True, [("k.3", "major")]), (False, [])])
def test_an_extra_with_nul_is_signed_whole_or_the_defect_is_named(like_sdk, found):
    alone = judged(limits, carrier_and_oracle(like_sdk), {"test_extra_with_nul"})
    assert alone.findings == found
    assert alone.steps["API-EXT-02"].startswith("failed" if like_sdk else "passed")
    assert ("k.3" in alone.steps["API-EXT-02"]) is like_sdk


def test_an_extra_signed_in_another_way_is_no_known_defect():
    given = carrier_and_oracle(like_sdk=False)
    given["oracle"] = Oracle(KeyType.AES_128, ID, Key.parse(KeyType.AES_128, "AB" * 16))
    alone = judged(limits, given, {"test_extra_with_nul"})
    assert alone.steps["API-EXT-02"].startswith("failed")
    assert alone.findings == []


@pytest.mark.parametrize(("like_sdk", "found"), [(True, [("k.2", "minor")]), (False, [])])
def test_padding_of_zeros_is_refused_or_the_defect_is_named(like_sdk, found):
    alone = judged(api, carrier_and_oracle(like_sdk), {"test_decrypt"})
    assert alone.findings == found
    assert alone.steps["API-DEC-01"] == "passed"
    assert alone.steps["API-DEC-02"].startswith("failed" if like_sdk else "passed")
    assert ("known defect k.2 of SDK 3.1.0" in alone.steps["API-DEC-02"]) is like_sdk


def carrier_and_oracle(like_sdk):
    model = make_chip(ChipConfig("ica", ID, AES))
    carrier = SeCarrier(IcaChip(ChipSession(ModelChannel(model))), KeyType.AES_128, like_sdk=like_sdk)
    carrier.init()
    return {"carrier": carrier, "oracle": Oracle(KeyType.AES_128, ID, AES)}
