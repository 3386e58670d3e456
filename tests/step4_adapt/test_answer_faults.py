"""Each chip whose answers are wrong, that gives something away or tolerates too much is failed; sound ones are not."""

import pytest

from harness.simulator.faults.catalogue import ANSWER_FAULTS
from harness.suites.step4_adapt import test_chip_commands as commands
from harness.suites.step4_adapt import test_chip_hidden as hidden
from harness.suites.step4_adapt import test_chip_mac as macs
from harness.suites.step4_adapt import test_chip_pin as pin
from harness.suites.step4_adapt import test_chip_tolerance as tolerance
from harness.suites.step4_adapt import test_chip_values as values
from tests.step4_adapt.conftest import KEYS, FakeBench, Judge, board_of

pytestmark = pytest.mark.slow

JUDGE = Judge(commands, macs, values, hidden, tolerance, pin)
BOARDS = {
    **{f"ica-{kind}": board_of(kind) for kind in KEYS},
    "ica-get-response": board_of("aes-128", answers="get-response"),
    **{f"mtk-{kind}": board_of(kind, "mtk") for kind in ("3des-112", "3des-168")},
}


def boards_for(fault):
    """Return a board of each command set that can have the fault."""
    if fault.needs:
        return [BOARDS["ica-get-response"]]
    return [
        BOARDS[board] for one, board in (("ica", "ica-aes-128"), ("mtk", "mtk-3des-168")) if fault.fits(one)
    ]


@pytest.mark.parametrize("known", [True, False], ids=["key-known", "key-unknown"])
@pytest.mark.parametrize("name", BOARDS)
def test_sound_chips_pass(name, known):
    outcome = JUDGE.judge(BOARDS[name], key_known=known)
    assert not outcome.failed
    assert outcome.ran


@pytest.mark.parametrize("fault", ANSWER_FAULTS, ids=lambda fault: fault.name)
def test_broken_chip_fails(fault):
    for board in boards_for(fault):
        assert JUDGE.judge(board, fault=fault.name).failed
        if "a known key" not in fault.shows_with:
            assert JUDGE.judge(board, fault=fault.name, key_known=False).failed, "with the key unknown"


def without_pin(**device):
    board = board_of("aes-128")
    board["device"] |= device
    return board


def test_an_unknown_pin_costs_one_try_and_no_more():
    outcome = Judge(pin).judge(without_pin(pin={"tries": 3}, spare=False))
    assert outcome.ran == ["test_pin_state", "test_wrong_pin"]
    assert not outcome.failed
    assert any("one wrong PIN is entered; 2 of 3" in note for note in outcome.said.notes)


@pytest.mark.parametrize("fault", ["any-pin", "pin-not-counted", "pin-refused-without-count"])
def test_broken_pins_show_without_the_pin(fault):
    assert Judge(pin).judge(without_pin(pin=None, spare=False), fault=fault).failed


def test_a_pin_that_the_board_file_has_wrong_is_not_held_against_the_chip(monkeypatch):
    monkeypatch.setattr(FakeBench, "known_pin", lambda _bench: b"654321")
    outcome = Judge(pin).judge(without_pin(spare=False))
    assert not outcome.failed
    assert outcome.not_run["test_right_pin"].startswith(
        "63C2: the chip calls the PIN of the board file wrong"
    )


def test_more_tries_than_declared():
    failed = Judge(pin).judge(without_pin(pin={"tries": 2}, spare=False)).failed
    assert failed["test_pin_state"].startswith("3 tries are left, 2 are declared")


def test_only_a_spare_chip_is_locked():
    assert "test_pin_locks" not in Judge(pin).judge(without_pin(spare=False)).ran
    assert "test_pin_locks" in Judge(pin).judge(without_pin(spare=True)).ran
    assert "test_pin_locks_for_good" in Judge(pin).judge(without_pin(spare=False), destructive=True).ran


@pytest.mark.parametrize(("declared", "fails"), [("80CA", False), ("80CB", True)])
def test_a_declared_proprietary_command_is_no_fault(declared, fails):
    board = board_of("aes-128")
    board["declaration"]["proprietary"] = [declared]
    outcome = Judge(hidden).judge(board, fault="hidden-key-dump", key_known=False)
    assert ("test_undocumented_commands" in outcome.failed) is fails
