"""The record layer: framing, and MAC-then-encrypt with an explicit IV.

Source: device-protocol.md h.3; RFC 5246 6.2.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from harness.id2.codes import ItlsAlert
from harness.itls.errors import ItlsError
from harness.itls.key_schedule import DirectionKeys
from harness.itls.messages import TLS_1_2
from harness.itls.suites import BLOCK_SIZE, IV_SIZE, Suite

HEADER_SIZE = 5
PLAIN_MAX = 1 << 14
CIPHER_MAX = PLAIN_MAX + 2048


class ContentType(IntEnum):
    """What is in a record."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


_KNOWN_TYPES = frozenset(ContentType)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it travelled.

    Attributes:
        kind: What is in it.
        payload: Its content, encrypted or not.
    """

    kind: ContentType
    payload: bytes


class RecordBuffer:
    """Collects bytes and cuts them into records; it never holds more than one record that is not whole yet."""

    __slots__ = ("_data", "_first")

    def __init__(self) -> None:
        self._data = bytearray()
        self._first = True

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: bytes) -> None:
        """Add what came from the wire."""
        self._data += data

    def next(self) -> Record | None:
        """Return the next whole record, or None when more bytes are needed.

        Raises:
            ItlsError: Unknown type, another version, or too long.
        """
        data = self._data
        if not data:
            return None
        # Judged byte by byte, so that garbage is refused at once and not only when five bytes are there.
        if data[0] not in _KNOWN_TYPES:
            raise ItlsError(f"a record of type {data[0]}, which there is not", ItlsAlert.UNEXPECTED_MESSAGE)
        if len(data) < HEADER_SIZE:
            return None
        # The first ClientHello of a TLS client may say 03 01 here; nothing else may.
        if data[1] != TLS_1_2[0] or (data[2] != TLS_1_2[1] and not (self._first and data[2] == 1)):
            raise ItlsError(f"a record of version {data[1]:02x} {data[2]:02x}", ItlsAlert.PROTOCOL_VERSION)
        size = data[3] << 8 | data[4]
        if size > CIPHER_MAX:
            raise ItlsError(f"a record of {size} bytes; {CIPHER_MAX} are the most", ItlsAlert.RECORD_OVERFLOW)
        if len(data) < HEADER_SIZE + size:
            return None
        record = Record(ContentType(data[0]), bytes(data[HEADER_SIZE : HEADER_SIZE + size]))
        del data[: HEADER_SIZE + size]
        self._first = False
        return record


def framed(kind: int, payload: bytes) -> bytes:
    """Return a record with its header."""
    return bytes((kind, *TLS_1_2, len(payload) >> 8, len(payload) & 0xFF)) + payload


class Protection:
    """One direction under keys: counts records, adds and checks MAC and padding, encrypts and decrypts."""

    __slots__ = ("_algorithm", "_hash", "_mac_key", "_mac_size", "_random", "sequence")

    def __init__(
        self, suite: Suite, keys: DirectionKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._algorithm = AES(keys.cipher.reveal())
        self._mac_key = keys.mac.reveal()
        self._hash = suite.hash_name
        self._mac_size = suite.mac_size
        self._random = random
        self.sequence = 0

    def protect(self, kind: int, plain: bytes) -> bytes:
        """Return the payload of the next record.

        Args:
            kind: Content type; the MAC covers it.
            plain: At most 16384 bytes.
        """
        mac = hmac.digest(self._mac_key, self._covered(kind, plain), self._hash)
        self.sequence += 1
        padding = BLOCK_SIZE - 1 - (len(plain) + len(mac)) % BLOCK_SIZE
        iv = self._random(IV_SIZE)
        context = Cipher(self._algorithm, modes.CBC(iv)).encryptor()
        return iv + context.update(plain + mac + bytes((padding,)) * (padding + 1)) + context.finalize()

    def open(self, record: Record) -> bytes:
        """Return what is in the next record.

        Raises:
            ItlsError: bad_record_mac, the same for padding and MAC; record_overflow.
        """
        payload = record.payload
        least = IV_SIZE + -(-(self._mac_size + 1) // BLOCK_SIZE) * BLOCK_SIZE
        if len(payload) < least or len(payload) % BLOCK_SIZE:
            raise _bad_mac()
        context = Cipher(self._algorithm, modes.CBC(payload[:IV_SIZE])).decryptor()
        opened = context.update(payload[IV_SIZE:]) + context.finalize()
        # As RFC 5246 6.2.3.2 advises: wrong padding counts as none, and the MAC is computed all the same.
        padding = opened[-1] + 1
        good = (
            padding + self._mac_size <= len(opened) and opened[-padding:] == bytes((padding - 1,)) * padding
        )
        end = len(opened) - self._mac_size - (padding if good else 0)
        plain = opened[:end]
        expected = hmac.digest(self._mac_key, self._covered(record.kind, plain), self._hash)
        if not hmac.compare_digest(expected, opened[end : end + self._mac_size]) or not good:
            raise _bad_mac()
        self.sequence += 1
        if len(plain) > PLAIN_MAX:
            raise ItlsError(f"a record of {len(plain)} bytes of content", ItlsAlert.RECORD_OVERFLOW)
        return plain

    def _covered(self, kind: int, plain: bytes) -> bytes:
        head = self.sequence.to_bytes(8, "big") + bytes((kind, *TLS_1_2)) + len(plain).to_bytes(2, "big")
        return head + plain


def _bad_mac() -> ItlsError:
    return ItlsError("a record's MAC or padding is wrong", ItlsAlert.BAD_RECORD_MAC)
