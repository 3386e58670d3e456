"""What the name of a product may be.

Source: service.md 2.2 (4 to 30 positions; Chinese, letters, digits, underscore).
"""

import re
import string

LEAST, MOST = 4, 30
"""Positions that a name has."""

_CHINESE = re.compile(r"[㐀-䶿一-鿿]")
_WORD = frozenset(string.ascii_letters + string.digits + "_")


def positions(name: str) -> int:
    """Count a name as the IoT Platform does: a Chinese character is two."""
    return len(name) + len(_CHINESE.findall(name))


def refusal(name: str) -> str:
    """Return why no product can have this name, in words that go on after what is named; empty when one can."""
    odd = next((char for char in name if char not in _WORD and not _CHINESE.match(char)), None)
    if odd is not None:
        return f"holds {odd!a}; it may hold Chinese characters, letters A-Z, digits and underscores"
    count = positions(name)
    if not LEAST <= count <= MOST:
        return f"has {count} positions; it must have {LEAST} to {MOST}, where a Chinese character is two"
    return ""
