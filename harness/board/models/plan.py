"""What the manufacturer chose: integration pattern, carrier, platform and key type."""

from enum import StrEnum

from pydantic import Field

from harness.console.platform import PLATFORMS, Platform
from harness.id2.keys import KeyType
from harness.settings.kinds import naming
from harness.settings.words import Section


class Pattern(StrEnum):
    """Who authenticates the device. Source: service.md 1.1."""

    OWN_PLATFORM = "own-platform"
    THIRD_PARTY_SYSTEM = "third-party-system"
    IOT_PLATFORM = "iot-platform"


class PlannedCarrier(StrEnum):
    """Where the ID² key lives. Source: service.md 1.1; `puf`, `module` and `demo` are known from the SDK only."""

    SE = "se"
    KM = "km"
    TEE = "tee"
    PUF = "puf"
    MODULE = "module"
    DEMO = "demo"


@naming(platform=PLATFORMS)
class Plan(Section):
    """The onboarding plan that this board follows (step 1)."""

    pattern: Pattern = Field(
        description="Who authenticates the device: the manufacturer's own IoT platform (own-platform), "
        "somebody else's business system (third-party-system), or Alibaba Cloud IoT Platform (iot-platform)."
    )
    carrier: PlannedCarrier = Field(
        description="Where the ID² key lives: secure element (se), software sandbox (km), trusted execution "
        "environment (tee), physical unclonable function (puf), a module driven over AT commands (module), or the "
        "SDK's debug carrier (demo)."
    )
    platform: str = Field(description="What runs on the board: the guide that its firmware follows.")
    key_type: KeyType = Field(description="Type of the ID² key, as the product setting says.")

    @property
    def platform_kind(self) -> type[Platform]:
        """The platform."""
        return PLATFORMS.get(self.platform)
