"""What the harness asks of a platform: which carriers its guides cover, and how it mostly speaks on the console.

Source: service.md 1.1.
"""

from abc import ABC, abstractmethod

from harness.kinds import Kinds


class Platform(ABC):
    """What runs on a board, as a plan names it: the guide that its firmware follows."""

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
    def dialect(cls) -> str:
        """Return the name of the dialect that its consoles speak when a board file names none."""


PLATFORMS = Kinds(
    Platform,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "platform",
    "harness.platforms",
    {
        "third-party-os": "harness.console.platforms:ThirdPartyOs",
        "alios-things": "harness.console.platforms:AliosThings",
        "link-sdk": "harness.console.platforms:LinkSdk",
        "link-tee": "harness.console.platforms:LinkTee",
    },
)
