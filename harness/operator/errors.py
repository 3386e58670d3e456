"""What can go wrong between the harness and the person who operates a console for it."""

from typing import ClassVar

from harness.errors import HarnessError, Outcome


class OperatorAbsent(HarnessError):  # noqa: N818 - it says who is missing
    """An operator step has no answer, and nobody is there to give one: it says nothing about the device."""

    outcome: ClassVar[Outcome] = "blocked"
    exit_code = 3
    who_acts = "the person who operates the console"
