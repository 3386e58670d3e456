"""ID² identifiers: the 24-digit form, the longer PUF form, and the forms that mean "no ID yet"."""

import re
from dataclasses import dataclass
from enum import StrEnum
from string import hexdigits

from harness.id2.errors import Id2Error, quoted

HEX_LENGTH = 24
CHIP_LENGTH = 12
PUF_LENGTHS = range(25, 49)
PUF_TAG = "05"
_PUF_HEAD = 16
_SHORTEST_KNOWN = 45  # characters of the demo's IDs; a shorter one that does not begin as one is of no form
_UPPER_HEX = frozenset("0123456789ABCDEF")


class IdForm(StrEnum):
    """What kind of identifier a text is."""

    HEX24 = "hex24"
    PUF = "puf"
    UNPROVISIONED = "unprovisioned"


@dataclass(frozen=True, slots=True)
class Id2:
    """An identifier that keeps the rules.

    Attributes:
        text: The characters as the API gives them.
        form: Which of the forms it is.
        vendor: PUF form only: 8 hex digits.
        reserved: PUF form only: 4 hex digits.
        uid: PUF form only: the characters that identify the chip.
    """

    text: str
    form: IdForm
    vendor: str = ""
    reserved: str = ""
    uid: str = ""

    @property
    def provisioned(self) -> bool:
        """False for the all-F texts that a device without an ID sends."""
        return self.form is not IdForm.UNPROVISIONED

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Id2:
    """Read an identifier.

    Args:
        text: 24 upper-case hex digits, 25 to 48 characters of the PUF form, or 24 or 48 times `F`.

    Returns:
        The identifier with its form and, for the PUF form, its fields.

    Raises:
        Id2Error: Wrong length, wrong character (with its position), or a PUF length field that is not true.

    Source: device-protocol.md d.
    """
    if text in ("F" * HEX_LENGTH, "F" * 2 * HEX_LENGTH):
        return Id2(text, IdForm.UNPROVISIONED)
    if len(text) == HEX_LENGTH:
        _require_upper_hex(text, 0, HEX_LENGTH, "ID")
        return Id2(text, IdForm.HEX24)
    if len(text) in PUF_LENGTHS and (len(text) >= _SHORTEST_KNOWN or text.startswith(PUF_TAG)):
        return _parse_puf(text)
    raise Id2Error(
        f"ID {quoted(text)} has {len(text)} characters; an ID has 24 upper-case hex digits, or 25 to 48 "
        "characters in the PUF form",
        field="id",
    )


def from_chip(data: bytes) -> str:
    """Return the text of the 12 bytes that a chip stores.

    Raises:
        Id2Error: Not 12 bytes.

    Source: device-protocol.md d, e.2 (GetID).
    """
    if len(data) != CHIP_LENGTH:
        raise Id2Error(f"ID of a chip has {len(data)} bytes; it has exactly {CHIP_LENGTH}", field="id")
    return data.hex().upper()


def to_chip(text: str) -> bytes:
    """Return the 12 bytes that a chip stores for a 24-digit identifier.

    Raises:
        Id2Error: Not 24 upper-case hex digits.

    Source: device-protocol.md d.
    """
    if len(text) != HEX_LENGTH:
        raise Id2Error(
            f"ID {quoted(text)} has {len(text)} characters; a chip stores 24 hex digits", field="id"
        )
    _require_upper_hex(text, 0, HEX_LENGTH, "ID")
    return bytes.fromhex(text)


def inverted(text: str) -> str:
    """Return the identifier with every hex digit d replaced by F-d, as server codes sign it.

    Characters that are not hex digits stay, as in the SDK; a 24-digit ID has none.

    Source: device-protocol.md b.6.
    """
    return "".join(f"{0xF - int(char, 16):X}" if char in hexdigits else char for char in text)


def puf_problem(text: str) -> str:
    """Return why a text is no identifier of the PUF form, whatever its length up to 48; empty when it is one.

    Source: SDK 3.1.0 modules/irot/puf/src/km_to_irot.c: the adapter refuses others.
    """
    try:
        _parse_puf(text) if _PUF_HEAD < len(text) < PUF_LENGTHS.stop else parse(text)
    except Id2Error as error:
        return str(error)
    return ""


def _parse_puf(text: str) -> Id2:
    if not text.startswith(PUF_TAG):
        raise Id2Error(f"ID {quoted(text)}: the PUF form starts with '{PUF_TAG}'", field="id.tag", position=0)
    _require_upper_hex(text, 2, 10, "vendor of the ID")
    _require_upper_hex(text, 10, 14, "reserved part of the ID")
    _require_upper_hex(text, 14, _PUF_HEAD, "uid length of the ID")
    declared = int(text[14:_PUF_HEAD], 16)
    uid = text[_PUF_HEAD:]
    if declared != len(uid):
        raise Id2Error(
            f"ID {quoted(text)}: its uid length says {declared} characters, {len(uid)} follow",
            field="id.length",
            position=14,
        )
    odd = re.search(r"[^!-~]", uid)
    if odd:
        raise Id2Error(
            f"ID {quoted(text)}: uid holds {quoted(odd[0])} at position {_PUF_HEAD + odd.start()}",
            field="id.uid",
            position=_PUF_HEAD + odd.start(),
        )
    return Id2(text, IdForm.PUF, vendor=text[2:10], reserved=text[10:14], uid=uid)


def _require_upper_hex(text: str, start: int, end: int, what: str) -> None:
    for position in range(start, end):
        if text[position] not in _UPPER_HEX:
            raise Id2Error(
                f"{what} {quoted(text)}: {quoted(text[position])} at position {position} is not an "
                "upper-case hex digit",
                field="id",
                position=position,
            )
