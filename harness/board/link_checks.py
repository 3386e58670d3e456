"""Checks of the link section against the rest of a board file."""

import ipaddress

from harness.board.models import BoardFile, CarrierKind, Offer, SerialSettings, SimulatedConsoleSettings
from harness.board.problems import Problem
from harness.id2.keys import KeyType

_PROVISIONABLE = (KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128)


def errors(board: BoardFile) -> list[Problem]:
    """Return what makes the link section, or the lack of one, unusable."""
    link, apps = board.link, _apps(board)
    if link is None:
        text = "runs link_app, and there is no link section that says what it does"
        return [Problem(("transports", name, "app"), text) for name in apps]
    found = _firmware(board) if apps else []
    if board.simulated:
        if not apps:
            text = "no simulated board has a link without a simulated-console that runs link_app"
            found.append(Problem(("link",), text))
    elif link.port == 0:
        found.append(
            Problem(("link", "port"), "a real board cannot be told a free port; name the one it connects to")
        )
    if link.reset is not None:
        known = {
            action
            for settings in board.transports.values()
            if isinstance(settings, SerialSettings)
            for action in settings.actions
        }
        if link.reset not in known:
            text = f"no serial transport has an action {link.reset!r}; actions: {', '.join(sorted(known)) or 'none'}"
            found.append(Problem(("link", "reset"), text))
    return found


def advice(board: BoardFile) -> list[Problem]:
    """Return what is doubtful about the link; the board can be used."""
    link = board.link
    if link is None or board.simulated:
        return []
    found = []
    if ipaddress.ip_address(link.listen).is_loopback:
        found.append(
            Problem(("link", "listen"), f"{link.listen} is this machine's own; no board can reach it")
        )
    product = board.service.product
    if not board.service.is_mock:
        found.append(Problem(("link",), "is judged against the mock only; with the real service it is not"))
    elif product.product_key is None:
        text = "the firmware has a ProductKey compiled in; name it, or the mock makes another"
        found.append(Problem(("service", "product", "product_key"), text))
    elif product.product_secret is None and Offer.PROVISIONING in link.offers:
        text = "the firmware has a ProductSecret compiled in; name it, or the mock makes another"
        found.append(Problem(("service", "product", "product_secret"), text))
    return found


def _apps(board: BoardFile) -> list[str]:
    return [
        name
        for name, settings in board.transports.items()
        if isinstance(settings, SimulatedConsoleSettings) and settings.app == "link_app"
    ]


def _firmware(board: BoardFile) -> list[Problem]:
    plan = board.plan
    found = []
    if plan.carrier not in (CarrierKind.KM, CarrierKind.TEE):
        text = f"is {plan.carrier}; the simulated link_app keeps its key as km and tee do"
        found.append(Problem(("plan", "carrier"), text))
    if plan.key_type not in _PROVISIONABLE:
        text = f"is {plan.key_type}; over the link only {', '.join(_PROVISIONABLE)} can be provisioned"
        found.append(Problem(("plan", "key_type"), text))
    return found
