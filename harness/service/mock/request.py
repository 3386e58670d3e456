"""What an operation gets, and how service and gateway refuse a call."""

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.id2.codes import ServiceCode
from harness.service.mock.settings import Settings

Data = bool | str | Mapping[str, str | int]
"""`Data` of an answer: a scalar, or a structure of scalars."""


class Refused(Exception):  # noqa: N818 - a refusal is an answer of the service, not a defect
    """An operation answers with a code other than 200. Whatever was written before stays written."""

    def __init__(self, code: ServiceCode | int) -> None:
        super().__init__(f"code {int(code)}")
        self.code = int(code)


class GatewayRefused(Exception):  # noqa: N818 - as above
    """The gateway does not let a call through.

    Attributes:
        status: HTTP status.
        code: The gateway's error code.
        message: Its message.
        retry_after_ms: After how long the same call may be let through, milliseconds; 0 when that is not known.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after_ms: int = 0) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True, slots=True)
class Request:
    """One authenticated call, inside its transaction.

    Attributes:
        db: The store's connection; the transaction is open and is committed after the operation.
        operation: Name of the operation.
        parameters: Its parameters, decoded; the required ones are there.
        now_ms: Service time, milliseconds since 1970.
        settings: The mock's choices.
        account: Whose AccessKey signed the call.
        random: Gives the random bytes of a challenge.
    """

    db: sqlite3.Connection
    operation: str
    parameters: Mapping[str, str]
    now_ms: int
    settings: Settings
    account: str = "main"
    random: Callable[[int], bytes] = secrets.token_bytes

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    def optional(self, name: str) -> str:
        """Return a parameter, or an empty text when it was not given."""
        return self.parameters.get(name, "")
