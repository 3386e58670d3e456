"""Whether the clock of this computer is kept right, as its kernel says; nothing is asked of a time server."""

import ctypes
from dataclasses import dataclass
from typing import ClassVar

_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIME_ERROR = 5
_MICRO, _NANO = 1e-6, 1e-9


class _Timeval(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class _Timex(ctypes.Structure):
    """`struct timex` of Linux. Source: adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maximum_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("tick", ctypes.c_long),
        ("rest", ctypes.c_byte * 128),  # more than any kernel writes
    )


@dataclass(frozen=True, slots=True)
class HostClock:
    """What the kernel says of the computer's clock, which the times of a run are taken from."""

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "extra": "ignore",
        "use_attribute_docstrings": True,
        "json_schema_serialization_defaults_required": True,
    }

    synchronised: bool | None = None
    """Whether something keeps it in step with a time source; null when that is not known."""
    offset_s: float | None = None
    """How far it was off at the last comparison, in seconds; null when it is not synchronised."""
    estimated_error_s: float | None = None
    """Its estimated error in seconds; null when it is not synchronised."""
    maximum_error_s: float | None = None
    """The bound of its error in seconds; null when it is not synchronised."""

    @classmethod
    def now(cls) -> "HostClock":
        """Return what the kernel says now; nothing known where it does not say."""
        asked = _Timex()  # no mode is set: nothing is changed
        try:
            state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))
        except (AttributeError, OSError):
            return cls()
        return cls() if state < 0 else _read(state, asked)


def _read(state: int, found: _Timex) -> HostClock:
    if state == _TIME_ERROR or found.status & _STA_UNSYNC:
        # The kernel's other numbers are those of its start then, and mean nothing.
        return HostClock(synchronised=False)
    unit = _NANO if found.status & _STA_NANO else _MICRO
    return HostClock(
        synchronised=True,
        offset_s=round(found.offset * unit, 9),
        estimated_error_s=round(found.estimated_error * _MICRO, 6),
        maximum_error_s=round(found.maximum_error * _MICRO, 6),
    )
