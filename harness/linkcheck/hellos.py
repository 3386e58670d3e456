"""What a device says in its hellos, read from the records of a session and compared with the vendor's client.

Source: device-protocol.md h.2, h.3.
"""

from collections.abc import Iterable

from harness.id2 import codetext
from harness.id2.errors import Id2Error
from harness.itls import extensions, messages
from harness.itls.errors import ItlsError
from harness.itls.events import Direction, ObservedRecord
from harness.itls.extensions import FRAGMENT_SIZES, Ext
from harness.itls.messages import ClientHello, MessageType
from harness.itls.records import ContentType
from harness.itls.suites import Suite, find

_ORDER = (Ext.MAX_FRAGMENT, Ext.PRODUCT_KEY, Ext.KEY_ID, Ext.AUTH_CODE, Ext.VERSION)
_NEEDED = frozenset(_ORDER[1:])
_HEADER = 4
_CHALLENGE_CODE = 0


def messages_in(seen: Iterable[ObservedRecord], direction: Direction) -> list[tuple[int, bytes]]:
    """Return type and body of each whole handshake message that went one way."""
    stream = b"".join(
        one.plain for one in seen if one.direction is direction and one.kind is ContentType.HANDSHAKE
    )
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + _HEADER <= len(stream):
        end = at + _HEADER + int.from_bytes(stream[at + 1 : at + _HEADER], "big")
        if end > len(stream):
            break
        found.append((stream[at], stream[at + _HEADER : end]))
        at = end
    return found


def hellos_in(seen: Iterable[ObservedRecord]) -> list[ClientHello]:
    """Return the ClientHellos that a device sent, oldest first; those that cannot be read are left out."""
    found: list[ClientHello] = []
    for kind, body in messages_in(seen, Direction.IN):
        if kind == MessageType.CLIENT_HELLO:
            try:
                found.append(messages.parse_client_hello(body))
            except ItlsError:
                continue
    return found


def challenges_in(seen: Iterable[ObservedRecord]) -> list[str]:
    """Return the challenges that a device was given, oldest first."""
    found: list[str] = []
    for kind, body in messages_in(seen, Direction.OUT):
        if kind == MessageType.HELLO_VERIFY_REQUEST:
            try:
                challenge = messages.parse_hello_verify_request(body).challenge
            except ItlsError:
                continue
            if challenge is not None:
                found.append(challenge)
    return found


def otp_rounds(seen: Iterable[ObservedRecord]) -> int:
    """Return how often OTP data went out."""
    rounds = 0
    for kind, body in messages_in(seen, Direction.OUT):
        if kind == MessageType.HELLO_VERIFY_REQUEST:
            try:
                rounds += messages.parse_hello_verify_request(body).extension.number == Ext.OTP_DATA
            except ItlsError:
                continue
    return rounds


def fragment_of(hello: ClientHello) -> int | None:
    """Return the maximum fragment length that a hello asks for, bytes, or None."""
    data = extensions.content(hello.extensions, Ext.MAX_FRAGMENT)
    return None if data is None or len(data) != 1 else FRAGMENT_SIZES.get(data[0])


def offered(hello: ClientHello) -> list[Suite]:
    """Return the iTLS suites that a hello offers, best first."""
    return [suite for number in hello.suites if (suite := find(number)) is not None]


def hello_problems(seen: Iterable[ObservedRecord], product_key: str) -> list[str]:
    """Return what in the hellos of a provisioned device differs from the documented form; empty when nothing does."""
    records = list(seen)
    hellos = hellos_in(records)
    problems = [
        f"hello {number}: {problem}"
        for number, hello in enumerate(hellos, 1)
        for problem in _form_problems(hello, product_key)
    ]
    if len(hellos) < 2:
        return [
            *problems,
            f"{len(hellos)} hellos came, two are due: one for the challenge, one with the code",
        ]
    asks, answers = hellos[-2], hellos[-1]
    if asks.auth_code:
        problems.append("the first hello carries an auth code before there is a challenge")
    if asks.random == answers.random:
        problems.append("both hellos carry the same random")
    challenges = challenges_in(records)
    if challenges:
        problems += _code_problems(answers.auth_code, challenges[-1])
    return problems


def _form_problems(hello: ClientHello, product_key: str) -> list[str]:
    problems = []
    numbers = [extension.number for extension in hello.extensions]
    known = [number for number in _ORDER if number in numbers]
    if missing := sorted(_NEEDED.difference(numbers)):
        problems.append("extensions are missing: " + ", ".join(f"{number:#06x}" for number in missing))
    if [number for number in numbers if number in known] != known:
        problems.append(
            "extensions stand in another order: " + ", ".join(f"{number:#06x}" for number in numbers)
        )
    if hello.product_key != product_key:
        problems.append(f"the ProductKey is {str(hello.product_key)[:40]!a}")
    if hello.id2 is None:
        problems.append("there is no ID of the key group 0x10001000")
    if extensions.content(hello.extensions, Ext.VERSION) != extensions.VERSION:
        problems.append("the extension version is not 1.2.0")
    if not offered(hello):
        problems.append("no suite of iTLS is offered")
    return problems


def _code_problems(code: bytes, challenge: str) -> list[str]:
    try:
        parsed = codetext.parse(code.decode("latin-1"))
    except Id2Error as error:
        return [f"the auth code cannot be read: {error}"]
    problems = []
    if parsed.type != _CHALLENGE_CODE:
        problems.append(f"the auth code is of type {int(parsed.type)}, not {_CHALLENGE_CODE}")
    if parsed.random != challenge:
        problems.append("the auth code is not over the challenge that was given")
    return problems
