"""What the harness asks of a framing: how APDUs travel over a transport, from its section of the board file on."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from harness.chip.channel import ApduChannel
from harness.kinds import Kinds
from harness.settings.words import Section
from harness.transport.base import Capability, Transport


@dataclass(frozen=True, slots=True)
class FramingContext:
    """What a channel is made for.

    Attributes:
        transport: The way to the chip, not opened.
        timeout: Seconds to wait for an answer.
        address: 7-bit address of the chip on an I²C bus; None for a transport that names none.
        stands_in: Whether a simulation or a recording answers, which needs no pauses for silicon.
    """

    transport: Transport
    timeout: float
    address: int | None = None
    stands_in: bool = False


class Framing(Section, ABC):
    """The settings of one framing in the `chip` section, and all that the harness asks of it.

    A framing adds its fields, each with a default and a description; they stand in the `chip` section beside those of
    the command set. Its docstring says in the reference of board files what it is.
    """

    @classmethod
    @abstractmethod
    def needs(cls) -> frozenset[Capability]:
        """Return what the transport must carry."""

    @classmethod
    @abstractmethod
    def carries_every_command(cls) -> bool:
        """Tell whether any bytes reach the chip; card readers refuse the instructions 6X and 9X of T=0."""

    @abstractmethod
    def channel(self, context: FramingContext) -> ApduChannel:
        """Return the way to the chip, not opened.

        Raises:
            UsageError: The transport does not carry what `needs` names.
        """


FRAMINGS = Kinds(
    Framing,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "framing",
    "harness.framings",
    {
        "fm1280": "harness.chip.fm1280:Fm1280",
        "fm1280-spi": "harness.chip.fm1280_spi:Fm1280OverSpi",
        "hex-line": "harness.chip.hexline:HexLines",
        "direct": "harness.chip.direct:AsTheyAre",
    },
)
