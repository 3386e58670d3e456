"""What goes wrong on an iTLS connection."""

from harness.errors import DeviceError
from harness.id2.codes import ItlsAlert


class ItlsError(DeviceError):
    """The peer broke the protocol, or this side refuses it.

    Attributes:
        alert: The alert for the peer; None when the connection ends without one.
    """

    def __init__(self, message: str, alert: ItlsAlert | None, *, hint: str = "") -> None:
        super().__init__(
            message,
            hint=hint or ("" if alert is None else alert.hint),
            code=None if alert is None else alert.value,
        )
        self.alert = alert
