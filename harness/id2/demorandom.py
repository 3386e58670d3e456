"""Recognise numbers that the demo HAL of the vendor's SDK made: they only look random.

Its `ls_hal_get_random` is a linear congruential generator, `x = 1664525 x + 1013904223 mod 2**32`, that the SDK
seeds with the clock in milliseconds before every use. So each 32-bit word gives the next one, and a device
random gives the moment in which it was made.

Source: SDK 3.1.0 modules/hal/demo/src/ls_hal_rand.c; device-protocol.md a.4, k.4.
"""

from itertools import pairwise
from typing import Literal

_FACTOR = 1664525
_STEP = 1013904223
_WORD = 4
_RANGE = 1 << 8 * _WORD


def follows_demo_generator(text: str) -> bool:
    """Tell whether random hex text consists of successive words of the demo generator.

    Args:
        text: A device random or a device challenge: hex digits, of which an incomplete last word is not looked at.

    Returns:
        False also for text that has less than two words, or is not hex. A true random of two words comes out true
        once in two thousand million times, because both byte orders are tried.

    Source: SDK 3.1.0 modules/hal/demo/src/ls_hal_rand.c.
    """
    try:
        data = bytes.fromhex(text[: len(text) // 2 * 2])
    except ValueError:
        return False
    return _is_sequence(data, "little") or _is_sequence(data, "big")


def _is_sequence(data: bytes, order: Literal["little", "big"]) -> bool:
    words = [int.from_bytes(data[at : at + _WORD], order) for at in range(0, len(data) - _WORD + 1, _WORD)]
    pairs = list(pairwise(words))
    return bool(pairs) and all((_FACTOR * first + _STEP) % _RANGE == second for first, second in pairs)
