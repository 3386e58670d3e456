"""Is it a block cipher? Blocks and their ciphertexts tell what is none: XOR, addition, substitution, shuffled bits.

Nothing here needs the key. Each bound for the probability that a sound cipher is accused is proven under the usual
idealisation, that a block cipher under an unknown key is a random permutation, and is multiplied by the number of
places that were looked at. One call accuses a sound cipher with a probability below 2^-29.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from math import ceil, inf, log2
from typing import Literal

from harness.id2.random_tests import log2_at_least, log2_unbalanced

Pair = tuple[bytes, bytes]
"""A block and its ciphertext."""

_LOG2_FALSE_ALARM = -29.0
_TESTS = 8
_LOG2_EACH = _LOG2_FALSE_ALARM - log2(_TESTS)
_BASES = 8


def problems_of_pairs(pairs: Iterable[Pair]) -> list[str]:
    """Return why these blocks and ciphertexts come out of no block cipher; nothing when they may.

    It is enough for codes whose messages are known, such as those on a console.

    Args:
        pairs: Different blocks, of one size, with their ciphertexts. A block that occurs again is left out.
    """
    known = list(dict(pairs).items())
    if len(known) < 2:
        return []
    found = [*_constants(known), *_substitution(known), *_equal_ciphertexts(known)]
    return _told(found)


def chosen_blocks(block: int, random: Callable[[int], bytes]) -> list[bytes]:
    """Return the blocks that `problems_of_chosen` wants encrypted: some bases, and each with one byte changed.

    Args:
        block: Size of a block in bytes.
        random: Gives random bytes.
    """
    bases = [bytes(block), *(random(block) for _ in range(_BASES - 1))]
    changed = [
        base[:place] + bytes((base[place] ^ 1 << number % 8,)) + base[place + 1 :]
        for number, base in enumerate(bases)
        for place in range(block)
    ]
    sums = [_xor(_xor(one, two), three) for one, two, three in combinations(bases[1:6], 3)]
    return [*bases, *changed, *sums]


def problems_of_chosen(blocks: Sequence[bytes], sealed: Sequence[bytes]) -> list[str]:
    """Return why the device is no block cipher; nothing when it may be one.

    Args:
        blocks: What `chosen_blocks` gave.
        sealed: Their ciphertexts, in the same order.
    """
    block = len(blocks[0])
    table = dict(zip(blocks, sealed, strict=True))
    found = [
        *_constants(list(table.items())),
        *_substitution(list(table.items())),
        *_equal_ciphertexts(list(table.items())),
        *_affine(blocks, table),
        *_influence(blocks, table, block),
    ]
    return _told(found)


def _told(found: Iterable[tuple[float, str]]) -> list[str]:
    """Return what a sound cipher does not do, the least probable first."""
    return [f"{text}{_chance(chance)}" for chance, text in sorted(found) if chance <= _LOG2_EACH]


def _chance(log2_chance: float) -> str:
    return "" if log2_chance == -inf else f" (chance below 2^{ceil(log2_chance)})"


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def _number(data: bytes, order: Literal["big", "little"]) -> int:
    return int.from_bytes(data, order)


_MIXES: tuple[tuple[str, Callable[[bytes, bytes], object]], ...] = (
    ("XOR", _xor),
    ("sum, byte by byte,", lambda p, s: bytes((b - a) & 255 for a, b in zip(p, s, strict=True))),
    ("difference, byte by byte,", lambda p, s: bytes((b + a) & 255 for a, b in zip(p, s, strict=True))),
    ("sum", lambda p, s: (_number(s, "big") - _number(p, "big")) % (1 << 8 * len(p))),
    ("sum, little endian,", lambda p, s: (_number(s, "little") - _number(p, "little")) % (1 << 8 * len(p))),
)
"""What is the same for every block when the ciphertext is made from it and a constant."""


def _constants(pairs: Sequence[Pair]) -> Iterator[tuple[float, str]]:
    """The ciphertext is the block itself, or the block plus a constant."""
    block, n = len(pairs[0][0]), len(pairs)
    bits = 8 * block
    itself = sum(plain == sealed for plain, sealed in pairs)
    yield log2_at_least(itself, n, -bits), f"{itself} of {n} blocks come back as they are"
    reversed_ = sum(plain[::-1] == sealed for plain, sealed in pairs)
    yield log2_at_least(reversed_, n, -bits), f"{reversed_} of {n} blocks come back backwards"
    for words, mix in _MIXES:
        constants = [mix(plain, sealed) for plain, sealed in pairs]
        same = constants.count(constants[0]) - 1
        yield (
            log2_at_least(same, n - 1, 0.5 - bits),  # a permutation repeats a little less evenly than dice
            f"the ciphertext is the {words} of the block and a constant, in {same + 1} of {n} blocks",
        )


def _substitution(pairs: Sequence[Pair]) -> Iterator[tuple[float, str]]:
    """Equal bytes become equal bytes, wherever they stand or each at its place."""
    block = len(pairs[0][0])
    for where in ("at the same place", "anywhere"):
        seen: dict[tuple[int, int], int] = {}
        again = agreed = 0
        for plain, sealed in pairs:
            for place in range(block):
                at = (place if where == "at the same place" else 0, plain[place])
                if at in seen:
                    again += 1
                    agreed += seen[at] == sealed[place]
                seen.setdefault(at, sealed[place])
        yield (
            log2_at_least(agreed, again, -7.5),
            f"equal bytes {where} become equal bytes in {agreed} of {again} cases: this is a substitution",
        )


def _equal_ciphertexts(pairs: Sequence[Pair]) -> Iterator[tuple[float, str]]:
    """Different blocks become equal: what cannot be decrypted is no cipher."""
    different = len({sealed for _, sealed in pairs})
    if different < len(pairs):
        yield -inf, f"{len(pairs)} different blocks give {different} different ciphertexts"


def _affine(blocks: Sequence[bytes], table: dict[bytes, bytes]) -> Iterator[tuple[float, str]]:
    """The XOR of three blocks becomes the XOR of their ciphertexts."""
    bases = blocks[1:6]
    triples = [(one, two, three) for one, two, three in combinations(bases, 3)]
    whole = places = 0
    for one, two, three in triples:
        mixed = _xor(_xor(one, two), three)
        rest = _xor(_xor(table[one], table[two]), _xor(table[three], table[mixed]))
        whole += not any(rest)
        places += rest.count(0)
    size = len(bases[0])
    yield (
        log2_at_least(whole, len(triples), 0.5 - 8 * size),
        f"the XOR of three blocks becomes the XOR of their ciphertexts in {whole} of {len(triples)} cases",
    )
    yield (
        log2_at_least(places, len(triples) * size, -7.5),
        f"{places} of {len(triples) * size} bytes of the ciphertext follow by XOR from those of other blocks",
    )


def _influence(blocks: Sequence[bytes], table: dict[bytes, bytes], block: int) -> Iterator[tuple[float, str]]:
    """A change of one byte changes only some of the ciphertext."""
    bases = blocks[:_BASES]
    changed_bits = 0
    never: dict[tuple[int, int], int] = {}
    for number, base in enumerate(bases):
        for place in range(block):
            other = base[:place] + bytes((base[place] ^ 1 << number % 8,)) + base[place + 1 :]
            difference = _xor(table[base], table[other])
            changed_bits += sum(byte.bit_count() for byte in difference)
            for at, byte in enumerate(difference):
                never[place, at] = never.get((place, at), 0) + (byte == 0)
    size = 8 * block * block * len(bases)
    yield log2_unbalanced(changed_bits, size), f"a changed bit changes {changed_bits} of {size} bits"
    (place, at), times = max(never.items(), key=lambda item: item[1])
    yield (
        log2_at_least(times, len(bases), -7.9) + 2 * log2(block),
        f"byte {at} of the ciphertext stays in {times} of {len(bases)} cases when byte {place} of the block changes",
    )
    unmoved = sum(never.values())
    yield (
        log2_at_least(unmoved, block * block * len(bases), -7.9),
        f"{unmoved} of {block * block * len(bases)} bytes of the ciphertext stay when a byte of the block changes",
    )
