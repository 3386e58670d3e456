"""The words of a fault plan: where each stands, and which fault some of them say."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.errors import UsageError
from harness.transport.faults.plan import ALWAYS, ANSWER_KINDS, SETTINGS, Fault, FaultKind, Side, default_side

_LARGEST = 1_000_000_000
_LEAST: Mapping[str, int] = MappingProxyType({"every": 1, "ms": 1, "times": 1, "chance": 1})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word of a plan stands; lines and columns from 1."""

    source: str
    line: int
    column: int

    def wrong(self, problem: str, hint: str = "") -> UsageError:
        """Return the error of what stands here."""
        return UsageError(f"{self.source}:{self.line}:{self.column}: {problem}", hint=hint)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a plan and where it stands."""

    text: str
    place: Place


def fault_of(words: list[Word]) -> Fault:
    """Return the fault that a kind and its settings say.

    Raises:
        UsageError: names source, line and column of what is wrong.
    """
    first, *rest = words
    try:
        kind = FaultKind(first.text)
    except ValueError:
        raise first.place.wrong(
            f"no fault {first.text[:40]!r}", f"the faults are: {', '.join(FaultKind)}"
        ) from None
    numbers: dict[str, int] = {}
    seen: set[str] = set()
    side = default_side(kind)
    for word in rest:
        name, equals, value = word.text.partition("=")
        if name not in SETTINGS[kind] or not equals:
            raise word.place.wrong(
                f"{kind} has no {word.text[:40]!r}", f"{kind} takes: {', '.join(SETTINGS[kind])}"
            )
        if name in seen:
            raise word.place.wrong(f"{name} stands there twice")
        seen.add(name)
        if name == "side":
            side = _side(kind, value, word.place)
        else:
            numbers[name] = _setting(name, Word(value, word.place))
    if kind in (FaultKind.DELAY, FaultKind.BROWNOUT) and "ms" not in numbers:
        raise first.place.wrong(f"{kind} needs its milliseconds", f"write {kind} ms=200")
    return Fault(
        kind,
        after=numbers.get("after", 0),
        times=numbers.get("times", 1),
        every=numbers.get("every", 1),
        chance=numbers.get("chance", 100),
        side=side,
        bit=numbers.get("bit"),
        keep=numbers.get("keep"),
        ms=numbers.get("ms", 0),
    )


def _side(kind: FaultKind, value: str, place: Place) -> Side:
    try:
        side = Side(value)
    except ValueError:
        raise place.wrong(f"no side {value[:40]!r}", f"the sides are: {', '.join(Side)}") from None
    if kind in ANSWER_KINDS and side is not Side.ANSWER:
        raise place.wrong(f"{kind} strikes answers only", "leave side out")
    if kind is FaultKind.DUPLICATE and side is not Side.REQUEST:
        raise place.wrong("duplicate strikes requests only", "leave side out")
    return side


def _setting(name: str, word: Word) -> int:
    if name == "times" and word.text == ALWAYS:
        return 0
    value = whole_number(name, word)
    if value < _LEAST.get(name, 0) or (name == "chance" and value > 100):
        least = _LEAST.get(name, 0)
        limits = f"{least} to 100" if name == "chance" else f"{least} or more"
        raise word.place.wrong(f"{name} is {limits}, not {value}")
    return value


def whole_number(name: str, word: Word) -> int:
    """Return a whole number.

    Raises:
        UsageError: it is none, or too large.
    """
    if not (word.text.isascii() and word.text.isdecimal()) or len(word.text) > len(str(_LARGEST)):
        raise word.place.wrong(f"{name} is a whole number up to {_LARGEST}, not {word.text[:40]!r}")
    value = int(word.text)
    if value > _LARGEST:
        raise word.place.wrong(f"{name} is at most {_LARGEST}")
    return value
