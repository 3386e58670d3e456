"""Measurements: a name, a unit and limits, declared before the value is taken."""

import math
from dataclasses import dataclass

from harness.errors import DeviceError, ToolError
from harness.run.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is measured, and between which limits (both included) it must lie.

    Attributes:
        name: What is measured, e.g. "answer time".
        unit: Its unit, e.g. "ms"; empty for a count.
        low: The lowest value allowed, in `unit`; None for no lower limit.
        high: The highest value allowed, in `unit`; None for no upper limit.

    Raises:
        ToolError: limits that are not finite, or that no value can meet.
    """

    name: str
    unit: str = ""
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if any(limit is not None and not math.isfinite(limit) for limit in (self.low, self.high)):
            raise ToolError(
                f"measurement {self.name!r}: a limit must be a finite number, or None for no limit"
            )
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ToolError(
                f"measurement {self.name!r}: no value lies between {self.low:g} and {self.high:g}"
            )

    def judge(self, value: float) -> Verdict:
        """Return passed or failed; a value that is not a number fails, even without limits."""
        if not math.isfinite(value):
            return Verdict.FAILED
        inside = (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return Verdict.PASSED if inside else Verdict.FAILED

    @property
    def limits(self) -> str:
        """The limits as a person reads them, without the unit; empty when there are none."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} … {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return "" if self.high is None else f"at most {self.high:g}"


class OutsideLimitsError(DeviceError):
    """Measurements of a step lay outside their limits; raised at its end, so that all of them are taken."""
