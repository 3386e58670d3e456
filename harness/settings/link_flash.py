"""The flash of a simulated board with a link: what the harness compiles into its firmware, and what it keeps itself."""

from dataclasses import dataclass, field

from harness.id2.keys import Key
from harness.secret import Secret


@dataclass(frozen=True, slots=True)
class LinkFirmware:
    """What the manufacturer compiles into the firmware.

    Attributes:
        product_key: ProductKey.
        product_secret: ProductSecret, in the form of a provisioning token.
        host: Address of the access point.
        port: Its port.
    """

    product_key: str
    product_secret: Secret
    host: str
    port: int


@dataclass(slots=True)
class LinkFlash:
    """One board's flash; it outlives every power cycle. The board reads it when it boots.

    Attributes:
        firmware: What is compiled in; None for a board that nobody has flashed.
        identity: The ID² and its key in the reserved partition; None for an empty one.
        erasures: How often it was erased; a board that keeps its identity in a flash of its own looks here.
        parts: What several transports of a simulated board lead to, such as a module, by name.
    """

    firmware: LinkFirmware | None = None
    identity: tuple[str, Key] | None = None
    erasures: int = 0
    parts: dict[str, object] = field(default_factory=dict)

    def erase(self) -> None:
        """Erase what the board keeps; what is compiled in stays, as a programmer writes it anew."""
        self.identity = None
        self.erasures += 1
