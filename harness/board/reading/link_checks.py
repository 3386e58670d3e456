"""Checks of the link section against the rest of a board file."""

import ipaddress
import re

from harness.board.models import BoardFile, PlannedCarrier
from harness.board.reading import controller_checks
from harness.controller.serial_lines import SerialLines
from harness.id2.keys import KeyType
from harness.settings.link import Link, Offer
from harness.settings.problems import Problem

_PROVISIONABLE = (KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128)
_PRODUCT_KEY = re.compile(r"[A-Za-z0-9]{11}")
_UNKNOWN = "{product_key}"


def errors(board: BoardFile) -> list[Problem]:
    """Return what makes the link section, or the lack of one, unusable."""
    link, apps = board.link, _apps(board)
    if link is None:
        text = "connects by itself, and there is no link section that says what it does"
        return [Problem(("transports", name), text) for name in apps]
    found = _firmware(board) if apps else _key_type(board)
    found += _product_key(board)
    if board.simulated:
        if not apps:
            text = (
                "no simulated board has a link without a simulated-console that runs link_app, or a firmware with "
                "link: true"
            )
            found.append(Problem(("link",), text))
    elif link.port == 0:
        found.append(
            Problem(("link", "port"), "a real board cannot be told a free port; name the one it connects to")
        )
    if link.reset is not None:
        found += controller_checks.actions_not_there(board, SerialLines(reset=link.reset), ("link",))
    topics = link.topics(board.service.product.product_key or _UNKNOWN)
    if topics is not None and topics[0] == topics[1]:
        text = "is the topic of echo.subscribe too: the harness would hear itself there, and not the board"
        found.append(Problem(("link", "echo", "publish"), text))
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
    if not board.can_reset:
        text = f"is left out: no reset starts the board anew, and this is not run: {'; '.join(needs_restart(link))}"
        found.append(Problem(("link", "reset"), text))
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


def needs_restart(link: Link) -> tuple[str, ...]:
    """Return what is not run on a real board without `link.reset`, each with the requirement that it is about."""
    found = ["the time to connect after a start (LINK-08)"]
    if Offer.PROVISIONING in link.offers:
        if Offer.RECONNECT in link.offers:
            found.append("whether a new ID² outlives a restart (LINK-03)")
        found.append("refused provisioning (LINK-04) and spoilt provisioning data (LINK-05)")
    return tuple(found)


def _apps(board: BoardFile) -> list[str]:
    return [name for name, settings in board.transports.items() if settings.runs_link_app]


def _key_type(board: BoardFile) -> list[Problem]:
    """Return what a real board cannot do over iTLS with its key. Source: device-protocol.md c.6, h."""
    assert board.link is not None
    key_type, loc = board.plan.key_type, ("plan", "key_type")
    if not key_type.symmetric:
        return [Problem(loc, f"is {key_type}; iTLS lets in devices with a symmetric key only")]
    if Offer.PROVISIONING in board.link.offers and key_type not in _PROVISIONABLE:
        return [
            Problem(loc, f"is {key_type}; over the link only {', '.join(_PROVISIONABLE)} can be provisioned")
        ]
    return []


def _product_key(board: BoardFile) -> list[Problem]:
    key = board.service.product.product_key
    if key is None or _PRODUCT_KEY.fullmatch(key):
        return []
    loc = ("service", "product", "product_key")
    return [
        Problem(loc, "must be 11 letters and digits, as a ClientHello carries it; anything else is alert 171")
    ]


def _firmware(board: BoardFile) -> list[Problem]:
    plan = board.plan
    found = []
    if plan.carrier not in (PlannedCarrier.KM, PlannedCarrier.TEE):
        text = f"is {plan.carrier}; a simulated board with a link keeps its key as km and tee do"
        found.append(Problem(("plan", "carrier"), text))
    if plan.key_type not in _PROVISIONABLE:
        text = f"is {plan.key_type}; over the link only {', '.join(_PROVISIONABLE)} can be provisioned"
        found.append(Problem(("plan", "key_type"), text))
    return found
