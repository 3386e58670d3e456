"""Operator steps that a person may answer from elsewhere: a page, a file, another terminal."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.operator.errors import OperatorAbsent
from harness.operator.steps import Field

_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person is asked.

    Attributes:
        step: Id of the operator step.
        title: What is to be done.
        instructions: How, one line each, filled in.
        fields: What is to be given back.
        timeout_s: Seconds that are waited; None for as long as it takes.
        picture: A picture of what is to be done; None for none.
    """

    step: str
    title: str
    instructions: tuple[str, ...]
    fields: tuple[Field, ...]
    timeout_s: float | None
    picture: Path | None


@dataclass(frozen=True, slots=True)
class Given:
    """What came back.

    Attributes:
        by: Who gave it; empty for whoever sits at the terminal of this process.
        via: By what way.
        values: The value of each field, not checked yet.
    """

    by: str
    via: str
    values: Mapping[str, str]


class Elsewhere(Protocol):
    """Where a person may answer who is not at the terminal of this process; one question at a time."""

    def ask(self, asked: Asked) -> None:
        """Show a question there."""

    def answer(self) -> Given | None:
        """Return an answer that has come since; None for none."""

    def refuse(self, given: Given, why: str) -> None:
        """Say that an answer cannot be used, so that another is given."""

    def over(self, given: Given | None, gave_up: str) -> None:
        """Take the question back: it was answered, or nobody is waited for any more."""


class AnsweredElsewhere(Exception):  # noqa: N818 - it ends the waiting at a terminal, and is no error
    """An answer has come from elsewhere, with a value for each field in its form."""

    def __init__(self, given: Given) -> None:
        super().__init__(given.via)
        self.given = given


class ElsewhereOperator:
    """The operator of a run that has no terminal: answers come from elsewhere alone."""

    def tell(self, lines: list[str]) -> None:
        """Show nothing: the question stands elsewhere."""
        del lines

    def ask(self, field: Field, deadline: float | None, look: Callable[[], None]) -> str:
        """Wait until `look` raises what came.

        Raises:
            OperatorAbsent: Nothing came in time.
        """
        del field
        while deadline is None or time.monotonic() < deadline:
            look()
            time.sleep(_LOOK_S)
        raise OperatorAbsent(
            "nobody answered in time", hint="allow more with --operator-timeout, or answer with --answers"
        )
