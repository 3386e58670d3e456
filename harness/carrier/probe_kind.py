"""The client of a firmware with a probe, as a kind of carrier."""

from typing import Literal

from pydantic import Field

from harness.carrier.base import offered_by
from harness.carrier.kind import CarrierContext, CarrierKind, Part, TransportNeed
from harness.carrier.probe import ProbeCarrier
from harness.id2.keys import KeyType

CARRIERS_WITH_FIRMWARE = frozenset({"se", "km", "tee", "puf", "module", "demo"})


class OverProbe(CarrierKind):
    """The id2_client API in the firmware, called through its probe: for every carrier of a plan."""

    kind: Literal["probe"] = Field(description="The client in the firmware, called through its probe.")

    @classmethod
    def plan_carriers(cls) -> frozenset[str]:
        """Return all."""
        return CARRIERS_WITH_FIRMWARE

    @classmethod
    def functions(cls) -> tuple[str, ...]:
        """Return the whole API; of what not every firmware has, `declared_only` leaves what is declared."""
        return offered_by(ProbeCarrier)

    @classmethod
    def declared_only(cls) -> bool:
        """Tell that a firmware may have less."""
        return True

    @classmethod
    def sdk_on_host(cls) -> bool:
        """Return False."""
        return False

    @classmethod
    def refusal(cls, key_type: KeyType) -> str:
        """Return nothing: which keys a firmware holds is for its maker to say."""
        del key_type
        return ""

    def parts(self) -> frozenset[Part]:
        """Return the probe, and the console that it is on."""
        return frozenset({Part.CONSOLE, Part.PROBE})

    def needs(self) -> tuple[TransportNeed, ...]:
        """Return nothing beside the console's own."""
        return ()

    def place(self) -> str:
        """Return that the firmware is called."""
        return "called in the firmware through its probe"

    def open(self, context: CarrierContext) -> ProbeCarrier:
        """Return the carrier on the probe."""
        return ProbeCarrier(context.probe())
