"""Alert messages: level and number, both kept even when they mean nothing.

The numbers with their meanings are `harness.id2.codes.ItlsAlert`; which of them stay is our reading of their meanings.
Source: device-protocol.md h.4; service.md 5.2; RFC 5246 7.2.
"""

from dataclasses import dataclass
from enum import IntEnum

from harness.id2.codes import ItlsAlert, describe_alert

ALERT_SIZE = 2
FINAL_ALERTS = frozenset(
    {
        ItlsAlert.NO_ID,
        ItlsAlert.NOT_ACTIVATED,
        ItlsAlert.UNSUPPORTED,
        ItlsAlert.SUSPENDED,
        ItlsAlert.DISCARDED,
        ItlsAlert.BOUND_ELSEWHERE,
        ItlsAlert.PRODUCT_KEY,
        ItlsAlert.NO_PRODUCT,
        ItlsAlert.FINGERPRINT,
        ItlsAlert.FINGERPRINT_DUPLICATE,
        ItlsAlert.HASH_TYPE,
        ItlsAlert.KEY_TYPE,
    }
)
"""Alerts that asking again does not change: a person must act on the device or in the console first."""


class AlertLevel(IntEnum):
    """How grave an alert is."""

    WARNING = 1
    FATAL = 2


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """An alert as it travelled.

    Attributes:
        level: 1 warning, 2 fatal; 0 to 255.
        number: 0 to 255.
    """

    level: int
    number: int

    @property
    def closes(self) -> bool:
        """True for close_notify."""
        return self.number == ItlsAlert.CLOSE_NOTIFY

    @property
    def fatal(self) -> bool:
        """True for everything but a warning."""
        return self.level != AlertLevel.WARNING

    @property
    def data(self) -> bytes:
        """The two bytes of the record."""
        return bytes((self.level, self.number))

    @property
    def hint(self) -> str:
        """What to do about it; may be empty."""
        return describe_alert(self.number).hint

    def __str__(self) -> str:
        level = "warning" if self.level == AlertLevel.WARNING else "fatal"
        return f"{level} {describe_alert(self.number)}"
