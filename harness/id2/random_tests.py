"""Tests of random values, each with an upper bound for the probability that a sound source is accused.

A group is a row of values of one length, in the order in which they were drawn. A test returns the least probable
thing that it saw, with the bound as a power of two (`log2_chance`), already multiplied by the number of places that
the test looked at. Every bound is proven (union bound, exact counting, or Chernoff's bound of a binomial tail), none
is an approximation: that is what lets `randomness` state a false-alarm rate.

The bounds hold for values whose bits are independent and fair, which is what ID² expects of every random it defines.
Source: device-protocol.md b.1, c.5, k.4 (a generator seeded by the clock); RFC 5246 6.2.3.2, 7.4.1.2.
"""

import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb, log2

Values = Sequence[bytes]

_FIELDS = (1, 2, 3, 4, 8)  # bytes of a counter; longer ones have a part of one of these lengths that counts
_LAGS = 16
_MOST_BITS = 4096  # of the row whose linear complexity is computed
_MOST_FIELD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """The least probable thing that a test saw.

    Attributes:
        log2_chance: The probability of it, or of something less probable, is at most 2 to this power.
        text: What it is.
    """

    log2_chance: float
    text: str


NOTHING = Seen(0.0, "")

Test = Callable[[Values], Seen]


def log2_at_least(count: int, trials: int, log2_each: float) -> float:
    """Return an upper bound, as a power of two, for `count` or more successes in `trials` (Chernoff's bound)."""
    if not trials or not count:
        return 0.0
    share, each = count / trials, 2.0**log2_each
    if share <= each:
        return 0.0
    against = 0.0 if share == 1 else (1 - share) * (log2(1 - share) - log2(1 - each))
    return -trials * (share * (log2(share) - log2_each) + against)


def log2_unbalanced(ones: int, trials: int) -> float:
    """Return an upper bound, as a power of two, for a fair coin that is off balance by so much, either way."""
    return min(0.0, 1 + log2_at_least(max(ones, trials - ones), trials, -1.0))


def _log2_choose(n: int, k: int) -> float:
    return log2(comb(n, k))


def _least(found: Iterator[Seen], places: int) -> Seen:
    """Return the least probable of what was seen at so many places, its chance multiplied by their number."""
    best = min(found, key=lambda seen: seen.log2_chance, default=NOTHING)
    return Seen(min(0.0, best.log2_chance + log2(max(1, places))), best.text)


def repeats(values: Values) -> Seen:
    """Values that came before."""
    n, bits = len(values), 8 * len(values[0])
    again = n - len(set(values))
    if not again:
        return NOTHING
    chance = _log2_choose(n, again) + again * (log2(n) - bits)
    value, times = Counter(values).most_common(1)[0]
    return Seen(
        min(0.0, chance), f"{again} of {n} values came before; {value[:16].hex().upper()} came {times} times"
    )


def columns(values: Values) -> list[int]:
    """Return each bit of the values as one number, the first value in its lowest bit."""
    numbers = [int.from_bytes(value) for value in values]
    bits = 8 * len(values[0])
    return [
        sum((number >> (bits - 1 - place) & 1) << row for row, number in enumerate(numbers))
        for place in range(bits)
    ]


def bits(values: Values) -> Seen:
    """A bit that is mostly or always the same."""
    n, rows = len(values), columns(values)

    def each() -> Iterator[Seen]:
        for place, row in enumerate(rows):
            ones = row.bit_count()
            yield Seen(log2_unbalanced(ones, n), f"{_bit(place)} is 1 in {ones} of {n} values")
        total = sum(row.bit_count() for row in rows)
        size = n * len(rows)
        yield Seen(log2_unbalanced(total, size), f"{total} of all {size} bits are 1")

    return _least(each(), len(rows) + 1)


def changes(values: Values) -> Seen:
    """A bit that follows from the same bit some values before."""
    n, rows = len(values), columns(values)
    lags = range(1, min(_LAGS, n - 1) + 1)

    def each() -> Iterator[Seen]:
        for lag in lags:
            mask = (1 << n - lag) - 1
            total = 0
            for place, row in enumerate(rows):
                changed = ((row ^ row >> lag) & mask).bit_count()
                total += changed
                yield Seen(
                    log2_unbalanced(changed, n - lag),
                    f"{_bit(place)} differs from that of {lag} values before in {changed} of {n - lag} cases",
                )
            size = (n - lag) * len(rows)
            yield Seen(
                log2_unbalanced(total, size),
                f"{total} of {size} bits differ from those of {lag} values before",
            )

    return _least(each(), len(lags) * (len(rows) + 1))


def alphabet(values: Values) -> Seen:
    """Bytes or half bytes of which only some occur: digits, text, multiples."""
    size = len(values[0])
    everything = b"".join(values)
    pools = [("all bytes", everything, 256)]
    pools += [(f"byte {place}", bytes(value[place] for value in values), 256) for place in range(size)]
    halves = [
        (f"the {half} half of {name}", bytes(byte >> shift & 15 for byte in data), 16)
        for name, data, _ in pools
        for half, shift in (("high", 4), ("low", 0))
    ]

    def each() -> Iterator[Seen]:
        for name, data, letters in (*pools, *halves):
            used = len(set(data))
            chance = _log2_choose(letters, used) + len(data) * log2(used / letters)
            yield Seen(chance, f"{name} has {used} different values in {len(data)} draws")

    return _least(each(), 3 * len(pools))


def frequencies(values: Values) -> Seen:
    """A byte or half byte that comes too often."""
    data = b"".join(values)

    def each() -> Iterator[Seen]:
        halves = bytes(half for byte in data for half in (byte >> 4, byte & 15))
        for name, drawn, letters in (("byte", data, 8), ("half byte", halves, 4)):
            letter, count = Counter(drawn).most_common(1)[0]
            yield Seen(
                letters + log2_at_least(count, len(drawn), -letters),
                f"the {name} {letter:0{letters // 4}X} comes {count} times in {len(drawn)}",
            )

    return _least(each(), 2)


def rank(values: Values) -> Seen:
    """Bits that follow from other bits: few that change, parts that are copied, a small linear generator."""
    size = 8 * len(values[0])
    first = int.from_bytes(values[0])
    basis: list[int] = []
    for value in values[1:]:
        rest = int.from_bytes(value) ^ first
        for known in basis:
            rest = min(rest, rest ^ known)
        if rest:
            basis.append(rest)
    independent, rows = len(basis), len(values) - 1
    if independent >= min(rows, size):
        return NOTHING
    chance = _log2_choose(rows, independent) - (size - independent) * (rows - independent)
    return Seen(
        min(0.0, chance), f"only {independent} of {size} bits are independent in {len(values)} values"
    )


def linear_complexity(values: Values) -> Seen:
    """The whole row of bits comes out of a small linear feedback register (Berlekamp and Massey)."""
    data = b"".join(values)[: _MOST_BITS // 8]

    def each() -> Iterator[Seen]:
        n = 8 * len(data)
        for name, row in (("first", data), ("last", bytes(_REVERSED[byte] for byte in data))):
            length = _complexity(row)
            # Of the 2^n rows, fewer than 2^(2 length) come out of a register of this length.
            yield Seen(
                min(0.0, 2.0 * length - n),
                f"a linear register of {length} bits gives all {n} bits (high bit {name})",
            )

    return _least(each(), 2)


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _complexity(data: bytes) -> int:
    """Return the length of the shortest linear feedback register that gives these bits, high bit first."""
    connection, before, length, shift, window = 1, 1, 0, 1, 0
    for place in range(8 * len(data)):
        window = window << 1 | data[place // 8] >> 7 - place % 8 & 1
        if (connection & window).bit_count() & 1:
            changed = connection ^ before << shift
            if 2 * length <= place:
                length, before, shift = place + 1 - length, connection, 0
            connection = changed
        shift += 1
    return length


def counters(values: Values) -> Seen:
    """A field of any place, length and byte order that counts up or down, by steps of any size."""
    size, n = len(values[0]), len(values)
    fields = [
        (start, width, order)
        for width in dict.fromkeys((*_FIELDS, min(size, _MOST_FIELD_BYTES)))
        if width <= size
        for start in range(size - width + 1)
        for order in (("big", "little") if width > 1 else ("big",))
    ]

    def each() -> Iterator[Seen]:
        for start, width, order in fields:
            read = int.from_bytes
            numbers = [read(value[start : start + width], order) for value in values]  # type: ignore[arg-type]
            modulus, width_bits = 1 << 8 * width, 8 * width
            place = f"bytes {start} to {start + width - 1}" if width > 1 else f"byte {start}"
            steps = [(right - left) % modulus for left, right in pairwise(numbers)]
            step, times = Counter(steps).most_common(1)[0]
            yield Seen(
                width_bits + log2_at_least(times, n - 1, -width_bits),
                f"{place} ({order} endian) grow by {step} in {times} of {n - 1} steps",
            )
            for word, sizes in (
                ("grow", sorted(steps)),
                ("shrink", sorted(-step % modulus for step in steps)),
            ):
                for power in range(width_bits):
                    small = bisect_left(sizes, 1 << power)
                    yield Seen(
                        log2_at_least(small, n - 1, power - width_bits),
                        f"{place} ({order} endian) {word} by less than {1 << power} in {small} of {n - 1} steps",
                    )

    return _least(each(), sum(1 + 2 * 8 * width for _, width, _ in fields))


def relations(values: Values) -> Seen:
    """A byte that is another byte, of the same value or of the one before, plus a constant."""
    size, n = len(values[0]), len(values)

    def each() -> Iterator[Seen]:
        lanes = [bytes(value[place] for value in values) for place in range(size)]
        for right in range(size):
            for left in range(size):
                for lag in (0, 1) if left < right else (1,):
                    pairs = zip(lanes[left], lanes[right][lag:], strict=False)
                    step, times = Counter((b - a) & 255 for a, b in pairs).most_common(1)[0]
                    where = "of the value before" if lag else "of the same value"
                    yield Seen(
                        8 + log2_at_least(times, n - lag, -8.0),
                        f"byte {right} is byte {left} {where} plus {step} in {times} of {n - lag} cases",
                    )

    return _least(each(), size * size + size * (size - 1) // 2)


def compression(values: Values) -> Seen:
    """A row that can be written shorter, in the order of drawing, by columns, or as steps."""
    size = len(values[0])
    data = b"".join(values)
    steps = data[:size] + bytes(
        right - left & 255 for left, right in zip(data[:-size], data[size:], strict=True)
    )
    forms = {
        "as drawn": data,
        "by columns": b"".join(data[place::size] for place in range(size)),
        "as steps": steps,
        "as steps by columns": b"".join(steps[place::size] for place in range(size)),
    }

    def each() -> Iterator[Seen]:
        for name, form in forms.items():
            packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
            short = len(packer.compress(form) + packer.flush())
            # There are fewer than 256^(short + 1) / 255 texts of at most so many bytes, each for one row.
            yield Seen(
                min(0.0, 8.0 * (short - len(data)) + 0.01),
                f"{len(data)} bytes can be written in {short} ({name})",
            )

    return _least(each(), len(forms))


def _bit(place: int) -> str:
    return f"bit {7 - place % 8} of byte {place // 8}"


TESTS: dict[str, Test] = {
    "repeats": repeats,
    "bits": bits,
    "changes": changes,
    "alphabet": alphabet,
    "frequencies": frequencies,
    "rank": rank,
    "linear complexity": linear_complexity,
    "counters": counters,
    "relations": relations,
    "compression": compression,
}
"""The tests of one group of values of equal length, by name."""
