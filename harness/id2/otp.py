"""OTP, provisioning in the field: token, the device's code to the cloud, the cloud's data to the device.

Both directions are built and opened here, so that the harness can stand on either side.

Source: device-protocol.md c.6; service.md 6.5.
"""

import base64
import binascii
import struct
from dataclasses import dataclass

from harness.id2 import ciphers, ids
from harness.id2.errors import Id2Error, quoted
from harness.id2.hashes import HashType, digest
from harness.id2.keys import Key, KeyType
from harness.secret import Secret

VERSION = 0x00010000
TOKEN_MIN = 32
SESSION_KEY_SIZE = 16
FINGERPRINT_MAX = 128
CODE_MAX = 256
_BLOCK = 16
_HEAD = 4 + 32 + 32

_BY_NUMBER = {key_type.otp_number: key_type for key_type in KeyType if key_type.otp_number is not None}
_AES_BY_SIZE = {16: KeyType.AES_128, 24: KeyType.AES_192, 32: KeyType.AES_256}
# Types whose data layout the open SDK defines; it refuses the others at build time or run time.
_LOADABLE = (KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128)


@dataclass(frozen=True, slots=True)
class Token:
    """An OTP token; the product secret has this form.

    Attributes:
        magic: `i` or `x`.
        usage: 1 (key is 16 characters of the token) or 2 (key is base64 from offset 8).
        key_type: Type of the ID² key that is asked for.
        provisioning_key: 16, 24 or 32 bytes.
    """

    magic: str
    usage: int
    key_type: KeyType
    provisioning_key: Secret

    @property
    def provisioning_id(self) -> bytes:
        """SHA-256 of the provisioning key: how the cloud finds the product."""
        return digest(HashType.SHA256, self.provisioning_key.reveal())


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The device's OTP auth code as it travels.

    Attributes:
        version: 0x00010000.
        provisioning_id: 32 bytes.
        body_hash: SHA-256 of the body in clear, 32 bytes.
        body: The encrypted body, whole blocks of 16.
    """

    version: int
    provisioning_id: bytes
    body_hash: bytes
    body: bytes

    @property
    def data(self) -> bytes:
        """The code as bytes."""
        return struct.pack("<I", self.version) + self.provisioning_id + self.body_hash + self.body


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What a device code says, opened.

    Attributes:
        key_type: Type of the key that the device wants.
        session_key: 16 random bytes; the ID² key comes back encrypted under them.
        fingerprint: What identifies the device, 1 to 128 bytes.
    """

    key_type: KeyType
    session_key: Secret
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class OtpData:
    """The cloud's data as it travels.

    Attributes:
        key_type: Type of the key inside.
        id2: The new identifier, 24 characters.
        key: The ID² key, encrypted under the session key.
        check_value: The identifier, encrypted under the ID² key.
    """

    key_type: KeyType
    id2: str
    key: bytes
    check_value: bytes

    @property
    def data(self) -> bytes:
        """The data as bytes."""
        return bytes([self.key_type.otp_number or 0]) + self.id2.encode() + self.key + self.check_value


def parse_token(text: str) -> Token:
    """Read an OTP token.

    Raises:
        Id2Error: Shorter than 32 ASCII characters, unknown mark, usage or key type, or a key of no AES size.
            The message never repeats the token.

    Source: device-protocol.md c.6 (token).
    """
    if not text.isascii() or len(text) < TOKEN_MIN:
        raise Id2Error(
            f"OTP token has {len(text)} characters; it must be ASCII and have {TOKEN_MIN}", field="token"
        )
    if text[0] not in "ix":
        raise Id2Error("OTP token does not start with 'i' or 'x'", field="token", position=0)
    if text[1] not in "12":
        raise Id2Error("OTP token: usage is neither 1 nor 2", field="token", position=1)
    key_type = _BY_NUMBER.get(ord(text[2]) - ord("0"))
    if key_type is None:
        raise Id2Error("OTP token: its key type is unknown", field="token", position=2)
    usage = int(text[1])
    if usage == 1:
        key = text[3:19].encode()
    else:
        try:
            key = base64.b64decode(text[8:], validate=True)
        except (binascii.Error, ValueError):
            raise Id2Error("OTP token: no base64 from offset 8 on", field="token", position=8) from None
        if len(key) not in _AES_BY_SIZE:
            raise Id2Error(
                f"OTP token: its key has {len(key)} bytes; AES takes 16, 24 or 32", field="token", position=8
            )
    return Token(text[0], usage, key_type, Secret(key))


def build_device_code(token: Token, session_key: bytes, fingerprint: bytes) -> DeviceCode:
    """Build the code that a device without an ID gives.

    Args:
        token: The token.
        session_key: 16 random bytes.
        fingerprint: Device id, 1 to 128 bytes.

    Raises:
        Id2Error: Outside the limits.

    Source: device-protocol.md c.6.
    """
    if len(session_key) != SESSION_KEY_SIZE:
        raise Id2Error(f"session key has {len(session_key)} bytes; it must have 16", field="session_key")
    if not 1 <= len(fingerprint) <= FINGERPRINT_MAX:
        raise Id2Error(
            f"fingerprint has {len(fingerprint)} bytes; it must have 1 to 128", field="fingerprint"
        )
    number = token.key_type.otp_number
    body = bytes([number or 0]) + session_key + fingerprint
    cipher = ciphers.ecb_encrypt(_aes(token.provisioning_key.reveal()), ciphers.pad(body, _BLOCK))
    return DeviceCode(VERSION, token.provisioning_id, digest(HashType.SHA256, body), cipher)


def parse_device_code(data: bytes) -> DeviceCode:
    """Cut a device code into its fields, without opening it.

    Raises:
        Id2Error: Wrong length or version.

    Source: device-protocol.md c.6.
    """
    if not _HEAD + 2 * _BLOCK <= len(data) <= CODE_MAX or (len(data) - _HEAD) % _BLOCK:
        raise Id2Error(
            f"OTP device code has {len(data)} bytes; it has 68 and then 32 or more in blocks of 16, at most "
            f"{CODE_MAX}",
            field="code",
        )
    (version,) = struct.unpack_from("<I", data)
    if version != VERSION:
        raise Id2Error(
            f"OTP device code: version is 0x{version:08X}; it must be 0x{VERSION:08X}",
            field="version",
            position=0,
        )
    return DeviceCode(version, data[4:36], data[36:68], data[68:])


def open_device_code(token: Token, code: DeviceCode) -> DeviceReport:
    """Open a device code as the cloud does.

    Raises:
        Id2Error: Another token's code, altered body, wrong hash, or a key type other than the token's.

    Source: device-protocol.md c.6.
    """
    if code.provisioning_id != token.provisioning_id:
        raise Id2Error("OTP device code was made with another token", field="provisioning_id", position=4)
    opened = ciphers.ecb_decrypt(_aes(token.provisioning_key.reveal()), code.body)
    try:
        body = ciphers.unpad(opened, _BLOCK)
    except Id2Error as error:
        raise Id2Error(
            f"OTP device code: its body does not open: {error}", field="body", position=68
        ) from None
    if digest(HashType.SHA256, body) != code.body_hash:
        raise Id2Error("OTP device code: the hash does not fit its body", field="body_hash", position=36)
    key_type = _BY_NUMBER.get(body[0])
    if key_type is None:
        raise Id2Error(f"OTP device code: key type {body[0]} is unknown", field="key_type", position=68)
    if key_type is not token.key_type:
        raise Id2Error(
            f"OTP device code asks for {key_type}; the token is for {token.key_type}",
            field="key_type",
            position=68,
        )
    fingerprint = body[1 + SESSION_KEY_SIZE :]
    if not 1 <= len(fingerprint) <= FINGERPRINT_MAX:
        raise Id2Error(
            f"OTP device code: fingerprint has {len(fingerprint)} bytes; it has 1 to 128", field="fingerprint"
        )
    return DeviceReport(key_type, Secret(body[1 : 1 + SESSION_KEY_SIZE]), fingerprint)


def build_data(session_key: bytes, id2: str, key: Key) -> OtpData:
    """Build what the cloud sends back.

    Args:
        session_key: The 16 bytes of the device's report.
        id2: The new identifier, 24 hex digits.
        key: The new ID² key: AES or SM4.

    Raises:
        Id2Error: Outside the limits, or a key type that cannot be provisioned in the field.

    Source: device-protocol.md c.6.
    """
    _require_loadable(key.key_type)
    if len(session_key) != SESSION_KEY_SIZE:
        raise Id2Error(f"session key has {len(session_key)} bytes; it must have 16", field="session_key")
    ids.to_chip(id2)
    wrapped = ciphers.ecb_encrypt(_aes(session_key), ciphers.pad(key.reveal(), _BLOCK))
    check_value = ciphers.ecb_encrypt(key, ciphers.pad(id2.encode(), key.key_type.block_size))
    return OtpData(key.key_type, id2, wrapped, check_value)


def parse_data(data: bytes) -> OtpData:
    """Cut OTP data into its fields, without opening it.

    Raises:
        Id2Error: Unknown key type, wrong length for it, or an identifier that is none.

    Source: device-protocol.md c.6.
    """
    key_type = _BY_NUMBER.get(data[0]) if data else None
    if key_type is None:
        raise Id2Error("OTP data: its key type is unknown", field="key_type", position=0)
    _require_loadable(key_type)
    key_length = _padded(key_type.key_size)
    total = 1 + ids.HEX_LENGTH + key_length + _padded(ids.HEX_LENGTH)
    if len(data) != total:
        raise Id2Error(f"OTP data has {len(data)} bytes; with {key_type} it has {total}", field="data")
    text = data[1 : 1 + ids.HEX_LENGTH].decode("latin-1")
    ids.to_chip(text)
    offset = 1 + ids.HEX_LENGTH
    return OtpData(key_type, text, data[offset : offset + key_length], data[offset + key_length :])


def open_data(data: OtpData, session_key: bytes) -> Key:
    """Open OTP data as the device does, and check its check value.

    Returns:
        The new ID² key; its identifier is `data.id2`.

    Raises:
        Id2Error: Another session key, altered, or a check value that is not the identifier.

    Source: device-protocol.md c.6.
    """
    if len(session_key) != SESSION_KEY_SIZE:
        raise Id2Error(f"session key has {len(session_key)} bytes; it must have 16", field="session_key")
    try:
        raw = ciphers.unpad(ciphers.ecb_decrypt(_aes(session_key), data.key), _BLOCK)
        key = Key.parse(data.key_type, raw.hex())
    except Id2Error:
        raise Id2Error(
            "OTP data: its key does not open with this session key", field="key", position=25
        ) from None
    try:
        shown = ciphers.unpad(ciphers.ecb_decrypt(key, data.check_value), key.key_type.block_size)
    except Id2Error:
        shown = b""
    if shown != data.id2.encode():
        raise Id2Error(
            f"OTP data: the check value does not open to the ID {quoted(data.id2)}",
            field="check_value",
            position=25 + len(data.key),
        )
    return key


def _padded(size: int) -> int:
    return size + _BLOCK - size % _BLOCK


def _aes(key: bytes) -> Key:
    return Key(_AES_BY_SIZE[len(key)], Secret(key))


def _require_loadable(key_type: KeyType) -> None:
    if key_type not in _LOADABLE:
        raise Id2Error(
            f"key type {key_type} cannot be provisioned in the field; AES and SM4 can", field="key_type"
        )
