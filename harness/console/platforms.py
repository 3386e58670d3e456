"""The platforms that the vendor's guides name.

Source: service.md 1.1; consoles.md A1 to A4.
"""

from harness.console.platform import Platform


class _AnyCarrier(Platform):
    """A platform that takes any carrier."""

    @classmethod
    def refusal(cls, carrier: str) -> str:
        """Return nothing."""
        del carrier
        return ""


class ThirdPartyOs(_AnyCarrier):
    """Any operating system of the manufacturer's choice."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "any operating system of the manufacturer's choice"

    @classmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers with a guide."""
        return frozenset({"se", "km"})

    @classmethod
    def dialect(cls) -> str:
        """Return the one that nothing is known of."""
        return "bare"


class AliosThings(_AnyCarrier):
    """AliOS Things."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "AliOS Things"

    @classmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers with a guide."""
        return frozenset({"se", "km"})

    @classmethod
    def dialect(cls) -> str:
        """Return that of its last major version."""
        return "alios-3"


class LinkSdk(_AnyCarrier):
    """The Link SDK of Alibaba Cloud IoT Platform."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "the Link SDK of Alibaba Cloud IoT Platform"

    @classmethod
    def guides(cls) -> frozenset[str]:
        """Return the carriers with a guide."""
        return frozenset({"km", "tee"})

    @classmethod
    def dialect(cls) -> str:
        """Return that of its last major version."""
        return "link-sdk-4"


class LinkTee(Platform):
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

    @classmethod
    def dialect(cls) -> str:
        """Return that of the normal world beside it."""
        return "linux"
