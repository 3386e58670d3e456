"""Records of version 1 of a recording, lines of JSON. The format is described in `format.py`."""

import json
import re

from harness.transport.recording.format import DIRECTIONS, OPERATIONS
from harness.transport.recording.record import Record

LINE_LIMIT = 1 << 20
"""Bytes in one line of a recording; more is an error, so that a foreign file cannot fill the memory."""

_USUAL = re.compile(
    rb'\{"t":(\d{1,18}),"op":"([a-z0-9-]{1,16})","d":"([<>])","x":"([0-9a-f]*)"(?:,"a":(\d{1,18}))?\}'
)
"""A record of data as the recorder wrote it; reading it as JSON takes several times as long."""

_OPERATIONS = frozenset(OPERATIONS)
_LARGEST = 2**63 - 1
"""No clock and no address of ours gives more."""


def parsed(line: bytes) -> Record | None:
    """Return the record of one line; None when it is none."""
    usual = _USUAL.fullmatch(line)
    if usual is not None and usual[2].decode() in _OPERATIONS and len(usual[4]) % 2 == 0:
        address = None if usual[5] is None else int(usual[5])
        data = bytes.fromhex(usual[4].decode())
        return Record(int(usual[1]), usual[2].decode(), usual[3].decode(), data, address)
    try:
        return _record(json.loads(line))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def object_of(record: Record) -> dict[str, object]:
    """Return a record as the object of JSON that version 1 has for it."""
    found: dict[str, object] = {"t": record.t, "op": record.op, "d": record.direction}
    told = record.direction in "!#" or (record.text and not record.data)
    if not told or record.data:
        found["x"] = record.data.hex()
    if record.address is not None:
        found["a"] = record.address
    if told or record.text:
        found["m"] = record.text
    return found


def _record(value: dict[str, object]) -> Record:
    op, direction = text_of(value["op"]), text_of(value["d"])
    if op not in _OPERATIONS or len(direction) != 1 or direction not in DIRECTIONS:
        raise ValueError
    address = value.get("a")
    return Record(
        t=integer_of(value["t"]),
        op=op,
        direction=direction,
        data=bytes.fromhex(text_of(value.get("x", ""))),
        address=None if address is None else integer_of(address),
        text=text_of(value.get("m", "")),
    )


def text_of(value: object) -> str:
    """Return a value that has to be a text.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, str):
        raise TypeError
    return value


def integer_of(value: object) -> int:
    """Return a value that has to be a number of 64 bits.

    Raises:
        TypeError: It is no integer.
        ValueError: It is too large.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError
    return value
