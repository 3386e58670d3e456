"""The vendor's guides for a carrier on a platform, and the pages here that follow them.

Source: service.md 1.1, 6.1 to 6.4; device-protocol.md j.2.
"""

from dataclasses import dataclass

from harness.board.models import Pattern, Plan
from harness.board.plan.matrix import has_guide

_HELP = "https://help.aliyun.com"
_CASES = f"{_HELP}/zh/iot-device-id/use-cases"


@dataclass(frozen=True, slots=True)
class Guide:
    """A page to follow.

    Attributes:
        title: What it is about.
        address: Where the vendor publishes it; empty for nowhere.
        page: The page here that goes with it, which says what judges each of its steps.
    """

    title: str
    address: str
    page: str


_SE_PAGE, _ALIOS_PAGE = "docs/guides/se-third-party.md", "docs/guides/se-alios.md"
_KM_PAGE, _TEE_PAGE = "docs/guides/km-link-sdk.md", "docs/guides/tee.md"

_GUIDES: dict[tuple[str, str], Guide] = {
    ("se", "third-party-os"): Guide(
        "ID²-SE on a third-party OS", f"{_HELP}/document_detail/142884.html", _SE_PAGE
    ),
    ("se", "alios-things"): Guide(
        "ID²-SE on AliOS Things", f"{_HELP}/document_detail/142887.html", _ALIOS_PAGE
    ),
    ("km", "link-sdk"): Guide("ID²-KM on Link SDK", f"{_HELP}/document_detail/142889.html", _KM_PAGE),
    ("km", "alios-things"): Guide("ID²-KM on AliOS Things", f"{_HELP}/document_detail/143124.html", _KM_PAGE),
    ("km", "third-party-os"): Guide(
        "ID²-KM on a third-party OS", f"{_CASES}/integrate-id2-km-on-a-third-party-os", _KM_PAGE
    ),
    ("tee", "link-tee"): Guide("ID² on Link TEE", f"{_HELP}/document_detail/142890.html", _TEE_PAGE),
    ("tee", "link-sdk"): Guide("ID² on Link TEE", f"{_HELP}/document_detail/142890.html", _TEE_PAGE),
}

_RECIPES: dict[tuple[str, bool], tuple[str, ...]] = {
    ("se", True): (f"{_HELP}/document_detail/456911.html",),
    ("se", False): (f"{_HELP}/document_detail/456913.html",),
    ("km", True): (f"{_HELP}/document_detail/456642.html",),
    ("km", False): (f"{_CASES}/use-id2-km-to-connect-a-device-to-a-user-created-iot-platform",),
}
"""The vendor's recipes from end to end, by carrier and whether the device goes to IoT Platform."""

PAGES: dict[str, str] = {
    "se": _SE_PAGE,
    "km": _KM_PAGE,
    "tee": _TEE_PAGE,
    "module": "docs/guides/module.md",
    "puf": "docs/guides/puf.md",
    "demo": "docs/guides/demo.md",
}
"""The page here for each carrier, whatever its platform."""


def guide(plan: Plan) -> Guide:
    """Return the guide to follow; where the vendor publishes none, the page here for the carrier alone."""
    found = _GUIDES.get((plan.carrier.value, plan.platform))
    if found is not None and has_guide(plan):
        return found
    return Guide(
        f"none of the vendor's for {plan.carrier} on {plan.platform}", "", PAGES.get(plan.carrier.value, "")
    )


def recipes(plan: Plan) -> tuple[str, ...]:
    """Return the addresses of the vendor's recipes from the chip or library to the cloud."""
    return _RECIPES.get((plan.carrier.value, plan.pattern is Pattern.IOT_PLATFORM), ())
