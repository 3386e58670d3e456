"""The bytes of a random source, drawn at once: the block tests of FIPS 140-2, and the tests of `random_tests`.

A block of 20,000 bits fails the tests of FIPS 140-2 once in 1,300 times although its source is sound, so a single one
proves nothing. What accuses is so many failed blocks as a sound source gives in fewer than one of two million streams;
the other half of the false-alarm rate of a stream, 2^-20, is divided among the other tests.

Source: FIPS 140-2 4.9.1 (the text of 2001, before its change notices): monobit, poker, runs, long run.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import comb, log2

from harness.id2.random_generators import GENERATORS
from harness.id2.random_tests import TESTS
from harness.id2.randomness import LOG2_FALSE_ALARM, SourceProblem

STREAM = 32 << 10
"""Bytes of a stream that is judged: 13 blocks."""

BLOCK = 2_500
"""Bytes of a block of FIPS 140-2: 20,000 bits."""

WINDOW = 8
"""Bytes in a row that two streams do not have in common by chance."""

LOG2_BLOCK_FAILS = -10.0
"""A block of a sound source fails one of the four tests with a probability below 2 to this power.

Measured: 1,541 of 2,000,000 blocks, which is 0.00077 (monobit 0.00011, poker 0.00009, runs 0.00028, long run 0.00031).
"""

_VALUE = 16
_GROUP = 1024  # values that the tests of values take at once
_LONGEST_RUN = 25
_RUNS = {1: (2_315, 2_685), 2: (1_114, 1_386), 3: (527, 723), 4: (240, 384), 5: (103, 209), 6: (103, 209)}
_ONES = (9_726, 10_274)
_POKER = (2.16, 46.17)
_LOG2_HALF = LOG2_FALSE_ALARM - 1


def block_problems(block: bytes) -> list[str]:
    """Return what the four tests of FIPS 140-2 say of a block of 20,000 bits; nothing when it passes all.

    Raises:
        ValueError: The block has another size.
    """
    if len(block) != BLOCK:
        raise ValueError(f"a block has {BLOCK} bytes, this one has {len(block)}")
    bits = f"{int.from_bytes(block):0{8 * BLOCK}b}"
    return [text for test in (_monobit, _poker, _runs) for text in test(bits)]


def _monobit(bits: str) -> Iterator[str]:
    ones = bits.count("1")
    if not _ONES[0] <= ones <= _ONES[1]:
        yield f"monobit: {ones} of {len(bits)} bits are 1, not {_ONES[0]} to {_ONES[1]}"


def _poker(bits: str) -> Iterator[str]:
    digits = Counter(bits[at : at + 4] for at in range(0, len(bits), 4))
    number = len(bits) // 4
    statistic = 16 / number * sum(count * count for count in digits.values()) - number
    if not _POKER[0] < statistic < _POKER[1]:
        yield f"poker: the statistic is {statistic:.2f}, not {_POKER[0]} to {_POKER[1]}"


def _runs(bits: str) -> Iterator[str]:
    longest = 0
    for bit, other in ("01", "10"):
        lengths = Counter(map(len, bits.split(other)))
        del lengths[0]  # nothing stands between two equal bits
        longest = max(longest, 0, *lengths)
        for length, (low, high) in _RUNS.items():
            last = length == max(_RUNS)
            found = sum(lengths[n] for n in lengths if n >= length) if last else lengths[length]
            if not low <= found <= high:
                more = " or more" if last else ""
                yield f"runs: {found} runs of {length}{more} times {bit}, not {low} to {high}"
    if longest > _LONGEST_RUN:
        yield f"long run: {longest} equal bits in a row"


def too_many_failed(blocks: int) -> int:
    """Return how many of so many blocks must fail until a sound source does that in fewer than 2^-21 of streams."""
    failed = 1
    while failed <= blocks and _log2_failed(failed, blocks) > _LOG2_HALF:
        failed += 1
    return failed


def _log2_failed(failed: int, blocks: int) -> float:
    """Return an upper bound, as a power of two, for so many failed blocks or more (union bound)."""
    return log2(comb(blocks, failed)) + failed * LOG2_BLOCK_FAILS


def judge_stream(data: bytes) -> tuple[SourceProblem, ...]:
    """Return what a sound source does not do, the least probable first; nothing for a sound source.

    A sound source is accused in fewer than 2^-20 of calls, which is less than one in a million.

    Args:
        data: The bytes in the order of drawing, at least one block.

    Raises:
        ValueError: There is less than a block.
    """
    blocks = [data[at : at + BLOCK] for at in range(0, len(data) - BLOCK + 1, BLOCK)]
    if not blocks:
        raise ValueError(f"{len(data)} bytes are less than a block of {BLOCK}")
    problems = [*_of_blocks(blocks), *_of_values(data)]
    return tuple(sorted(problems, key=lambda problem: problem.log2_chance))


def _of_blocks(blocks: Sequence[bytes]) -> Iterator[SourceProblem]:
    found = [told for block in blocks if (told := block_problems(block))]
    if len(found) >= too_many_failed(len(blocks)):
        yield SourceProblem(
            "FIPS 140-2",
            _log2_failed(len(found), len(blocks)),
            f"{len(found)} of {len(blocks)} blocks of 20,000 bits fail; the first: {'; '.join(found[0][:3])}",
        )


def _of_values(data: bytes) -> Iterator[SourceProblem]:
    """Yield what the tests of values say of the stream, cut into values of 16 bytes."""
    values = [data[at : at + _VALUE] for at in range(0, len(data) - _VALUE + 1, _VALUE)]
    again = len(values) - len(set(values))
    if again:
        value, times = Counter(values).most_common(1)[0]
        chance = again * (2 * log2(len(values)) - 8 * _VALUE)
        yield SourceProblem(
            "collisions",
            chance,
            f"{again} of {len(values)} blocks of 16 bytes came before; {value.hex().upper()} came {times} times",
        )
    groups = [group for at in range(0, len(values), _GROUP) if len(group := values[at : at + _GROUP]) > 1]
    tests = TESTS | GENERATORS
    each = _LOG2_HALF - log2(len(groups) * len(tests) + 1)
    worst: dict[str, SourceProblem] = {}
    for group in groups:
        for name, test in tests.items():
            seen = test(group)
            if seen.log2_chance <= min(each, worst[name].log2_chance if name in worst else each):
                worst[name] = SourceProblem(name, seen.log2_chance, seen.text)
    yield from worst.values()


def unfilled(data: bytes, fill: int) -> int:
    """Return how many bytes at the end of a buffer are still what it was filled with, when it is no chance.

    Args:
        data: The buffer after the call.
        fill: The byte that it was filled with before.
    """
    left = len(data) - len(data.rstrip(bytes((fill,))))
    return left if left >= WINDOW else 0


def same_streams(
    streams: Sequence[bytes], name: Callable[[int], str] = lambda number: f"start {number + 1}"
) -> list[str]:
    """Return which streams have a piece in common, in words: sound sources never start from the same state twice.

    With eight streams of 1 KiB a sound source is accused in fewer than 2^-38 of calls.

    Args:
        streams: What a source gave after each of its starts.
        name: What the start of this number is called, counted from 0.
    """
    places: list[dict[bytes, int]] = []
    for stream in streams:
        here: dict[bytes, int] = {}
        for at in range(len(stream) - WINDOW + 1):
            here.setdefault(stream[at : at + WINDOW], at)
        places.append(here)
    told = []
    for (left, first), (right, second) in combinations(enumerate(places), 2):
        common = min(first.keys() & second.keys(), key=lambda piece: second[piece], default=None)
        if common is not None:
            told.append(
                f"{name(right)} gives {common.hex().upper()} at byte {second[common]}, as {name(left)} did "
                f"at byte {first[common]}"
            )
    return told
