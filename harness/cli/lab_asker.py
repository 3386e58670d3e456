"""Operator steps of boards on other hosts, answered at the client: by a file, or at its terminal."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from harness.board.opening.locks import user_name
from harness.lab.answering import Question, from_file, questions
from harness.lab.watcher import Watcher
from harness.operator.answers import Answers
from harness.operator.errors import OperatorError
from harness.operator.steps import Field
from harness.report.text import one_line

_LINES = 50  # instructions of a host that are shown at most


class Terminal(Protocol):
    """Where a person is asked; `harness.operator.terminal.TerminalOperator` is one."""

    def tell(self, lines: list[str]) -> None:
        """Show lines."""

    def ask(self, field: Field, deadline: float | None, look: Callable[[], None]) -> str:
        """Return a value in its form."""


class _OverError(Exception):
    """The question needs no answer from here any more."""


class LabAsker:
    """Answers what boards ask.

    Args:
        watchers: The hosts.
        answers: What is answered already, by a file.
        terminal: Where the rest is asked; None for nowhere.
        pause: Called before a question has the terminal.
        resume: Called when it is free again.
    """

    def __init__(
        self,
        watchers: Sequence[Watcher],
        answers: Answers,
        terminal: Terminal | None,
        pause: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        self._watchers = watchers
        self._answers = answers
        self._terminal = terminal
        self._pause = pause
        self._resume = resume
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._given_up: set[str] = set()

    @property
    def asking(self) -> bool:
        """Whether a question has the terminal."""
        return self._thread is not None

    def tick(self) -> None:
        """Answer what can be, and ask the next question when the terminal is free."""
        if self._thread is not None:
            if self._thread.is_alive():
                return
            self._thread = None
            self._resume()
        for one in questions(self._watchers):
            values = from_file(one, self._answers)
            if values is not None:
                one.watcher.answer(one.ask.id, user_name(), "file of the client", values)
            elif self._terminal is not None and one.ask.id not in self._given_up:
                self._pause()
                self._thread = threading.Thread(
                    target=self._ask, args=(one, self._terminal), name="asks a person", daemon=True
                )
                self._thread.start()
                return

    def close(self) -> None:
        """Ask nobody any more; the terminal is as it was."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None
            self._resume()

    def _ask(self, one: Question, terminal: Terminal) -> None:
        def look() -> None:
            if self._ending.is_set() or not one.is_open:
                raise _OverError

        ask, where = one.ask, f"{one_line(one.watcher.host.name)}  {one_line(one.board)}"
        lines = ["", f"{where}: operator step {one_line(ask.step)}: {one_line(ask.title)}"]
        lines += [
            f"  {number}. {one_line(text, 1_000)}" for number, text in enumerate(ask.instructions[:_LINES], 1)
        ]
        if ask.picture:
            lines.append(f"  (a picture of it: {one_line(ask.picture)} in the campaign's folder there)")
        if ask.timeout_s is not None:
            lines.append(f"  (waits {max(0.0, ask.since + ask.timeout_s - one.watcher.now()):.0f} s)")
        try:
            terminal.tell(lines)
            values = {field.name: terminal.ask(field, None, look) for field in one.fields}
        except _OverError:
            return
        except OperatorError:
            self._given_up.add(ask.id)  # there is no terminal any more, or its end was typed
            return
        one.watcher.answer(ask.id, user_name(), "terminal of the client", values)
