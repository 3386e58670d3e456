"""The plans that the vendor documents, and those that cannot be.

A plan outside the documented matrix may still work, so it draws a warning; an impossible one is refused.
Source: service.md 1.1, 1.2; device-protocol.md k.
"""

from dataclasses import dataclass

from harness.board.models import Pattern, Plan, PlannedCarrier
from harness.console.platform import PLATFORMS
from harness.id2.keys import KeyType
from harness.settings.problems import Problem

ECC: frozenset[KeyType] = frozenset({KeyType.ECC_K192, KeyType.ECC_K224, KeyType.ECC_K256})
"""The key types of a PUF. Source: SDK 3.1.0 modules/irot/puf: its adapter signs with ECC keys alone."""

UNKNOWN_TO_THE_SERVICE: frozenset[KeyType] = ECC
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
    if plan.carrier is PlannedCarrier.PUF and plan.key_type not in ECC:
        text = f"a PUF signs with an ECC key: {', '.join(sorted(ECC))}; the SDK's adapter cannot do {plan.key_type}"
        found.append(Problem(("plan", "key_type"), text))
    if plan.key_type in (KeyType.ECC_K192, KeyType.ECC_K224) and plan.carrier is PlannedCarrier.SE:
        text = f"no command set has an ECC key of this size; {plan.key_type} is for carrier puf"
        found.append(Problem(("plan", "key_type"), text))
    return found


def undocumented(plan: Plan) -> list[Problem]:
    """Return why there is no guide of the vendor for this carrier on this platform; empty when there is."""
    if plan.carrier is PlannedCarrier.DEMO:
        return [Problem(("plan", "carrier"), "demo is for debugging; a product must not use it")]
    if plan.carrier in (PlannedCarrier.MODULE, PlannedCarrier.PUF):
        text = f"the vendor publishes no guide for {plan.carrier}; it is known from the SDK only"
        unknown = _unknown_to_the_service(plan) if plan.carrier is PlannedCarrier.PUF else []
        return [Problem(("plan", "carrier"), text), *unknown]
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
    return [] if plan.carrier is PlannedCarrier.PUF else _unknown_to_the_service(plan)


def _unknown_to_the_service(plan: Plan) -> list[Problem]:
    """Return that the service may not know the key type: a PUF has no other, so that it does not rule one out."""
    if plan.key_type in UNKNOWN_TO_THE_SERVICE:
        return [Problem(("plan", "key_type"), f"no list of the service's key types has {plan.key_type}")]
    return []
