"""A board tells which ciphertexts its carriers are given, whatever carries them: their plaintexts are no leak."""

from pathlib import Path

import pytest

from harness.board.opening.board import Board
from harness.board.reading.file import load
from harness.carrier.base import Carrier
from harness.id2 import ciphers, published
from harness.id2.keys import KeyType

BOARDS = Path(__file__).parents[2] / "boards"
KEY = published.KEYS[KeyType.AES_128].key


@pytest.mark.parametrize("name", ["virtual-module", "virtual-module-at"])
def test_each_ciphertext_is_told(name):
    told = []
    with Board(load(BOARDS / f"{name}.yaml"), on_decrypt=told.append) as board:
        carrier = board.carrier()
        carrier.init()
        sealed = ciphers.encrypt(KEY, b"plain")
        assert carrier.decrypt(sealed) == b"plain"
    assert told == [sealed]


def test_a_carrier_that_calls_no_constructor_of_the_base_class_can_be_told_of():
    class Foreign(Carrier):
        def __init__(self):
            pass

        init = cleanup = get_version = get_id = get_challenge_auth_code = get_timestamp_auth_code = None

        def decrypt(self, cipher):
            """Return it."""
            return cipher

    told = []
    carrier = Foreign()
    assert carrier.decrypt(b"1") == b"1"
    carrier.on_decrypt = told.append
    assert carrier.decrypt(cipher=b"2") == b"2"
    assert told == [b"2"]
    assert carrier.decrypt.__doc__ == "Return it."
