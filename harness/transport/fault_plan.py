"""Fault plans: what shall go wrong on a transport, as data. `faulty.py` carries them out.

A plan in one line of text, its parts separated by `;` or by line ends:

    seed 7; nak after=3; flip bit=12 after=5 times=2; delay ms=200 every=10

or in YAML, where a fault is a word, the same text, or a mapping:

    seed: 7
    faults:
      - nak: {after: 3}
      - flip bit=12
      - timeout

The same plan over the same operations strikes in the same places: what it leaves to chance follows from its seed.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

import yaml

from harness.errors import UsageError

MAX_TEXT = 65536
"""Characters in one plan."""

MAX_FAULTS = 256
"""Faults in one plan."""

ALWAYS = "always"
"""As `times`: the fault never ends."""

_LARGEST = 1_000_000_000
_DEEPEST = 8  # levels of YAML; a plan has five


class FaultKind(StrEnum):
    """What goes wrong. Each kind has one meaning on every bus; docs/faults-and-replay.md has the table."""

    NAK = "nak"  # the device does not take the request
    TIMEOUT = "timeout"  # the request arrives, its answer is lost
    FLIP = "flip"  # one bit of the answer is wrong
    TRUNCATE = "truncate"  # the end of the answer is lost
    DELAY = "delay"  # the request waits on its way
    DUPLICATE = "duplicate"  # the request arrives twice
    DISCONNECT = "disconnect"  # the device is gone until it is opened again
    BROWNOUT = "brownout"  # the device has no power for a while, and starts anew


_ANSWER_KINDS = frozenset({FaultKind.TIMEOUT, FaultKind.FLIP, FaultKind.TRUNCATE})


class Side(StrEnum):
    """Which operations a fault strikes and counts."""

    ANY = "any"
    REQUEST = "request"  # those that send something
    ANSWER = "answer"  # those that bring something


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan.

    Attributes:
        kind: What goes wrong.
        after: How many operations of its side succeed before it may strike.
        times: How often it strikes; 0 for always.
        every: It strikes at each so-many-th operation after `after`.
        chance: Percentage of the operations that it strikes, drawn from the plan's seed.
        side: Which operations it strikes and counts.
        bit: For flip: number of the bit, 0 is the lowest bit of the first byte; None draws one.
        keep: For truncate: how many bytes stay; None draws a number.
        ms: For delay and brownout: milliseconds.
    """

    kind: FaultKind
    after: int = 0
    times: int = 1
    every: int = 1
    chance: int = 100
    side: Side = Side.ANY
    bit: int | None = None
    keep: int | None = None
    ms: int = 0

    def __str__(self) -> str:
        """Return the fault as a plan says it, without what is left at its default."""
        plain = Fault(self.kind, side=_default_side(self.kind))
        words = [str(self.kind)]
        for name in _NAMES[self.kind]:
            value = getattr(self, name)
            if value != getattr(plain, name):
                shown = ALWAYS if name == "times" and value == 0 else value
                words.append(f"{name}={shown}")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Faults with a seed.

    Attributes:
        faults: The faults; of several that would strike the same operation, the first one does.
        seed: Decides what the faults leave to chance.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 0

    def draw(self, fault: int, count: int, purpose: str, below: int) -> int:
        """Return a number from 0 to `below` - 1 that follows from the seed, the fault and the operation alone."""
        text = f"{self.seed}/{fault}/{count}/{purpose}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:8]) % below

    def __str__(self) -> str:
        return "; ".join([f"seed {self.seed}", *map(str, self.faults)])


_COMMON = ("after", "times", "every", "chance", "side")
_OWN: Mapping[FaultKind, tuple[str, ...]] = MappingProxyType(
    {
        FaultKind.FLIP: ("bit",),
        FaultKind.TRUNCATE: ("keep",),
        FaultKind.DELAY: ("ms",),
        FaultKind.BROWNOUT: ("ms",),
    }
)
_NAMES: Mapping[FaultKind, tuple[str, ...]] = MappingProxyType(
    {kind: (*_OWN.get(kind, ()), *_COMMON) for kind in FaultKind}
)
_LEAST: Mapping[str, int] = MappingProxyType({"every": 1, "ms": 1, "times": 1, "chance": 1})


@dataclass(frozen=True, slots=True)
class _Place:
    """A word of a plan and where it stands."""

    source: str
    line: int
    column: int

    def wrong(self, problem: str, hint: str = "") -> UsageError:
        return UsageError(f"{self.source}:{self.line}:{self.column}: {problem}", hint=hint)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    place: _Place


def parse(text: str, source: str = "fault plan") -> FaultPlan:
    """Read a plan from its text form.

    Args:
        text: The plan.
        source: What the plan is called in errors: a file, an option.

    Raises:
        UsageError: names source, line and column of what is wrong.
    """
    _check_size(text, source)
    faults: list[Fault] = []
    seed: int | None = None
    for words in _clauses(text, source):
        if words[0].text == "seed":
            if seed is not None:
                raise words[0].place.wrong("a second seed")
            if len(words) != 2:
                raise words[0].place.wrong("a seed is one number: seed 7")
            seed = _number("seed", words[1])
        else:
            _check_count(len(faults), words[0].place)
            faults.append(_fault(words))
    return FaultPlan(tuple(faults), seed or 0)


def parse_yaml(text: str, source: str = "fault plan") -> FaultPlan:
    """Read a plan from YAML: a mapping with `faults` and `seed`, or just the list of faults.

    Raises:
        UsageError: names source, line and column of what is wrong.
    """
    _check_size(text, source)
    try:
        _check_depth(text, source)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        place = _marked(source, error.problem_mark)
        raise place.wrong(f"not YAML: {error.problem or error}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{source}:1:1: not YAML: {error}") from None
    if root is None:
        return FaultPlan()
    seed = 0
    listed: yaml.Node | None = root
    if isinstance(root, yaml.MappingNode):
        listed = None
        for key, value in _entries(root, source):
            if key.text == "seed":
                seed = _number("seed", _scalar(value, source))
            elif key.text == "faults":
                listed = value
            else:
                raise key.place.wrong(f"no such field {key.text[:40]!r}", "a plan has: seed, faults")
    if listed is None:
        return FaultPlan((), seed)
    if not isinstance(listed, yaml.SequenceNode):
        raise _place(listed, source).wrong("faults are a list: - nak after=3")
    faults: list[Fault] = []
    for node in listed.value:
        _check_count(len(faults), _place(node, source))
        faults.append(_fault(_words_of(node, source)))
    return FaultPlan(tuple(faults), seed)


def _check_size(text: str, source: str) -> None:
    if len(text) > MAX_TEXT:
        raise UsageError(f"{source}: a fault plan of more than {MAX_TEXT} characters")


def _check_depth(text: str, source: str) -> None:
    """Refuse what is nested as no plan is, before it is read in earnest: that would take long."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _marked(source, event.start_mark).wrong("nested too deeply for a fault plan")


def _check_count(count: int, place: _Place) -> None:
    if count >= MAX_FAULTS:
        raise place.wrong(f"more than {MAX_FAULTS} faults")


def _clauses(text: str, source: str) -> Iterator[list[_Word]]:
    """Give the words of each fault, with their places; `#` begins a remark."""
    for number, line in enumerate(text.splitlines(), 1):
        column = 0
        for clause in line.partition("#")[0].split(";"):
            if words := _split(clause, source, number, column):
                yield words
            column += len(clause) + 1


def _split(clause: str, source: str, line: int, column: int) -> list[_Word]:
    words: list[_Word] = []
    at = 0
    for text in clause.split():
        at = clause.index(text, at)
        words.append(_Word(text, _Place(source, line, column + at + 1)))
        at += len(text)
    return words


def _words_of(node: yaml.Node, source: str) -> list[_Word]:
    """Return a fault of the YAML form as the words of its text form."""
    if isinstance(node, yaml.ScalarNode):
        place = _place(node, source)
        # In a quoted text the first character is the quote.
        words = _split(str(node.value), source, place.line, place.column - 1 + (1 if node.style else 0))
        if not words:
            raise place.wrong("an empty fault")
        return words
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        ((kind, details),) = _entries(node, source)
        if isinstance(details, yaml.ScalarNode) and not details.value:
            return [kind]
        if isinstance(details, yaml.MappingNode):
            words = [kind]
            for name, value in _entries(details, source):
                given = _scalar(value, source)
                words.append(_Word(f"{name.text}={given.text}", name.place))
            return words
        raise _place(details, source).wrong(f"write {kind.text[:40]}: {{after: 3}}")
    raise _place(node, source).wrong("a fault is a word, such as nak, or a mapping, such as nak: {after: 3}")


def _entries(node: yaml.MappingNode, source: str) -> Iterator[tuple[_Word, yaml.Node]]:
    seen: set[str] = set()
    for key, value in node.value:
        word = _scalar(key, source)
        if word.text in seen:
            raise word.place.wrong(f"{word.text[:40]!r} stands there twice")
        seen.add(word.text)
        yield word, value


def _scalar(node: yaml.Node, source: str) -> _Word:
    if not isinstance(node, yaml.ScalarNode):
        raise _place(node, source).wrong("a single word or number is expected here")
    return _Word(str(node.value), _place(node, source))


def _place(node: yaml.Node, source: str) -> _Place:
    return _Place(source, node.start_mark.line + 1, node.start_mark.column + 1)


class _Mark(Protocol):
    """Where YAML stands, whichever of its two parsers says so; lines and columns from 0."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


def _marked(source: str, mark: _Mark | None) -> _Place:
    return _Place(source, mark.line + 1, mark.column + 1) if mark else _Place(source, 1, 1)


def _fault(words: list[_Word]) -> Fault:
    first, *rest = words
    try:
        kind = FaultKind(first.text)
    except ValueError:
        raise first.place.wrong(
            f"no fault {first.text[:40]!r}", f"the faults are: {', '.join(FaultKind)}"
        ) from None
    numbers: dict[str, int] = {}
    seen: set[str] = set()
    side = _default_side(kind)
    for word in rest:
        name, equals, value = word.text.partition("=")
        if name not in _NAMES[kind] or not equals:
            raise word.place.wrong(
                f"{kind} has no {word.text[:40]!r}", f"{kind} takes: {', '.join(_NAMES[kind])}"
            )
        if name in seen:
            raise word.place.wrong(f"{name} stands there twice")
        seen.add(name)
        if name == "side":
            side = _side(kind, value, word.place)
        else:
            numbers[name] = _setting(name, _Word(value, word.place))
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


def _default_side(kind: FaultKind) -> Side:
    if kind in _ANSWER_KINDS:
        return Side.ANSWER
    return Side.REQUEST if kind is FaultKind.DUPLICATE else Side.ANY


def _side(kind: FaultKind, value: str, place: _Place) -> Side:
    try:
        side = Side(value)
    except ValueError:
        raise place.wrong(f"no side {value[:40]!r}", f"the sides are: {', '.join(Side)}") from None
    if kind in _ANSWER_KINDS and side is not Side.ANSWER:
        raise place.wrong(f"{kind} strikes answers only", "leave side out")
    if kind is FaultKind.DUPLICATE and side is not Side.REQUEST:
        raise place.wrong("duplicate strikes requests only", "leave side out")
    return side


def _setting(name: str, word: _Word) -> int:
    if name == "times" and word.text == ALWAYS:
        return 0
    number = _number(name, word)
    if number < _LEAST.get(name, 0) or (name == "chance" and number > 100):
        least = _LEAST.get(name, 0)
        limits = f"{least} to 100" if name == "chance" else f"{least} or more"
        raise word.place.wrong(f"{name} is {limits}, not {number}")
    return number


def _number(name: str, word: _Word) -> int:
    if not (word.text.isascii() and word.text.isdecimal()) or len(word.text) > len(str(_LARGEST)):
        raise word.place.wrong(f"{name} is a whole number up to {_LARGEST}, not {word.text[:40]!r}")
    number = int(word.text)
    if number > _LARGEST:
        raise word.place.wrong(f"{name} is at most {_LARGEST}")
    return number
