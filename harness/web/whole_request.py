"""A plain HTTP request that has come whole, read at one stroke: what most calls of an API are.

Reading by h11, event by event, is a good part of what a short call costs. Whatever is not plain is h11's to read: here
nothing is refused.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_HEAD = re.compile(rb"(GET|POST) ([!-~]++) HTTP/1\.1\r\n((?:[-!#$%&'*+.^_`|~0-9A-Za-z]++:[ -~]*+\r\n)++)\r\n")
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


def read(data: bytes) -> tuple[WholeRequest | None, int]:
    """Read a plain request.

    Args:
        data: What has come, from the first byte of a request on.

    Returns:
        The request and 0; or None, and how many bytes of its body are still to come: 0 when it is not plain, its
        head is not whole, or more follows it.
    """
    found = _HEAD.match(data)
    if found is None:
        return None, 0
    method, target, lines = found.groups()
    headers: dict[str, list[str]] = {}
    for line in lines.decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" ")
        if name in headers:
            headers[name].append(value)
        else:
            headers[name] = [value]
    length = headers.get("content-length", ("0",))
    if len(headers.get("host", ())) != 1 or len(length) != 1 or not _LENGTH.fullmatch(length[0]):
        return None, 0
    if not _MORE.isdisjoint(headers) or headers.get("connection", ["keep-alive"]) != ["keep-alive"]:
        return None, 0
    missing = found.end() + int(length[0]) - len(data)
    if missing:
        return None, max(missing, 0)
    return WholeRequest(method.decode(), target.decode(), headers, data[found.end() :]), 0
