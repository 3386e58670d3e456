"""The device challenge: random text that a device makes for the service to sign.

Source: device-protocol.md a.1, a.2, c.5.
"""

from harness.id2.codetext import DEVICE_CHALLENGE_MAX, Problem
from harness.id2.errors import Id2Error, quoted

_UPPER_HEX = frozenset("0123456789ABCDEF")


def given_length(requested: int) -> int:
    """Return how many characters a device gives for a requested number: above 128 it silently gives 128.

    Raises:
        Id2Error: Nothing was requested (the device answers -2).
    """
    if requested < 1:
        raise Id2Error("a device challenge has at least 1 character; the device answers -2", field="length")
    return min(requested, DEVICE_CHALLENGE_MAX)


def from_random(data: bytes, length: int) -> str:
    """Return the challenge that a device makes of random bytes: two hex digits each, cut to length.

    Raises:
        Id2Error: Too few bytes, or length below 1.
    """
    wanted = given_length(length)
    if 2 * len(data) < wanted:
        raise Id2Error(f"{len(data)} random bytes are too few for {wanted} characters", field="data")
    return data.hex().upper()[:wanted]


def check(text: str, requested: int) -> tuple[Problem, ...]:
    """Judge a device challenge; any text is allowed.

    Returns:
        Every problem found: another length than requested (128 at most), or a character that is no upper-case
        hex digit.
    """
    found = []
    wanted = given_length(requested)
    if len(text) != wanted:
        found.append(Problem("device_challenge", None, f"{len(text)} characters; {wanted} were due"))
    odd = next((index for index, char in enumerate(text) if char not in _UPPER_HEX), None)
    if odd is not None:
        found.append(Problem("device_challenge", odd, f"{quoted(text[odd])} is not an upper-case hex digit"))
    return tuple(found)
