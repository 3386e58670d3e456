"""Reads fault plans, from one line of text or from YAML.

In text the parts are separated by `;` or by line ends:

    seed 7; nak after=3; flip bit=12 after=5 times=2; delay ms=200 every=10

In YAML a fault is a word, the same text, or a mapping:

    seed: 7
    faults:
      - nak: {after: 3}
      - flip bit=12
      - timeout
"""

from collections.abc import Iterator
from typing import Protocol

import yaml

from harness.errors import UsageError
from harness.transport.faults.plan import Fault, FaultPlan
from harness.transport.faults.words import Place, Word, fault_of, whole_number

MAX_TEXT = 65536
"""Characters in one plan."""

MAX_FAULTS = 256
"""Faults in one plan."""

_DEEPEST = 8  # levels of YAML; a plan has five


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
            seed = whole_number("seed", words[1])
        else:
            _check_count(len(faults), words[0].place)
            faults.append(fault_of(words))
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
                seed = whole_number("seed", _scalar(value, source))
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
        faults.append(fault_of(_words_of(node, source)))
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


def _check_count(count: int, place: Place) -> None:
    if count >= MAX_FAULTS:
        raise place.wrong(f"more than {MAX_FAULTS} faults")


def _clauses(text: str, source: str) -> Iterator[list[Word]]:
    """Give the words of each fault, with their places; `#` begins a remark."""
    for number, line in enumerate(text.splitlines(), 1):
        column = 0
        for clause in line.partition("#")[0].split(";"):
            if words := _split(clause, source, number, column):
                yield words
            column += len(clause) + 1


def _split(clause: str, source: str, line: int, column: int) -> list[Word]:
    words: list[Word] = []
    at = 0
    for text in clause.split():
        at = clause.index(text, at)
        words.append(Word(text, Place(source, line, column + at + 1)))
        at += len(text)
    return words


def _words_of(node: yaml.Node, source: str) -> list[Word]:
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
                words.append(Word(f"{name.text}={given.text}", name.place))
            return words
        raise _place(details, source).wrong(f"write {kind.text[:40]}: {{after: 3}}")
    raise _place(node, source).wrong("a fault is a word, such as nak, or a mapping, such as nak: {after: 3}")


def _entries(node: yaml.MappingNode, source: str) -> Iterator[tuple[Word, yaml.Node]]:
    seen: set[str] = set()
    for key, value in node.value:
        word = _scalar(key, source)
        if word.text in seen:
            raise word.place.wrong(f"{word.text[:40]!r} stands there twice")
        seen.add(word.text)
        yield word, value


def _scalar(node: yaml.Node, source: str) -> Word:
    if not isinstance(node, yaml.ScalarNode):
        raise _place(node, source).wrong("a single word or number is expected here")
    return Word(str(node.value), _place(node, source))


def _place(node: yaml.Node, source: str) -> Place:
    return Place(source, node.start_mark.line + 1, node.start_mark.column + 1)


class _Mark(Protocol):
    """Where YAML stands, whichever of its two parsers says so; lines and columns from 0."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


def _marked(source: str, mark: _Mark | None) -> Place:
    return Place(source, mark.line + 1, mark.column + 1) if mark else Place(source, 1, 1)
