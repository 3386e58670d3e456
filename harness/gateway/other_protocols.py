"""Protocols other than iTLS on an iTLS port, recognised by their first bytes: a sentence that a maker can act on.

Source: MQTT Version 3.1.1 (OASIS standard) 3.1; RFC 5246 6.2, 7.4.1.2; RFC 6347 4.1; RFC 9112 3; RFC 4253 4.2;
device-protocol.md h.1, h.2.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.itls import messages
from harness.itls.codec import Reader
from harness.itls.errors import ItlsError
from harness.itls.extensions import Ext
from harness.itls.suites import Suite

HEAD_MAX = 1024
"""Bytes of a stream's beginning that are looked at."""

_BUILT_FOR = (
    "the firmware was not built for iTLS, or connects to the port of iTLS with its client for something else"
)
_HTTP = re.compile(rb"(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|CONNECT|PATCH) [!-~]+ HTTP/")
_HTTP_BEGINNING = re.compile(rb"(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|CONNECT|PATCH) [/*a-zA-Z]")
_MQTT = re.compile(rb"\x10[\x80-\xff]{0,3}[\x00-\x7f]\x00(?:\x04MQTT|\x06MQIsdp)", re.DOTALL)
_DTLS = (b"\x16\xfe\xff", b"\x16\xfe\xfd")
_TLS_RECORD = re.compile(rb"\x16\x03[\x00-\x04]..\x01", re.DOTALL)
_HEADERS = 5 + 4
_OF_ITLS = frozenset({Ext.PRODUCT_KEY, Ext.KEY_ID, Ext.VERSION})
_PRINTABLE = re.compile(rb"[\t\r\n -~]{4,}")


@dataclass(frozen=True, slots=True)
class OtherProtocol:
    """A protocol that is not the one of the port.

    Attributes:
        name: `plain MQTT`, `plain TLS`, ...
        of_firmware: A firmware for the cloud speaks it, and hardly anything else on a network would, here.
    """

    name: str
    of_firmware: bool

    @property
    def sentence(self) -> str:
        """What to tell."""
        return f"this is {self.name}: {_BUILT_FOR}"


_OTHERS = {
    "mqtt": OtherProtocol("plain MQTT", of_firmware=True),
    "tls": OtherProtocol("plain TLS, without the suites and extensions of iTLS", of_firmware=True),
    "dtls": OtherProtocol("DTLS, which the TCP port does not speak", of_firmware=True),
    "http": OtherProtocol("HTTP", of_firmware=False),
    "ssh": OtherProtocol("SSH", of_firmware=False),
    "text": OtherProtocol("plain text", of_firmware=False),
}


def recognised(head: bytes) -> OtherProtocol | None:
    """Return what a stream is that begins so, or None for iTLS, for too little of it, and for noise.

    Args:
        head: The stream's beginning; more than `HEAD_MAX` bytes are not looked at.
    """
    head = head[:HEAD_MAX]
    for name, is_one in _TESTS:
        if is_one(head):
            return _OTHERS[name]
    return None


def _is_http(head: bytes) -> bool:
    return bool(_HTTP.match(head) or _HTTP_BEGINNING.match(head))


def _is_foreign_tls(head: bytes) -> bool:
    """Return whether it is a ClientHello that has no suite and no extension of iTLS."""
    if not _TLS_RECORD.match(head):
        return False
    size = int.from_bytes(head[6:_HEADERS], "big")
    body = head[_HEADERS : _HEADERS + size]
    if len(body) < size:
        return False
    try:
        hello = messages.parse_client_hello(body)
    except ItlsError:
        return _lacks_suites(body)
    numbers = {one.number for one in hello.extensions}
    ours = {suite.value for suite in Suite}
    return not ours.intersection(hello.suites) and not numbers.intersection(_OF_ITLS)


def _lacks_suites(body: bytes) -> bool:
    """Return whether the list of suites of a hello whose rest cannot be read has none of iTLS."""
    reader = Reader(body, "ClientHello")
    try:
        reader.take(2 + messages.RANDOM_SIZE, "head")
        reader.vector(1, "session id")
        listed = reader.vector(2, "cipher suites")
    except ItlsError:
        return False
    numbers = {int.from_bytes(listed[at : at + 2], "big") for at in range(0, len(listed), 2)}
    return not numbers.intersection(suite.value for suite in Suite)


_TESTS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("mqtt", lambda head: bool(_MQTT.match(head))),
    ("dtls", lambda head: head.startswith(_DTLS)),
    ("tls", _is_foreign_tls),
    ("http", _is_http),
    ("ssh", lambda head: head.startswith(b"SSH-")),
    ("text", lambda head: bool(_PRINTABLE.match(head))),
)
