"""The socket protocol of ID² modules, as pure functions: heads and bodies in bytes, nothing sent.

A message is a head of four 32-bit numbers in the byte order of the machines (magic, size of the body, command,
status), and a body of fields, each a big-endian length and so many bytes. A request has status 0; an error is a head
alone, whose status is the result code of the API. Three numbers stand in a body without a length: the version and the
state of provisioning in answers, the length of a derived key in its request.
Source: device-protocol.md f; `vectors/mdu-socket.json`.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum

MAGIC = 0x1234
HEAD_SIZE = 16
BODY_MAX = 1 << 16
"""Bytes of a body at most; no function of the API comes near it."""

_LENGTH = 4


class Command(IntEnum):
    """The commands of a module."""

    INIT = 0
    CLEANUP = 1
    GET_VERSION = 2
    GET_ID = 3
    GET_CHALLENGE_AUTH_CODE = 4
    GET_TIMESTAMP_AUTH_CODE = 5
    DECRYPT = 6
    VERIFY_SERVER = 7
    GET_SECRET = 8
    DERIVE_KEY = 9
    GET_PROV_STAT = 10
    GET_OTP_AUTH_CODE = 11
    LOAD_OTP_DATA = 12


class ByteOrder(StrEnum):
    """How the numbers of a head lie in memory."""

    LITTLE = "little"
    BIG = "big"

    @property
    def magic(self) -> bytes:
        """The first four bytes of every message."""
        return MAGIC.to_bytes(4, self.value)


_HEADS = {ByteOrder.LITTLE: struct.Struct("<IIIi"), ByteOrder.BIG: struct.Struct(">IIIi")}


class WireError(ValueError):
    """Bytes are no message of this protocol; the text says what is wrong with them, and repeats no field."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a message.

    Attributes:
        size: Bytes of the body.
        command: Number of the command, known or not.
        status: Result code of the API; 0 in requests, where a module does not look at it.
    """

    size: int
    command: int
    status: int = 0


def order_of(head: bytes) -> ByteOrder | None:
    """Return the byte order in which the magic of a head is right; None when it is right in neither."""
    return next((order for order in ByteOrder if head[:4] == order.magic), None)


def pack(command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
    """Return a whole message."""
    return _HEADS[order].pack(MAGIC, len(body), command, status) + body


def unpack_head(data: bytes, order: ByteOrder) -> Head:
    """Read a head.

    Args:
        data: 16 bytes.
        order: Byte order of its numbers.

    Raises:
        WireError: Another magic, or a body beyond all limits.
    """
    magic, size, command, status = _HEADS[order].unpack(data)
    if magic != MAGIC:
        raise WireError(f"the magic is {magic:#x}, not {MAGIC:#x}")
    if size > BODY_MAX:
        raise WireError(f"the head announces a body of {size} bytes")
    return Head(size, command, status)


def join_fields(*fields: bytes) -> bytes:
    """Return a body of these fields."""
    return b"".join(number(len(one)) + one for one in fields)


def split_fields(body: bytes, count: int) -> tuple[bytes, ...]:
    """Cut a body into its fields.

    Raises:
        WireError: They are not so many, or do not fill the body exactly.
    """
    found: list[bytes] = []
    at = 0
    for position in range(1, count + 1):
        if len(body) - at < _LENGTH:
            raise WireError(f"the body ends in the length of field {position} of {count}")
        size = int.from_bytes(body[at : at + _LENGTH])
        at += _LENGTH
        if size > len(body) - at:
            raise WireError(f"field {position} announces {size} bytes, and {len(body) - at} are there")
        found.append(body[at : at + size])
        at += size
    if at < len(body):
        raise WireError(f"{len(body) - at} bytes too many stand behind the last field")
    return tuple(found)


def number(value: int) -> bytes:
    """Return a number as it stands in a body without a length."""
    return value.to_bytes(_LENGTH)


def read_number(body: bytes) -> int:
    """Return the number that is the whole body.

    Raises:
        WireError: The body has another size.
    """
    if len(body) != _LENGTH:
        raise WireError(f"the body has {len(body)} bytes; a number has {_LENGTH} and no length before it")
    return int.from_bytes(body)
