"""A plain HTTP request that has come whole, read at one stroke: what most calls of an API are.

Reading by h11, event by event in Python, is a good part of what a short call costs; httptools reads in C. It is more
lenient than h11, so whatever is not plain is h11's to read: here nothing is refused.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import httptools

_METHODS = frozenset({b"GET", b"POST"})
_HEAD_END = b"\r\n\r\n"
_VALUE = re.compile(rb"[ -~]*")
_LENGTH = re.compile(r"[0-9]{1,5}", re.ASCII)
_MORE = frozenset({"transfer-encoding", "expect", "upgrade"})
"""Headers that ask for more of the protocol than a plain answer."""


class WholeRequest(NamedTuple):
    """A request.

    Attributes:
        method: `GET` or `POST`.
        target: As it was sent, in ASCII.
        headers: Values by header name in lower case, each in the order sent.
        body: The body.
    """

    method: str
    target: str
    headers: Mapping[str, Sequence[str]]
    body: bytes


class _Seen:
    """Takes what httptools finds in the bytes of one request."""

    def __init__(self) -> None:
        self.begun = 0
        self.target = self.body = b""
        self.headers: dict[str, list[str]] = {}
        self.plain = True
        self.has_head = self.whole = False

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if _VALUE.fullmatch(value) is None:
            self.plain = False
            return
        self.headers.setdefault(name.decode().lower(), []).append(value.decode().strip(" "))

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


def read(data: bytes, body_max: int) -> tuple[WholeRequest | None, int]:
    """Read a plain request.

    Args:
        data: What has come, from the first byte of a request on.
        body_max: Longest body that is worth waiting for, bytes.

    Returns:
        The request and 0; or None, and how many bytes of its body are still to come: 0 when it is not plain, its
        head is not whole, more follows it, or its body is longer than that: who reads it by h11 refuses it unread.
    """
    seen = _Seen()
    parser = httptools.HttpRequestParser(seen)
    try:
        parser.feed_data(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None, 0
    headers = seen.headers
    if not (seen.plain and seen.has_head and seen.begun == 1):
        return None, 0
    # It passes over spaces, and over empty lines around a request.
    method, end = parser.get_method(), data.find(_HEAD_END)
    if method not in _METHODS or not data.startswith(b"%b %b HTTP/1.1\r\n" % (method, seen.target)):
        return None, 0
    if end < 0 or end + len(_HEAD_END) + len(seen.body) != len(data):
        return None, 0
    length = headers.get("content-length", ("0",))
    if len(headers.get("host", ())) != 1 or len(length) != 1 or not _LENGTH.fullmatch(length[0]):
        return None, 0
    if not _MORE.isdisjoint(headers) or headers.get("connection", ["keep-alive"]) != ["keep-alive"]:
        return None, 0
    if not seen.whole:
        return None, int(length[0]) - len(seen.body) if int(length[0]) <= body_max else 0
    return WholeRequest(method.decode(), seen.target.decode(), headers, seen.body), 0
