"""The small language of `applies_when`: which boards a requirement is for.

    expression = term { "or" term }
    term       = factor { "and" factor }
    factor     = "not" factor | "(" expression ")" | word [ "=" value ]

Words and values are those of `harness.board.plan.facts.VOCABULARY`. A word with values, written alone, asks
whether there is any: `algorithm` holds when the board declares at least one. `always` holds for every board.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

from harness.board.plan.facts import VOCABULARY, Facts, facts_of
from harness.errors import UsageError
from harness.settings.problems import printable
from harness.settings.suggest import meant

__all__ = ["Applicability", "Expression", "Facts", "evaluate", "facts_of", "parse"]

ALWAYS = "always"
MAX_LENGTH = 500  # characters
MAX_DEPTH = 20

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z0-9_][A-Za-z0-9_.-]*)|(?P<mark>[()=]))")
_KEYWORDS = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Applicability:
    """Whether a requirement is for a board.

    Attributes:
        applies: True when it is.
        reasons: What of the board file decides so; each names the field.
        fields: The fields of the board file that decide so; none for what holds for every board.
    """

    applies: bool
    reasons: tuple[str, ...]
    fields: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The reasons as one, each once, for the report of a scenario that does not apply."""
        return "; ".join(dict.fromkeys(self.reasons))


class Expression(ABC):
    """A parsed expression."""

    @abstractmethod
    def evaluate(self, facts: Facts) -> Applicability:
        """Decide for one board."""

    @abstractmethod
    def words(self) -> frozenset[str]:
        """Return the words that the expression asks for."""


@dataclass(frozen=True, slots=True)
class Always(Expression):
    """Holds for every board."""

    def evaluate(self, facts: Facts) -> Applicability:
        del facts
        return Applicability(applies=True, reasons=("it is for every board",))

    def words(self) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, slots=True)
class Fact(Expression):
    """One word, with or without a value."""

    word: str
    value: str | None = None

    def evaluate(self, facts: Facts) -> Applicability:
        known = VOCABULARY[self.word]
        values = facts.get(self.word)
        holds = values is not None and (self.value is None or self.value in values)
        if values is None and (instead := facts.why_not(self.word)) is not None:
            return Applicability(applies=False, reasons=(str(instead),), fields=(instead.field,))
        if values is None:
            found = known.otherwise or "not given"
        elif not values:
            found = known.meaning
        elif holds:
            found = self.value or ", ".join(values)
        else:
            found = f"{', '.join(values)}, {'without' if known.many else 'not'} {self.value}"
        return Applicability(holds, (f"{known.field}: {found}",), (known.field,))

    def words(self) -> frozenset[str]:
        return frozenset({self.word})


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """The opposite."""

    inner: Expression

    def evaluate(self, facts: Facts) -> Applicability:
        decided = self.inner.evaluate(facts)
        return Applicability(not decided.applies, decided.reasons, decided.fields)

    def words(self) -> frozenset[str]:
        return self.inner.words()


@dataclass(frozen=True, slots=True)
class Both(Expression):
    """All parts hold."""

    parts: tuple[Expression, ...]

    def evaluate(self, facts: Facts) -> Applicability:
        decided = [part.evaluate(facts) for part in self.parts]
        against = [one for one in decided if not one.applies]
        return _together(against or decided, applies=not against)

    def words(self) -> frozenset[str]:
        return frozenset().union(*(part.words() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Either(Expression):
    """At least one part holds."""

    parts: tuple[Expression, ...]

    def evaluate(self, facts: Facts) -> Applicability:
        decided = [part.evaluate(facts) for part in self.parts]
        in_favour = [one for one in decided if one.applies]
        return _together(in_favour or decided, applies=bool(in_favour))

    def words(self) -> frozenset[str]:
        return frozenset().union(*(part.words() for part in self.parts))


def _together(decided: list[Applicability], *, applies: bool) -> Applicability:
    return Applicability(
        applies,
        tuple(reason for one in decided for reason in one.reasons),
        tuple(dict.fromkeys(field for one in decided for field in one.fields)),
    )


def evaluate(expression: str, facts: Facts) -> Applicability:
    """Decide whether a requirement with this `applies_when` is for the board with these facts.

    Raises:
        UsageError: The expression is not one, or asks for a word or a value that does not exist; the message
            names it.
    """
    decided = facts.decided.get(expression)
    if decided is None:
        decided = facts.decided[expression] = parse(expression).evaluate(facts)
    return decided


@lru_cache(maxsize=512)
def parse(expression: str) -> Expression:
    """Read an expression.

    Raises:
        UsageError: As for `evaluate`.
    """
    if len(expression) > MAX_LENGTH:
        raise UsageError(f"the expression is longer than {MAX_LENGTH} characters")
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0

    def parse(self) -> Expression:
        if not self._tokens:
            raise UsageError(f"the expression is empty; write {ALWAYS!r} for every board")
        parsed = self._expression(0)
        if self._at < len(self._tokens):
            raise self._wrong(f"{self._tokens[self._at]!r} is one too many")
        return parsed

    def _expression(self, depth: int) -> Expression:
        parts = [self._term(depth)]
        while self._take("or"):
            parts.append(self._term(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _term(self, depth: int) -> Expression:
        parts = [self._factor(depth)]
        while self._take("and"):
            parts.append(self._factor(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _factor(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise self._wrong(f"nested more than {MAX_DEPTH} deep")
        if self._take("not"):
            return Not(self._factor(depth + 1))
        if self._take("("):
            inner = self._expression(depth + 1)
            if not self._take(")"):
                raise self._wrong("a ) is missing")
            return inner
        return self._fact()

    def _fact(self) -> Expression:
        word = self._word("a word")
        if word == ALWAYS:
            return Always()
        known = VOCABULARY.get(word)
        if known is None:
            raise UsageError(
                f"unknown word {printable(word)!r}{meant(word, VOCABULARY)} words: {', '.join(VOCABULARY)}"
            )
        if not self._take("="):
            return Fact(word)
        value = self._word(f"a value for {word}")
        if not known.values:
            raise self._wrong(f"{word} is just true or not; it has no values")
        if value not in known.values:
            raise UsageError(
                f"{word} is never {printable(value)!r}{meant(value, known.values)} "
                f"values: {', '.join(known.values)}"
            )
        return Fact(word, value)

    def _word(self, wanted: str) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if not token or token in _KEYWORDS or token in "()=":  # noqa: S105 - a token of the language
            found = f"{token!r} stands there" if token else "the expression ends"
            raise self._wrong(f"{wanted} is missing: {found}")
        self._at += 1
        return token

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False

    def _split(self, text: str) -> list[str]:
        tokens: list[str] = []
        position = 0
        end = len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None:
                odd = text[position:].lstrip()[:1]
                raise self._wrong(f"{printable(odd)!r} is not part of this language")
            tokens.append(found["word"] or found["mark"])
            position = found.end()
        return tokens

    def _wrong(self, text: str) -> UsageError:
        return UsageError(f"{printable(self._text)!r}: {text}")
