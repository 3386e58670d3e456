"""The record layer: framing, and MAC-then-encrypt with an explicit IV.

Source: device-protocol.md h.3; RFC 5246 6.2.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from harness.id2.codes import ItlsAlert
from harness.itls.errors import ItlsError
from harness.itls.key_schedule import DirectionKeys
from harness.itls.messages import TLS_1_2
from harness.itls.suites import BLOCK_SIZE, IV_SIZE, Suite

HEADER_SIZE = 5
PLAIN_MAX = 1 << 14
CIPHER_MAX = PLAIN_MAX + 2048
_PADDINGS = tuple(bytes((size,)) * (size + 1) for size in range(256))


class ContentType(IntEnum):
    """What is in a record."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


_KNOWN_TYPES = frozenset(ContentType)


@dataclass(frozen=True, slots=True)
class TlsRecord:
    """One record as it travelled.

    Attributes:
        kind: What is in it.
        payload: Its content, encrypted or not.
        version: Two bytes of its header.
    """

    kind: ContentType
    payload: bytes
    version: bytes = TLS_1_2

    @property
    def wire(self) -> bytes:
        """The record with its header."""
        return bytes((self.kind, *self.version)) + len(self.payload).to_bytes(2, "big") + self.payload


class RecordBuffer:
    """Collects bytes and cuts them into records; it never holds more than one record that is not whole yet."""

    __slots__ = ("_data", "_first", "_most")

    def __init__(self, most: int = CIPHER_MAX) -> None:
        """Take records with up to `most` bytes of payload."""
        self._data = bytearray()
        self._first = True
        self._most = most

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: bytes) -> None:
        """Add what came from the wire."""
        self._data += data

    def clear(self) -> None:
        """Forget what is held."""
        self._data.clear()

    def next(self) -> TlsRecord | None:
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
        if size > self._most:
            raise ItlsError(f"a record of {size} bytes; {self._most} are the most", ItlsAlert.RECORD_OVERFLOW)
        if len(data) < HEADER_SIZE + size:
            return None
        payload = bytes(data[HEADER_SIZE : HEADER_SIZE + size])
        record = TlsRecord(
            ContentType(data[0]), payload, TLS_1_2 if data[2] == TLS_1_2[1] else bytes(data[1:3])
        )
        del data[: HEADER_SIZE + size]
        self._first = False
        return record


class Protection:
    """One direction under keys: counts records, adds and checks MAC and padding, encrypts and decrypts.

    Attributes:
        sequence: Number of the next record.
    """

    # One cipher context serves all records: making one costs more than encrypting a short record. An explicit IV is
    # what the chain makes of a random block (RFC 4346 6.2.3.2, method 2b); decrypting across it loses only that block.

    __slots__ = (
        "_checks_mac",
        "_cipher",
        "_decryptor",
        "_encryptor",
        "_hash",
        "_mac_key",
        "_mac_size",
        "_random",
        "sequence",
    )

    def __init__(
        self,
        suite: Suite,
        keys: DirectionKeys,
        random: Callable[[int], bytes] = secrets.token_bytes,
        *,
        checks_mac: bool = True,
    ) -> None:
        """Hold one direction.

        Args:
            suite: Says which hash and sizes.
            keys: Of this direction.
            random: Source of the explicit IVs.
            checks_mac: False takes records whatever their MAC says: a defect to be found.
        """
        self._checks_mac = checks_mac
        self._cipher = Cipher(AES(keys.cipher.reveal()), modes.CBC(random(IV_SIZE)))
        self._encryptor: CipherContext | None = None
        self._decryptor: CipherContext | None = None
        self._mac_key = keys.mac.reveal()
        self._hash = suite.hash_name
        self._mac_size = suite.mac_size
        self._random = random
        self.sequence = 0

    def protect(self, kind: int, plain: bytes, tail: Callable[[bytes, bytes], bytes] | None = None) -> bytes:
        """Return the payload of the next record.

        Args:
            kind: Content type; the MAC covers it.
            plain: Its content; the caller keeps to the limit of 16384 bytes.
            tail: Makes of MAC and padding what stands behind the content; whole blocks must come of it. None for
                the two as they are.
        """
        mac = hmac.digest(self._mac_key, self._covered(kind, plain), self._hash)
        self.sequence += 1
        padding = BLOCK_SIZE - 1 - (len(plain) + len(mac)) % BLOCK_SIZE
        if self._encryptor is None:
            self._encryptor = self._cipher.encryptor()
        pad = _PADDINGS[padding]
        return self._encryptor.update(
            self._random(IV_SIZE) + plain + (mac + pad if tail is None else tail(mac, pad))
        )

    def open(self, record: TlsRecord) -> bytes:
        """Return what is in the next record.

        Raises:
            ItlsError: bad_record_mac, the same for padding and MAC.
        """
        payload = record.payload
        least = IV_SIZE + -(-(self._mac_size + 1) // BLOCK_SIZE) * BLOCK_SIZE
        if len(payload) < least or len(payload) % BLOCK_SIZE:
            raise _bad_mac()
        if self._decryptor is None:
            self._decryptor = self._cipher.decryptor()
        opened = self._decryptor.update(payload)[IV_SIZE:]
        # As RFC 5246 6.2.3.2 advises: wrong padding counts as none, and the MAC is computed all the same.
        padding = self._padding_of(opened)
        good = padding is not None
        end = len(opened) - self._mac_size - (padding or 0)
        plain = opened[:end]
        expected = hmac.digest(self._mac_key, self._covered(record.kind, plain), self._hash)
        right = self._mac_is_right(expected, opened[end : end + self._mac_size])
        if not good or (self._checks_mac and not right):
            raise _bad_mac()
        self.sequence += 1
        return plain

    def _padding_of(self, opened: bytes) -> int | None:
        """Return how many bytes of padding, their number included, stand at the end; None when they are wrong."""
        padding = opened[-1] + 1
        right = padding + self._mac_size <= len(opened) and opened.endswith(_PADDINGS[padding - 1])
        return padding if right else None

    def _mac_is_right(self, expected: bytes, came: bytes) -> bool:
        return hmac.compare_digest(expected, came)

    def _covered(self, kind: int, plain: bytes) -> bytes:
        head = self.sequence.to_bytes(8, "big") + bytes((kind, *TLS_1_2)) + len(plain).to_bytes(2, "big")
        return head + plain


def _bad_mac() -> ItlsError:
    return ItlsError("a record's MAC or padding is wrong", ItlsAlert.BAD_RECORD_MAC)
