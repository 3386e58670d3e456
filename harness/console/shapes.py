"""What the prefixes of a log have in common: samples in, a shape out that fits the prefixes of other lines.

A sample is cut into words, blanks and single characters. Samples that agree in all but their words make one
shape: what is always the same word stays, numbers become any number, and names that change (levels, months)
become any of their kind. Nothing of it knows the tools that write such prefixes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

MAX_SAMPLE = 240
"""Characters of the longest prefix that is learned."""

_TOKEN = re.compile(r"[0-9A-Za-z]+|[ \t]+|(?:[^\x00-\x7f]|\\x[0-9a-f]{2})+|.", re.DOTALL)
_DIGITS = re.compile(r"\d+")
_MAX_NAMES = 8  # different words at one place, up to which they are a choice and not just any word
_CLEAR = 5  # words and characters of a shape that no text of the vendor's programs has by chance
_NAMES = tuple(
    frozenset(names.split())
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "mon tue wed thu fri sat sun",
        "am pm",
        "e w i d v t f a n",
        "emerg alert crit critical fatal err error warn warning wrn notice note info inf debug dbg trace log",
    )
)
_TIME_WORDS = frozenset({*_NAMES[0], *_NAMES[1], *_NAMES[2], "t", "z", "utc", "gmt", "s", "ms", "us"})


@dataclass(slots=True)
class _Place:
    """The words that were seen at one place."""

    words: set[str] = field(default_factory=set)
    many: bool = False

    def add(self, word: str) -> None:
        if len(self.words) <= _MAX_NAMES:
            self.words.add(word)
        else:
            self.many = True

    @property
    def number(self) -> bool:
        return all(word.isdigit() for word in self.words)

    @property
    def of_time(self) -> bool:
        return all(word.isdigit() or word.lower() in _TIME_WORDS for word in self.words)

    @property
    def name(self) -> bool:
        """It is always the same, and long enough to be somebody's name."""
        return len(self.words) == 1 and not self.of_time and len(next(iter(self.words))) > 1

    def pattern(self) -> str:
        if self.number:
            return r"\d+"
        lower = {word.lower() for word in self.words}
        for names in _NAMES:
            if lower <= names:
                return f"(?i:{'|'.join(sorted(names, key=len, reverse=True))})"
        if self.many or len(self.words) > _MAX_NAMES:
            return "[A-Za-z]+" if all(word.isalpha() for word in self.words) else "[0-9A-Za-z]+"
        return f"(?:{'|'.join(sorted({_DIGITS.sub('0', word) for word in self.words}))})".replace("0", r"\d+")


@dataclass
class Shape:
    """A shape, and how often it was seen.

    Attributes:
        count: Samples that it was made of.
        tagged: How many of them stood before the SDK's own tag.
    """

    key: tuple[str, ...]
    count: int = 0
    tagged: int = 0
    _places: list[_Place] = field(default_factory=list)
    _compiled: re.Pattern[str] | None = None

    def add(self, tokens: list[str], *, tagged: bool) -> None:
        """Take one more sample."""
        words = [token for token, kind in zip(tokens, self.key, strict=True) if kind in "xu"]
        if not self._places:
            self._places = [_Place() for _ in words]
        self.count += 1
        self.tagged += tagged
        for place, word in zip(self._places, words, strict=True):
            if word not in place.words:
                place.add(word)
                self._compiled = None

    @cached_property
    def clear(self) -> bool:
        """It is long enough not to be found by chance."""
        return len(self.key) >= _CLEAR

    @property
    def of_time(self) -> bool:
        """It is a time and nothing else: words of its own it has none."""
        words = [place for place, kind in zip(self._places, self._kinds(), strict=True) if kind == "x"]
        return sum(place.number for place in words) > 1 and all(place.of_time for place in words)

    @property
    def named(self) -> bool:
        """It holds the name of who prints, and the SDK's own tag is not there to say so."""
        return not self.tagged and any(
            place.name for place, kind in zip(self._places, self._kinds(), strict=True) if kind == "x"
        )

    def match(self, text: str, start: int = 0) -> int | None:
        """Return where a prefix of this shape ends in `text`; None when there is none at `start`."""
        found = self.expression.match(text, start)
        return None if found is None else found.end()

    @property
    def expression(self) -> re.Pattern[str]:
        """The shape as a regular expression, which needs time linear in its own length."""
        if self._compiled is None:
            self._compiled = re.compile(self.pattern())
        return self._compiled

    def pattern(self, *, last: bool = False) -> str:
        """Return the source of the expression; with `last`, of one that fits the end of a line."""
        parts = [r"[ \t]*"]
        places = iter(self._places)
        before = ""
        for kind in self.key:
            if before in "xu" and kind in "xu" and before:
                parts.append(r"[ \t]+" if before == kind else r"[ \t]*")
            elif before:
                parts.append(r"[ \t]*")
            if kind == "x":
                parts.append(next(places).pattern())
            elif kind == "u":
                names = next(places)
                some = names.many or len(names.words) > _MAX_NAMES
                parts.append(_FOREIGN if some else f"(?:{'|'.join(map(re.escape, sorted(names.words)))})")
            else:
                parts.append(re.escape(kind))
            before = kind
        if last:
            return (r"(?<![0-9A-Za-z])" if self.key[0] == "x" else "") + "".join(parts) + r"[ \t]*\Z"
        return "".join(parts) + (r"(?:[ \t]+|\Z)" if before == "x" else r"[ \t]*")

    def _kinds(self) -> Iterable[str]:
        return [kind for kind in self.key if kind in "xu"]


_FOREIGN = r"(?:[^\x00-\x7f]|\\x[0-9a-f]{2})+"


def cut(sample: str) -> tuple[tuple[str, ...], list[str]] | None:
    """Return the shape of a sample and its words and characters; None when there is nothing to learn from."""
    if len(sample) > MAX_SAMPLE:
        return None
    tokens = [token for token in _TOKEN.findall(sample) if not token.isspace()]
    if not tokens:
        return None
    return tuple(map(_kind, tokens)), tokens


def _kind(token: str) -> str:
    if token[0].isascii() and token[0].isalnum():
        return "x"
    return "u" if not token[0].isascii() or len(token) > 1 else token
