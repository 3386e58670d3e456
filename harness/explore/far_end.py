"""What the explorer asks of a service that codes can be sent to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.explore.world import Identity


@dataclass(frozen=True, slots=True)
class Authentication:
    """An attempt to authenticate a device.

    Attributes:
        random: The challenge of the service, or its time in milliseconds.
        code: The code of the device.
        outcomes: What the service said, once for each time that the code was sent: 200, or the code of its refusal.
    """

    random: str
    code: str
    outcomes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.code}, service {', '.join(map(str, map(int, self.outcomes)))}"


class FarEnd(Protocol):
    """A service whose view of the device can be set."""

    def authenticate(
        self,
        identity: Identity,
        sign: Callable[[str], str],
        *,
        at_service: str,
        timestamp: bool,
        extra: str | None,
        again: bool,
    ) -> Authentication:
        """Have a device authenticate.

        Args:
            identity: The device.
            sign: Returns its code over a challenge or a time; what it raises ends the attempt.
            at_service: The state of the device at the service, or that the product is another one.
            timestamp: Whether the code is over the time.
            extra: What is signed along.
            again: Whether the code is sent twice.
        """
