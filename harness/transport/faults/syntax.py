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

from harness.errors import UsageError
from harness.settings import yaml_file
from harness.settings.yaml_file import Mapping, Node, Scalar, Sequence
from harness.transport.faults.plan import Fault, FaultPlan
from harness.transport.faults.words import Place, Word, fault_of, whole_number

MAX_TEXT = 65536
"""Characters in one plan."""

MAX_FAULTS = 256
"""Faults in one plan."""

KIND = yaml_file.FileKind("a fault plan", MAX_TEXT, max_depth=8)  # a plan has five levels


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
    root = yaml_file.parse(text, source, KIND).root
    if root is None:
        return FaultPlan()
    seed = 0
    listed: Node | None = root
    if isinstance(root, Mapping):
        listed = None
        for name, (key, value) in root.entries.items():
            if name == "seed":
                seed = whole_number("seed", _word(value, source))
            elif name == "faults":
                listed = value
            else:
                raise _place(key, source).wrong(f"no such field {name[:40]!r}", "a plan has: seed, faults")
    if listed is None:
        return FaultPlan((), seed)
    if not isinstance(listed, Sequence):
        raise _place(listed, source).wrong("faults are a list: - nak after=3")
    faults: list[Fault] = []
    for node in listed.items:
        _check_count(len(faults), _place(node, source))
        faults.append(fault_of(_words_of(node, source)))
    return FaultPlan(tuple(faults), seed)


def _check_size(text: str, source: str) -> None:
    if len(text) > MAX_TEXT:
        raise UsageError(f"{source}: a fault plan of more than {MAX_TEXT} characters")


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


def _words_of(node: Node, source: str) -> list[Word]:
    """Return a fault of the YAML form as the words of its text form."""
    place = _place(node, source)
    if isinstance(node, Scalar):
        # In a quoted text the first character is the quote.
        words = _split(node.text or "", source, place.line, place.column - 1 + node.quoted)
        if not words:
            raise place.wrong("an empty fault")
        return words
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        raise place.wrong("a fault is a word, such as nak, or a mapping, such as nak: {after: 3}")
    ((key, details),) = node.entries.values()
    kind = _word(key, source)
    if isinstance(details, Scalar) and not details.text:
        return [kind]
    if not isinstance(details, Mapping):
        raise _place(details, source).wrong(f"write {kind.text[:40]}: {{after: 3}}")
    return [
        kind,
        *(
            Word(f"{name}={_word(value, source).text}", _place(key, source))
            for name, (key, value) in details.entries.items()
        ),
    ]


def _word(node: Node, source: str) -> Word:
    if not isinstance(node, Scalar):
        raise _place(node, source).wrong("a single word or number is expected here")
    return Word(node.text or "", _place(node, source))


def _place(node: Node, source: str) -> Place:
    return Place(source, node.line, node.column)
