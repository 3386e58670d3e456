"""Prompts for operator steps: answered by a file or by the operator, and journaled with what came back."""

import time
from collections.abc import Callable, Mapping

from harness.errors import UsageError
from harness.operator.answers import Answers
from harness.operator.elsewhere import AnsweredElsewhere, Asked, Elsewhere, Given
from harness.operator.errors import OperatorAbsent
from harness.operator.steps import Field, Step
from harness.operator.terminal import AbsentOperator, Operator
from harness.secret import Secret

TERMINAL = "terminal"
"""How an answer came that was typed at a terminal."""


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
        elsewhere: Elsewhere | None = None,
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
            elsewhere: Where others may answer beside the operator; None for nowhere.
        """
        self._answers = answers or {}
        self._operator = operator or AbsentOperator()
        self._timeout = timeout_s
        self._note = note
        self._hide = hide
        self._waiting = waiting
        self._answered = answered
        self._elsewhere = elsewhere

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
        source = "the file of answers"
        if missing:
            try:
                answer = self._ask_operator(step, shown, missing)
                given |= answer.values
                source = "the terminal" if answer.via == TERMINAL else f"{answer.by} ({answer.via})"
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

    def _ask_operator(self, step: Step, shown: Mapping[str, str], missing: list[Field]) -> Given:
        """Have a person give what is missing, at the terminal or from elsewhere, whoever is first."""
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        instructions = tuple(instruction.format_map(shown) for instruction in step.instructions)
        given: Given | None = None
        gave_up = "the run ended"
        if self._elsewhere is not None:
            self._elsewhere.ask(
                Asked(step.id, step.title, instructions, tuple(missing), self._timeout, step.picture)
            )
        self._waiting(step.title)
        try:
            lines = ["", f"Operator step {step.id}: {step.title}"]
            lines += [f"  {number}. {instruction}" for number, instruction in enumerate(instructions, 1)]
            if step.picture is not None:
                lines.append(f"  picture: {step.picture}")
            if self._timeout is not None:
                lines.append(f"  (waits {self._timeout:g} s; Ctrl-C ends the run)")
            self._operator.tell(lines)
            values = {
                field.name: self._operator.ask(field, deadline, lambda: self._look_elsewhere(missing))
                for field in missing
            }
            given = Given("", TERMINAL, values)
        except AnsweredElsewhere as answered:
            given = answered.given
        except OperatorAbsent as absent:
            gave_up = absent.message
            raise
        finally:
            if self._elsewhere is not None:
                self._elsewhere.over(given, gave_up if given is None else "")
            self._answered(step.title)
        return given

    def _look_elsewhere(self, missing: list[Field]) -> None:
        """See whether an answer has come from elsewhere; one that is not in its form is refused.

        Raises:
            AnsweredElsewhere: It has.
        """
        given = None if self._elsewhere is None else self._elsewhere.answer()
        if self._elsewhere is None or given is None:
            return
        read = {}
        for field in missing:
            try:
                read[field.name] = field.form.read(given.values.get(field.name, ""))
            except UsageError as error:
                self._elsewhere.refuse(given, f"{field.name} {error.message}")
                return
        raise AnsweredElsewhere(Given(given.by, given.via, read))
