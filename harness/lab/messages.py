"""What a client and a bench say to each other over ssh: a line of JSON, and as many bytes behind it as it says."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import BenchError

PROTOCOL = 1
"""Version of what the two ends say to each other; the hello of a bench names it."""

LARGEST_BODY = 1 << 18
"""Bytes that follow a line at most."""

_LONGEST_LINE = 1 << 23  # the list of a run folder with as many files as are taken is half as long
_MOST_NOISE = 1 << 16  # what a login may print before the first message
_MARK = b'{"id2-lab":'


class BrokenMessageError(BenchError):
    """What came over the connection is no message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        kind: What it says.
        fields: What belongs to it. It comes from another host: every value is checked by whoever takes it.
        body: Bytes behind it.
    """

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""

    def text(self, name: str) -> str:
        """Return a field that is a text; empty when it is none."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """Return a field that is a whole number from 0 on; 0 when it is none."""
        value = self.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of a field that is a list."""
        value = self.fields.get(name)
        return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()

    def pairs(self, name: str) -> dict[str, Any]:
        """Return a field that is an object; empty when it is none."""
        value = self.fields.get(name)
        return value if isinstance(value, dict) else {}


def encode(kind: str, body: bytes = b"", **fields: object) -> bytes:
    """Return a message as it goes over the connection."""
    told = {"id2-lab": kind, **fields, **({"bytes": len(body)} if body else {})}
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode() + b"\n" + body


class Parser:
    """Takes bytes as they come and gives whole messages.

    Args:
        noise: Whether lines that are no message may come before the first one: what the login of a host prints.
    """

    def __init__(self, *, noise: bool = False) -> None:
        self._held = bytearray()
        self._noise_left = _MOST_NOISE if noise else 0
        self.noise = ""

    def take(self, data: bytes) -> Iterator[Message]:
        """Give the messages that are whole now.

        Raises:
            BrokenMessageError: what came is no message.
        """
        self._held += data
        while True:
            end = self._held.find(b"\n")
            if end < 0:
                if len(self._held) > _LONGEST_LINE + LARGEST_BODY:
                    raise BrokenMessageError("the other end sends a line that has no end")
                return
            line = bytes(self._held[:end])
            if self._noise_left and not line.startswith(_MARK):
                self._noise_left = max(self._noise_left - end - 1, 0)
                self.noise += line.decode("utf-8", "replace") + "\n"
                del self._held[: end + 1]
                continue
            self._noise_left = 0
            kind, fields, length = _head(line)
            if len(self._held) < end + 1 + length:
                return
            body = bytes(self._held[end + 1 : end + 1 + length])
            del self._held[: end + 1 + length]
            yield Message(kind, fields, body)


def _head(line: bytes) -> tuple[str, Mapping[str, Any], int]:
    try:
        fields = json.loads(line if line.startswith(_MARK) and len(line) <= _LONGEST_LINE else b"")
        kind, length = fields.pop("id2-lab"), fields.pop("bytes", 0)
    except (ValueError, RecursionError, KeyError):
        raise BrokenMessageError("the other end sends something that is no message") from None
    if not isinstance(kind, str) or not isinstance(length, int) or not 0 <= length <= LARGEST_BODY:
        raise BrokenMessageError("the other end sends a message that is none")
    return kind, fields, length
