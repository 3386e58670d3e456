"""The stream of a random source: what is broken is caught, and a sound source is not accused."""

import random
from math import comb, log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2.random_stream import (
    BLOCK,
    LOG2_BLOCK_FAILS,
    STREAM,
    WINDOW,
    block_problems,
    judge_stream,
    same_streams,
    too_many_failed,
    unfilled,
)
from harness.id2.randomness import LOG2_FALSE_ALARM

pytestmark = pytest.mark.slow


def sound(seed, size=STREAM):
    return random.Random(seed).randbytes(size)


def block_of(bits):
    assert len(bits) == 8 * BLOCK
    return int(bits, 2).to_bytes(BLOCK)


def balanced(ones):
    """Return a block with so many ones, scattered, all else being as a sound source gives it."""
    source = random.Random(1)
    bits = ["1"] * ones + ["0"] * (8 * BLOCK - ones)
    source.shuffle(bits)
    return block_of("".join(bits))


def accusing(data):
    return {problem.test for problem in judge_stream(data)}


def test_monobit_bounds_are_those_of_the_standard():
    # FIPS 140-2: passed when 9,725 < ones < 10,275
    for ones, fails in ((9_725, True), (9_726, False), (10_274, False), (10_275, True)):
        assert any(text.startswith("monobit") for text in block_problems(balanced(ones))) is fails, ones


def test_long_run_is_26_or_more():
    bits = f"{int.from_bytes(sound(3, BLOCK)):0{8 * BLOCK}b}"
    for length, fails in ((25, False), (26, True)):
        changed = bits[:1_000] + "0" + "1" * length + "0" + bits[1_002 + length :]
        assert any(text.startswith("long run") for text in block_problems(block_of(changed))) is fails, length


def test_run_at_the_end_of_a_block_is_counted():
    bits = f"{int.from_bytes(sound(3, BLOCK)):0{8 * BLOCK}b}"
    changed = bits[:-31] + "0" + "1" * 30
    assert any("30 equal bits" in text for text in block_problems(block_of(changed)))


def test_poker_sees_digits_that_come_too_often():
    digits = random.Random(4).choices(range(16), weights=[2] + [1] * 15, k=2 * BLOCK)
    block = bytes(high << 4 | low for high, low in zip(digits[::2], digits[1::2], strict=True))
    assert any(text.startswith("poker") for text in block_problems(block))


def test_poker_sees_digits_that_come_too_evenly():
    digits = list(range(16)) * (2 * BLOCK // 16 + 1)
    digits = digits[: 2 * BLOCK]
    random.Random(4).shuffle(digits)
    block = bytes(high << 4 | low for high, low in zip(digits[::2], digits[1::2], strict=True))
    assert any("poker: the statistic is 0." in text for text in block_problems(block))


def test_runs_see_bits_that_change_too_often():
    source, bits = random.Random(5), [0]
    for _ in range(8 * BLOCK - 1):
        bits.append(bits[-1] ^ (source.random() < 0.53))
    assert any(text.startswith("runs") for text in block_problems(block_of("".join(map(str, bits)))))


def test_block_of_another_size_is_refused():
    with pytest.raises(ValueError, match="2500"):
        block_problems(bytes(100))
    with pytest.raises(ValueError, match="less than a block"):
        judge_stream(bytes(BLOCK - 1))


def test_blocks_that_must_fail_keep_the_false_alarm_rate():
    # Exactly one block in 2^10 fails: the exact binomial tail of the rule is below half of the rate, 2^-21.
    each = 2.0**LOG2_BLOCK_FAILS
    for blocks in (1, 2, 13, 26, 100):
        needed = too_many_failed(blocks)
        tail = sum(
            comb(blocks, failed) * each**failed * (1 - each) ** (blocks - failed)
            for failed in range(needed, blocks + 1)
        )
        assert tail == 0 or log2(tail) <= LOG2_FALSE_ALARM - 1
    assert too_many_failed(13) == 3


def test_rate_of_failed_blocks_is_what_is_stated():
    # 1,000 blocks of a fixed sample; 0.8 fail on average, and 6 or more would be seen once in 6,000 samples
    failed = sum(bool(block_problems(sound(seed, BLOCK))) for seed in range(1_000))
    assert failed < 6


def test_one_failed_block_accuses_nobody():
    data = bytearray(sound(11))
    data[:BLOCK] = balanced(9_600)
    assert "FIPS 140-2" not in accusing(bytes(data))


def test_three_failed_blocks_accuse():
    data = bytearray(sound(11))
    for place in (0, 4, 9):
        data[place * BLOCK : (place + 1) * BLOCK] = balanced(9_600)
    assert "FIPS 140-2" in accusing(bytes(data))


@pytest.mark.parametrize("seed", range(6))
def test_sound_stream_is_not_accused(seed):
    assert judge_stream(sound(seed)) == ()


def lcg(count, shift=0, a=1664525, c=1013904223, seed=12345):
    out, state = bytearray(), seed
    while len(out) < count:
        state = (state * a + c) % 2**32
        out += (state >> shift & 0xFF).to_bytes(1) if shift else state.to_bytes(4, "little")
    return bytes(out[:count])


BROKEN = {
    "constant": b"\x5a" * STREAM,
    "zeros": bytes(STREAM),
    "counter": b"".join(number.to_bytes(4, "big") for number in range(STREAM // 4)),
    "byte-counter": bytes(number & 0xFF for number in range(STREAM)),
    "stuck-bit": bytes(byte | 0x10 for byte in sound(1)),
    "biased": bytes(a | b for a, b in zip(sound(1), sound(2), strict=True)),
    "slightly-biased": bytes(
        a if number % 8 else a | b for number, (a, b) in enumerate(zip(sound(3), sound(4), strict=True))
    ),
    "demo-of-the-vendor": lcg(STREAM),
    "rand-of-ansi-c": lcg(STREAM, shift=16, a=1103515245, c=12345),
    "block-again": sound(5, 2_048) * (STREAM // 2_048),
    "sixteen-bytes-again": (sound(6, 16) + sound(7, 240)) * (STREAM // 256),
    "one-block-of-16-twice": sound(8)[:-16] + sound(8)[160:176],
    "text": (b"%08d" % 0).join(b"%08d" % (n * 7919 % 10**8) for n in range(STREAM // 8))[:STREAM],
    "half-is-constant": sound(9, STREAM // 2) + b"\xa5" * (STREAM // 2),
    "first-64-of-each-1024": b"".join(sound(n, 64) + b"\xa5" * 960 for n in range(STREAM // 1024)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_stream_is_accused(name):
    problems = judge_stream(BROKEN[name])
    assert problems
    assert all(problem.log2_chance <= LOG2_FALSE_ALARM for problem in problems)


def test_demo_generator_is_named():
    assert any("the vendor's HAL demo" in str(problem) for problem in judge_stream(lcg(STREAM)))


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 40))
def test_unfilled_counts_only_what_no_chance_explains(data, fill, left):
    told = unfilled(data + bytes((fill,)) * left, fill)
    assert (
        told == 0
        if len(data + bytes(left)) - len((data + bytes((fill,)) * left).rstrip(bytes((fill,)))) < WINDOW
        else told >= left
    )


def test_streams_that_begin_alike_are_named():
    streams = [sound(1, 256), sound(2, 256), sound(1, 256)]
    (told,) = same_streams(streams)
    assert told.startswith("start 3 gives")
    assert "start 1 did at byte 0" in told


def test_stream_that_goes_on_where_another_began_is_named():
    later = sound(1, 256)
    assert same_streams([later, sound(2, 40) + later[100:180]])


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.integers(0, 90), st.integers(0, 90))
def test_any_piece_in_common_is_found(seed, left, right):
    piece = sound(("p", seed).__repr__(), WINDOW)
    first, second = bytearray(sound(seed, 100)), bytearray(sound(seed + 1, 100))
    first[left : left + WINDOW], second[right : right + WINDOW] = piece, piece
    assert same_streams([bytes(first), bytes(second)])


def test_different_streams_are_not_accused():
    assert same_streams([sound(seed, 1_024) for seed in range(8)]) == []
