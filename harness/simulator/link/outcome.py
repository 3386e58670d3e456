"""How an attempt to connect ended, and what a firmware does about it: when it tries again, and when it stops.

Source: device-protocol.md h.4; service.md 5.2, 6.5.
"""

from dataclasses import dataclass

from harness.itls.alerts import FINAL_ALERTS
from harness.simulator.link.hooks import LinkHooks

MOST_TRIES = 3
"""How often a sound firmware tries against a final alert: once, and twice more as the vendor's does."""


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """How an attempt ended.

    Attributes:
        useful: It did what it was for: the session was up, or the ID² came.
        alert: The fatal alert that ended it, None for another end.
        refused: The server let the handshake through and then refused the login for good.
    """

    useful: bool = False
    alert: int | None = None
    refused: bool = False

    @property
    def final(self) -> bool:
        """Whether trying again cannot help."""
        return self.refused or self.alert in FINAL_ALERTS


class ReconnectPauses:
    """Growing pauses between attempts.

    Args:
        hooks: Where a fault takes hold.
        first: Seconds before the second attempt; doubled for each that follows.
        longest: Seconds between two attempts at most.
    """

    def __init__(self, hooks: LinkHooks, first: float, longest: float) -> None:
        self._hooks = hooks
        self._first = first
        self._longest = longest
        self._failed = 0
        self._refused = 0

    def after(self, outcome: AttemptOutcome) -> float | None:
        """Return the seconds until the next attempt, or None when the board gives up until it is started anew."""
        if outcome.useful:
            self._failed = self._refused = 0
            return self._hooks.pause(self._first) if self._hooks.reconnects else None
        self._refused = self._refused + 1 if outcome.final or outcome.alert is not None else 0
        if outcome.final or outcome.alert is not None:
            most = self._hooks.attempts(outcome.alert or 0, final=outcome.final, most=MOST_TRIES)
            if most is not None and self._refused >= most:
                return None
        pause = min(self._first * 2**self._failed, self._longest)
        self._failed = min(self._failed + 1, 30)
        return self._hooks.pause(pause)
