"""Prompts for operator steps: answered by a file or by the operator, and journaled with what came back."""

import time
from collections.abc import Callable, Mapping

from harness.operator.answers import Answers
from harness.operator.errors import OperatorAbsent
from harness.operator.steps import Step
from harness.operator.terminal import AbsentOperator, Operator
from harness.secret import Secret


def _ignore(_text: str) -> None:
    pass


def _ignore_secret(_secret: Secret) -> None:
    pass


class OperatorPrompts:
    """Has operator steps done, one after the other, and journals each with its answer."""

    def __init__(
        self,
        answers: Answers | None = None,
        operator: Operator | None = None,
        *,
        timeout_s: float | None = None,
        note: Callable[[str], None] = _ignore,
        hide: Callable[[Secret], None] = _ignore_secret,
        waiting: Callable[[str], None] = _ignore,
        answered: Callable[[str], None] = _ignore,
    ) -> None:
        """Prepare; nobody is asked yet.

        Args:
            answers: What is answered already; it goes before the operator.
            operator: The operator, who answers the rest; absent by default.
            timeout_s: Seconds for a whole step, None for as long as it takes.
            note: Writes a line into the journal.
            hide: Keeps a secret out of the journal; called before anything of the step is noted.
            waiting: Called with the step's title before the operator is asked.
            answered: Called with the step's title afterwards, whatever came of it.
        """
        self._answers = answers or {}
        self._operator = operator or AbsentOperator()
        self._timeout = timeout_s
        self._note = note
        self._hide = hide
        self._waiting = waiting
        self._answered = answered

    def ask(self, step: Step, shown: Mapping[str, str]) -> dict[str, str]:
        """Have one step done.

        Args:
            step: What is to be done.
            shown: What its instructions are filled in with.

        Returns:
            The value of every field, each in its form.

        Raises:
            OperatorAbsent: Nobody gave the answer.
            KeyboardInterrupt: The operator pressed Ctrl-C.
        """
        given = dict(self._answers.get(step.id, {}))
        missing = [field for field in step.fields if field.name not in given]
        source = "the file of answers" if not missing else "the terminal"
        if missing:
            try:
                given |= self._ask_operator(step, shown, {field.name for field in missing})
            except OperatorAbsent as absent:
                absent.message = f"operator step {step.id} ({step.title}): {absent.message}"
                absent.args = (absent.message,)
                self._note(f"{absent.message}; needed: {', '.join(field.name for field in missing)}")
                raise
        for field in step.fields:
            if field.secret:
                self._hide(Secret(given[field.name]))
        values = ", ".join(
            f"{field.name} = {'***' if field.secret else given[field.name]}" for field in step.fields
        )
        self._note(f"operator step {step.id}: {step.title}; answered by {source}: {values}")
        return {field.name: given[field.name] for field in step.fields}

    def _ask_operator(self, step: Step, shown: Mapping[str, str], names: set[str]) -> dict[str, str]:
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        self._waiting(step.title)
        try:
            lines = ["", f"Operator step {step.id}: {step.title}"]
            for number, instruction in enumerate(step.instructions, 1):
                lines.append(f"  {number}. {instruction.format_map(shown)}")
            if self._timeout is not None:
                lines.append(f"  (waits {self._timeout:g} s; Ctrl-C ends the run)")
            self._operator.tell(lines)
            return {
                field.name: self._operator.ask(field, deadline)
                for field in step.fields
                if field.name in names
            }
        finally:
            self._answered(step.title)
