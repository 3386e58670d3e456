"""How long a licence is valid."""

from datetime import UTC, datetime

YEARS = (1, 3, 5)
"""The validities that can be bought. Source: service.md 3."""


def end(first_use_ms: int, years: int) -> int:
    """Return the same date `years` later (28 February for a 29th), milliseconds since 1970."""
    first = datetime.fromtimestamp(first_use_ms / 1000, UTC)
    try:
        last = first.replace(year=first.year + years)
    except ValueError:
        last = first.replace(year=first.year + years, day=28)
    return round(last.timestamp() * 1000)
