"""The error tree: every error says who must act and what to try next.

`HarnessError` carries the place (board, transport), the last traffic and a hint; `run.failure.ErrorRecord` is what the
journal and reports keep of it.
Its five children differ only in who must act; layers derive their own errors from them.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

Outcome = Literal["failed", "blocked", "error", "not_run"]


class HarnessError(Exception):
    """An error that a person can act on.

    Attributes:
        message: What is wrong, in one sentence that names the place.
        hint: The next thing to try; empty when the message says it all.
        board: Name of the board, empty when none is involved.
        transport: Name of the transport inside the board file, empty when none is involved.
        traffic: The last traffic before the error, oldest first, each line already safe to print.
        code: The code behind the error (device result, status word, service code, alert), if there is one.
    """

    outcome: ClassVar[Outcome] = "error"
    exit_code: ClassVar[int] = 4
    who_acts: ClassVar[str] = "the harness"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        board: str = "",
        transport: str = "",
        traffic: Sequence[str] = (),
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.board = board
        self.transport = transport
        self.traffic = tuple(traffic)
        self.code = code

    def at(self, *, board: str = "", transport: str = "", traffic: Sequence[str] = ()) -> Self:
        """Fill in the place where it is still empty, and return the same error."""
        self.board = self.board or board
        self.transport = self.transport or transport
        self.traffic = self.traffic or tuple(traffic)
        return self


class UsageError(HarnessError):
    """The board file or the command line asks for something that cannot be."""

    outcome: ClassVar[Outcome] = "error"
    exit_code = 2
    who_acts = "the person who wrote the board file or the command line"


class BenchError(HarnessError):
    """Cable, port, power or lock: it says nothing about the device."""

    outcome: ClassVar[Outcome] = "blocked"
    exit_code = 3
    who_acts = "the person at the bench"


class DeviceError(HarnessError):
    """The device answered, and answered wrongly."""

    outcome: ClassVar[Outcome] = "failed"
    exit_code = 1
    who_acts = "the maker of the device"


class ServiceError(HarnessError):
    """The ID² service refused or broke."""

    outcome: ClassVar[Outcome] = "failed"
    exit_code = 1
    who_acts = "the owner of the ID² account"


class ToolError(HarnessError):
    """A defect of the harness itself."""

    outcome: ClassVar[Outcome] = "error"
    exit_code = 4
    who_acts = "the harness's maintainers"
