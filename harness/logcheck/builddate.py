"""Read the dates that a C compiler writes into a program, and tell those that cannot be from those that are odd.

Source: ISO C11 6.10.8.1 (`__DATE__`, `__TIME__`); device-protocol.md i.1, i.3.
"""

import re
from datetime import UTC, datetime, timedelta

DATE_FORMAT = "%b %d %Y %H:%M:%S"
_DATE = re.compile(r"[A-Z][a-z]{2} (?: \d|\d\d) \d{4} \d\d:\d\d:\d\d")

FIRST_RELEASE = datetime(2018, 1, 1, tzinfo=UTC)
"""Before any release of the SDK: a build of that date had a wrong clock, or one set for reproducible builds."""
_FIRST_CLOCK = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN_TODAY = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock of a bench that is right says less: this page was written then."""
MARGIN = timedelta(days=1)
_FAR = timedelta(days=366)


def build_date(text: str) -> datetime | None:
    """Return the time that a C compiler's `__DATE__ __TIME__` names, or None for any other text.

    The compiler writes no zone; UTC stands for all of them, since only distances matter here.
    """
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def impossible(made: datetime, now: datetime) -> str:
    """Return why a program cannot have been built then; empty when it can.

    A build host's clock may be wrong, so only what no clock says is impossible: a year before clocks count, or more
    than a year ahead of a bench whose own clock is not behind.
    """
    if made < _FIRST_CLOCK:
        return "no clock of a build host says a year before 1970"
    if now >= _KNOWN_TODAY and made > now + _FAR:
        return f"it is more than a year ahead of today, {now:%Y-%m-%d}"
    return ""


def odd(made: datetime, now: datetime) -> str:
    """Return what is odd about a date of a build; empty for nothing."""
    if made < FIRST_RELEASE:
        return "it is before the first release of the SDK"
    if now >= _KNOWN_TODAY and made > now + MARGIN:
        return f"it is ahead of today, {now:%Y-%m-%d}"
    return ""
