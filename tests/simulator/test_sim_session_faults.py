"""Each fault that shows over a whole run does what its name says, and what judges it sees that."""

import random

import pytest

from harness.id2 import cipher_tests, weak_keys
from harness.id2.keys import Key, KeyType
from harness.id2.randomness import Draw, RandomKind, Soundness, judge
from harness.secret import Secret
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.ica import IcaChip
from harness.simulator.faults import sessions as session_faults
from harness.simulator.faults.catalogue import BAD_RANDOMS, CHANGES, GUESSABLE

ID = "00FFFFFFDB1D8DC78DDCB802"
KEY = Key(KeyType.AES_128, Secret(bytes.fromhex("9F0C36E1D4B85A2277E3C90641FA8D5B")))
GET_ID = bytes.fromhex("80F8000000")
VENDOR = bytes.fromhex("80FC000000")
BLOCK = bytes(range(16))


def chip(fault=None):
    source = random.Random(7)
    return IcaChip(ChipConfig("ica", ID, KEY, random=source.randbytes, fault=fault))


def encrypt(session, data):
    return session.process(bytes((0x80, 0xF6, 0, 1, 5 + len(data), 0x51, 3, 0, 0, len(data))) + data)


def challenges(fault):
    made = chip(fault)
    for number in range(8):
        session = made.session()
        for _ in range(16):
            yield Draw(RandomKind.GET_CHALLENGE, session.process(bytes.fromhex("0084000008"))[:-2], number)


@pytest.mark.parametrize("fault", [None, *BAD_RANDOMS], ids=lambda fault: fault.name if fault else "sound")
def test_a_bad_random_is_judged_as_such(fault):
    (judgement,) = judge(challenges(fault))
    assert judgement.soundness is (Soundness.BROKEN if fault else Soundness.SOUND)


@pytest.mark.parametrize("fault", [None, *GUESSABLE], ids=lambda fault: fault.name if fault else "sound")
def test_a_bad_key_or_cipher_shows_in_chosen_blocks(fault):
    session = chip(fault).session()
    id2 = session.process(GET_ID)[3:15].hex().upper()
    padding = weak_keys.padding_block(KeyType.AES_128)
    weak = weak_keys.find(KeyType.AES_128, id2, [(padding, encrypt(session, padding)[:-2])])
    blocks = cipher_tests.chosen_blocks(16, random.Random(1).randbytes)
    problems = cipher_tests.problems_of_chosen(blocks, [encrypt(session, one)[:-2] for one in blocks])
    name = fault.name if fault else ""
    assert (weak is not None) is name.startswith("key-")
    assert bool(problems) is name.startswith("cipher-")


def seen(fault, sessions=24, commands=80):
    """Return what a chip answers in each of several sessions, to the same commands."""
    clock = iter(range(10**6))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session_faults.time, "monotonic", lambda: next(clock) / 4)
        return list(answers_of(chip(fault), sessions, commands))


def answers_of(made, sessions, commands):
    for number in range(sessions):
        session = made.session()
        once = [session.process(GET_ID), session.process(VENDOR), encrypt(session, BLOCK)]
        fresh = [encrypt(session, bytes((number, place)) * 8) for place in range(3)]
        once += [encrypt(session, BLOCK) for _ in range(commands)]
        yield once, fresh


@pytest.fixture(scope="module")
def right():
    return seen(None)


@pytest.mark.parametrize("fault", [None, *CHANGES], ids=lambda fault: fault.name if fault else "sound")
def test_another_device_after_a_while(fault, right):
    answers = seen(fault)
    assert answers[0] == right[0] or fault.name.endswith(("then", "seconds")), (
        "it is sound in its first session"
    )
    assert (answers == right) is (fault is None)
