"""What the harness asks of a platform: which carriers its guides cover, and how it speaks on the console.

Source: service.md 1.1 (guides); consoles.md A1 to A4 (consoles).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping

from harness.kinds import Kinds


class Dialect(ABC):
    """A platform that a plan may name, and all that the harness asks of it.

    The judge of consoles knows the crash texts and boot messages of the common systems; a dialect adds its own.
    """

    @classmethod
    @abstractmethod
    def description(cls) -> str:
        """Return what the platform is, in a few words for the reference of board files."""

    @classmethod
    @abstractmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers for which the vendor publishes a guide on this platform."""

    @classmethod
    @abstractmethod
    def refusal(cls, carrier: str) -> str:
        """Return why no board has this carrier on the platform, as a sentence part; empty when one may.

        Args:
            carrier: Carrier of the plan.
        """

    @classmethod
    @abstractmethod
    def crash_texts(cls) -> Mapping[str, re.Pattern[str]]:
        """Return what only this platform prints when it crashes: what people call it, and its pattern."""

    @classmethod
    @abstractmethod
    def boot_texts(cls) -> tuple[re.Pattern[str], ...]:
        """Return what only this platform prints when the board starts."""


DIALECTS = Kinds(
    Dialect,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "platform",
    "harness.dialects",
    {
        "third-party-os": "harness.console.platforms:ThirdPartyOs",
        "alios-things": "harness.console.platforms:AliosThings",
        "link-sdk": "harness.console.platforms:LinkSdk",
        "link-tee": "harness.console.platforms:LinkTee",
    },
)
