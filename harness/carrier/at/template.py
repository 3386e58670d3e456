"""Templates of AT commands and answers: a text with fields in braces, and optional parts in brackets.

A field is `{name}` for text, or `{name:hex}`, `{name:base64}`, `{name:number}` (decimal), `{name:size}` (how many
bytes) or `{name:digits}` (how many hex digits). A part in brackets is left out when a field in it has no value. A
doubled brace or bracket stands for itself. The same template makes a line and reads it.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(
    r"\{\{|\}\}|\[\[|\]\]|\{(?P<name>[a-z_]+)(?::(?P<form>hex|base64|number|size|digits))?\}|(?P<mark>[\[\]{}])|(?P<text>[^\[\]{}]+)"
)
_FORMS: Mapping[str, str] = {
    "text": r"[^\r\n]*?",
    "hex": r"[0-9A-Fa-f]*",
    "base64": r"[A-Za-z0-9+/=]*",
    "number": r"-?[0-9]{1,10}",
    "size": r"[0-9]{1,6}",
    "digits": r"[0-9]{1,6}",
}
_WRITTEN: Mapping[str, Callable[[bytes], str]] = {
    "text": lambda value: value.decode("ascii"),
    "hex": lambda value: value.hex().upper(),
    "base64": lambda value: base64.b64encode(value).decode(),
    "number": lambda value: str(int.from_bytes(value, "big", signed=True)),
    "size": lambda value: str(len(value)),
    "digits": lambda value: str(2 * len(value)),
}
MEASURES = frozenset(("size", "digits"))
"""Forms that tell a length, and no value."""


class TemplateError(ValueError):
    """A template, or what shall be written or read by it, is wrong; the text says why and repeats no value."""


@dataclass(frozen=True)
class _Part:
    """A literal text, or a field; inside brackets or not."""

    text: str
    name: str = ""
    form: str = "text"
    optional: bool = False


@dataclass(frozen=True)
class Template:
    """A template.

    Raises:
        TemplateError: Braces or brackets do not fit together.
    """

    source: str

    def __post_init__(self) -> None:
        _ = self._parts

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the fields."""
        return frozenset(part.name for part in self._parts if part.name)

    @property
    def begins_with_a_field(self) -> bool:
        """Whether a line of it has no beginning of its own, so that other lines fit it too."""
        return bool(self._parts and self._parts[0].name)

    def write(self, values: Mapping[str, bytes | None]) -> str:
        """Return the line.

        Args:
            values: The value of each field; None for one that is not given.

        Raises:
            TemplateError: A value cannot be written in the form of its field.
        """
        groups: list[list[_Part]] = []
        for part in self._parts:
            if groups and part.optional and groups[-1][-1].optional:
                groups[-1].append(part)
            else:
                groups.append([part])
        return "".join(self._written(group, values) for group in groups)

    def _written(self, group: list[_Part], values: Mapping[str, bytes | None]) -> str:
        if group[0].optional and any(part.name and values.get(part.name) is None for part in group):
            return ""
        return "".join(part.text if not part.name else _field(part, values.get(part.name)) for part in group)

    def read(self, line: str) -> dict[str, bytes] | None:
        """Return the values that stand in a line; None when it is no such line.

        Raises:
            TemplateError: It is one, and a value has not the form of its field.
        """
        found = self._pattern.fullmatch(line)
        if found is None:
            return None
        values: dict[str, bytes] = {}
        for number, part in enumerate(part for part in self._parts if part.name):
            text = found[f"f{number}"]
            if text is not None and part.form not in MEASURES:
                values[part.name] = _value(part, text)
        return values

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        found, number, inside = "", 0, False
        for part in self._parts:
            if part.optional is not inside:
                found += "(?:" if part.optional else ")?"
                inside = part.optional
            if part.name:
                found += f"(?P<f{number}>{_FORMS[part.form]})"
                number += 1
            else:
                found += r"\ *".join(re.escape(piece) for piece in part.text.split(" "))
        return re.compile(found + (")?" if inside else ""))

    @cached_property
    def _parts(self) -> tuple[_Part, ...]:
        parts: list[_Part] = []
        inside, at = False, 0
        while at < len(self.source):
            found = _TOKEN.match(self.source, at)
            assert found is not None, "every character is one of them"
            at = found.end()
            piece = found[0]
            if found["name"]:
                parts.append(_Part("", found["name"], found["form"] or "text", inside))
            elif found["mark"]:
                if piece not in "[]" or (piece == "[") is inside:
                    raise TemplateError(
                        f"{piece!r} has no partner in {self.source[:80]!a}; double it to mean itself"
                    )
                inside = piece == "["
            else:
                parts.append(_Part(piece[0] if piece in {"{{", "}}", "[[", "]]"} else piece, optional=inside))
        if inside:
            raise TemplateError(f"'[' has no partner in {self.source[:80]!a}; double it to mean itself")
        return tuple(parts)


def _field(part: _Part, value: bytes | None) -> str:
    if value is None:
        return ""
    try:
        text = _WRITTEN[part.form](value)
    except UnicodeDecodeError:
        raise TemplateError(
            f"{part.name} is no ASCII text, and goes over as text: write {{{part.name}:hex}}"
        ) from None
    if part.form == "text" and not all(letter.isprintable() for letter in text):
        raise TemplateError(f"{part.name} holds control characters: write {{{part.name}:hex}}")
    return text


def _value(part: _Part, text: str) -> bytes:
    try:
        match part.form:
            case "hex":
                return bytes.fromhex(text)
            case "base64":
                return base64.b64decode(text, validate=True)
            case "number":
                return int(text).to_bytes(8, "big", signed=True)
            case _:
                return text.encode()
    except (ValueError, binascii.Error):
        raise TemplateError(f"{part.name} is no {part.form}") from None
