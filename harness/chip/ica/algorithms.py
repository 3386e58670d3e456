"""The numbers of the ICA command set: algorithms, modes and digests.

Source: device-protocol.md e.2.
"""

from enum import IntEnum

from harness.id2.keys import KeyType

_DES_BLOCK = 8
_BLOCK = 16
_CBC_ISO = "_CBC_ISO9797_"


class Mode(IntEnum):
    """What SymmetricCrypt and AsymmetricCrypt shall do."""

    ENCRYPT = 0x51
    DECRYPT = 0x52
    SIGN = 0x53  # SymmetricCrypt: generate a MAC
    VERIFY = 0x54


class Algorithm(IntEnum):
    """Algorithms of SymmetricCrypt. ISO9797_M1 and _M2 name the padding method of a MAC."""

    DES_CBC = 0x00
    DES_ECB = 0x01
    AES_CBC = 0x02
    AES_ECB = 0x03
    DES_CBC_ISO9797_M1 = 0x04
    DES_CBC_ISO9797_M2 = 0x05
    AES_CBC_ISO9797_M1 = 0x06
    AES_CBC_ISO9797_M2 = 0x07
    SM4_CBC = 0x10
    SM4_ECB = 0x11
    SM7_CBC = 0x12
    SM7_ECB = 0x13
    SM4_CBC_ISO9797_M1 = 0x14
    SM4_CBC_ISO9797_M2 = 0x15
    SM7_CBC_ISO9797_M1 = 0x16
    SM7_CBC_ISO9797_M2 = 0x17
    SM1_CBC = 0x18  # 18 to 1B stand in the vendor's SDK only, not in the specification
    SM1_ECB = 0x19
    SM1_CBC_ISO9797_M1 = 0x1A
    SM1_CBC_ISO9797_M2 = 0x1B

    @property
    def block_size(self) -> int:
        """Cipher block in bytes: 8 for DES and SM7, else 16."""
        return _DES_BLOCK if self.name.startswith(("DES", "SM7")) else _BLOCK

    @property
    def has_iv(self) -> bool:
        """Whether an IV of one block goes before the data."""
        return "CBC" in self.name

    @property
    def pads(self) -> bool:
        """Whether the algorithm brings its own padding, so that data of any length will do (MACs)."""
        return _CBC_ISO in self.name


class AsymAlgorithm(IntEnum):
    """Algorithms of AsymmetricCrypt; 01 is both PKCS#1 encryption and PKCS#1 signature with SHA-1."""

    RSA_NONE = 0x00
    RSA_PKCS1 = 0x01
    RSA_SHA256 = 0x02
    RSA_SHA384 = 0x03
    RSA_SHA512 = 0x04
    SM2_SM3 = 0x05
    ECDSA = 0x06

    @property
    def data_per_command(self) -> int:
        """How many bytes of data the vendor's adapter puts into one command."""
        return 0x80 if self.name.startswith("RSA") else 0xF0


class DigestType(IntEnum):
    """Hash functions of ComputeDigest."""

    SHA1 = 0x00
    SHA224 = 0x01
    SHA256 = 0x02
    SHA384 = 0x03
    SHA512 = 0x04
    SM3 = 0x05

    @property
    def size(self) -> int:
        """Digest in bytes."""
        return _DIGEST_SIZE[self]


_DIGEST_SIZE = {
    DigestType.SHA1: 20,
    DigestType.SHA224: 28,
    DigestType.SHA256: 32,
    DigestType.SHA384: 48,
    DigestType.SHA512: 64,
    DigestType.SM3: 32,
}

_ECB = {
    KeyType.DES3_112: Algorithm.DES_ECB,
    KeyType.DES3_168: Algorithm.DES_ECB,
    KeyType.AES_128: Algorithm.AES_ECB,
    KeyType.AES_192: Algorithm.AES_ECB,
    KeyType.AES_256: Algorithm.AES_ECB,
    KeyType.SM1_128: Algorithm.SM1_ECB,
    KeyType.SM4_128: Algorithm.SM4_ECB,
}


def ecb_algorithm(key_type: KeyType) -> Algorithm:
    """Return the ECB algorithm for a symmetric key type.

    Raises:
        ValueError: an asymmetric key type.
    """
    if key_type not in _ECB:
        raise ValueError(f"{key_type} is no symmetric key type")
    return _ECB[key_type]
