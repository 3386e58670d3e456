"""The places where a fault may reach into a simulated chip; `ChipHooks` itself changes nothing."""

import hmac
from collections.abc import Callable, Sequence
from enum import Enum
from typing import ClassVar

from harness.simulator.chip.blockcipher import BlockCipher, RealCipher


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
    forgets_at_select: ClassVar[bool] = True  # False: a chain goes on after SELECT

    def personalised(self, key: bytes) -> None:
        """Take note of the ID² key; called once, when the chip is made."""

    def opened(self) -> None:
        """Take note that a session begins, as after power up."""

    def received(self, command: bytes) -> bytes:
        """Return the command that the chip carries out; called first."""
        return command

    def key_number(self, kid: int) -> int:
        """Return the number of the key that is used where the host named `kid`."""
        return kid

    def selects(self, name: bytes, aid: bytes) -> bool:
        """Tell whether SELECT by `name` selects the application with this AID."""
        return name == aid

    def iv(self, iv: bytes) -> bytes:
        """Return the IV that CBC or a MAC starts from."""
        return iv

    def mac_message(self, message: bytes, block_size: int) -> bytes:
        """Return what a MAC is made of, before it is padded."""
        del block_size
        return message

    def mac_method(self, method: int) -> int:
        """Return the padding method of ISO 9797-1, 1 or 2, that a MAC is made with."""
        return method

    def mac_cipher(self, cipher: BlockCipher) -> BlockCipher:
        """Return the cipher that a MAC is made with."""
        return cipher

    def mac_matches(self, compute: Callable[[bytes], bytes], data: bytes, size: int) -> bool:
        """Tell whether `data` ends in its MAC of `size` bytes."""
        return hmac.compare_digest(compute(data[:-size]), data[-size:])

    def digest(self, pieces: Sequence[bytes], digest: bytes) -> bytes:
        """Return the answer of ComputeDigest; `pieces` is the data, one command each."""
        del pieces
        return digest

    def pin_matches(self, given: bytes, pin: bytes) -> bool:
        """Tell whether a PIN is the right one."""
        return hmac.compare_digest(given, pin)

    def pin_tries(self, tries: int) -> int:
        """Return how many tries are left after a wrong PIN; `tries` is the right number."""
        return tries

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
