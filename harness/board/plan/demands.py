"""What each choice of a plan needs: a licence, transports, controllers, and what a probe in the firmware adds.

Source: service.md 1.1, 1.2, 3, 4.3, 6.5, 6.6; device-protocol.md f, g, j.2.
"""

from dataclasses import dataclass

from harness.board.models import Pattern, Plan, PlannedCarrier
from harness.id2.keys import KeyType

PROVISIONABLE = (KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128)
"""Key types of an ID² that the service gives a device over the network. Source: service.md 1.2."""

_OF_A_PRODUCT = (
    KeyType.AES_128,
    KeyType.AES_192,
    KeyType.AES_256,
    KeyType.SM1_128,
    KeyType.SM2_256,
    KeyType.SM4_128,
)
"""Key types that the setting of a product offers. Source: service.md 1.2."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a carrier needs, each in words for a person.

    Attributes:
        meaning: Where the ID² key lives.
        licence: The form of the licence, and when one is spent.
        transports: How the harness reaches the board.
        controllers: What must act on the board from outside, and for what.
        probe: What a probe in the firmware adds.
    """

    meaning: str
    licence: str
    transports: str
    controllers: str
    probe: str


_SOFTWARE = (
    "software licence, prepaid for 1, 3 or 5 years and one product; one is spent at the first call of a new device, "
    "and again after its ID² was erased"
)
_BUILD = "build and flash for self-verification with the ciphertext, or a person who does it"
_POWER = "power, or at least reset, for what must outlive a cut"
_FROM_WITHIN = (
    "much: id2_client, OSA and HAL are called and judged from within. Without it the board is judged from outside: "
    "console, link, ledger, persistence, uniqueness, clock, secrets"
)
_CARRIERS: dict[str, Demands] = {
    "se": Demands(
        "a secure element, its ID² burnt when the chip was made",
        "in the chip: one bought from Alibaba Cloud has an ID² for 5 years; a chip from elsewhere takes a software "
        "licence of 1, 3 or 5 years",
        "the board's console on a serial line; the chip on I²C, SPI, USB, PC/SC or a serial line, where it can be "
        "wired to this computer",
        f"{_BUILD}; reset for sessions over a restart",
        "much: the chip is reached through the board's own driver, and driver, OSA, HAL and client are judged",
    ),
    "km": Demands(
        "Soft-KM, a software sandbox; the library comes from Alibaba's security team",
        _SOFTWARE,
        "the board's console on a serial line; a network for provisioning and for the link",
        f"{_POWER}; {_BUILD}",
        _FROM_WITHIN,
    ),
    "tee": Demands(
        "a trusted execution environment",
        _SOFTWARE,
        "the console of the board's Linux on a serial line; a network for provisioning and for the link",
        f"{_POWER}; {_BUILD}",
        f"{_FROM_WITHIN}. It runs as a Linux program",
    ),
    "module": Demands(
        "a module beside the host, driven by AT commands or over the vendor's socket",
        "in the module: its maker burns the ID² under a burn licence",
        "the module on a UART or a socket; the host's console on a serial line where there is one",
        "power or reset of the module, where its AT dialect cannot wake it",
        "some: the host's client, OSA and HAL; the module itself is judged without",
    ),
    "puf": Demands(
        "a key that the chip makes from itself, of elliptic curves",
        "software licence; the vendor publishes no form for this carrier",
        "the board's console on a serial line",
        f"{_BUILD}; power, for a key that must be the same after each start",
        _FROM_WITHIN,
    ),
    "demo": Demands(
        "the SDK's carrier for debugging, its key in the firmware",
        "none: a debug ID² of the console (debugging service > debug ID²), never for production",
        "the board's console on a serial line",
        _BUILD,
        "much: OSA, HAL and client of the port are judged before a carrier is there",
    ),
}
_OTHER = Demands(
    "known to no documentation", "not known", "the board's console on a serial line", _BUILD, _FROM_WITHIN
)


def demands(carrier: PlannedCarrier) -> Demands:
    """Return what a carrier needs."""
    return _CARRIERS.get(carrier.value, _OTHER)


def notes(plan: Plan) -> tuple[str, ...]:
    """Return what the plan's choices mean together, beyond what each needs; nothing here keeps it from working."""
    found = []
    key_type, carrier = plan.key_type, plan.carrier.value
    if carrier == "demo":
        found.append("development only: no official report comes of it")
    if key_type not in _OF_A_PRODUCT:
        found.append(
            f"the setting of a product offers no {key_type.family} key: it comes from a production line"
        )
    if carrier in {"km", "tee"} and key_type not in PROVISIONABLE:
        found.append(
            f"no {key_type.family} key is given over the network: the ID² is burnt on a production line"
        )
    if plan.pattern is Pattern.IOT_PLATFORM and not key_type.symmetric:
        found.append("IoT Platform lets devices in by iTLS, with a symmetric key only: no link is judged")
    if plan.pattern is Pattern.IOT_PLATFORM:
        found.append("the authentication mode ID² of a product cannot be changed later")
    return tuple(found)
