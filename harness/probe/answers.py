"""What a probe says of itself and of a call, read out of its replies."""

import string
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.probe.errors import ProbeProtocolError
from harness.probe.functions import Group, groups_of
from harness.probe.lines import EMPTY_CRC, Kind, Reply, value_of

FIRST_PART = 40
"""Bytes of a result that stand in the final answer itself."""

_WORD = 1 << 32
_SHORTEST_LINE = 40  # a put of one byte, and a run with a few arguments
_LONGEST_LINE = 4096
_LARGEST_BUFFER = 1 << 20
_NAME = frozenset(string.ascii_letters + string.digits + "~+/=_.:-")

Complaint = Callable[[Reply, str], ProbeProtocolError]
"""Returns the error for a reply that holds what no probe says; given the reply and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Null:
    """A NULL pointer.

    Attributes:
        length: The length that is passed with it.
    """

    length: int = 0


NULL = Null()
"""A NULL pointer with length 0."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a firmware says of itself.

    Attributes:
        version: Version of the protocol.
        line: Characters of the longest request.
        slots: Bytes of the slots a, b and c.
        result: Bytes of the result.
        groups: The groups of functions in it.
        name: Its name; empty for none.
        boot: Which start of it speaks.
    """

    version: int
    line: int
    slots: tuple[int, int, int]
    result: int
    groups: frozenset[Group]
    name: str
    boot: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answered.

    Attributes:
        rc: What the function returned, 32 bits with sign.
        length: What it left in its length parameter, even where that is more than the buffer holds.
        data: The result; empty when `rc` is negative.
        overwritten: Bytes behind the end of the buffer that the call changed.
    """

    rc: int
    length: int
    data: bytes = field(repr=False)
    overwritten: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, and how much of its result is there yet.

    Attributes:
        rc: What the function returned.
        length: What it left in its length parameter.
        size: Bytes of the result.
        crc: Their check sum.
        first: The first of them.
        overwritten: Bytes behind the end of the buffer that the call changed.
    """

    rc: int
    length: int
    size: int
    crc: int
    first: bytes
    overwritten: int


def hello_of(reply: Reply, complaint: Complaint) -> Hello:
    """Return what a hello says.

    Raises:
        ProbeProtocolError: It says what cannot be.
    """
    fields = dict(word.split("=", 1) for word in reply.words if "=" in word)
    try:
        version = _decimal(fields["p"], _WORD)
        slots = tuple(_decimal(size, _LARGEST_BUFFER) for size in fields["in"].split(","))
        name = fields.get("n", "-")
        hello = Hello(
            version=version,
            line=_decimal(fields["l"], _LONGEST_LINE),
            slots=(slots[0], slots[1], slots[2]),
            result=_decimal(fields["o"], _LARGEST_BUFFER),
            groups=groups_of(_hexadecimal(fields["g"])),
            name="" if name == "-" else name,
            boot=reply.boot,
        )
    except (KeyError, ValueError, IndexError):
        raise complaint(reply, "is no hello") from None
    if hello.line < _SHORTEST_LINE or len(slots) != 3 or not _NAME.issuperset(name):
        raise complaint(reply, "is no hello")
    return hello


def ending_of(reply: Reply, capacity: int | None, largest: int, complaint: Complaint) -> Ending:
    """Return how a call ended.

    Args:
        reply: Its final answer.
        capacity: Bytes of the output buffer; None for none, when the probe says how much there is.
        largest: Bytes of the probe's result.
        complaint: Returns the error for what cannot be.

    Raises:
        ProbeProtocolError: It says what cannot be.
    """
    words = list(reply.words)
    overwritten = 0
    try:
        if words[-1].startswith("w="):
            overwritten = _decimal(words.pop()[2:], _WORD)
        rc, length, crc = _signed(words[0]), _decimal(words[1], _WORD), _hexadecimal(words[2])
        first = b"".join(value_of(word) for word in words[3:])
    except (ValueError, IndexError):
        raise complaint(reply, "is no end of a call") from None
    if len(words) > 4 or (rc < 0) is not (reply.kind is Kind.REFUSED) or crc >> 16:
        raise complaint(reply, "is no end of a call")
    if rc < 0 or (capacity is None and crc == EMPTY_CRC and not first):
        size = 0
    else:
        size = min(length, largest if capacity is None else capacity)
    if len(first) != min(size, FIRST_PART) or (size == 0 and crc != EMPTY_CRC):
        raise complaint(reply, f"has {len(first)} bytes of a result of {size}")
    return Ending(rc, length, size, crc, first, overwritten)


def piece_of(reply: Reply, offset: int, count: int, complaint: Complaint) -> bytes:
    """Return a part of a result.

    Raises:
        ProbeProtocolError: It is another part than the one that was asked for.
    """
    try:
        at, text = reply.words
        piece = value_of(text)
        if _decimal(at, _WORD) == offset and len(piece) == count:
            return piece
    except ValueError:
        pass
    raise complaint(reply, f"is not the {count} bytes of the result from {offset} on")


def _decimal(text: str, limit: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < limit):
        raise ValueError(text)
    return int(text)


def _signed(text: str) -> int:
    magnitude = _decimal(text.removeprefix("-"), (_WORD >> 1) + 1)
    value = -magnitude if text.startswith("-") else magnitude
    if value == _WORD >> 1:
        raise ValueError(text)
    return value


def _hexadecimal(text: str) -> int:
    if not 1 <= len(text) <= 8 or set(text) - set("0123456789ABCDEF"):
        raise ValueError(text)
    return int(text, 16)
