"""Operator steps of boards on other hosts: what is asked there, as a person or a file at the client answers it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.errors import UsageError
from harness.lab.watcher import Watcher
from harness.operator.answers import Answers
from harness.operator.forms import Form, one_of
from harness.operator.steps import STEPS, Field
from harness.progress.state import Ask
from harness.report.text import one_line

_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Question:
    """An operator step that waits for a person.

    Attributes:
        watcher: Who attends to the host that asks.
        board: The board's name.
        ask: What is asked. Its texts come from another host.
        fields: What is to be given back, each with its form.
    """

    watcher: Watcher
    board: str
    ask: Ask
    fields: tuple[Field, ...]

    @property
    def is_open(self) -> bool:
        """Whether it still waits, and nobody here has answered it."""
        board = self.watcher.state.boards.get(self.board)
        return board is not None and self.ask.id in board.asks and not self.watcher.is_answered(self.ask.id)


def questions(watchers: Iterable[Watcher]) -> Iterator[Question]:
    """Give the operator steps that wait for a person, and that nobody here has answered."""
    for one in watchers:
        for board in list(one.state.boards.values()):
            for ask in list(board.asks.values()):
                question = Question(one, board.name, ask, _fields(ask))
                if question.fields and question.is_open:
                    yield question


def from_file(question: Question, answers: Answers) -> dict[str, str] | None:
    """Return what a file of answers gives for a question; None unless it gives all that is asked."""
    given = answers.get(question.ask.step, {})
    values = {field.name: given[field.name] for field in question.fields if field.name in given}
    return values if len(values) == len(question.fields) else None


def _fields(ask: Ask) -> tuple[Field, ...]:
    step = STEPS.get(ask.step)
    known = {} if step is None else {field.name: field for field in step.fields}
    found = []
    for told in ask.fields[:_MOST_FIELDS]:
        name, words, choices = told.get("name"), told.get("words"), told.get("choices")
        if isinstance(name, str) and name in known:
            found.append(known[name])
        elif isinstance(name, str) and name:
            texts = [one for one in choices if isinstance(one, str)] if isinstance(choices, list) else []
            said = one_line(words) if isinstance(words, str) else "one line of text"
            form = one_of(*map(one_line, texts)) if texts else Form(said, _any_line)
            found.append(Field(name, form, secret=told.get("secret") is True))
    return tuple(found)


def _any_line(text: str) -> str:
    plain = text.strip()
    if not plain or not plain.isprintable():
        raise UsageError("must be one line of text")
    return plain
