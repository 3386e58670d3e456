"""The places where a fault may reach into a firmware with a link; the base class changes nothing."""

from typing import ClassVar

from harness.id2.keys import Key
from harness.itls.client import ClientConnection, ClientPolicy


class LinkHooks:
    """What a sound firmware does at each place; a fault overrides one. One object belongs to one board."""

    policy: ClassVar[ClientPolicy] = ClientPolicy()
    connection: ClassVar[type[ClientConnection]] = ClientConnection
    checks_server_code: ClassVar[bool] = True
    reconnects: ClassVar[bool] = True
    heeds_close: ClassVar[bool] = True
    pings: ClassVar[bool] = True

    def stored(self, identity: tuple[str, Key] | None) -> tuple[str, Key] | None:
        """Return the ID² and key that are found in the flash at a start."""
        return identity

    def drawn(self, data: bytes) -> bytes:
        """Return what the firmware takes for random bytes; their number says what for.

        8 are the device random of an auth code, 32 a client random, 16 the IV of a record or an OTP session key.

        Args:
            data: Sound random bytes.
        """
        return data

    def pause(self, seconds: float) -> float:
        """Return the seconds before the next attempt to connect."""
        return seconds

    def attempts(self, alert: int, *, final: bool, most: int) -> int | None:
        """Return how often the board tries in all against an alert; None for without end.

        Args:
            alert: Number of the alert.
            final: Whether trying again cannot help.
            most: What a sound firmware does about a final one.
        """
        del alert
        return most if final else None

    def login_suffix(self, text: str) -> str:
        """Return what stands between the bars of the MQTT client id."""
        return text

    def payload(self, data: bytes) -> bytes:
        """Return the payload that is sent back for one that came."""
        return data

    def stream(self, data: bytes) -> bytes:
        """Return the application data that goes into the connection."""
        return data

    def beside_at_start(self, id2: str, key: Key) -> bytes:
        """Return what is sent in clear, beside the link, once the board has its ID²; empty for nothing."""
        del id2, key
        return b""

    def beside_with(self, payload: bytes) -> bytes:
        """Return what is sent in clear, beside the link, with a payload; empty for nothing."""
        del payload
        return b""

    def remark(self, product_secret: bytes) -> str:
        """Return a line that is printed at a start; empty for none."""
        del product_secret
        return ""
