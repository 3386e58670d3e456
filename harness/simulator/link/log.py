"""What a firmware with a link prints: live, and for alerts in the vendor's words.

Source: device-protocol.md h.4, i.1; service.md 5.2, 6.5; the lines that firmwares of SDK 3.1.0 print.
"""

from collections.abc import Callable

from harness.id2.codes import ItlsAlert
from harness.simulator.console.log import SdkLog

_PUBLISHED_WORDS = {ItlsAlert.NO_QUOTA: "id2 no quota", ItlsAlert.PRODUCT_KEY: "product key is invalid"}
ALERT_WORDS = {
    alert.value: _PUBLISHED_WORDS.get(alert, alert.meaning.replace("²", "2"))
    for alert in ItlsAlert
    if alert >= ItlsAlert.GENERIC
}
"""What follows `ID2 - ` for an alert: the vendor's words where our sources have them, else the meaning."""


class LiveLog(SdkLog):
    """Passes every line on at once.

    Args:
        put: Takes the text.
    """

    def __init__(self, put: Callable[[bytes], None]) -> None:
        super().__init__()
        self._put = put

    def line(self, text: str = "") -> None:
        """Print a line with the prefix of all SDK output."""
        super().line(text)
        self._pass_on()

    def raw(self, text: str) -> None:
        """Print text as it is."""
        super().raw(text)
        self._pass_on()

    def alert(self, level: int, number: int) -> None:
        """Print an alert, as the provisioning wrapper does."""
        self.tell("_ssl_read_record", 447, f"got an alert message, type: [{level}:{number}]")
        if number in ALERT_WORDS:
            self.tell("_id2_print_error", 41, f"ID2 - {ALERT_WORDS[number]}")

    def _pass_on(self) -> None:
        self._put(self.take().encode("latin-1", "replace"))
