"""What is no block cipher is told, what is one is not accused."""

import itertools
import random
import warnings

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4

from harness.id2 import cipher_tests

warnings.simplefilter("ignore")
SOURCE = random.Random(1)
KEY = SOURCE.randbytes(16)
BOX = list(range(256))
SOURCE.shuffle(BOX)
BITS = list(range(128))
SOURCE.shuffle(BITS)


def real(algorithm):
    context = Cipher(algorithm, modes.ECB()).encryptor()
    return context.update


DES = real(TripleDES(KEY + KEY[:8]))


def xor(left, right):
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def number(data):
    return int.from_bytes(data)


def feistel_rounds(count):
    def run(data):
        for _ in range(count):
            data = data[8:] + xor(data[:8], DES(data[8:]))
        return data

    return run


NO_CIPHERS = {
    "identity": lambda x: x,
    "xor": lambda x: xor(x, KEY),
    "not": lambda x: xor(x, b"\xff" * 16),
    "backwards": lambda x: x[::-1],
    "addition": lambda x: ((number(x) + number(KEY)) % 2**128).to_bytes(16),
    "addition-of-bytes": lambda x: bytes((a + b) % 256 for a, b in zip(x, KEY, strict=True)),
    "substitution": lambda x: bytes(BOX[a] for a in x),
    "substitution-after-xor": lambda x: bytes(BOX[a ^ b] for a, b in zip(x, KEY, strict=True)),
    "bits-in-other-order": lambda x: sum((number(x) >> at & 1) << to for at, to in enumerate(BITS)).to_bytes(
        16
    ),
    "multiplication": lambda x: (number(x) * (number(KEY) | 1) % 2**128).to_bytes(16),
    "chained-bytes": lambda x: bytes(itertools.accumulate(x, lambda a, b: BOX[a ^ b])),
    "two-halves": lambda x: DES(x[:8]) + DES(x[8:]),
    "first-half-alone": lambda x: DES(x[:8]) + KEY[:8],
    "one-feistel-round": feistel_rounds(1),
    "two-feistel-rounds": feistel_rounds(2),
    "constant": lambda _: KEY,
}


def problems(function, block, seed=1):
    blocks = cipher_tests.chosen_blocks(block, random.Random(seed).randbytes)
    return cipher_tests.problems_of_chosen(blocks, [function(one) for one in blocks])


@pytest.mark.parametrize("name", NO_CIPHERS)
def test_no_block_cipher_is_told(name):
    assert problems(NO_CIPHERS[name], 16)


@pytest.mark.parametrize(
    "name", ["identity", "xor", "addition-of-bytes", "substitution", "substitution-after-xor", "constant"]
)
def test_few_random_blocks_of_codes_are_enough(name):
    blocks = [random.Random(at).randbytes(16) for at in range(24)]
    assert cipher_tests.problems_of_pairs([(one, NO_CIPHERS[name](one)) for one in blocks])


@pytest.mark.parametrize(
    ("algorithm", "size", "block"), [(AES, 16, 16), (AES, 32, 16), (SM4, 16, 16), (TripleDES, 24, 8)]
)
def test_real_ciphers_are_not_accused(algorithm, size, block):
    for seed in range(40):
        source = random.Random(seed)
        cipher = real(algorithm(source.randbytes(size)))
        assert problems(cipher, block, seed) == []
        pairs = [(one, cipher(one)) for one in (source.randbytes(block) for _ in range(40))]
        assert cipher_tests.problems_of_pairs(pairs) == []


def test_one_pair_says_nothing():
    assert cipher_tests.problems_of_pairs([(bytes(16), bytes(16))] * 3) == []


def test_the_known_structure_of_codes_accuses_nobody():
    """The last block of all codes is the same: it comes again, and says nothing twice."""
    cipher = real(AES(KEY))
    padding = b"\x10" * 16
    pairs = [(one, cipher(one)) for one in (padding, random.Random(1).randbytes(16))] * 20
    assert cipher_tests.problems_of_pairs(pairs) == []
