"""The places where a fault may reach into a simulated PUF; the base class changes nothing."""

from typing import ClassVar

from harness.id2.curve import Curve


class PufHooks:
    """What a sound PUF does at each place; a fault overrides one. One object belongs to one board."""

    checks_tag: ClassVar[bool] = True
    checks_point: ClassVar[bool] = True
    checks_head: ClassVar[bool] = True
    derives: ClassVar[bool] = False  # True: get_secret and derive_key answer, from what is no secret

    def nonce(self, fresh: int, order: int) -> int:
        """Return the k of the next signature; `fresh` is the sound one."""
        del order
        return fresh

    def scalar(self, private: int) -> int:
        """Return the private key that signs."""
        return private

    def hashed(self, message: bytes) -> bytes:
        """Return what takes the place of the message that is signed."""
        return message

    def curve(self, curve: Curve) -> Curve:
        """Return the curve that signs."""
        return curve

    def signature(self, curve: Curve, r: int, s: int) -> bytes:
        """Return r and s as they are given out."""
        return r.to_bytes(curve.size) + s.to_bytes(curve.size)

    def plain(self, text: bytes) -> bytes:
        """Return what a ciphertext opens to; `text` is the right one."""
        return text

    def identity(self, text: str) -> str:
        """Return the ID that is given out."""
        return text
