"""Answers to operator steps from a browser: checked in their form, and given once, whoever is first."""

import hmac
import json
import os
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.disk import writing
from harness.errors import UsageError
from harness.operator.forms import MAX_ANSWER, Form
from harness.operator.steps import STEPS
from harness.progress import answers
from harness.progress.answers import Answer
from harness.progress.state import Ask

VIA = "bench page"
"""How the journal names this way of answering."""

_ASK = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_LARGEST = 64 * 1024
_KEPT = 200


@dataclass(frozen=True, slots=True)
class AnswerField:
    """A value that a person gives back.

    Attributes:
        name: Its name.
        words: What is expected.
        secret: It is typed unseen, and never shown again.
        choices: The only values there are, where they are few; empty for a text.
    """

    name: str
    words: str
    secret: bool
    choices: tuple[str, ...] = ()


def fields_of(ask: Ask) -> list[AnswerField]:
    """Return what an operator step asks for, as a page can ask for it."""
    return [
        AnswerField(
            _text(field, "name"),
            _text(field, "words"),
            field.get("secret") is True,
            _choices(field),
        )
        for field in ask.fields
        if _text(field, "name")
    ]


def checked(ask: Ask, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the values in their plain form, and what is wrong with each that has not its form.

    Args:
        ask: What was asked.
        given: What a person typed, by the name of the field.
    """
    values: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field in fields_of(ask):
        text = given.get(field.name, "")
        form = _form(ask, field.name) or Form(field.words, _any_line)
        if len(text) > MAX_ANSWER:
            wrong[field.name] = f"must have at most {MAX_ANSWER} characters"
            continue
        try:
            values[field.name] = form.read(text)
        except UsageError as error:
            wrong[field.name] = error.message
    return values, wrong


def give(folder: Path, ask: str, by: str, values: Mapping[str, str]) -> bool:
    """Give an answer to the campaign; the first one counts.

    Args:
        folder: The folder of answers of the campaign.
        ask: What is answered.
        by: Who answers.
        values: The value of each field.

    Returns:
        Whether this one was the first.

    Raises:
        BenchError: It cannot be written.
        UsageError: The question has a name that no file can have.
    """
    with writing(_file(folder, ask)):
        return answers.give(folder, ask, Answer(by, VIA, values))


class GivenHere:
    """Knows an answer again that this page has given. Values may be secrets: only a keyed digest of them is kept."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._given: OrderedDict[tuple[Path, str], bytes] = OrderedDict()

    def give(self, folder: Path, ask: str, by: str, values: Mapping[str, str]) -> bool:
        """Give an answer as `give` does, and remember it; whether it was the first, or the first one come again."""
        with self._lock:  # of two that come at once the second finds the first one remembered
            if not give(folder, ask, by, values):
                return self._knows(folder, ask, by, values)
            self._given[folder, ask] = self._digest(by, values)
            while len(self._given) > _KEPT:
                self._given.popitem(last=False)
        return True

    def knows(self, folder: Path, ask: str, by: str, values: Mapping[str, str]) -> bool:
        """Tell whether the same person gave the same answer here before."""
        with self._lock:
            return self._knows(folder, ask, by, values)

    def _knows(self, folder: Path, ask: str, by: str, values: Mapping[str, str]) -> bool:
        return hmac.compare_digest(self._given.get((folder, ask), b""), self._digest(by, values))

    def _digest(self, by: str, values: Mapping[str, str]) -> bytes:
        return hmac.digest(self._key, json.dumps([by, sorted(values.items())]).encode(), "sha256")


def given_by(folder: Path, ask: str) -> str | None:
    """Return who gave the answer that the campaign is about to take; None when nobody did."""
    with suppress(OSError, ValueError, RecursionError, UsageError):
        file = os.open(_file(folder, ask), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            read = json.loads(opened.read(_LARGEST))
        return _text(read, "by") if isinstance(read, dict) else ""
    return None


def _file(folder: Path, ask: str) -> Path:
    if not _ASK.fullmatch(ask):
        raise UsageError(f"there is no operator step {ask[:60]!r} that waits")
    return folder / f"{ask}.json"


def _form(ask: Ask, name: str) -> Form | None:
    step = STEPS.get(ask.step)
    fields = () if step is None else step.fields
    return next((field.form for field in fields if field.name == name), None)


def _any_line(text: str) -> str:
    plain = text.strip()
    if not plain or not plain.isprintable():
        raise UsageError("must be one line of text")
    return plain


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""


def _choices(field: Mapping[str, Any]) -> tuple[str, ...]:
    given = field.get("choices")
    return tuple(one for one in given if isinstance(one, str)) if isinstance(given, list) else ()
