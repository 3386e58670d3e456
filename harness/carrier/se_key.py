"""How a key in a secure element signs and decrypts, by its key type.

A symmetric key encrypts hash and padding (ECB). An asymmetric key gets the whole message, and the chip
hashes: the SDK hands an SM2 chip the raw message; that RSA and ECDSA chips hash too is our reading of the
algorithm names, since the SDK 3.1 cannot drive them.
Source: device-protocol.md b.3, c.1, e.2, k.1.
"""

from collections.abc import Callable

from harness.chip.carrier_chip import CarrierChip, SigningChip
from harness.chip.ica.algorithms import AsymAlgorithm, ecb_algorithm
from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.id2.signing import Signer, chip_signer

_SIGNATURES = {
    KeyType.RSA_1024: AsymAlgorithm.RSA_SHA256,
    KeyType.RSA_2048: AsymAlgorithm.RSA_SHA256,
    KeyType.SM2_256: AsymAlgorithm.SM2_SM3,
    KeyType.ECC_K256: AsymAlgorithm.ECDSA,
}
_ENCRYPTIONS = {
    KeyType.RSA_1024: AsymAlgorithm.RSA_PKCS1,
    KeyType.RSA_2048: AsymAlgorithm.RSA_PKCS1,
    KeyType.SM2_256: AsymAlgorithm.SM2_SM3,
}


def signer_of(chip: CarrierChip, key_type: KeyType) -> Signer:
    """Return what computes SIGN in this chip.

    Raises:
        UsageError: an asymmetric key type with a command set that signs nothing.
    """
    if key_type.symmetric:
        algorithm = ecb_algorithm(key_type)
        return chip_signer(key_type, lambda data: chip.encrypt_blocks(algorithm, data))
    signing, asymmetric = _asymmetric(chip, key_type), _SIGNATURES[key_type]
    return lambda message: signing.sign(asymmetric, message, size=key_type.sign_size)


def block_decrypter(chip: CarrierChip, key_type: KeyType) -> Callable[[bytes], bytes]:
    """Return what decrypts whole blocks under a symmetric key, padding left on."""
    algorithm = ecb_algorithm(key_type)
    return lambda data: chip.decrypt_blocks(algorithm, data)


def asymmetric_decrypter(chip: CarrierChip, key_type: KeyType) -> Callable[[bytes], bytes] | None:
    """Return what decrypts under an asymmetric key, padding off; None where the set has nothing for it.

    RSA data is decrypted one modulus after the other.
    """
    algorithm = _ENCRYPTIONS.get(key_type)
    if algorithm is None:
        return None
    signing = _asymmetric(chip, key_type)
    size = key_type.block_size

    def decrypt(data: bytes) -> bytes:
        if size == 1:
            return signing.decrypt(algorithm, data)
        pieces = (data[start : start + size] for start in range(0, len(data), size))
        return b"".join(signing.decrypt(algorithm, piece) for piece in pieces)

    return decrypt


def _asymmetric(chip: CarrierChip, key_type: KeyType) -> SigningChip:
    if isinstance(chip, SigningChip):
        return chip
    raise UsageError(
        f"key type {key_type} needs AsymmetricCrypt, which {type(chip).__name__} has not",
        hint="correct the key type of the plan, or the command set of the chip, in the board file",
    )
