"""The SE carrier over the chip of the board."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from harness.carrier.base import offered_by
from harness.carrier.kind import CarrierContext, CarrierKind, Part, TransportNeed
from harness.id2.keys import KeyType

if TYPE_CHECKING:
    from harness.carrier.se import SeCarrier


class SeOverChip(CarrierKind):
    """A secure element that the harness drives as the SDK does. It is taken for carrier `se` without being named."""

    kind: Literal["se"] = Field(default="se", description="The secure element of the chip section.")

    @classmethod
    def plan_carriers(cls) -> frozenset[str]:
        """Return `se`."""
        return frozenset({"se"})

    @classmethod
    def functions(cls) -> tuple[str, ...]:
        """Return what the SDK offers on a secure element."""
        from harness.carrier.se import SeCarrier

        return offered_by(SeCarrier)

    @classmethod
    def sdk_on_host(cls) -> bool:
        """Return True."""
        return True

    @classmethod
    def refusal(cls, key_type: KeyType) -> str:
        """Return nothing: which keys a chip holds is a question for its command set."""
        del key_type
        return ""

    def parts(self) -> frozenset[Part]:
        """Return the chip."""
        return frozenset({Part.CHIP})

    def needs(self) -> tuple[TransportNeed, ...]:
        """Return nothing beside the chip's own."""
        return ()

    def place(self) -> str:
        """Return that the harness plays the SDK."""
        return "played by the harness on the chip"

    def open(self, context: CarrierContext) -> "SeCarrier":
        """Return the carrier on the open chip."""
        from harness.carrier.se import SeCarrier

        return SeCarrier(context.chip(), context.key_type, random=context.random)
