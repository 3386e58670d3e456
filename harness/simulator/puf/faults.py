"""Broken PUFs: each class differs from the sound one in one hook."""

from hashlib import sha256
from typing import ClassVar

from harness.id2.curve import Curve, Point
from harness.simulator.puf.hooks import PufHooks

_P256 = Curve(
    "secp256r1",
    32,
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    Point(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
)


class OtherKeySigns(PufHooks):
    """Codes are signed by another key than the one whose public half is registered."""

    def scalar(self, private: int) -> int:
        return private + 1


class OtherCurveSigns(PufHooks):
    """Codes are signed on secp256r1, whose signatures are just as long."""

    def curve(self, curve: Curve) -> Curve:
        del curve
        return _P256


class HalvesSwapped(PufHooks):
    """The signature is s ‖ r."""

    def signature(self, curve: Curve, r: int, s: int) -> bytes:
        return s.to_bytes(curve.size) + r.to_bytes(curve.size)


class SignatureInDer(PufHooks):
    """The signature is a DER sequence of two integers, as most libraries give it."""

    def signature(self, curve: Curve, r: int, s: int) -> bytes:
        del curve
        body = b"".join(b"\x02" + bytes((len(number),)) + number for number in map(_der_integer, (r, s)))
        return b"\x30" + bytes((len(body),)) + body


class LittleEndianNumbers(PufHooks):
    """r and s stand with the lowest byte first."""

    def signature(self, curve: Curve, r: int, s: int) -> bytes:
        return r.to_bytes(curve.size, "little") + s.to_bytes(curve.size, "little")


class ZeroS(PufHooks):
    """s is 0, which no message can have."""

    def signature(self, curve: Curve, r: int, s: int) -> bytes:
        del s
        return r.to_bytes(curve.size) + bytes(curve.size)


class FixedNonce(PufHooks):
    """Every signature has the same k, so that two of them give the key away."""

    def nonce(self, fresh: int, order: int) -> int:
        del fresh
        return 0x5EED5EED5EED5EED5EED5EED5EED5EED5EED % order


class CountingNonce(PufHooks):
    """k goes up by one from signature to signature, so that two of them give the key away."""

    def __init__(self) -> None:
        self._last = 0

    def nonce(self, fresh: int, order: int) -> int:
        self._last = (self._last or fresh) + 1
        return self._last % order


class SmallNonce(PufHooks):
    """k has 11 bits, so that whoever tries them has the key."""

    def nonce(self, fresh: int, order: int) -> int:
        del order
        return 2 + fresh % 2046


class FewNonces(PufHooks):
    """There are four values of k, so that they soon repeat."""

    def nonce(self, fresh: int, order: int) -> int:
        return int.from_bytes(sha256(bytes((fresh % 4,))).digest()) % order


class HashTwice(PufHooks):
    """The hash of the message is hashed once more before it is signed."""

    def hashed(self, message: bytes) -> bytes:
        return sha256(message).digest()


class TagUnchecked(PufHooks):
    """A ciphertext is opened whatever its tag is."""

    checks_tag: ClassVar[bool] = False


class PointUnchecked(PufHooks):
    """A ciphertext is opened with a point that is not on the curve, which gives the key away bit by bit."""

    checks_point: ClassVar[bool] = False


class HeadUnchecked(PufHooks):
    """A ciphertext is opened whatever its head says."""

    checks_head: ClassVar[bool] = False


class PlainCut(PufHooks):
    """What a ciphertext opens to loses what stands behind 24 bytes, as if every ID had 24 characters."""

    def plain(self, text: bytes) -> bytes:
        return text[:24]


class IdCut(PufHooks):
    """Only 24 characters of the ID are given out."""

    def identity(self, text: str) -> str:
        return text[:24]


class DerivesFromSignature(PufHooks):
    """get_secret and derive_key answer from a signature, which is another one each time."""

    derives: ClassVar[bool] = True


def _der_integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1)
