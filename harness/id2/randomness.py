"""One statistic for every random that a device makes: how improbable is what was seen, were its source sound?

A run hands over all values that it saw, in the order of drawing. They are judged together, so the whole run has one
false-alarm rate: a device whose randoms are sound is accused in fewer than one of a million runs. The rate is divided
among all tests of all groups, and each test keeps a proven bound (see `random_tests` and `random_generators`).

Few values show little. They may prove a source broken (two equal values of 8 bytes do), and never prove it sound.

Source: device-protocol.md b.1 (device random: 8 bytes), c.5 (device challenge: hex text of random bytes), e.2
    (GetChallenge), h.2 and h.3 (client random), k.4; RFC 5246 6.2.3.2 (IV), 7.4.1.2 (the time in a client random).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import ceil, log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.id2.random_tests import Values

LOG2_FALSE_ALARM = -20.0
"""A run on a sound device is accused with a probability below 2 to this power, which is below 10⁻⁶."""

MOST_GROUPS = 32
"""How many groups of values one run judges at the most; the false-alarm rate is divided among so many."""

MOST_VALUES = 1024
"""How many values of a group are judged; a run may collect more."""

_SEED_TESTS = 1
_SMALLEST = 4  # bytes; less is no random that ID² knows
_SIZES = 4  # groups of one length each, beside the one of all lengths, of one kind


class RandomKind(StrEnum):
    """Where a random value comes from."""

    GET_CHALLENGE = "GetChallenge"
    DEVICE_RANDOM = "device random of auth codes"
    DEVICE_CHALLENGE = "device challenge"
    CLIENT_RANDOM = "client random"
    IV = "IV of records"
    HAL = "random of the HAL"


@dataclass(frozen=True, slots=True)
class Draw:
    """One random value that a device made.

    Attributes:
        kind: What it was made for.
        value: Its bytes; a value that is hex text by definition is decoded (see `drawn`).
        session: Which session or boot of the run it is from, counted up.
    """

    kind: RandomKind
    value: bytes
    session: int = 0


class Soundness(StrEnum):
    """What the values of one kind say of their source."""

    SOUND = "sound"
    BROKEN = "broken"
    TOO_FEW = "too few to judge"


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Something that a sound source does not do.

    Attributes:
        test: Name of the test that saw it.
        log2_chance: A sound source does it with a probability of at most 2 to this power.
        text: What was seen.
    """

    test: str
    log2_chance: float
    text: str

    def __str__(self) -> str:
        return f"{self.text} ({self.test}; chance below 2^{ceil(self.log2_chance)})"


@dataclass(frozen=True, slots=True)
class SourceJudgement:
    """What is to be said of one kind of random.

    Attributes:
        kind: The kind.
        number: How many values there are.
        soundness: What they say of their source.
        problems: What a sound source does not do, the least probable first.
    """

    kind: RandomKind
    number: int
    soundness: Soundness
    problems: tuple[SourceProblem, ...] = ()

    def __str__(self) -> str:
        told = "; ".join(map(str, self.problems[:4]))
        return f"{self.kind}, {self.number} values: {self.soundness}" + (f": {told}" if told else "")


def enough(size: int) -> int:
    """Return from how many values of `size` bytes on a source can be called sound.

    With so many, a single bit that never changes is found.
    """
    return ceil(-_log2_each() + log2(8 * size + 1)) + 1


def drawn(kind: RandomKind, value: str | bytes, session: int = 0) -> Draw | None:
    """Return a value as the statistic takes it; None for one that holds too little to be judged.

    Args:
        kind: What it is.
        value: Bytes, or text of hex digits where ID² defines the value as such: a device random, a device challenge.
        session: Which session or boot of the run it is from.
    """
    if isinstance(value, str):
        try:
            value = bytes.fromhex(value[: len(value) & ~1])
        except ValueError:
            return None
    if kind is RandomKind.CLIENT_RANDOM and len(value) == 32:
        value = value[4:]  # TLS allows the time in the first four bytes
    return Draw(kind, value, session) if len(value) >= _SMALLEST else None


def judge(draws: Iterable[Draw], *, seeds: Sequence[int] = ()) -> tuple[SourceJudgement, ...]:
    """Judge all random values of a run, kind by kind. Call it once a run: the false-alarm rate holds for one call.

    Args:
        draws: The values in the order of drawing. What the harness itself drew must not be among them.
        seeds: Seeds that the device's maker may have thought of, such as the time and the ticks since boot.

    Returns:
        One judgement for each kind that occurs.
    """
    kinds: defaultdict[RandomKind, list[bytes]] = defaultdict(list)
    for draw in draws:
        if len(draw.value) >= _SMALLEST:
            kinds[draw.kind].append(draw.value)
    return tuple(_judge(kind, kinds[kind], seeds) for kind in RandomKind if kind in kinds)


def _judge(kind: RandomKind, values: list[bytes], seeds: Sequence[int]) -> SourceJudgement:
    smallest = min(map(len, values))
    problems = [
        problem
        for number, group in enumerate(_groups(values))
        # The first group has the beginning of every value, which is all that a seed is compared with.
        for problem in _problems(group, () if number else seeds)
    ]
    problems.sort(key=lambda problem: problem.log2_chance)
    if problems:
        unique = {problem.test: problem for problem in reversed(problems)}
        told = tuple(sorted(unique.values(), key=lambda problem: problem.log2_chance))
        return SourceJudgement(kind, len(values), Soundness.BROKEN, told)
    soundness = Soundness.SOUND if len(values) >= enough(smallest) else Soundness.TOO_FEW
    return SourceJudgement(kind, len(values), soundness)


@cache
def _log2_each() -> float:
    """Return the false-alarm rate of one test of one group."""
    # The tests are imported when there is something to judge: at the end of a run, not before it begins.
    from harness.id2.random_generators import GENERATORS  # noqa: PLC0415 - as said
    from harness.id2.random_tests import TESTS  # noqa: PLC0415 - as said

    return LOG2_FALSE_ALARM - log2(MOST_GROUPS) - log2(len(TESTS) + len(GENERATORS) + _SEED_TESTS)


def _groups(values: list[bytes]) -> "list[Values]":
    """Return the values cut to the shortest, and those of each of the most frequent lengths by themselves."""
    smallest = min(map(len, values))
    lengths: defaultdict[int, list[bytes]] = defaultdict(list)
    for value in values:
        lengths[len(value)].append(value)
    groups: list[Values] = [[value[:smallest] for value in values]]
    if len(lengths) > 1:
        often = sorted(lengths.values(), key=len, reverse=True)
        groups += [group for group in often[:_SIZES] if len(group) > 1]
    return [group[:MOST_VALUES] for group in groups]


def _problems(group: "Values", seeds: Sequence[int]) -> Iterable[SourceProblem]:
    from harness.id2.random_generators import GENERATORS, seeded  # noqa: PLC0415 - as for the rate of false alarms
    from harness.id2.random_tests import TESTS  # noqa: PLC0415 - as above

    if len(group) < 2:
        return
    for name, test in (TESTS | GENERATORS).items():
        seen = test(group)
        if seen.log2_chance <= _log2_each():
            yield SourceProblem(name, seen.log2_chance, seen.text)
    if seeds:
        seen = seeded(group, seeds)
        if seen.log2_chance <= _log2_each():
            yield SourceProblem("seeded generator", seen.log2_chance, seen.text)
