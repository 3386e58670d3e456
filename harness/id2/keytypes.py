"""The key types of ID²: sizes, hash, and the numbers by which each part of the system calls them."""

from enum import StrEnum
from typing import NamedTuple, Self

from harness.id2.errors import Id2Error
from harness.id2.hashes import HashType


class _Facts(NamedTuple):
    family: str
    symmetric: bool
    block_size: int
    key_size: int
    hash: HashType
    sign_size: int
    otp_number: int | None
    spec_number: int


class KeyType(StrEnum):
    """The key types that an ID² device can hold.

    Source: device-protocol.md d (list), b.3 (hash, size of SIGN), c.6 (numbers of the OTP token), e.2
        (numbers of the
    APDU standard).
    """

    DES3_112 = "3des-112"
    DES3_168 = "3des-168"
    AES_128 = "aes-128"
    AES_192 = "aes-192"
    AES_256 = "aes-256"
    SM1_128 = "sm1-128"
    SM4_128 = "sm4-128"
    RSA_1024 = "rsa-1024"
    RSA_2048 = "rsa-2048"
    ECC_K192 = "ecc-k192"
    ECC_K224 = "ecc-k224"
    ECC_K256 = "ecc-k256"
    SM2_256 = "sm2-256"

    @property
    def family(self) -> str:
        """Name in the SDK's build log: `3DES`, `AES`, `RSA`, `ECC`, `SM1`, `SM2` or `SM4`."""
        return _FACTS[self].family

    @property
    def symmetric(self) -> bool:
        """True when SIGN is a block encryption of the hash."""
        return _FACTS[self].symmetric

    @property
    def block_size(self) -> int:
        """Cipher block in bytes; the modulus size for RSA; 1 where there are no blocks (ECC, SM2)."""
        return _FACTS[self].block_size

    @property
    def key_size(self) -> int:
        """Key in bytes: symmetric key, RSA modulus, or private scalar."""
        return _FACTS[self].key_size

    @property
    def hash(self) -> HashType:
        """The hash that goes with the key type: SM3 for SM1, SM2 and SM4, else SHA-256."""
        return _FACTS[self].hash

    @property
    def sign_size(self) -> int:
        """SIGN in bytes."""
        return _FACTS[self].sign_size

    @property
    def otp_number(self) -> int | None:
        """Number in OTP tokens and OTP data; None for ECC, which cannot be provisioned in the field."""
        return _FACTS[self].otp_number

    @property
    def spec_number(self) -> int:
        """Number in the APDU standard (GenerateKeyPair, key storage), 0x00 to 0x0A."""
        return _FACTS[self].spec_number

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key type with this name, in any case, with `_` for `-` allowed.

        Raises:
            Id2Error: No such key type; the message lists them.
        """
        wanted = text.strip().lower().replace("_", "-")
        for member in cls:
            if member.value == wanted:
                return member
        raise Id2Error(f"key type {text[:20]!a} is unknown; known are {', '.join(cls)}", field="key_type")


_FACTS: dict[KeyType, _Facts] = {
    KeyType.DES3_112: _Facts("3DES", True, 8, 16, HashType.SHA256, 40, 4, 0x00),
    KeyType.DES3_168: _Facts("3DES", True, 8, 24, HashType.SHA256, 40, 5, 0x00),
    KeyType.AES_128: _Facts("AES", True, 16, 16, HashType.SHA256, 48, 1, 0x01),
    KeyType.AES_192: _Facts("AES", True, 16, 24, HashType.SHA256, 48, 2, 0x01),
    KeyType.AES_256: _Facts("AES", True, 16, 32, HashType.SHA256, 48, 3, 0x01),
    KeyType.SM1_128: _Facts("SM1", True, 16, 16, HashType.SM3, 48, 7, 0x09),
    KeyType.SM4_128: _Facts("SM4", True, 16, 16, HashType.SM3, 48, 9, 0x05),
    KeyType.RSA_1024: _Facts("RSA", False, 128, 128, HashType.SHA256, 128, 6, 0x02),
    KeyType.RSA_2048: _Facts("RSA", False, 256, 256, HashType.SHA256, 256, 10, 0x02),
    KeyType.ECC_K192: _Facts("ECC", False, 1, 24, HashType.SHA256, 48, None, 0x0A),
    KeyType.ECC_K224: _Facts("ECC", False, 1, 28, HashType.SHA256, 56, None, 0x0A),
    KeyType.ECC_K256: _Facts("ECC", False, 1, 32, HashType.SHA256, 64, None, 0x0A),
    KeyType.SM2_256: _Facts("SM2", False, 1, 32, HashType.SM3, 64, 8, 0x04),
}
