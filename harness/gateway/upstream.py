"""The upstream of a session on a raw gateway: nothing, or an echo."""

from harness.gateway.session import Session


class RawUpstream:
    """Leave application data in the session's log, or send it back."""

    def __init__(self, session: Session, *, echo: bool) -> None:
        self._session = session
        self._echo = echo

    def established(self) -> None:
        """Do nothing."""

    def data(self, data: bytes) -> None:
        """Send it back, when echo is on."""
        if self._echo:
            self._session.send(data)

    def full(self, *, yes: bool) -> None:
        """Read no more than the device takes back."""
        if self._echo:
            self._session.hold("echo", yes=yes)

    def over(self) -> None:
        """Do nothing."""
