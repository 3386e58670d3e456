"""An authority whose answers are noted in the sheet of the session that asks."""

from collections.abc import Callable

from harness.id2 import otp
from harness.itls.gateway.sheet import Sheet
from harness.itls.messages import ClientHello
from harness.itls.server import Admission, Authority


class Noted:
    """Asks another authority, and notes how far the device has come with its answers."""

    def __init__(self, authority: Authority, sheet: Callable[[], Sheet]) -> None:
        self._authority = authority
        self._sheet = sheet

    def challenge(self, hello: ClientHello) -> str:
        """Return a challenge."""
        challenge = self._authority.challenge(hello)
        self._sheet().reach("challenged")
        return challenge

    def provision(self, hello: ClientHello) -> bytes:
        """Return OTP data."""
        data = self._authority.provision(hello)
        self._sheet().provisioned = otp.parse_data(data).id2
        self._sheet().reach("provisioned")
        return data

    def admit(self, hello: ClientHello, challenge: str | None) -> Admission:
        """Judge an auth code."""
        admission = self._authority.admit(hello, challenge)
        self._sheet().reach("admitted")
        return admission
