"""The plans that the vendor documents, and those that cannot be.

A plan outside the documented matrix may still work, so it draws a warning; an impossible one is refused.
Source: service.md 1.1, 1.2; device-protocol.md k.
"""

from dataclasses import dataclass

from harness.board.models import Pattern, Plan, PlannedCarrier
from harness.console.platform import PLATFORMS
from harness.id2.keys import KeyType
from harness.settings.problems import Problem

UNKNOWN_TO_THE_SERVICE: frozenset[KeyType] = frozenset({KeyType.ECC_K256})
"""Key types that the SDK knows and no list of the service has."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a pattern means for the manufacturer.

    Attributes:
        server_development: True when the manufacturer writes a server side (step 3).
        console: Where the product is created.
        wizard: Which card of the wizard is taken.
    """

    server_development: bool
    console: str
    wizard: str


def consequences(pattern: Pattern) -> Consequences:
    """Return what `pattern` means. Source: service.md 1.1."""
    if pattern is Pattern.IOT_PLATFORM:
        return Consequences(server_development=False, console="IoT Platform console", wizard="combined")
    return Consequences(server_development=True, console="ID² console", wizard="stand-alone")


def platforms() -> dict[str, str]:
    """Return each platform that a plan may name, with what it is."""
    return {name: kind.description() for name, kind in PLATFORMS.all().items()}


def has_guide(plan: Plan) -> bool:
    """Tell whether the vendor publishes a guide for the plan's carrier on its platform."""
    return plan.carrier in plan.platform_kind.guides()


def contradictions(plan: Plan) -> list[Problem]:
    """Return what makes the plan impossible."""
    found = []
    if refusal := plan.platform_kind.refusal(plan.carrier):
        found.append(Problem(("plan", "platform"), f"{refusal}; carrier {plan.carrier} cannot be on it"))
    software = (PlannedCarrier.KM, PlannedCarrier.TEE, PlannedCarrier.DEMO)
    if plan.key_type is KeyType.SM1_128 and plan.carrier in software:
        found.append(
            Problem(
                ("plan", "key_type"),
                f"sm1-128 exists in secure elements only; carrier {plan.carrier} cannot hold it",
            )
        )
    return found


def undocumented(plan: Plan) -> list[Problem]:
    """Return why there is no guide of the vendor for this carrier on this platform; empty when there is."""
    if plan.carrier is PlannedCarrier.DEMO:
        return [Problem(("plan", "carrier"), "demo is for debugging; a product must not use it")]
    if plan.carrier is PlannedCarrier.MODULE:
        text = "the vendor publishes no guide for module; it is known from the SDK only"
        return [Problem(("plan", "carrier"), text)]
    if has_guide(plan):
        return []
    guides = ", ".join(
        sorted(name for name, kind in PLATFORMS.all().items() if plan.carrier in kind.guides())
    )
    pair = f"{plan.carrier} on {plan.platform}"
    text = f"the vendor publishes no guide for {pair}; for {plan.carrier} it has {guides}"
    return [Problem(("plan", "platform"), text)]


def key_doubts(plan: Plan) -> list[Problem]:
    """Return what is known not to work with the plan's key type."""
    if plan.key_type in (KeyType.RSA_1024, KeyType.RSA_2048) and plan.carrier is PlannedCarrier.SE:
        text = "SDK 3.1.0 makes no auth code with an RSA key in a secure element (known defect)"
        return [Problem(("plan", "key_type"), text)]
    if plan.key_type in UNKNOWN_TO_THE_SERVICE:
        return [Problem(("plan", "key_type"), f"no list of the service's key types has {plan.key_type}")]
    return []
