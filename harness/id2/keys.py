"""ID² keys, which never show their value; their types stand in `keytypes` and are given on here."""

import json
import re
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.id2 import ecdsa, sm2
from harness.id2.errors import Id2Error
from harness.id2.keytypes import KeyType
from harness.secret import Secret

__all__ = ["Key", "KeyType"]


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A key of one type; make it with `parse` or `parse_public`.

    Attributes:
        key_type: What it is.
        secret: The symmetric key, the private scalar (32 bytes, big endian), or the RSA private key as PKCS#8
            DER; None when only the public key is known.
        public: Empty for symmetric keys; `04 ‖ X ‖ Y` for ECC and SM2; SubjectPublicKeyInfo DER for RSA.
    """

    key_type: KeyType
    secret: Secret | None
    public: bytes = field(default=b"")

    def __repr__(self) -> str:
        return f"Key({self.key_type.value}, {'public' if self.secret is None else '***'})"

    def reveal(self) -> bytes:
        """Return the private bytes.

        Raises:
            Id2Error: Only the public key is known.
        """
        if self.secret is None:
            raise Id2Error(
                f"key of type {self.key_type} is a public key; this needs the private one", field="key"
            )
        return self.secret.reveal()

    @classmethod
    def parse(cls, key_type: KeyType, text: str) -> Self:
        """Read a private or symmetric key from text.

        Args:
            key_type: What the text must be.
            text: Hex digits for symmetric keys and for the private scalar of ECC and SM2. For RSA a PEM
                private key, or a JSON object with `n`, `e`, `d` and, if wanted, `p` and `q` (integers, or
                strings of hex digits).

        Raises:
            Id2Error: Wrong form or size. The message never repeats the key.

        Source: device-protocol.md b.3, b.5.
        """
        if key_type in (KeyType.RSA_1024, KeyType.RSA_2048):
            private = _rsa_private(key_type, text)
            return cls(key_type, Secret(_rsa_pkcs8(private)), _rsa_spki(private.public_key()))
        value = _hex_key(key_type, text)
        if key_type.symmetric:
            return cls(key_type, Secret(value))
        scalar = int.from_bytes(value)
        if curve := ecdsa.CURVES.get(key_type):
            return cls(key_type, Secret(value), curve.encoded(ecdsa.public_point(curve, scalar)))
        return cls(key_type, Secret(value), sm2.public_bytes(sm2.public_point(scalar)))

    @classmethod
    def parse_public(cls, key_type: KeyType, text: str) -> Self:
        """Read a public key, enough to verify codes.

        Args:
            key_type: An asymmetric type.
            text: `04 ‖ X ‖ Y` in hex (the `04` may be missing) for ECC and SM2; PEM or JSON with `n` and `e`
                for RSA.

        Raises:
            Id2Error: Symmetric type, wrong form, or a point that is not on the curve.
        """
        if key_type.symmetric:
            raise Id2Error(f"key type {key_type} is symmetric and has no public key", field="key_type")
        if key_type in (KeyType.RSA_1024, KeyType.RSA_2048):
            return cls(key_type, None, _rsa_spki(_rsa_public(key_type, text)))
        curve = ecdsa.CURVES.get(key_type, sm2.CURVE)
        digits, wanted = re.sub(r"\s", "", text), 4 * curve.size
        if len(digits) == wanted:
            digits = "04" + digits
        if not re.fullmatch(rf"04[0-9A-Fa-f]{{{wanted}}}", digits):
            raise Id2Error(
                f"public key of type {key_type} is 04 and {wanted} hex digits (X and Y)", field="key"
            )
        point = bytes.fromhex(digits)
        curve.decoded(point)
        return cls(key_type, None, point)


def _hex_key(key_type: KeyType, text: str) -> bytes:
    digits = text.strip()
    wanted = 2 * key_type.key_size
    if not re.fullmatch(r"[0-9A-Fa-f]*", digits):
        raise Id2Error(
            f"key of type {key_type} must be {wanted} hex digits; other characters are in it", field="key"
        )
    if len(digits) != wanted:
        raise Id2Error(
            f"key of type {key_type} must be {wanted} hex digits; {len(digits)} are given", field="key"
        )
    return bytes.fromhex(digits)


def _rsa_pkcs8(private: rsa.RSAPrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _rsa_spki(public: rsa.RSAPublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _rsa_private(key_type: KeyType, text: str) -> rsa.RSAPrivateKey:
    if text.lstrip().startswith("{"):
        private = _rsa_private_from_numbers(key_type, _rsa_numbers(key_type, text, ("n", "e", "d")))
    else:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            loaded = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise Id2Error(
                f"key of type {key_type} must be an unencrypted PEM private key, or JSON with n, e and d",
                field="key",
            ) from None
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise Id2Error(f"key of type {key_type}: the PEM holds a key of another kind", field="key")
        private = loaded
    _require_rsa_size(key_type, private.key_size)
    return private


def _rsa_private_from_numbers(key_type: KeyType, numbers: dict[str, int]) -> rsa.RSAPrivateKey:
    n, e, d = numbers["n"], numbers["e"], numbers["d"]
    _require_rsa_size(key_type, n.bit_length())
    if "p" in numbers and "q" in numbers:
        p, q = numbers["p"], numbers["q"]
    else:
        try:
            p, q = rsa.rsa_recover_prime_factors(n, e, d)
        except ValueError:
            raise Id2Error(
                f"key of type {key_type}: n, e and d do not belong together", field="key"
            ) from None
    p, q = max(p, q), min(p, q)
    # The library's own full check costs a primality test; these two congruences are what signing relies on.
    if p * q != n or min(p, q) < 3 or e * d % (p - 1) != 1 or e * d % (q - 1) != 1:
        raise Id2Error(f"key of type {key_type}: n, e, d, p and q do not belong together", field="key")
    try:
        return rsa.RSAPrivateNumbers(
            p,
            q,
            d,
            rsa.rsa_crt_dmp1(d, p),
            rsa.rsa_crt_dmq1(d, q),
            rsa.rsa_crt_iqmp(p, q),
            rsa.RSAPublicNumbers(e, n),
        ).private_key(unsafe_skip_rsa_key_validation=True)
    except ValueError:
        raise Id2Error(f"key of type {key_type}: the numbers are not an RSA key", field="key") from None


def _rsa_public(key_type: KeyType, text: str) -> rsa.RSAPublicKey:
    if text.lstrip().startswith("{"):
        numbers = _rsa_numbers(key_type, text, ("n", "e"))
        try:
            public = rsa.RSAPublicNumbers(numbers["e"], numbers["n"]).public_key()
        except ValueError:
            raise Id2Error(
                f"public key of type {key_type}: n and e are not an RSA key", field="key"
            ) from None
    else:
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            loaded = load_pem_public_key(text.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise Id2Error(
                f"public key of type {key_type} must be PEM, or JSON with n and e", field="key"
            ) from None
        if not isinstance(loaded, rsa.RSAPublicKey):
            raise Id2Error(f"public key of type {key_type}: the PEM holds a key of another kind", field="key")
        public = loaded
    _require_rsa_size(key_type, public.key_size)
    return public


def _rsa_numbers(key_type: KeyType, text: str, required: tuple[str, ...]) -> dict[str, int]:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        raise Id2Error(f"key of type {key_type} starts like JSON and is not JSON", field="key") from None
    numbers: dict[str, int] = {}
    for name in ("n", "e", "d", "p", "q"):
        value = loaded.get(name)
        if isinstance(value, str) and re.fullmatch(r"(0x)?[0-9A-Fa-f]{1,1024}", value):
            value = int(value, 16)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            numbers[name] = value
        elif name in required or value is not None:
            raise Id2Error(
                f"key of type {key_type}: {name} must be an integer or a string of hex digits", field="key"
            )
    return numbers


def _require_rsa_size(key_type: KeyType, bits: int) -> None:
    wanted = 8 * key_type.key_size
    if bits != wanted:
        raise Id2Error(
            f"key of type {key_type} needs a modulus of {wanted} bits; this one has {bits}", field="key"
        )
