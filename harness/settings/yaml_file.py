"""YAML that people write by hand: every value with its line and column, bounded, and without surprises.

A plain scalar stays the text that was written; who asks for it decides what it becomes. So an ID of digits needs no
quotes, `no` is a word where a word is wanted, and an octal number never appears from a leading zero.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol

import yaml

from harness.errors import UsageError
from harness.settings import regular_file
from harness.settings.problems import Loc, field_name, printable

Data = dict[str, "Data"] | list["Data"] | str | None

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
# Without resolvers: all that is not tagged by hand has one of three tags. Long lists need the C library's parser.
_LOADER: type[yaml.BaseLoader] | type[yaml.CBaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TAGS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of YAML file and its bounds.

    Attributes:
        name: What errors call it, with its article: "a board file".
        max_bytes: Size of the file.
        max_depth: Levels of nesting.
        max_values: Values and keys, every alias written out, so that an alias bomb ends here.
        has_secrets: Whether errors must not repeat what stands in the file.
    """

    name: str
    max_bytes: int = 256 * 1024
    max_depth: int = 32
    max_values: int = 10_000
    has_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value; `text` is None where nothing (or `null`) was written. Lines and columns count from 1."""

    line: int
    column: int
    text: str | None
    quoted: bool = False
    size: int = 1


@dataclass(slots=True)
class Mapping:
    """Keys, each with where it stands, and their values."""

    line: int
    column: int
    entries: dict[str, tuple[Scalar, "Node"]] = field(default_factory=dict)
    size: int = 1


@dataclass(slots=True)
class Sequence:
    """A list of values."""

    line: int
    column: int
    items: list["Node"] = field(default_factory=list)
    size: int = 1


Node = Scalar | Mapping | Sequence


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML file: plain data, and the place of every field in it.

    Attributes:
        file: Name of the file, for messages.
        root: What the file holds; None for an empty one.
    """

    file: str
    root: Node | None

    def to_data(self) -> Data:
        """Return the document as dictionaries, lists, text and None."""
        return None if self.root is None else _data(self.root)

    def find(self, loc: Loc) -> Node | None:
        """Return what stands at `loc`, or None when it is not there."""
        found = [self.root, *(node for _, node in self._steps(loc))]
        return found[-1] if len(found) > len(loc) else None

    def line_of(self, loc: Loc) -> int:
        """Return the line (from 1) of the field at `loc`, or of the nearest one around it that is there."""
        if not loc or self.root is None:
            return 0
        return [self.root.line, *(line for line, _ in self._steps(loc))][-1]

    def _steps(self, loc: Loc) -> Iterator[tuple[int, Node]]:
        """Give the line and the value of each part of `loc`, as far as they are there."""
        node = self.root
        for part in loc:
            if isinstance(node, Mapping) and isinstance(part, str) and part in node.entries:
                key, node = node.entries[part]
                yield key.line, node
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                yield node.line, node
            else:
                return


def load(path: Path, kind: FileKind, *, check: Callable[[os.stat_result], None] | None = None) -> Document:
    """Read the file at `path`.

    Args:
        path: The file.
        kind: What it is.
        check: Looks at the opened file's status before it is read, and raises if it does not like it.

    Raises:
        UsageError: The file cannot be read, or as for `parse`; the message starts with `path`.
    """
    try:
        data = regular_file.read(path, kind.max_bytes, check=check)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; {kind.name} is wanted here") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: is a folder, not {kind.name}") from None
    return parse(decode(data, str(path), kind), str(path), kind)


def decode(data: bytes, file: str, kind: FileKind) -> str:
    """Return the text of a file.

    Raises:
        UsageError: It is not UTF-8 text; the message names file, line and byte.
    """
    if b"\0" in data:
        raise UsageError(
            f"{file}: is a binary file (byte 0x00 at offset {data.index(0)}); {kind.name} is YAML text"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{file}:{line}: is not UTF-8 text (byte {data[error.start]:#04x} at offset {error.start}); "
            f"{kind.name} is YAML text"
        ) from None


def parse(text: str, file: str, kind: FileKind) -> Document:
    """Parse the text of one YAML file.

    Args:
        text: The text of the file.
        file: The name that errors give the file.
        kind: What it is.

    Raises:
        UsageError: The text is not YAML, repeats a key, or goes beyond the limits; the message names file, line,
            column and, where there is one, the field.
    """
    reader = _Reader(file, kind)
    try:
        reader.check_depth(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        reader.fail(error.problem_mark or error.context_mark, *_reason(error, text))
    except yaml.reader.ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(error.character)
        at = max(text.find(chr(code)), 0)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise UsageError(
            f"{file}:{line}:{column}: a character that YAML does not allow (character code {code:#x}); "
            "is this a text file?"
        ) from None
    except yaml.YAMLError:
        raise UsageError(f"{file}: not valid YAML") from None
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.style and root.value in _NULLS):
        return Document(file, None)
    return Document(file, reader.node(root, (), root))


class _Mark(Protocol):
    """Where YAML stands, whichever of its two parsers says so; lines and columns from 0."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


class _Reader:
    """Checks composed nodes and turns them into ours."""

    def __init__(self, file: str, kind: FileKind) -> None:
        self._file = file
        self._kind = kind
        self._values = 0
        self._made: dict[int, Node | None] = {}  # by the identity of the composed node; None while it is made

    def fail(self, mark: _Mark | None, text: str, quoted: str = "") -> NoReturn:
        """Raise the error of what stands at a mark, with what it repeats of the file."""
        place = f"{self._file}:{mark.line + 1}:{mark.column + 1}" if mark else self._file
        raise UsageError(f"{place}: {text}{'' if self._kind.has_secrets else quoted}") from None

    def check_depth(self, text: str) -> None:
        """Refuse what is nested too deep before it is composed: that would use up the stack of the process."""
        depth = documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
            if depth > self._kind.max_depth:
                self.fail(event.start_mark, f"nested more than {self._kind.max_depth} deep")
            if documents > 1:
                self.fail(
                    event.start_mark, f"a second YAML document starts here; {self._kind.name} holds one"
                )

    def node(self, found: yaml.Node, loc: Loc, outer: yaml.Node) -> Node:
        """Return a composed node as ours.

        Args:
            found: The composed node.
            loc: Where it stands.
            outer: The node around it, which names the place of an alias.
        """
        if id(found) in self._made:
            known = self._made[id(found)]
            if known is None:
                self.fail(found.start_mark, "holds an alias of itself")
            self._count(known.size, outer)
            return known
        self._count(1, found)
        if found.tag not in _TAGS:
            self.fail(
                found.start_mark,
                f"{self._kind.name} uses no tags: remove this one",
                f", {printable(str(found.tag))!r}",
            )
        self._made[id(found)] = None
        made = self._made[id(found)] = self._convert(found, loc)
        return made

    def _convert(self, found: yaml.Node, loc: Loc) -> Node:
        line, column = found.start_mark.line + 1, found.start_mark.column + 1
        if isinstance(found, yaml.MappingNode):
            mapping = Mapping(line, column)
            for key, value in found.value:
                name, place = self._key(key, loc, mapping)
                node = self.node(value, (*loc, name), found)
                mapping.entries[name] = (place, node)
                mapping.size += 1 + node.size
            return mapping
        if isinstance(found, yaml.SequenceNode):
            sequence = Sequence(line, column)
            for number, value in enumerate(found.value):
                node = self.node(value, (*loc, number), found)
                sequence.items.append(node)
                sequence.size += node.size
            return sequence
        assert isinstance(found, yaml.ScalarNode), "YAML has three kinds of nodes"
        plain = not found.style
        text = None if plain and found.value in _NULLS else str(found.value)
        return Scalar(line, column, text, quoted=not plain)

    def _key(self, key: yaml.Node, loc: Loc, mapping: Mapping) -> tuple[str, Scalar]:
        if not isinstance(key, yaml.ScalarNode):
            self.fail(key.start_mark, "a key must be a single word")
        self._count(1, key)
        name = str(key.value)
        if name in mapping.entries:
            first = mapping.entries[name][0].line
            field_ = "a key" if self._kind.has_secrets else f"{field_name((*loc, name))}:"
            self.fail(key.start_mark, f"{field_} written twice; the first is on line {first}")
        return name, Scalar(key.start_mark.line + 1, key.start_mark.column + 1, name)

    def _count(self, values: int, at: yaml.Node) -> None:
        self._values += values
        if self._values > self._kind.max_values:
            self.fail(
                at.start_mark,
                f"more than {self._kind.max_values} values, aliases written out; this is not {self._kind.name}",
            )


def _data(node: Node) -> Data:
    if isinstance(node, Mapping):
        return {key: _data(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [_data(item) for item in node.items]
    return node.text


def _reason(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    """Return what is wrong in the syntax, and what of it may repeat the text of the file."""
    reason = str(error.problem or "the parser gives no reason")
    if (mark := error.problem_mark) is not None:
        lines = text.splitlines()
        row = lines[mark.line] if mark.line < len(lines) else ""
        if row[mark.column : mark.column + 1] == "\t" or row.startswith("\t"):
            return "not valid YAML: a tab stands where YAML wants spaces", ""
    return "not valid YAML", f": {reason[:200]}" + (f" ({error.context})" if error.context else "")
