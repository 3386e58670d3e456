"""What the manufacturer chose: integration pattern, carrier, platform and key type."""

from enum import StrEnum

from pydantic import Field

from harness.console.dialect import DIALECTS, Dialect
from harness.id2.keys import KeyType
from harness.settings.kinds import naming
from harness.settings.words import Section


class Pattern(StrEnum):
    """Who authenticates the device. Source: service.md 1.1."""

    OWN_PLATFORM = "own-platform"
    THIRD_PARTY_SYSTEM = "third-party-system"
    IOT_PLATFORM = "iot-platform"


class PlannedCarrier(StrEnum):
    """Where the ID² key lives. Source: service.md 1.1; `module` and `demo` are known from the SDK only."""

    SE = "se"
    KM = "km"
    TEE = "tee"
    MODULE = "module"
    DEMO = "demo"


@naming(platform=DIALECTS)
class Plan(Section):
    """The onboarding plan that this board follows (step 1)."""

    pattern: Pattern = Field(
        description="Who authenticates the device: the manufacturer's own IoT platform (own-platform), "
        "somebody else's business system (third-party-system), or Alibaba Cloud IoT Platform (iot-platform)."
    )
    carrier: PlannedCarrier = Field(
        description="Where the ID² key lives: secure element (se), software sandbox (km), trusted execution "
        "environment (tee), a module driven over AT commands (module), or the SDK's debug carrier (demo)."
    )
    platform: str = Field(description="What runs on the board: the guide that its firmware follows.")
    key_type: KeyType = Field(description="Type of the ID² key, as the product setting says.")

    @property
    def dialect(self) -> type[Dialect]:
        """The platform, with what it says on the console."""
        return DIALECTS.get(self.platform)
