"""Nonces of ECDSA that give the private key away, found from signatures and the public key alone.

Whoever knows k of one signature has the key; so has whoever has two signatures with the same k, or with two that
differ by a number he can guess. The point k·G follows from each signature, so that small numbers and small
differences show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import combinations

from harness.id2 import ecdsa
from harness.id2.curve import Curve, Point
from harness.id2.keys import Key, KeyType

GUESSED = 4096
"""How large a nonce, or a difference of two, is that counts as guessed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A message and its signature, r ‖ s.

    Attributes:
        message: What was signed.
        signature: r ‖ s; of another length it is left out here.
    """

    message: bytes
    signature: bytes


def same_nonce(key_type: KeyType, signed: Sequence[Signed]) -> str:
    """Return how two signatures over different messages show the same nonce, by the same r; empty when none do.

    No key is needed.
    """
    curve = ecdsa.CURVES[key_type]
    whole = [each for each in signed if len(each.signature) == 2 * curve.size]
    for (first, one), (second, other) in combinations(enumerate(whole), 2):
        same_r = ecdsa.split(curve, one.signature)[0] == ecdsa.split(curve, other.signature)[0]
        if same_r and one.message != other.message:
            return (
                f"signatures {first + 1} and {second + 1} of {len(whole)} have the same r, so the same nonce: "
                "the private key can be computed from them"
            )
    return ""


def guessable(key: Key, signed: Sequence[Signed]) -> str:
    """Return how the nonces of signatures that verify can be guessed; empty when they cannot be guessed so.

    Args:
        key: The public key, or the private one; an ECC key.
        signed: The signatures; those that do not verify are left out.
    """
    curve = ecdsa.CURVES[key.key_type]
    public = curve.decoded(key.public)
    points = [point for each in signed if (point := _nonce_point(curve, public, each)) is not None]
    small = _small_multiples(key.key_type)
    for number, point in enumerate(points, 1):
        if (found := small.get(point.x)) is not None:
            return f"signature {number} was made with a nonce of {found} or its negative, which anybody can guess"
    for (first, one), (second, other) in combinations(enumerate(points, 1), 2):
        for apart in _apart(curve, one, other):
            if (found := small.get(apart.x)) is not None:
                return (
                    f"the nonces of signatures {first} and {second} differ by {found}: the private key can be "
                    "computed from them"
                )
    return ""


def _nonce_point(curve: Curve, public: Point, signed: Signed) -> Point | None:
    """Return k·G of a signature that verifies, None for another."""
    if not ecdsa.verify(curve, public, signed.message, signed.signature):
        return None
    r, s = ecdsa.split(curve, signed.signature)
    inverse = pow(s, -1, curve.order)
    hashed = ecdsa.truncated(curve, sha256(signed.message).digest())
    return curve.combined(hashed * inverse % curve.order, r * inverse % curve.order, public)


def _apart(curve: Curve, one: Point, other: Point) -> Iterator[Point]:
    """Give the difference and the sum of two points: a signer may have taken either of the two values of s."""
    for sign in (other.y, curve.p - other.y):
        found = curve.sum_of(one, Point(other.x, sign))
        if found is not None:
            yield found


@lru_cache(maxsize=3)
def _small_multiples(key_type: KeyType) -> dict[int, int]:
    """Return X of 1·G to GUESSED·G, each with its factor."""
    curve = ecdsa.CURVES[key_type]
    found: dict[int, int] = {}
    point: Point | None = curve.generator
    for factor in range(1, GUESSED + 1):
        assert point is not None, "the order of the curve is larger than this table"
        found[point.x] = factor
        point = curve.sum_of(point, curve.generator)
    return found
