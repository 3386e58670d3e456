"""Texts that were made with values, told by the template that they were made from.

A journal holds `no chip answered on i2c-1`, not the template and its value. A catalogue of such texts therefore holds
`no chip answered on {transport}`, and a text is cut at what stands between the places. Cutting goes from left to right
and never back, so that a text of a device costs little more than its length, whatever it holds.

The name of a place says what may stand there: in `{known_reason}` a text that has its own words in the language, in
`{word_field}` one without blanks, in `{list_values}` one without a colon or semicolon, in any other anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter

_LONGEST = 4_000
"""Characters; what is longer was not made from a template of ours."""

_MOST = 100
"""A value may be a text with values itself, such as further reasons; texts and values that are tried for one text."""

_KEPT = 1_000
"""Texts that are kept with their words: a reason stands at many scenarios, and each is asked for twice."""

_WIDE_FROM = "\u2e80"
_WIDE_TOO = "“”"
"""Characters of Chinese text and its punctuation, between which there is no space."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places, cut at them.

    Attributes:
        pieces: What stands around the places, one more than there are places.
        names: The places in their order.
        said: The text in the other language, with the same places.
        literal: How many characters stand around the places.
    """

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    said: str
    literal: int

    @classmethod
    def of(cls, text: str, said: str) -> "Template":
        """Return the template of `text`, such as `no answer within {seconds} s`."""
        pieces, places = _parts(text)
        return cls(pieces, tuple(name for name, _ in places), said, sum(map(len, pieces)))

    def values(self, text: str) -> dict[str, str] | None:
        """Return what stands in the places of `text`; None when it was not made from this template."""
        if not self.names:
            return {} if text == self.pieces[0] else None
        first, *middle, last = self.pieces
        if len(text) < self.literal + len(self.names) or not (text.startswith(first) and text.endswith(last)):
            return None
        rest = text[len(first) : len(text) - len(last)]
        found: list[str] = []
        for piece in middle:
            value, cut, rest = rest.partition(piece)
            if not cut or not value:
                return None
            found.append(value)
        values = dict(zip(self.names, [*found, rest], strict=True))
        return values if all(_may_be(name, value) for name, value in values.items()) else None


class Patterns:
    """The templates of a language, by how their texts begin."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        """Take templates in English by what they are in the other language."""
        every = [Template.of(text, said) for text, said in templates.items()]
        starts = {"", *(each.pieces[0][:1] for each in every)}
        self._by_start = {
            start: sorted(
                (each for each in every if each.pieces[0][:1] in {"", start}), key=lambda each: -each.literal
            )
            for start in starts
        }
        self._before: dict[str, str | None] = {}

    def told(self, text: str, known: Callable[[str], str | None]) -> str | None:
        """Return `text` in the other language; None when no template fits.

        Args:
            text: A text, as a journal holds it.
            known: Returns a text without places in the other language, None when it is not known.
        """
        if len(text) > _LONGEST:
            return None
        if text not in self._before:
            if len(self._before) >= _KEPT:
                self._before.clear()
            self._before[text] = self._told(text, known, {})
        return self._before[text]

    def _told(self, text: str, known: Callable[[str], str | None], seen: dict[str, str | None]) -> str | None:
        """Tell a text or a value of one. `seen` holds what was tried: each is tried once, and not many in all."""
        if text in seen or len(seen) >= _MOST:
            return seen.get(text)
        seen[text] = None
        for each in self._by_start.get(text[:1], self._by_start[""]):
            if (values := each.values(text)) is not None:
                told = {
                    name: known(value) or self._told(value, known, seen) for name, value in values.items()
                }
                if all(told[name] for name in each.names if name.startswith("known_")):
                    seen[text] = filled(each.said, {name: told[name] or values[name] for name in values})
                    break
        return seen[text]


def _may_be(name: str, value: str) -> bool:
    """Return whether a value may stand in the place of this name."""
    if name.startswith("word_"):
        return value.isprintable() and value != "" and " " not in value
    if name.startswith("list_"):
        return value != "" and ":" not in value and ";" not in value
    return value != ""


def filled(text: str, values: Mapping[str, object]) -> str:
    """Return a text of our own with its places filled.

    A place stands apart from Chinese by a space, as most values are Latin; beside one that is Chinese it goes.
    """
    (told, *pieces), places = _parts(text)
    for (name, form), piece in zip(places, pieces, strict=True):
        value = format(values[name], form)
        if _meet(told, value):
            told = told[:-1]
        told += value
        told += piece[1:] if _meet(piece[::-1], value[::-1]) else piece
    return told


def _meet(before: str, after: str) -> bool:
    """Return whether a space at the end of `before` stands between characters of Chinese alone."""
    return before[-1:] == " " and _wide(before[-2:-1]) and _wide(after[:1])


def _wide(character: str) -> bool:
    return character >= _WIDE_FROM or (character != "" and character in _WIDE_TOO)


@lru_cache(maxsize=2_000)
def _parts(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Cut a text at its places: what stands around them, and the name and the format of each."""
    pieces, places = [""], list[tuple[str, str]]()
    for literal, name, form, _ in Formatter().parse(text):
        pieces[-1] += literal
        if name is not None:
            places.append((name, form or ""))
            pieces.append("")
    return tuple(pieces), tuple(places)
