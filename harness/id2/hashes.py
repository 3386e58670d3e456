"""The hash functions of ID² and the numbers that name them inside an auth code."""

import hashlib
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
    match hash_type:
        case HashType.SHA256:
            return hashlib.sha256(data).digest()
        case HashType.SHA1:  # the number names it; new devices cannot be built with it
            return hashlib.sha1(data, usedforsecurity=False).digest()
        case HashType.SM3:  # hashlib has it only where its OpenSSL does
            context = hashes.Hash(hashes.SM3())
            context.update(data)
            return context.finalize()
