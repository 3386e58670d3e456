"""Sound chips of other makes, which refuse, announce and answer in their own way, are not accused."""

import pytest

from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.faults import catalogue as faults
from harness.simulator.faults.fault import Expected, Fault, Layer
from harness.suites.step4_adapt import test_chip_pin as pin
from harness.suites.step4_adapt import test_chip_refusals as refusals
from harness.suites.step4_adapt import test_chip_symmetric as symmetric
from harness.suites.step4_adapt import test_chip_tolerance as tolerance
from tests.step4_adapt.conftest import Judge, board_of

JUDGE = Judge(symmetric, refusals, tolerance, pin)
OK = b"\x90\x00"
FIXED = (0xF8, 0xFC)  # GetID, GetVendorInfo


class TellsLengthFirst(ChipHooks):
    """T=0: any Le but the right one is answered with 6Cxx."""

    def response(self, command, response):
        size = len(response) - 2
        told = command[1] in FIXED and size > 0 and response.endswith(OK) and command[4:5] != bytes((size,))
        return bytes((0x6C, size)) if told else response


def refusing(before, after, ins=None):
    """A chip that chooses another status word."""

    class OtherWord(ChipHooks):
        def response(self, command, response):
            chosen = response == bytes.fromhex(before) and ins in (None, command[1])
            return bytes.fromhex(after) if chosen else response

    return OtherWord


class NoQuery(ChipHooks):
    """Verify PIN wants a PIN."""

    def response(self, command, response):
        return b"\x67\x00" if command[1] == 0x20 and len(command) <= 5 else response


MAKES = {
    "tells-length-first": TellsLengthFirst,
    "parameters-6b00": refusing("6A86", "6B00"),
    "key-6a88": refusing("9403", "6A88"),
    "algorithm-6a80": refusing("9401", "6A80"),
    "length-6a80": refusing("6700", "6A80", 0xF6),
    "class-6881": refusing("6E00", "6881"),
    "wrong-mac-6988": refusing("6A80", "6988", 0xF6),
    "no-pin-query": NoQuery,
}


@pytest.fixture
def judged(monkeypatch):
    def judge(hooks, *, key_known=True):
        made = Fault("of-a-test", Layer.CHIP, "another make", Expected.PASSED, hooks)
        monkeypatch.setitem(faults._BY_NAME, made.name, made)
        return JUDGE.judge(board_of("aes-128"), fault=made.name, key_known=key_known)

    return judge


@pytest.mark.parametrize("known", [True, False], ids=["key-known", "key-unknown"])
@pytest.mark.parametrize("make", MAKES)
def test_a_sound_chip_of_another_make_is_not_accused(judged, make, known):
    outcome = judged(MAKES[make], key_known=known)
    assert not outcome.failed
    assert set(outcome.not_run) <= {"test_pin_state", "test_wrong_pin"}


def test_a_chip_that_does_not_tell_the_tries_is_not_judged_by_them(judged):
    assert "it says no number of tries" in judged(NoQuery).not_run["test_pin_state"]


@pytest.mark.parametrize(("before", "after"), [("6A86", "6F00"), ("9403", "6D00"), ("9401", "9000")])
def test_a_word_that_says_something_else_is_failed(judged, before, after):
    assert judged(refusing(before, after)).failed
