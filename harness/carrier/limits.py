"""The limits of the ID² client API, checked as the SDK checks them: which code for what.

For carriers where the harness itself plays the SDK; a device that runs the SDK checks them by itself.
Source: device-protocol.md a.1, a.4.
"""

from harness.carrier.errors import CarrierError
from harness.id2.codes import ResultCode

RANDOM_MAX = 32
EXTRA_MAX = 512
CRYPT_MAX = 1024
SEED_MAX = 128
DERIVED_KEY_MAX = 32
DEVICE_CHALLENGE_MAX = 128

_BAD = ResultCode.BAD_PARAMETERS
_EXCESS = ResultCode.EXCESS_DATA


def check_random(operation: str, what: str, text: str) -> None:
    """A challenge or timestamp has 1 to 32 printable ASCII characters.

    Raises:
        CarrierError: -2.
    """
    if not 1 <= len(text) <= RANDOM_MAX:
        raise CarrierError(
            operation, _BAD, f"the {what} has {len(text)} characters, allowed are 1 to {RANDOM_MAX}"
        )
    _check_text(operation, what, text)


def check_extra(operation: str, what: str, extra: bytes | None) -> None:
    """Extra is none at all, or 1 to 512 bytes.

    Raises:
        CarrierError: -4.
    """
    if extra is not None and not 1 <= len(extra) <= EXTRA_MAX:
        raise CarrierError(
            operation, _EXCESS, f"the {what} has {len(extra)} bytes, allowed are 1 to {EXTRA_MAX}"
        )


def check_crypt(operation: str, what: str, data: bytes, *, block: int = 1) -> None:
    """Data to encrypt or decrypt has 1 to 1024 bytes in whole blocks.

    Raises:
        CarrierError: -2 for none and for a broken block, -4 for too much.
    """
    if not data:
        raise CarrierError(operation, _BAD, f"the {what} is empty")
    if len(data) > CRYPT_MAX:
        raise CarrierError(
            operation, _EXCESS, f"the {what} has {len(data)} bytes, at most {CRYPT_MAX} are allowed"
        )
    if len(data) % block:
        raise CarrierError(operation, _BAD, f"the {what} has {len(data)} bytes, no whole blocks of {block}")


def check_seed(operation: str, seed: str, *, may_be_empty: bool) -> None:
    """A seed has at most 128 characters.

    Raises:
        CarrierError: -2 for an empty seed where there must be one and for other than ASCII, -4 for too long.
    """
    if not seed and not may_be_empty:
        raise CarrierError(operation, _BAD, "the seed is empty")
    if len(seed) > SEED_MAX:
        raise CarrierError(
            operation, _EXCESS, f"the seed has {len(seed)} characters, at most {SEED_MAX} are allowed"
        )
    _check_text(operation, "seed", seed)


def check_key_length(operation: str, length: int) -> None:
    """A derived key has 1 to 32 bytes.

    Raises:
        CarrierError: -2.
    """
    if not 1 <= length <= DERIVED_KEY_MAX:
        raise CarrierError(operation, _BAD, f"a key of {length} bytes, allowed are 1 to {DERIVED_KEY_MAX}")


def check_device_random(operation: str, text: str) -> None:
    """A device challenge has 1 to 128 printable ASCII characters.

    Raises:
        CarrierError: -2 for none and for other characters, -4 for too many.
    """
    if not text:
        raise CarrierError(operation, _BAD, "the device random is empty")
    if len(text) > DEVICE_CHALLENGE_MAX:
        raise CarrierError(
            operation,
            _EXCESS,
            f"the device random has {len(text)} characters, allowed are {DEVICE_CHALLENGE_MAX}",
        )
    _check_text(operation, "device random", text)


def _check_text(operation: str, what: str, text: str) -> None:
    if not (text.isascii() and (text.isprintable())):
        raise CarrierError(operation, _BAD, f"the {what} holds characters that are not printable ASCII")
