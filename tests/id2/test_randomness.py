"""The statistic of random values: what must be caught is, and sound values are not accused."""

import hashlib
import itertools
import random
from math import log2

import pytest

from harness.id2 import random_generators as generators
from harness.id2 import random_tests
from harness.id2.randomness import (
    LOG2_FALSE_ALARM,
    MOST_GROUPS,
    Draw,
    RandomKind,
    Soundness,
    drawn,
    enough,
    judge,
)

N = 64


def sound(seed, number=N, size=8):
    source = random.Random(seed)
    return [source.randbytes(size) for _ in range(number)]


def judged(values, kind=RandomKind.GET_CHALLENGE, **more):
    (judgement,) = judge([Draw(kind, value) for value in values], **more)
    return judgement


def counter(step, order, start=0, size=8):
    return [((start + number * step) % (1 << 8 * size)).to_bytes(size, order) for number in range(N)]


def with_counter(place, width, order, step=1):
    rest = random.Random(5)
    for number in range(N):
        noise = bytearray(rest.randbytes(12))
        noise[place : place + width] = (number * step % (1 << 8 * width)).to_bytes(width, order)
        yield bytes(noise)


def congruence(a, c, pack, skip=0, words=2, seed=0x12345678):
    state = seed
    for _ in range(N):
        value = b""
        for _ in range(skip):
            state = (state * a + c) % 2**32
        for _ in range(words):
            state = (state * a + c) % 2**32
            value += pack(state)
        yield value


def xorshift32(seed):
    state = seed
    while True:
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state


def glibc(seed):
    row = [seed]
    for _ in range(30):
        row.append(16807 * row[-1] % 0x7FFFFFFF)
    row += row[:3]
    for place in itertools.count(34):
        row.append((row[place - 31] + row[place - 3]) % 2**32)
        if place >= 344:
            yield row[place] >> 1


def chunks(stream, size=8):
    return [bytes(itertools.islice(stream, size)) for _ in range(N)]


def slow_bits():
    source, value = random.Random(3), 0x0123456789ABCDEF
    for _ in range(N):
        value ^= 1 << source.randrange(64)
        yield value.to_bytes(8)


BROKEN = {
    "counter-big": counter(1, "big"),
    "counter-little": counter(1, "little", start=0xFFFE),
    "counter-large-step": counter(0x9E3779B97F4A7C15, "big"),
    "counter-down": counter(-3, "little", start=1 << 40),
    "counter-with-unequal-steps": [
        value.to_bytes(8)
        for value in itertools.accumulate(random.Random(1).randrange(1, 900) for _ in range(N))
    ],
    "one-byte-counts": list(with_counter(7, 1, "big")),
    "one-byte-counts-by-77": list(with_counter(0, 1, "big", 77)),
    "two-bytes-count": list(with_counter(3, 2, "little")),
    "four-bytes-count": list(with_counter(5, 4, "big", 1000)),
    "counter-again-each-session": [*(counter(1, "big")[:8] * 8)],
    "constant": [b"\x5a" * 8] * N,
    "two-in-turn": [b"abcdefgh", b"ijklmnop"] * (N // 2),
    "period-of-20": (sound(9, 20) * 4)[:N],
    "one-repeat": [*sound(2, N - 1), sound(2, N - 1)[10]],
    "stuck-bit": [bytes((value[0] | 0x10,)) + value[1:] for value in sound(3)],
    "mostly-stuck-bit": [
        bytes((value[0] | (0x10 if number % 20 else 0),)) + value[1:] for number, value in enumerate(sound(3))
    ],
    "constant-head": [b"\xab\xcd" + value[2:] for value in sound(4)],
    "few-changing-bits": list(slow_bits()),
    "sixteen-free-bits": [hashlib.sha256(value[:2]).digest()[:2] * 4 for value in sound(6)],
    "copied-half": [value[:4] * 2 for value in sound(7)],
    "complement-half": [value[:4] + bytes(byte ^ 0xFF for byte in value[:4]) for value in sound(8)],
    "bytes-that-follow": [bytes((value[0] + place) % 256 for place in range(8)) for value in sound(10)],
    "digits": [b"%08d" % (int.from_bytes(value) % 10**8) for value in sound(11)],
    "hex-text": [value[:4].hex().encode() for value in sound(12)],
    "printable": [bytes(0x20 + byte % 95 for byte in value) for value in sound(13)],
    "even-bytes": [bytes(byte & 0xFE for byte in value) for value in sound(14)],
    "biased": [
        bytes(a & b for a, b in zip(*pair, strict=True)) for pair in zip(sound(15), sound(16), strict=True)
    ],
    "sliding-window": [b"".join(sound(17, 20))[place : place + 8] for place in range(N)],
    "xorshift32": [
        value.to_bytes(4) + other.to_bytes(4)
        for value, other in itertools.islice(itertools.batched(xorshift32(7), 2), N)
    ]
    if hasattr(itertools, "batched")
    else [
        value.to_bytes(4) + other.to_bytes(4)
        for value, other in itertools.islice(zip(*[xorshift32(7)] * 2, strict=False), N)
    ],
    "hal-demo": list(congruence(1664525, 1013904223, lambda word: word.to_bytes(4, "little"), skip=1)),
    "hal-demo-big-endian": list(congruence(1664525, 1013904223, lambda word: word.to_bytes(4))),
    "unknown-congruence": list(congruence(0xDEADBEE5, 0x1234567, lambda word: word.to_bytes(4))),
    "one-word-of-a-congruence": list(
        congruence(0xDEADBEE5, 0x1234567, lambda word: word.to_bytes(4), words=1)
    ),
    "ansi-rand-bytes": chunks(
        word >> 16 & 0xFF
        for (value,) in [(list(congruence(1103515245, 12345, lambda w: w.to_bytes(4), words=8)),)]
        for one in value
        for word in (int.from_bytes(one[at : at + 4]) for at in range(0, 32, 4))
    ),
    "glibc-bytes": chunks(word & 0xFF for word in glibc(42)),
    "glibc-words": [
        one.to_bytes(4, "little") + other.to_bytes(4, "little")
        for one, other in itertools.islice(zip(*[glibc(42)] * 2, strict=False), N)
    ],
    "hash-of-a-counter": [hashlib.sha256(number.to_bytes(4)).digest()[:8] for number in range(N)],
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_source_is_found(name):
    values = list(BROKEN[name])
    assert len(values) == N
    judgement = judged(values)
    assert judgement.soundness is Soundness.BROKEN, name
    assert judgement.problems[0].log2_chance < LOG2_FALSE_ALARM


@pytest.mark.slow
@pytest.mark.parametrize("name", ["counter-big", "hal-demo", "constant-head", "copied-half", "one-repeat"])
def test_longer_values_as_well(name):
    wide = [value + tail for value, tail in zip(BROKEN[name], sound(77, N, 24), strict=True)]
    assert judged(wide).soundness is (Soundness.SOUND if name == "one-repeat" else Soundness.BROKEN)


def test_time_seeded_rand_is_found_by_its_seeds():
    def code(seed):
        return bytes(word & 0xFF for word in itertools.islice(glibc(seed), 8))

    start = 1_790_000_000
    values = [code(start + 7 * number) for number in range(6)]
    assert judged(values).soundness is Soundness.TOO_FEW
    found = judged(values, seeds=range(start - 100, start + 100))
    assert found.soundness is Soundness.BROKEN
    assert "glibc" in str(found)


@pytest.mark.parametrize("library", ["newlib", "musl", "the minimal standard generator", "glibc"])
def test_each_library_is_known_by_its_seed(library):
    firsts = next(made for name, made in generators._SEEDED if library in name)
    known = frozenset(bytes([byte]) * 8 for byte in range(256))  # lets every first byte through
    values = [firsts(seed, known)[0] for seed in (3, 17, 900)]
    seen = generators.seeded(values, range(1000))
    assert seen.log2_chance < -100
    assert library in seen.text


def test_two_equal_values_are_proof_enough():
    judgement = judged([b"12345678", b"12345678"])
    assert judgement.soundness is Soundness.BROKEN


@pytest.mark.parametrize("number", range(1, 6))
def test_few_values_are_too_few(number):
    assert judged(sound(1, number)).soundness is Soundness.TOO_FEW


@pytest.mark.slow
def test_enough_values_are_those_in_which_a_stuck_bit_shows():
    for size in (4, 8, 16, 32):
        number = enough(size)
        values = sound(21, number, size)
        assert judged(values).soundness is Soundness.SOUND
        stuck = [value[:-1] + bytes((value[-1] & 0x7F,)) for value in values]
        assert judged(stuck).soundness is Soundness.BROKEN, size
        assert judged(values[: number - 1]).soundness is Soundness.TOO_FEW


@pytest.mark.slow
def test_lengths_are_judged_together_and_apart():
    together = [
        Draw(RandomKind.GET_CHALLENGE, value[: 4 + 4 * (place % 4)])
        for place, value in enumerate(sound(5, 80, 16))
    ]
    assert judge(together)[0].soundness is Soundness.SOUND
    again = [*together, Draw(RandomKind.GET_CHALLENGE, together[3].value[:8])]
    assert judge(again)[0].soundness is Soundness.SOUND  # 4 bytes may come again by chance
    long = [Draw(RandomKind.GET_CHALLENGE, value) for value in sound(6, 40, 8)]
    fixed = [Draw(RandomKind.GET_CHALLENGE, value[:15] + b"\x00") for value in sound(7, 64, 16)]
    assert judge([*long, *fixed])[0].soundness is Soundness.BROKEN


def test_kinds_are_not_mixed():
    values = sound(8)
    both = [
        Draw(kind, value) for kind in (RandomKind.GET_CHALLENGE, RandomKind.DEVICE_RANDOM) for value in values
    ]
    assert [one.soundness for one in judge(both)] == [Soundness.SOUND] * 2


def test_text_is_decoded_and_the_time_in_a_client_random_left_out():
    assert drawn(RandomKind.DEVICE_RANDOM, "00112233AABBCCDD") == Draw(
        RandomKind.DEVICE_RANDOM, bytes.fromhex("00112233AABBCCDD")
    )
    assert drawn(RandomKind.DEVICE_CHALLENGE, "0011223344556") == Draw(
        RandomKind.DEVICE_CHALLENGE, bytes.fromhex("001122334455")
    )
    assert drawn(RandomKind.DEVICE_RANDOM, "xyz") is None
    assert drawn(RandomKind.DEVICE_RANDOM, "0011") is None
    with_time = [(1_790_000_000 + number).to_bytes(4) + value for number, value in enumerate(sound(1, N, 28))]
    draws = [drawn(RandomKind.CLIENT_RANDOM, value) for value in with_time]
    assert judge(draws)[0].soundness is Soundness.SOUND


def test_the_false_alarm_rate_is_divided_among_all_that_is_tried():
    from harness.id2 import randomness

    tests = len(random_tests.TESTS) + len(generators.GENERATORS) + 1
    groups = len(RandomKind) * (1 + randomness._SIZES)
    assert groups <= MOST_GROUPS
    assert randomness._log2_each() + log2(tests) + log2(MOST_GROUPS) <= LOG2_FALSE_ALARM + 1e-9
    assert 2.0**LOG2_FALSE_ALARM < 1e-6


@pytest.mark.parametrize(("trials", "each"), [(20, 0.5), (63, 1 / 256), (10, 0.1)])
def test_the_bound_of_a_tail_is_above_the_tail(trials, each):
    from math import comb

    for count in range(1, trials + 1):
        exact = sum(comb(trials, k) * each**k * (1 - each) ** (trials - k) for k in range(count, trials + 1))
        assert 2.0 ** random_tests.log2_at_least(count, trials, log2(each)) >= exact * (1 - 1e-9)


def count_below(tests, rows, levels, number, size):
    """Return how often each test gives a chance at or below each level on sound rows."""
    source = random.Random(f"{number} {size}")
    below = {(name, level): 0 for name in tests for level in levels}
    for _ in range(rows):
        values = [source.randbytes(size) for _ in range(number)]
        for name, test in tests.items():
            chance = test(values).log2_chance
            for level in levels:
                below[name, level] += chance <= level
    return below


LEVELS = (-2, -4, -6)


def within(below, rows):
    """Whether no test exceeds its stated chance by more than five standard deviations."""
    return [
        (name, level, hits)
        for (name, level), hits in below.items()
        if hits > rows * 2.0**level + 5 * (rows * 2.0**level) ** 0.5 + 1
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "size"), [(2, 8), (12, 8), (40, 4), (64, 8)])
def test_each_bound_holds_on_sound_rows(number, size):
    tests = random_tests.TESTS | generators.GENERATORS
    tests = {name: test for name, test in tests.items() if name != "truncated congruence"}
    assert not within(count_below(tests, 20, LEVELS, number, size), 20)


@pytest.mark.parametrize("size", [4, *(pytest.param(size, marks=pytest.mark.slow) for size in (8, 16, 32))])
def test_sound_values_are_not_accused(size):
    for seed in range(3):
        assert judged(sound(f"{size} {seed}", N, size)).soundness is Soundness.SOUND


@pytest.mark.slow
def test_ten_thousand_sound_rows():
    rows = 10_000
    for number, size, share in ((2, 8, 0.5), (6, 8, 0.3), (16, 8, 0.15), (64, 8, 0.05)):
        some = int(rows * share)
        below = count_below(
            random_tests.TESTS | {"additive": generators.additive}, some, (*LEVELS, -29), number, size
        )
        assert not within({at: hits for at, hits in below.items() if at[1] != -29}, some)
        assert not any(hits for (_, level), hits in below.items() if level == -29)
