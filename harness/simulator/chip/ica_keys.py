"""The keys of the standard chip, and GenerateKeyPair.

Choices where the published facts leave room: P1 = 00 makes a key only where there is none (9405 otherwise),
P1 = 01 replaces one; the ID² key itself (KID 00) is never replaced. RSA of 1024 and 2048 bits and SM2 are
made; a chip makes only what its ID² key type offers, because that is what its option bitmap says.

Source: device-protocol.md e.2 (key types, element tags).
"""

from cryptography.hazmat.primitives.asymmetric import rsa

from harness.id2 import asymmetric, sm2
from harness.id2.keys import Key, KeyType
from harness.simulator.chip.model import Received, Refuse
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.chip.status import Sw

_ID2_KEY = 0x00
_KEEP, _REPLACE = 0x00, 0x01
_RSA, _SM2 = 0x02, 0x04
_TAG_N, _TAG_E, _TAG_X, _TAG_Y = 0x6E, 0x65, 0x60, 0x61
_RSA_TYPES = {1024: KeyType.RSA_1024, 2048: KeyType.RSA_2048}
_EXPONENT = 65537


class KeyStore:
    """Keys by number (KID)."""

    def __init__(self, keys: dict[int, Key]) -> None:
        self._keys = dict(keys)
        self._offered = frozenset(key.key_type.family for key in keys.values())

    def get(self, kid: int) -> Key:
        """Return a key.

        Raises:
            Refuse: 9403, there is none with this number.
        """
        if kid not in self._keys:
            raise Refuse(Sw.NO_KEY)
        return self._keys[kid]

    def all(self) -> tuple[Key, ...]:
        """Return every key."""
        return tuple(self._keys.values())

    def generate(self, received: Received, random: RandomSource) -> bytes:
        """Carry out GenerateKeyPair and return the public key as elements."""
        if received.p1 not in (_KEEP, _REPLACE) or received.p2 != 0:
            raise Refuse(Sw.P1P2)
        if len(received.data) != 4:
            raise Refuse(Sw.LENGTH)
        kind, kid = received.data[:2]
        bits = int.from_bytes(received.data[2:])
        key = self._make(kind, bits, random)
        if kid == _ID2_KEY or (kid in self._keys and received.p1 == _KEEP):
            raise Refuse(Sw.KEY_EXISTS)
        self._keys[kid] = key
        return _public_elements(key)

    def _make(self, kind: int, bits: int, random: RandomSource) -> Key:
        if kind == _RSA and "RSA" in self._offered:
            if bits not in _RSA_TYPES:
                raise Refuse(Sw.BAD_DATA)
            return _rsa_key(bits)
        if kind == _SM2 and "SM2" in self._offered:
            if bits != 256:
                raise Refuse(Sw.BAD_DATA)
            scalar = 1 + int.from_bytes(random(40)) % (sm2.N - 2)
            return Key.parse(KeyType.SM2_256, f"{scalar:064X}")
        raise Refuse(Sw.KEY_TYPE)


def _rsa_key(bits: int) -> Key:
    """Make an RSA key; its primes come from the system even when the chip's random source is seeded."""
    from cryptography.hazmat.primitives import serialization

    private = rsa.generate_private_key(_EXPONENT, bits)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Key.parse(_RSA_TYPES[bits], pem.decode())


def _public_elements(key: Key) -> bytes:
    if key.key_type is KeyType.SM2_256:
        point = sm2.parse_public(key.public)
        return _element(_TAG_X, point.x.to_bytes(32)) + _element(_TAG_Y, point.y.to_bytes(32))
    numbers = asymmetric.rsa_public_key(key).public_numbers()
    modulus = numbers.n.to_bytes(key.key_type.key_size)
    return _element(_TAG_N, modulus) + _element(_TAG_E, numbers.e.to_bytes(3))


def _element(tag: int, value: bytes) -> bytes:
    """Return one element; lengths are written as in DER."""
    size = len(value)
    if size < 0x80:
        length = bytes((size,))
    elif size <= 0xFF:
        length = bytes((0x81, size))
    else:
        length = b"\x82" + size.to_bytes(2)
    return bytes((tag,)) + length + value
