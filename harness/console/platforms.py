"""The platforms that the vendor's guides name; the judge of consoles knows their crash texts and boot messages.

Source: service.md 1.1; consoles.md A1 to A4.
"""

import re
from collections.abc import Mapping

from harness.console.dialect import Dialect


class _Documented(Dialect):
    """A platform without texts beyond those that the judge of consoles knows."""

    @classmethod
    def refusal(cls, carrier: str) -> str:
        """Return nothing: it takes any carrier."""
        del carrier
        return ""

    @classmethod
    def crash_texts(cls) -> Mapping[str, re.Pattern[str]]:
        """Return nothing more."""
        return {}

    @classmethod
    def boot_texts(cls) -> tuple[re.Pattern[str], ...]:
        """Return nothing more."""
        return ()


class ThirdPartyOs(_Documented):
    """Any operating system of the manufacturer's choice."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "any operating system of the manufacturer's choice"

    @classmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers with a guide."""
        return frozenset({"se", "km"})


class AliosThings(_Documented):
    """AliOS Things."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "AliOS Things"

    @classmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers with a guide."""
        return frozenset({"se", "km"})


class LinkSdk(_Documented):
    """The Link SDK of Alibaba Cloud IoT Platform."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "the Link SDK of Alibaba Cloud IoT Platform"

    @classmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers with a guide."""
        return frozenset({"km", "tee"})


class LinkTee(_Documented):
    """Link TEE."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "Link TEE, a trusted execution environment"

    @classmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers with a guide."""
        return frozenset({"tee"})

    @classmethod
    def refusal(cls, carrier: str) -> str:
        """Return that keys are in the TEE alone."""
        return "" if carrier == "tee" else "link-tee holds ID² keys in the TEE only"
