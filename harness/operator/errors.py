"""What can go wrong between the harness and the person who operates a console for it."""

from typing import ClassVar

from harness.errors import HarnessError, Outcome


class OperatorError(HarnessError):
    """An operator step did not come to an answer that can be used: it says nothing about the device."""

    outcome: ClassVar[Outcome] = "blocked"
    exit_code = 3
    who_acts = "the person who operates the console"


class OperatorAbsent(OperatorError):  # noqa: N818 - it says who is missing
    """An operator step has no answer, and nobody is there to give one."""


class AnswerDoubted(OperatorError):  # noqa: N818 - it says what became of the answer
    """An answer does not fit what the device says, and the answer may be what is wrong."""
