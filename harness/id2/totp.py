"""The time-based one-time password of the DPM part: digits that depend on time and device, and hide an index.

Source: device-protocol.md c.8. The SDK's header says milliseconds for the step; its test passes seconds, and
so do we.
"""

import hmac
from functools import reduce

from harness.id2 import secrets
from harness.id2.errors import Id2Error
from harness.id2.keys import Key

STEP_MIN = 180
STEP_MAX = 1800
LENGTH_MIN = 6
LENGTH_MAX = 16
INDEX_MAX = 99


def build(key: Key, id2: str, *, timestamp: int, index: int, step: int = STEP_MIN, length: int = 12) -> str:
    """Return the password of a device.

    Args:
        key: ID² key (3DES, AES or SM4).
        id2: Identifier of the device.
        timestamp: Seconds since 1970, above 0.
        index: 0 to 99.
        step: Seconds for which a password holds, 180 to 1800; 0 means 180.
        length: Digits, 6 to 16.

    Raises:
        Id2Error: Outside the limits, or a key type that derives nothing.
    """
    secret = secrets.get_secret(key, id2)
    return build_from_secret(secret, timestamp=timestamp, index=index, step=step, length=length)


def build_from_secret(
    secret: str, *, timestamp: int, index: int, step: int = STEP_MIN, length: int = 12
) -> str:
    """Return the password for a device secret, which is `get_secret` with the ID as seed; see `build`.

    Raises:
        Id2Error: Outside the limits.
    """
    if len(secret) != 64:
        raise Id2Error("the device secret has 64 hex digits", field="secret")
    step = step or STEP_MIN
    if not 0 < timestamp < 1 << 64:
        raise Id2Error(f"timestamp {timestamp} is not a time in seconds above 0", field="timestamp")
    if not 0 <= index <= INDEX_MAX:
        raise Id2Error(f"index {index} is not 0 to {INDEX_MAX}", field="index")
    if not STEP_MIN <= step <= STEP_MAX:
        raise Id2Error(f"step {step} is not {STEP_MIN} to {STEP_MAX} seconds", field="step")
    if not LENGTH_MIN <= length <= LENGTH_MAX:
        raise Id2Error(f"length {length} is not {LENGTH_MIN} to {LENGTH_MAX} digits", field="length")
    message = (timestamp // step).to_bytes(8) + f"{index:02d}".encode()
    mac = hmac.digest(secret.encode(), message, "sha256")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 8]) & 0x7FFFFFFFFFFFFFFF
    digits = f"{number % 10 ** (length - 2):0{length - 2}d}"
    tens, ones = _masks(digits)
    return f"{digits}{(tens - index // 10) % 10}{(ones - index % 10) % 10}"


def recover_index(password: str) -> int:
    """Return the index that the last two digits hide.

    Raises:
        Id2Error: Not 6 to 16 decimal digits.
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX or not (password.isascii() and password.isdigit()):
        raise Id2Error(f"a password has {LENGTH_MIN} to {LENGTH_MAX} decimal digits", field="password")
    tens, ones = _masks(password[:-2])
    return (tens - int(password[-2])) % 10 * 10 + (ones - int(password[-1])) % 10


def _masks(digits: str) -> tuple[int, int]:
    mixed = reduce(lambda left, right: left ^ right, digits.encode())
    tens = mixed % 10
    return tens, (mixed + tens) % 10
