"""A wire that tries again, where trying again cannot do harm."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.id2.codes import ServiceCode
from harness.service import answers
from harness.service.answers import MalformedAnswerError
from harness.service.errors import ServiceUnavailable
from harness.service.wire import Wire, WrappedWire

SAFE = frozenset({"GetServerRandom"})
"""Operations that may be sent twice: a second challenge spends nothing. All others may have taken effect."""

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often and how long.

    Attributes:
        attempts: Calls at most, the first included.
        first_s: Upper bound of the first pause, in seconds; it doubles each time.
        longest_s: Upper bound of every pause, in seconds.
    """

    attempts: int = 4
    first_s: float = 0.5
    longest_s: float = 8.0

    def pause(self, attempt: int) -> float:
        """Return a random pause in seconds before attempt `attempt` + 1, counted from 1.

        It is random over the whole range, so that many harnesses that were stopped at once do not come back at once.
        """
        bound: float = min(self.longest_s, self.first_s * 2 ** (attempt - 1))
        return bound * random.random()  # noqa: S311 - spreads load, hides nothing


def _ignore(_reason: str) -> None:
    pass


class RetryingWire(WrappedWire):
    """Tries a safe operation again after a lost connection, a server error, code 54 or throttling.

    Every other operation is tried again only when no connection came about, so that nothing can have been taken.
    """

    def __init__(
        self,
        wire: Wire,
        backoff: Backoff = Backoff(),
        *,
        on_retry: Callable[[str], None] = _ignore,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wrap `wire`, which is closed along with this one.

        Args:
            wire: What sends.
            backoff: How often and how long.
            on_retry: Told why before each further attempt.
            sleep: Waits so many seconds.
        """
        super().__init__(wire)
        self._backoff = backoff
        self._on_retry = on_retry
        self._sleep = sleep

    def call(self, operation: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Send one call, again where that is safe.

        Raises:
            ServiceUnavailable: As the wire; the last attempt decides.
            MalformedAnswerError: As the wire.
        """
        safe = operation in SAFE
        attempt = 0
        while True:
            attempt += 1
            last = attempt >= self._backoff.attempts
            try:
                status, body = self._wire.call(operation, parameters)
            except ServiceUnavailable as error:
                if last or not (safe or not error.sent):
                    raise
                reason = error.message
            else:
                reason = _passing_trouble(status, body) if safe else ""
                if last or not reason:
                    return status, body
            self._on_retry(f"{operation}: attempt {attempt} of {self._backoff.attempts}: {reason}")
            self._sleep(self._backoff.pause(attempt))


def _passing_trouble(status: int, body: bytes) -> str:
    """Return why an answer is worth another attempt, empty when it is not."""
    if status >= _SERVER_ERROR:
        return f"HTTP {status}"
    error = answers.parse_gateway_error(body) if status != 200 else None
    if error is not None and error.name.startswith("Throttling"):
        return error.name
    try:
        busy = status == 200 and answers.parse_envelope(body).code == ServiceCode.BUSY
    except (MalformedAnswerError, json.JSONDecodeError):
        return ""
    return "code 54, system busy" if busy else ""
