"""Times of a run: monotonic stamps, and the one wall clock anchor that turns them into moments."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns monotonic nanoseconds into UTC moments.

    Attributes:
        wall: The wall clock time of the anchor; None when the journal has none.
        t: The monotonic time of the anchor, in nanoseconds.
    """

    wall: datetime | None = None
    t: int = 0

    @classmethod
    def anchored(cls, wall: str, t: int) -> "Clock":
        """Return the clock with this anchor; without a wall clock when `wall` is no moment."""
        try:
            moment = datetime.fromisoformat(wall)
            return cls(moment.astimezone(UTC) if moment.tzinfo else None, t)
        except (ValueError, OverflowError):
            return cls(None, t)

    def moment(self, t: int | None) -> str | None:
        """Return the moment of a stamp in ISO 8601, UTC, with milliseconds; None when it has none."""
        if t is None or self.wall is None:
            return None
        try:
            moment = self.wall + timedelta(microseconds=(t - self.t) // 1_000)
        except OverflowError:
            return None
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1_000:03d}Z"

    @staticmethod
    def seconds(start: int | None, end: int | None) -> float | None:
        """Return the seconds between two stamps, never below zero; None when one is missing."""
        if start is None or end is None:
            return None
        return round(max(0, end - start) / 1e9, 6)
