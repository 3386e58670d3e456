"""Generators that are no random source, known by their own law: linear congruences, `rand()` of C libraries, hashes.

The laws are exact, so each match is as improbable for a sound source as guessing its bits. The bounds count every
generator, byte order and position that was tried, as in `random_tests`.

Source: alibaba/id2_client_sdk modules/hal/demo/src/ls_hal_rand.c (the demo's generator, left in when the random of the
    HAL is not ported; device-protocol.md k.4 and j.2); the C library sources of glibc, newlib, musl, Microsoft and
    Borland for their multipliers; Numerical Recipes for the first.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from math import log2
from operator import mul

from harness.id2.random_tests import NOTHING, Seen, Values, log2_at_least


@dataclass(frozen=True, slots=True)
class Congruence:
    """A linear congruence modulo 2^32: state := a · state + c.

    Attributes:
        name: Where it is from.
        a: Multiplier.
        c: Increment.
    """

    name: str
    a: int
    c: int

    def steps(self, number: int) -> tuple[int, int]:
        """Return multiplier and increment of so many steps at once."""
        a, c = 1, 0
        for _ in range(number):
            a, c = a * self.a % _WORD, (self.a * c + self.c) % _WORD
        return a, c

    def output(self, seed: int, size: int, shift: int) -> bytes:
        """Return `size` bytes, each from one step, `shift` bits up in the state."""
        out, state = bytearray(), seed
        for _ in range(size):
            state = (state * self.a + self.c) % _WORD
            out.append(state >> shift & 0xFF)
        return bytes(out)


_WORD = 1 << 32
CONGRUENCES = (
    Congruence("the vendor's HAL demo (ls_hal_rand.c)", 1664525, 1013904223),
    Congruence("rand() of ANSI C", 1103515245, 12345),
    Congruence("rand() of Microsoft's C library", 214013, 2531011),
    Congruence("rand() of Borland's C library", 22695477, 1),
    Congruence("Marsaglia's 69069", 69069, 1),
    Congruence("L'Ecuyer's 747796405", 747796405, 2891336453),
    Congruence("Knuth's 134775813", 134775813, 1),
)
_SHIFTS = (0, 8, 16)
_MOST_STEPS = 8
_TRIED = 24  # values that the search for a state looks at
_ADDITIVE = (
    (3, 31, "rand() of glibc"),
    (1, 7, "random() with 32 bytes of state"),
    (3, 7, "random() with 32 bytes of state"),
    (1, 15, "random() with 64 bytes of state"),
    (1, 63, "random() with 256 bytes of state"),
    (24, 55, "Knuth's additive generator"),
)


def known_congruence(values: Values) -> Seen:
    """Words that follow from the word before them by a published linear congruence, within a value."""
    size, n = len(values[0]), len(values)
    pairs = n * (size // 4 - 1)
    if pairs < 1:
        return NOTHING

    def each() -> Iterator[Seen]:
        for order in ("big", "little"):
            rows = [_words(value, 4, order) for value in values]
            for known in CONGRUENCES:
                for steps in range(1, _MOST_STEPS + 1):
                    a, c = known.steps(steps)
                    hits = sum(
                        (a * left + c) % _WORD == right for row in rows for left, right in pairwise(row)
                    )
                    yield Seen(
                        log2_at_least(hits, pairs, -32.0),
                        f"{known.name}: {hits} of {pairs} words follow from the word before ({order} endian, "
                        f"{steps} steps)",
                    )

    return _worst(each(), 2 * len(CONGRUENCES) * _MOST_STEPS)


def any_congruence(values: Values) -> Seen:
    """Words that follow from the word before by some linear congruence modulo a power of two."""

    def each() -> Iterator[Seen]:
        for width in (2, 4, 8):
            for order in ("big", "little"):
                for row, name in _rows(values, width, order):
                    modulus = 1 << 8 * width
                    found = _multiplier(row, modulus)
                    if found is None:
                        continue
                    a, used = found
                    steps = [(right - left) % modulus for left, right in pairwise(row)]
                    later = list(zip(steps[used:], steps[used + 1 :], strict=False))
                    hits = sum(a * left % modulus == right for left, right in later)
                    yield Seen(
                        # 0 = a · 0 holds by itself, with a probability that the bound must have room for
                        log2_at_least(hits, len(later), 1.0 - 8 * width),
                        f"{name} follow a linear congruence with multiplier {a} in {hits} of {len(later)} steps "
                        f"({order} endian)",
                    )

    return _worst(each(), 12)


def _rows(values: Values, width: int, order: str) -> Iterator[tuple[list[int], str]]:
    if len(values[0]) >= width:
        yield (
            [_words(value, width, order)[0] for value in values],
            f"the first {width} bytes of the values",
        )
    yield _words(b"".join(values), width, order), f"all {8 * width}-bit words"


def _multiplier(row: Sequence[int], modulus: int) -> tuple[int, int] | None:
    """Return the multiplier that the first usable pair of steps fixes, and the number of the step after it."""
    for place in range(min(16, len(row) - 2)):
        first = (row[place + 1] - row[place]) % modulus
        if first & 1:
            second = (row[place + 2] - row[place + 1]) % modulus
            return second * pow(first, -1, modulus) % modulus, place + 1
    return None


def truncated_congruence(values: Values) -> Seen:
    """Bytes cut out of the state of a published linear congruence, one step a byte, each value from any state."""
    heads = [value[:16] for value in values[:_TRIED] if len(value) >= 8]
    if len(heads) < 2:
        return NOTHING

    def each() -> Iterator[Seen]:
        for known in CONGRUENCES:
            for shift in _SHIFTS:
                # One value of 64 bits that some state of 32 bits gives has a probability of 2^-32; a search that
                # finds nothing in the first value need not look at the others.
                if _state(known, shift, heads[0]) is None:
                    continue
                hits = sum(_state(known, shift, head) is not None for head in heads)
                yield Seen(
                    log2_at_least(hits, len(heads), -32.0),
                    f"{known.name}: its state gives {hits} of {len(heads)} values, one step a byte",
                )

    return _worst(each(), len(CONGRUENCES) * len(_SHIFTS))


def _state(known: Congruence, shift: int, value: bytes) -> int | None:
    """Return a state that gives this value, solved from its low bits upwards: those do not depend on the high ones."""
    return next(_grown(known, shift, value, _low_states(known, shift, value), shift + 1), None)


def _low_states(known: Congruence, shift: int, value: bytes) -> Iterator[int]:
    """Yield the lower `shift` + 1 bits of every state whose lowest visible bits are those of the value."""
    modulus, a, c = 1 << shift + 1, known.a, known.c
    wanted = [byte & 1 for byte in value]
    rest = wanted[1:]
    for low in range(1 << shift):
        first = low | wanted[0] << shift
        state = first
        for bit in rest:
            state = (state * a + c) % modulus
            if state >> shift != bit:
                break
        else:
            yield first


def _grown(known: Congruence, shift: int, value: bytes, lows: Iterator[int], bits: int) -> Iterator[int]:
    """Yield the visible parts of the states that have one of these low parts and give the value."""
    for low in lows:
        states = [low]
        for size in range(bits, shift + 9):  # what stands higher in the state never shows
            seen = (1 << size - shift) - 1
            states = [one for one in states if _gives(known, one, 1 << size, shift, value, seen)]
            if size < shift + 8:
                states = [one | top << size for one in states for top in (0, 1)]
            if not states or len(states) > 1 << 12:
                break
        else:
            yield from states


def _gives(known: Congruence, state: int, modulus: int, shift: int, value: bytes, mask: int) -> bool:
    for byte in value:
        if (state >> shift ^ byte) & mask:
            return False
        state = (state * known.a + known.c) % modulus
    return True


def additive(values: Values) -> Seen:
    """Bytes or words that are the sum of two earlier ones, as `rand()` of glibc gives them."""
    data = b"".join(values)

    def each() -> Iterator[Seen]:
        for width, order, bits in (
            (1, "big", 8),
            (4, "little", 31),
            (4, "big", 31),
            (4, "little", 32),
            (4, "big", 32),
        ):
            row, modulus = _words(data, width, order), 1 << bits
            for short, long, name in _ADDITIVE:
                places = range(long, len(row))
                hits = sum((row[at] - row[at - short] - row[at - long]) % modulus <= 1 for at in places)
                yield Seen(
                    log2_at_least(hits, len(places), 1.0 - bits),
                    f"{name}: {hits} of {len(places)} are the sum of those {short} and {long} before",
                )

    return _worst(each(), 5 * len(_ADDITIVE))


_HASHES: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    lambda data: hashlib.sha256(data).digest(),
)
_HASHED_COUNTS = 1024


def hashed_counter(values: Values) -> Seen:
    """Values that are the hash of a small number."""
    heads = {value[:8] for value in values}
    if len(values[0]) < 8:
        return NOTHING
    hits = heads & _hashes_of_counts()
    return Seen(
        min(
            0.0,
            len(hits) * (log2(len(_hashes_of_counts())) + log2(len(values)) - 64.0),
        ),
        f"{len(hits)} of {len(values)} values are the hash of a number below {_HASHED_COUNTS}",
    )


@cache
def _hashes_of_counts() -> frozenset[bytes]:
    counted: set[bytes] = set()
    for number in range(_HASHED_COUNTS):
        forms = {str(number).encode(), number.to_bytes(2, "big"), number.to_bytes(2, "little")}
        forms |= {number.to_bytes(4, "big"), number.to_bytes(4, "little")}
        forms |= {number.to_bytes(8, "big"), number.to_bytes(8, "little")}
        forms |= {number.to_bytes(1)} if number < 256 else set()
        counted.update(function(form)[:8] for form in forms for function in _HASHES)
    return frozenset(counted)


def seeded(values: Values, seeds: Sequence[int]) -> Seen:
    """Values that `rand()` of a C library gives after a seed that can be guessed: a small number, or a time."""
    heads = frozenset(value[:8] for value in values)
    if len(values[0]) < 8:
        return NOTHING
    hits: set[bytes] = set()
    name, tried = "", 0
    for library, firsts in _SEEDED:
        tried += 1
        found = {head for seed in seeds for head in firsts(seed, heads) if head in heads}
        if len(found) > len(hits):
            hits, name = found, library
    chance = len(hits) * (log2(len(seeds) or 1) + 2 + log2(len(values)) - 64.0) + log2(tried)
    return Seen(
        min(0.0, chance),
        f"{name} gives {len(hits)} of {len(values)} values after a seed that can be guessed",
    )


def _newlib(seed: int, heads: AbstractSet[bytes]) -> tuple[bytes, ...]:
    del heads
    out, state = bytearray(), seed or 1
    for _ in range(8):
        state = (state * 6364136223846793005 + 1) % (1 << 64)
        out.append(state >> 32 & 0xFF)
    return (bytes(out),)


def _musl(seed: int, heads: AbstractSet[bytes]) -> tuple[bytes, ...]:
    del heads
    out, state = bytearray(), (seed - 1) % _WORD
    for _ in range(8):
        state = (state * 6364136223846793005 + 1) % (1 << 64)
        out.append(state >> 33 & 0xFF)
    return (bytes(out),)


def _minstd(seed: int, heads: AbstractSet[bytes]) -> tuple[bytes, ...]:
    del heads
    out, state = bytearray(), seed % 0x7FFFFFFF or 1
    for _ in range(8):
        state = state * 16807 % 0x7FFFFFFF
        out.append(state & 0xFF)
    return (bytes(out),)


def _glibc(seed: int, heads: AbstractSet[bytes]) -> tuple[bytes, ...]:
    row = [seed or 1]
    for _ in range(30):
        row.append(16807 * row[-1] % 0x7FFFFFFF)
    weights = _glibc_weights()
    first = sum(map(mul, weights[0], row)) % _WORD >> 1
    if not _beginnings(heads) & {first & 0xFF, first.to_bytes(4, "big"), first.to_bytes(4, "little")}:
        return ()
    outputs = [sum(map(mul, each, row)) % _WORD >> 1 for each in weights]
    return (
        bytes(output & 0xFF for output in outputs),
        b"".join(output.to_bytes(4, "little") for output in outputs[:2]),
        b"".join(output.to_bytes(4, "big") for output in outputs[:2]),
    )


@lru_cache(maxsize=4)
def _beginnings(heads: AbstractSet[bytes]) -> frozenset[bytes | int]:
    return frozenset(head[0] for head in heads) | frozenset(head[:4] for head in heads)


@cache
def _glibc_weights() -> tuple[tuple[int, ...], ...]:
    """Return each of the first outputs as weights of the 31 numbers that the seed gives: the generator only adds."""
    rows = [[int(place == column) for column in range(31)] for place in range(31)]
    rows += rows[:3]  # r[31] to r[33] are copies of r[0] to r[2]
    for place in range(34, 344 + 8):
        rows.append(
            [(left + right) % _WORD for left, right in zip(rows[place - 31], rows[place - 3], strict=True)]
        )
    return tuple(tuple(row) for row in rows[344:])


_SEEDED: tuple[tuple[str, Callable[[int, AbstractSet[bytes]], tuple[bytes, ...]]], ...] = (
    ("rand() of newlib", _newlib),
    ("rand() of musl", _musl),
    ("the minimal standard generator", _minstd),
    ("rand() of glibc", _glibc),
)


def _words(data: bytes, width: int, order: str) -> list[int]:
    end = len(data) - len(data) % width
    read = int.from_bytes
    return [read(data[at : at + width], order) for at in range(0, end, width)]  # type: ignore[arg-type]


def _worst(found: Iterator[Seen], places: int) -> Seen:
    best = min(found, key=lambda seen: seen.log2_chance, default=NOTHING)
    return Seen(min(0.0, best.log2_chance + log2(places)), best.text)


GENERATORS: dict[str, Callable[[Values], Seen]] = {
    "published congruence": known_congruence,
    "linear congruence": any_congruence,
    "truncated congruence": truncated_congruence,
    "additive generator": additive,
    "hashed counter": hashed_counter,
}
"""The tests that need nothing but the values, by name."""
