"""The hash functions of ID² and the numbers that name them inside an auth code."""

from enum import IntEnum

from cryptography.hazmat.primitives import hashes


class HashType(IntEnum):
    """Second field of an auth code.

    Source: device-protocol.md b.1; SHA-1 was a build option of version 1.0 only.
    """

    SHA1 = 1
    SHA256 = 2
    SM3 = 3

    @property
    def size(self) -> int:
        """Digest size in bytes."""
        return 20 if self is HashType.SHA1 else 32


def digest(hash_type: HashType, data: bytes) -> bytes:
    """Hash `data`.

    Args:
        hash_type: Which hash.
        data: Any bytes.

    Returns:
        20 bytes for SHA-1, 32 bytes for SHA-256 and SM3.

    Source: device-protocol.md b.1, b.3; SM3 is GB/T 32905.
    """
    context = hashes.Hash(_algorithm(hash_type))
    context.update(data)
    return context.finalize()


def _algorithm(hash_type: HashType) -> hashes.HashAlgorithm:
    match hash_type:
        case HashType.SHA1:
            return hashes.SHA1()  # noqa: S303  the number names it; new devices cannot be built with it
        case HashType.SHA256:
            return hashes.SHA256()
        case HashType.SM3:
            return hashes.SM3()
