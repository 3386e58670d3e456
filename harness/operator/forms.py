"""The forms of answers: what a person types back, and how it is checked."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import UsageError
from harness.id2.keys import KeyType

MAX_ANSWER = 4000
"""Characters of one answer: a terminal line holds no more."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one answer.

    Attributes:
        words: What is expected, for the person who types it.
        read: Brings what was typed into its plain form; raises `UsageError` when it is not of this form.
        choices: The words that there are to choose from; none when any text of the form will do.
    """

    words: str
    read: Callable[[str], str]
    choices: tuple[str, ...] = ()


def _matching(words: str, pattern: str) -> Form:
    def read(text: str) -> str:
        plain = text.strip()
        if not re.fullmatch(pattern, plain):
            raise UsageError(f"must be {words}")
        return plain

    return Form(words, read)


def one_of(*words: str) -> Form:
    """Return the form of one word out of several; case does not matter."""
    expected = " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]

    def read(text: str) -> str:
        plain = text.strip().lower()
        if plain not in words:
            raise UsageError(f"must be {expected}")
        return plain

    return Form(expected, read, words)


def _hex(text: str) -> str:
    plain = "".join(text.split()).upper()
    if not re.fullmatch(r"(?:[0-9A-F]{2}){8,1024}", plain):
        raise UsageError("must be hex digits, an even number of them, at least 16")
    return plain


PRODUCT_KEY = _matching("a ProductKey, for example a1AbCdEfGhI", r"[A-Za-z0-9_-]{1,64}")
"""Samples have 11 characters beginning with a1; the documentation gives no rule. Source: service.md 2.1."""

PRODUCT_SECRET = _matching(
    "a ProductSecret, at least 32 characters beginning with i or x", r"[ix][12]\S{30,200}"
)
"""Source: service.md 6.5."""

KEY_TYPE = one_of(*(kind.value for kind in KeyType))
NUMBER = _matching("a whole number", r"[0-9]{1,9}")
CIPHERTEXT = Form("the ciphertext as hex digits", _hex)
PASSED_OR_FAILED = one_of("passed", "failed")
FILE = _matching("the path of a file", r"[^\x00-\x1f]{1,1000}")
DONE = one_of("done")
