"""The places where a fault may reach into a simulated chip; `ChipHooks` itself changes nothing."""

from enum import Enum, StrEnum
from typing import ClassVar

from harness.simulator.blockcipher import BlockCipher, RealCipher


class Answers(StrEnum):
    """How a chip hands over data.

    Source: device-protocol.md e.2 (trace for one session, and its T=0 variant).
    """

    DIRECT = "direct"  # data and 9000 at once
    GET_RESPONSE = "get-response"  # a bare 61xx, then GET RESPONSE


class Check(Enum):
    """A check that a sound chip makes on every command."""

    CLASS = "class"
    INSTRUCTION = "instruction"
    P1P2 = "p1p2"
    LENGTH = "length"


class ChipHooks:
    """What a sound chip does at each place; a fault overrides one of them.

    One object belongs to one chip and lives as long as the chip, so a fault may count and remember.
    """

    skipped: ClassVar[frozenset[Check]] = frozenset()
    remembers_operation: ClassVar[bool] = True  # False: a further block starts from the power-up state
    accepts_any_mac: ClassVar[bool] = False
    adds_padding: ClassVar[bool] = True  # MTK: the chip's own PKCS#5 on encryption
    checks_padding: ClassVar[bool] = True  # MTK: the chip's own PKCS#5 on decryption

    def delay(self, command: bytes) -> float:
        """Return how many seconds the chip works on this command."""
        del command
        return 0.0

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        """Return the GetID answer: vendor (2), length (1), ID."""
        return vendor + bytes((len(id_bytes),)) + id_bytes

    def vendor_info(self, info: bytes) -> bytes:
        """Return the GetVendorInfo answer; `info` is the sound one, 20 bytes."""
        return info

    def key(self, key: bytes) -> bytes:
        """Return the symmetric key that the chip really uses."""
        return key

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        """Return the block cipher that the chip really uses."""
        return cipher

    def continued(self, before: bytes, data: bytes) -> bytes:
        """Return the data of a further block; `before` is the data of the one before it."""
        del before
        return data

    def before_encryption(self, data: bytes, block_size: int) -> bytes:
        """Return what is encrypted; called with the data of the last block of an operation."""
        del block_size
        return data

    def after_decryption(self, data: bytes, block_size: int) -> bytes:
        """Return what is answered; called with the result for the last block of an operation."""
        del block_size
        return data

    def mac(self, mac: bytes) -> bytes:
        """Return the MAC that the chip answers."""
        return mac

    def challenge(self, challenge: bytes) -> bytes:
        """Return the answer to GetChallenge."""
        return challenge

    def fetched(self, data: bytes) -> bytes | None:
        """Return what GET RESPONSE hands over; None makes the chip say 61xx once more."""
        return data

    def crc(self, crc: bytes) -> bytes:
        """Return the CRC that the MTK chip puts under an answer."""
        return crc

    def response(self, command: bytes, response: bytes) -> bytes:
        """Return what leaves the chip; called last, with the whole answer."""
        del command
        return response
