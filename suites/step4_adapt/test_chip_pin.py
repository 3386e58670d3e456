"""Step 4: the chip's PIN. What locks it for good comes last, and only on a chip that may be used up."""

import pytest

from harness.fixtures.pin import LOCKED, OK, PinPad, tries_of, wrong_pins
from harness.fixtures.types import Bench, IcaChip, Scenario

GUESS = b"\x01\x7f\x02\x7e\x03\x7d"
"""A PIN that nobody has."""

QUERY_REFUSED = frozenset((0x6700, 0x6A80, 0x6A86, 0x6A87, 0x6B00, 0x6985))
"""What a chip answers that cannot be asked for the tries: the ID² specification does not ask for it, ISO/IEC 7816-4
lets it."""

LEFT_OVER = 2
"""Tries that must be left to whoever knows the PIN."""


def test_pin_state(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """The chip says how many tries are left."""
    pad, declared = PinPad(ica, bench), bench.pin_settings.tries
    with scenario.step("SE-PIN-01"):
        sw = pad.state()
        if sw == OK:
            pytest.skip(
                "the chip says that the PIN was entered, or is not needed: it says no number of tries"
            )
        if sw in QUERY_REFUSED:
            pytest.skip(
                f"the chip does not take Verify PIN without data ({sw:04X}): it says no number of tries"
            )
        left = tries_of(sw)
        assert left is not None, f"Verify PIN without data is answered with {sw:04X} and no number of tries"
        assert declared is None or left <= declared, f"{left} tries are left, {declared} are declared"
        assert pad.state() == sw, "to ask for the tries costs one"


@pytest.mark.applies("not pin_known")
def test_wrong_pin(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """A PIN that nobody has is refused, and costs one try."""
    pad = PinPad(ica, bench)
    with scenario.step("SE-PIN-02"):
        before = tries_of(pad.state())
        if before is None or before - 1 < LEFT_OVER:
            pytest.skip(
                f"a wrong PIN would leave fewer than {LEFT_OVER} tries (device.pin.value would restore them)"
            )
        scenario.note(f"one wrong PIN is entered; {before - 1} of {before} tries are left after it")
        _costs_one(pad.enter(GUESS), before, "a PIN that nobody has")


@pytest.mark.applies("pin_known")
def test_right_pin(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """The right PIN alone is accepted, and restores the tries."""
    pad, pin = PinPad(ica, bench), bench.known_pin()
    with scenario.step("SE-PIN-03"):
        before = tries_of(pad.state())
        if before is not None and before < LEFT_OVER:
            pytest.skip(f"{before} tries are left: too few to be sure of the PIN in the board file")
        sw = pad.enter(pin)
        if tries_of(sw) is not None:
            pytest.skip(f"{sw:04X}: the chip calls the PIN of the board file wrong; either of them may be")
        assert sw == OK, f"the PIN of the board file is refused with {sw:04X}"
    with scenario.step("SE-PIN-02"):
        sw = pad.enter(GUESS)
        left = tries_of(sw)
        assert left is not None, f"a wrong PIN is answered with {sw:04X}, and not with 63Cx"
        declared = bench.pin_settings.tries
        assert declared in (None, left + 1), f"one wrong PIN leaves {left} tries, {declared} are declared"
        if left >= LEFT_OVER:
            _costs_one(pad.enter(GUESS), left, "a second wrong PIN")
        assert pad.enter(pin) == OK, "the right PIN is refused after wrong ones"
        assert tries_of(pad.enter(GUESS)) == left, "the right PIN does not restore the tries"
        assert pad.enter(pin) == OK, "the right PIN is refused after a wrong one"
    with scenario.step("SE-PIN-04"):
        for what, wrong in wrong_pins(pin).items():
            assert pad.enter(wrong) != OK, f"a PIN with {what} is accepted"
            assert pad.enter(pin) == OK, "the right PIN is refused after a wrong one"


@pytest.mark.applies("spare")
def test_pin_locks(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """Wrong PINs lock the PIN of a spare chip."""
    with scenario.step("SE-PIN-05"):
        _lock(ica, bench)


@pytest.mark.destructive
@pytest.mark.applies("not spare")
def test_pin_locks_for_good(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """Wrong PINs lock the PIN."""
    with scenario.step("SE-PIN-05"):
        _lock(ica, bench)


def _costs_one(sw: int, before: int, what: str) -> None:
    left = tries_of(sw)
    assert sw != OK, f"{what} is accepted"
    assert left == before - 1, (
        f"{what} is answered with {sw:04X}; of {before} tries {before - 1} must be left (63Cx)"
    )


def _lock(chip: IcaChip, bench: Bench) -> None:
    pad = PinPad(chip, bench)
    if pad.state() == LOCKED:
        pytest.skip("the PIN is locked already")
    sw = pad.enter(GUESS)
    left = tries_of(sw)
    assert left is not None, f"a wrong PIN is answered with {sw:04X}, and not with 63Cx"
    tried = 1 + left
    while left:
        sw = pad.enter(GUESS)
        assert tries_of(sw) == left - 1, f"a wrong PIN with {left} tries left is answered with {sw:04X}"
        left -= 1
    sw = pad.enter(GUESS)
    assert sw == LOCKED, f"a wrong PIN after {tried} others is answered with {sw:04X}, and not with 6983"
    if bench.pin_settings.value is not None:
        sw = pad.enter(bench.known_pin())
        assert sw == LOCKED, f"the right PIN is answered with {sw:04X} though the PIN is locked"
