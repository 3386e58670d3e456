"""YAML with a line number on every key and value, bounded, and without surprises.

A plain scalar stays the text that was written; the model's field decides what it becomes. So an ID of digits
needs no quotes, `no` is a word where a word is wanted, and an octal number never appears from a leading zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from harness.errors import UsageError
from harness.settings.problems import Loc, PlacedProblem, as_error, field_name, printable

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 10_000  # counted with every alias written out, so an alias bomb ends here

Data = dict[str, "Data"] | list["Data"] | str | None

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PARSER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Scalar:
    """One value; `text` is None where nothing (or `null`) was written."""

    line: int
    text: str | None
    size: int = 1


@dataclass(slots=True)
class Mapping:
    """Keys with the line of each key."""

    line: int
    entries: dict[str, tuple[int, "Node"]] = field(default_factory=dict)
    size: int = 1


@dataclass(slots=True)
class Sequence:
    """A list of values."""

    line: int
    items: list["Node"] = field(default_factory=list)
    size: int = 1


Node = Scalar | Mapping | Sequence


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML file: plain data, and the line of every field in it."""

    file: str
    root: Mapping

    def to_data(self) -> dict[str, Data]:
        """Return the document as dictionaries, lists, text and None."""
        return {key: _data(node) for key, (_, node) in self.root.entries.items()}

    def line_of(self, loc: Loc) -> int:
        """Return the line (from 1) of the field at `loc`, or of the nearest one around it that is there."""
        line = 0 if not loc else self.root.line
        node: Node = self.root
        for part in loc:
            if isinstance(node, Mapping) and isinstance(part, str) and part in node.entries:
                line, node = node.entries[part]
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                line = node.line
            else:
                break
        return line


def parse(text: str, file: str) -> Document:
    """Parse the text of one YAML file that holds one mapping.

    Args:
        text: The text of the file.
        file: The name that errors give the file.

    Raises:
        UsageError: the text is not YAML, not one mapping, repeats a key, or goes beyond the limits; the
            message names file, line and, where there is one, the field.
    """
    try:
        return _Composer(file).compose(text)
    except yaml.MarkedYAMLError as error:
        raise _malformed(error, text, file) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if 0 <= error.position <= len(text) else 0
        char = f" (character code {error.character:#x})" if isinstance(error.character, int) else ""
        raise _at(file, line, f"a character that YAML does not allow{char}; is this a text file?") from None
    except yaml.YAMLError:
        raise _at(file, 0, "not valid YAML") from None


class _Composer:
    """Builds nodes from parser events without recursion, so depth is our limit and not the stack's."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._stack: list[Mapping | Sequence] = []
        self._keys: list[tuple[str, int] | None] = []  # for each open node: the key that waits for its value
        self._anchors: dict[str, Node] = {}
        self._names: list[str | None] = []  # for each open node: its anchor
        self._root: Node | None = None
        self._nodes = 0

    def compose(self, text: str) -> Document:
        documents = 0
        for event in _events(text):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _at(self._file, line, "a second YAML document starts here; a board file holds one")
            elif isinstance(event, yaml.AliasEvent):
                self._place(self._resolve(str(event.anchor), line), line)
            elif isinstance(event, yaml.ScalarEvent):
                self._check_tag(event, line)
                self._scalar(event, line)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._check_tag(event, line)
                self._start(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(line)
        if self._root is None or (isinstance(self._root, Scalar) and self._root.text is None):
            raise _at(self._file, 0, "the file is empty; a board file starts with `version: 1`")
        if not isinstance(self._root, Mapping):
            found = "a list" if isinstance(self._root, Sequence) else "a single value"
            raise _at(
                self._file, self._root.line, f"the file holds {found}; a board file is a mapping of sections"
            )
        return Document(self._file, self._root)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        plain = event.style in (None, "")
        text = None if plain and event.value in _NULLS else str(event.value)
        node = Scalar(line, text)
        if event.anchor:
            self._anchors[str(event.anchor)] = node
        self._place(node, line, key_text=str(event.value))

    def _start(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if self._expects_key():
            raise _at(self._file, line, "a key must be a single word")
        if len(self._stack) >= MAX_DEPTH:
            raise _at(self._file, line, f"nested more than {MAX_DEPTH} deep")
        self._count(1, line)
        node: Mapping | Sequence = (
            Mapping(line) if isinstance(event, yaml.MappingStartEvent) else Sequence(line)
        )
        self._stack.append(node)
        self._keys.append(None)
        self._names.append(str(event.anchor) if event.anchor else None)

    def _end(self, line: int) -> None:
        node = self._stack.pop()
        self._keys.pop()
        anchor = self._names.pop()
        if anchor:  # known from here on only: a node that contains itself cannot be written out
            self._anchors[anchor] = node
        self._attach(node, line)

    def _place(self, node: Node, line: int, key_text: str | None = None) -> None:
        self._count(node.size, line)
        if self._expects_key():
            parent = self._stack[-1]
            if key_text is None or not isinstance(parent, Mapping):
                raise _at(self._file, line, "a key must be a single word")
            if key_text in parent.entries:
                first = parent.entries[key_text][0]
                name = field_name((*self._path(), key_text))
                raise as_error(
                    self._file,
                    [PlacedProblem(self._file, line, name, f"written twice; the first is on line {first}")],
                )
            self._keys[-1] = (key_text, line)
            return
        self._attach(node, line)

    def _attach(self, node: Node, line: int) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        parent.size += node.size
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        waiting = self._keys[-1]
        if waiting is None:
            raise _at(self._file, line, "a value without a key")
        parent.entries[waiting[0]] = (waiting[1], node)
        self._keys[-1] = None

    def _expects_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1], Mapping) and self._keys[-1] is None

    def _resolve(self, anchor: str, line: int) -> Node:
        if anchor not in self._anchors:
            raise _at(self._file, line, f"the alias *{printable(anchor)} has no finished anchor before it")
        return self._anchors[anchor]

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise _at(
                self._file,
                line,
                f"more than {MAX_NODES} values, aliases written out; this is not a board file",
            )

    def _check_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        if event.tag not in (None, "", "!"):
            raise _at(
                self._file,
                line,
                f"the tag {printable(str(event.tag))!r} is not used in board files: remove it",
            )

    def _path(self) -> Loc:
        parts: list[str | int] = []
        for node, waiting in zip(self._stack[:-1], self._keys[:-1], strict=True):
            if isinstance(node, Sequence):
                parts.append(len(node.items))
            elif waiting:
                parts.append(waiting[0])
        return tuple(parts)


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _PARSER(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            if event is not None:
                yield event
    finally:
        loader.dispose()


def _data(node: Node) -> Data:
    if isinstance(node, Mapping):
        return {key: _data(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [_data(item) for item in node.items]
    return node.text


def _malformed(error: yaml.MarkedYAMLError, text: str, file: str) -> UsageError:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return _at(file, 0, f"not valid YAML: {error.problem or 'the parser gives no reason'}")
    lines = text.splitlines()
    row = lines[mark.line] if mark.line < len(lines) else ""
    reason = str(error.problem or "the parser gives no reason")
    if row[mark.column : mark.column + 1] == "\t" or row.startswith("\t"):
        reason = "a tab stands where YAML wants spaces"
    elif error.context:
        reason = f"{reason} ({error.context})"
    return _at(f"{file}:{mark.line + 1}:{mark.column + 1}", 0, f"not valid YAML: {reason}")


def _at(file: str, line: int, text: str) -> UsageError:
    return as_error(file, [PlacedProblem(file, line, "", text)])
