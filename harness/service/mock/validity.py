"""How long a licence is valid, in calendar years and months, UTC."""

from calendar import monthrange
from datetime import MAXYEAR, UTC, datetime

YEARS = (1, 3, 5)
"""The validities that can be bought. Source: service.md 3."""

RELEASE_MS = 15 * 24 * 3600 * 1000
"""How long after the end the ID² data of a device is kept, 15 days. Source: service.md 3 (not renewed)."""


def end(first_use_ms: int, years: int) -> int:
    """Return the same date `years` later (28 February for a 29th), milliseconds since 1970."""
    return months_later(first_use_ms, 12 * years)


def months_later(from_ms: int, months: int) -> int:
    """Return the same day `months` later, or the last one of that month, milliseconds since 1970.

    No date is later than the year 9999: what would end after it ends with it.
    """
    first = datetime.fromtimestamp(from_ms / 1000, UTC)
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    if year > MAXYEAR:
        year, month = MAXYEAR, 11
    day = min(first.day, monthrange(year, month + 1)[1])
    return round(first.replace(year=year, month=month + 1, day=day).timestamp() * 1000)
