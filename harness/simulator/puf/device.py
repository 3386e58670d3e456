"""A PUF: an ID and an ECC key that signs and opens ciphertexts, and never leaves.

Source: device-protocol.md b.3, c.1, d; SDK 3.1.0 modules/irot/puf.
"""

from harness.errors import UsageError
from harness.id2 import ecdsa, ecies
from harness.id2.curve import Curve, Point
from harness.id2.errors import Id2Error
from harness.id2.keys import Key
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.puf.hooks import PufHooks

_HEAD = 4
_EXTRA_NONCE_BYTES = 8  # so that the remainder of a random number is as good as evenly spread


class PufError(Exception):
    """The PUF did not do what it was asked for; the SDK makes -1 of it."""


class PufDevice:
    """A PUF.

    Args:
        id_text: Its ID.
        key: Its ECC key, with the private half.
        random: Where its nonces come from.
        hooks: Where a fault may change what it does.

    Raises:
        UsageError: Another kind of key.
    """

    def __init__(self, id_text: str, key: Key, random: RandomSource, hooks: PufHooks) -> None:
        curve = ecdsa.CURVES.get(key.key_type)
        if curve is None:
            raise UsageError(
                f"simulated PUF: it has an ECC key, not one of type {key.key_type}",
                hint=f"take {', '.join(ecdsa.CURVES)}",
            )
        self.key_type = key.key_type
        self._id_text = id_text
        self._curve = curve
        self._scalar = int.from_bytes(key.reveal())
        self._random = random
        self._hooks = hooks

    def get_id(self) -> str:
        """Return the ID."""
        return self._hooks.identity(self._id_text)

    def sign(self, message: bytes) -> bytes:
        """Return r ‖ s over the SHA-256 of a message.

        Raises:
            PufError: No nonce could be used.
        """
        hooks = self._hooks
        curve = hooks.curve(self._curve)
        scalar = hooks.scalar(self._scalar) % curve.order
        fresh = 1 + int.from_bytes(self._random(curve.size + _EXTRA_NONCE_BYTES)) % (curve.order - 1)
        nonce = hooks.nonce(fresh, curve.order)
        try:
            signature = ecdsa.sign(curve, scalar, hooks.hashed(message), nonce=nonce)
        except Id2Error as error:
            raise PufError from error
        return hooks.signature(curve, *ecdsa.split(curve, signature))

    def decrypt(self, cipher: bytes) -> bytes:
        """Open an ECIES ciphertext.

        Raises:
            PufError: It does not open.
        """
        hooks, curve = self._hooks, self._curve
        if hooks.checks_tag and hooks.checks_point and hooks.checks_head:
            try:
                return hooks.plain(ecies.decrypt(curve, self._scalar, cipher))
            except Id2Error as error:
                raise PufError from error
        return hooks.plain(self._careless(curve, cipher))

    def _careless(self, curve: Curve, cipher: bytes) -> bytes:
        """Open a ciphertext without one of the checks."""
        if len(cipher) <= ecies.overhead(curve):
            raise PufError
        hooks, end = self._hooks, _HEAD + 1 + 2 * curve.size
        known = (cipher[:2], cipher[2] in {*ecies.Mode}) == (bytes((ecies.MAGIC, ecies.VERSION)), True)
        if hooks.checks_head and not known:
            raise PufError
        x, y = cipher[_HEAD + 1 : _HEAD + 1 + curve.size], cipher[_HEAD + 1 + curve.size : end]
        point = Point(int.from_bytes(x), int.from_bytes(y))
        if hooks.checks_point and not curve.holds(point):
            raise PufError
        shared = curve.multiple(self._scalar, point)
        if shared is None:
            raise PufError
        # The head may say anything here; what is no mode of its own is taken for the mode of the demo.
        mode = ecies.Mode.MAC_KEY_FIRST if cipher[2] == 0 else ecies.Mode.CIPHER_KEY_FIRST
        hidden, tag = cipher[end : -ecies.TAG_SIZE], cipher[-ecies.TAG_SIZE :]
        cipher_key, mac_key = ecies.keys(curve, shared, mode, len(hidden))
        if hooks.checks_tag and ecies.tag_of(mac_key, hidden) != tag:
            raise PufError
        return bytes(one ^ other for one, other in zip(hidden, cipher_key, strict=True))
