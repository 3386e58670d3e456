"""ProductSecrets: they have the form of a provisioning token, because devices use them as one.

Source: service.md 2.1, 6.5; device-protocol.md c.6.
"""

import secrets
import string

from harness.errors import UsageError
from harness.id2 import otp
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType
from harness.secret import Secret

LENGTH = 32
_ALPHABET = string.ascii_letters + string.digits
_ONE_DIGIT = range(1, 10)


def new(algorithm: KeyType) -> Secret:
    """Make up a ProductSecret: `i`, usage 1, the digit of the key type, and 29 random letters and digits.

    Types without a digit of their own (RSA-2048, ECC) cannot be provisioned in the field; they get the 1 of
    AES-128, so that the secret keeps its form.
    """
    return Secret(f"i1{_digit(algorithm)}" + "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH - 3)))


def with_key_type(product_secret: Secret, algorithm: KeyType) -> Secret:
    """Return the secret with the digit of another key type; the provisioning key in it stays."""
    text = product_secret.reveal().decode()
    return Secret(f"{text[:2]}{_digit(algorithm)}{text[3:]}")


def parse(product_secret: Secret) -> otp.Token:
    """Read a ProductSecret as the token that it is.

    Raises:
        UsageError: It has another form; the message does not repeat it.
    """
    try:
        return otp.parse_token(product_secret.reveal().decode())
    except (Id2Error, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, Id2Error) else "it is not text"
        raise UsageError(f"ProductSecret has not the form of a provisioning token: {why}") from None


def provision_id(product_secret: Secret) -> bytes:
    """Return the SHA-256 of the provisioning key inside: what devices send so that the product is found.

    Raises:
        UsageError: It has not the form of a token.
    """
    return parse(product_secret).provisioning_id


def _digit(algorithm: KeyType) -> int:
    number = algorithm.otp_number
    return number if number is not None and number in _ONE_DIGIT else 1
