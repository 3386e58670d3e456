"""What a step may answer, and what a board's answer has against it."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from harness.id2.codes import describe_result

_SHOWN = 48


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a step.

    Attributes:
        code: The result code; 0 when there is a value.
        value: What the function gave; None for functions that give nothing.
        broken: Why what came is no answer of the function at all; empty when it is one.
        lost: How it showed that the board started anew by itself; empty when it did not.
    """

    code: int = 0
    value: Any = None
    broken: str = ""
    lost: str = ""

    def words(self, *, secret: bool = False) -> str:
        """Return the answer as a person reads it; of a secret its length and its hash alone."""
        if self.lost or self.broken:
            return self.lost or self.broken
        if self.code:
            return describe_result(self.code).text
        return shown(self.value, secret=secret)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a step may answer.

    Attributes:
        words: The same for a person.
        value: Returns what is wrong with a value, empty for nothing; None when the function must refuse.
        codes: The result codes that it may refuse with; None for any.
    """

    words: str
    value: Callable[[Any], str] | None
    codes: frozenset[int] | None

    def contradiction(self, answer: Answer) -> str:
        """Return what is wrong with an answer; empty when it is as expected."""
        if answer.lost or answer.broken:
            return answer.lost or answer.broken
        if answer.code:
            allowed = self.codes is None or answer.code in self.codes
            return "" if allowed else f"refused with {describe_result(answer.code).text}"
        return "accepted" if self.value is None else self.value(answer.value)


def refusal(*codes: int) -> Expected:
    """Return that a function must refuse, with one of `codes`; with any when there are none."""
    words = " or ".join(str(code) for code in sorted(codes, reverse=True)) if codes else "a refusal"
    return Expected(words, None, frozenset(codes) if codes else None)


def giving(words: str, value: Callable[[Any], str], *codes: int) -> Expected:
    """Return that a function must give a value, or may refuse with one of `codes`."""
    also = f", or {' or '.join(map(str, codes))}" if codes else ""
    return Expected(words + also, value, frozenset(codes))


ANYTHING = Expected("anything: ID² does not say", lambda _: "", None)


def equal_to(right: object, *, secret: bool = False) -> Callable[[Any], str]:
    """Return a judge that wants exactly this value."""

    def judge(value: Any) -> str:
        return "" if value == right else f"it must be {shown(right, secret=secret)}"

    return judge


def shown(value: object, *, secret: bool = False) -> str:
    """Return a value for a person: long ones cut, of a secret the length and the beginning of its SHA-256."""
    if value is None:
        return "done"
    if isinstance(value, bool | int):
        return str(value)
    raw = value if isinstance(value, bytes) else str(value).encode()
    unit = "bytes" if isinstance(value, bytes) else "characters"
    if secret:
        return f"{len(raw)} {unit}, SHA-256 {sha256(raw).hexdigest()[:12].upper()}…"
    text = value.hex().upper() if isinstance(value, bytes) else "".join(map(_printable, str(value)))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(raw)} {unit})"


def _printable(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()
