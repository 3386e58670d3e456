"""KPM: the code with which a device asks for a business key. Source: device-protocol.md c.7."""

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum

from harness.id2.codetext import CODE_MAX, AuthCode, parse
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType

MAGIC = 0x4B
VERSION = 0x01
ID2_INDEX = 0
INVALID_INDEX = 0xFF
_TEXT_MAX = 4096


class KeyInfo(IntEnum):
    """Kind of a business key, in its own numbering."""

    AES_128 = 1
    AES_192 = 2
    AES_256 = 3
    SM4_128 = 9

    @property
    def key_type(self) -> KeyType:
        """The same as a key type of ID²."""
        return {
            KeyInfo.AES_128: KeyType.AES_128,
            KeyInfo.AES_192: KeyType.AES_192,
            KeyInfo.AES_256: KeyType.AES_256,
            KeyInfo.SM4_128: KeyType.SM4_128,
        }[self]


@dataclass(frozen=True, slots=True)
class KpmCode:
    """What a device gives to ask for a business key.

    Attributes:
        index: Where the key will be stored; 1 is CTID.
        info: What kind of key.
        id2: Identifier of the device.
        code: An ID² auth code without extra.
    """

    index: int
    info: KeyInfo
    id2: str
    code: AuthCode

    @property
    def text(self) -> str:
        """The code as base64 text."""
        fields = (self.id2.encode(), self.code.text.encode())
        return _pack(self.index, self.info, fields)


def build_code(id2: str, index: int, info: KeyInfo, code: AuthCode) -> KpmCode:
    """Build the code of a device.

    Raises:
        Id2Error: Index 0 (the device answers -8) or above 254, or a code with extra or from the server.
    """
    _require_index(index)
    if code.type.with_extra or code.type.from_server:
        raise Id2Error(
            f"KPM takes a device code without extra; type {code.type.value} is none", field="code.type"
        )
    return KpmCode(index, info, id2, code)


def parse_code(text: str) -> KpmCode:
    """Read the code of a device.

    Raises:
        Id2Error: Not base64, wrong mark, version or lengths, or an inner code that is none.
    """
    index, info, (id_bytes, code_bytes) = _unpack(text, "KPM code")
    try:
        id2, inner = id_bytes.decode("ascii"), code_bytes.decode("ascii")
    except UnicodeDecodeError:
        raise Id2Error("KPM code: ID or auth code is not ASCII", field="code") from None
    if len(inner) > CODE_MAX:
        raise Id2Error("KPM code: its auth code is too long", field="code")
    return build_code(id2, index, info, parse(inner))


def _require_index(index: int) -> None:
    if not ID2_INDEX < index < INVALID_INDEX:
        raise Id2Error(f"key index {index} is not 1 to 254 (0 is the ID² key)", field="index")


def _pack(index: int, info: KeyInfo, fields: tuple[bytes, bytes]) -> str:
    body = b"".join(len(value).to_bytes(2) + value for value in fields)
    return base64.b64encode(bytes([MAGIC, VERSION, index, info.value]) + body).decode()


def _unpack(text: str, what: str) -> tuple[int, KeyInfo, tuple[bytes, bytes]]:
    if len(text) > _TEXT_MAX:
        raise Id2Error(f"{what} has {len(text)} characters; the limit is {_TEXT_MAX}", field="code")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Id2Error(f"{what} is not base64", field="code") from None
    if base64.b64encode(data).decode() != text:
        raise Id2Error(f"{what} is not canonical base64", field="code")
    if data[:2] != bytes([MAGIC, VERSION]):
        raise Id2Error(
            f"{what} starts with {data[:2].hex().upper()}; it must be 4B01", field="magic", position=0
        )
    if len(data) < 4:
        raise Id2Error(f"{what} ends inside its head", field="code", position=len(data))
    _require_index(data[2])
    try:
        info = KeyInfo(data[3])
    except ValueError:
        raise Id2Error(f"{what}: key info {data[3]} is unknown", field="info", position=3) from None
    first, offset = _field(data, 4, what)
    second, offset = _field(data, offset, what)
    if offset != len(data):
        raise Id2Error(f"{what}: {len(data) - offset} bytes too many", field="code", position=offset)
    return data[2], info, (first, second)


def _field(data: bytes, offset: int, what: str) -> tuple[bytes, int]:
    end = offset + 2 + int.from_bytes(data[offset : offset + 2])
    if offset + 2 > len(data) or end > len(data) or end == offset + 2:
        raise Id2Error(
            f"{what}: the length at byte {offset} is not that of what follows", field="code", position=offset
        )
    return data[offset + 2 : end], end
