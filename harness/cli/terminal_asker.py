"""Asks the operator steps of boards that run side by side at the terminal, one after the other.

A process of its own has the terminal meanwhile, so that no board waits for a person whom another asks. It gives the
answer as everybody else does, by a file, and whoever is first wins.
"""

import os
import signal
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from harness.board.opening.locks import user_name
from harness.campaign.process import end_with, forget_files
from harness.errors import HarnessError
from harness.operator.prompts import TERMINAL
from harness.operator.steps import STEPS
from harness.operator.terminal import TerminalOperator
from harness.progress.answers import Answer, give
from harness.report.text import one_line

_TERMINAL = "/dev/tty"


class TerminalAsker:
    """Has the questions of a campaign asked at the terminal.

    Args:
        answers: The campaign's folder of answers.
        pause: Called before a question has the terminal.
        resume: Called when nobody is asked any more.
    """

    def __init__(self, answers: Path, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._answers = answers
        self._pause = pause
        self._resume = resume
        self._waiting: list[tuple[str, Mapping[str, Any]]] = []
        self._asked = ""
        self._pid = 0
        self._before: list[Any] | None = None

    @property
    def asking(self) -> bool:
        """Whether a question has the terminal."""
        return self._pid != 0

    def take(self, board: str, event: str, fields: Mapping[str, Any]) -> None:
        """Take an event of a board."""
        if event == "operator_asks":
            self._waiting.append((board, fields))
        elif event == "operator_answered":
            self._forget(str(fields.get("ask", "")))

    def tick(self) -> None:
        """See whether the question is over, and ask the next one."""
        if self._pid:
            pid, _ = os.waitpid(self._pid, os.WNOHANG)
            if not pid:
                return
            self._over()
        if self._waiting:
            self._ask(*self._waiting.pop(0))

    def close(self) -> None:
        """Ask nobody any more."""
        self._waiting = []
        self._stop()

    def _ask(self, board: str, fields: Mapping[str, Any]) -> None:
        self._pause()
        self._before = _settings()
        self._asked = str(fields.get("ask", ""))
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _in_child(board, fields, self._answers, parent)

    def _forget(self, ask: str) -> None:
        self._waiting = [each for each in self._waiting if each[1].get("ask") != ask]
        if ask == self._asked:
            self._stop()

    def _stop(self) -> None:
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)
            os.waitpid(self._pid, 0)
            self._over()

    def _over(self) -> None:
        self._pid, self._asked = 0, ""
        if self._before is not None:
            _restore(self._before)
        if not self._waiting:
            self._resume()


def _in_child(board: str, fields: Mapping[str, Any], answers: Path, parent: int) -> NoReturn:
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        forget_files(set())
        end_with(parent)
        step = STEPS[fields["step"]]
        wanted = {each["name"] for each in fields["fields"]}
        operator = TerminalOperator()
        timeout = fields.get("timeout_s")
        deadline = time.monotonic() + timeout if isinstance(timeout, int | float) else None
        lines = ["", f"{one_line(board)}: operator step {step.id}: {step.title}"]
        lines += [f"  {number}. {one}" for number, one in enumerate(fields["instructions"], 1)]
        if fields.get("picture"):
            lines.append(f"  picture: {answers.parent / fields['picture']}")
        if deadline is not None:
            lines.append(f"  (waits {timeout:g} s)")
        operator.tell(lines)
        values = {
            field.name: operator.ask(field, deadline, lambda: None)
            for field in step.fields
            if field.name in wanted
        }
        give(answers, fields["ask"], Answer(user_name(), TERMINAL, values))
    except (KeyboardInterrupt, HarnessError, OSError, KeyError, TypeError):
        pass
    finally:
        os._exit(0)


def _settings() -> list[Any] | None:
    try:
        file = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return termios.tcgetattr(file)
    except termios.error:
        return None
    finally:
        os.close(file)


def _restore(before: list[Any]) -> None:
    with suppress(OSError, termios.error):
        file = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            termios.tcsetattr(file, termios.TCSADRAIN, before)
        finally:
            os.close(file)
