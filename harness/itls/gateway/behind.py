"""What stands behind a session of the gateway; nothing, to begin with."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.itls.gateway.session import Session


class Behind(Protocol):
    """What stands behind a session: it gets the plain stream, and gives what goes back."""

    def established(self) -> None:
        """The handshake is complete."""
        ...

    def data(self, data: bytes) -> None:
        """Application data came."""
        ...

    def full(self, *, yes: bool) -> None:
        """The device does not read (or reads again) what it is sent."""
        ...

    def over(self) -> None:
        """The session is over."""
        ...


class Raw:
    """Nothing behind the session, or its own echo."""

    def __init__(self, session: "Session", *, echo: bool) -> None:
        self._session = session
        self._echo = echo

    def established(self) -> None:
        """Nothing to do."""

    def data(self, data: bytes) -> None:
        """Send it back, when that is wanted."""
        if self._echo:
            self._session.send(data)

    def full(self, *, yes: bool) -> None:
        """Take no more than the device takes back."""
        if self._echo:
            self._session.hold("echo", yes=yes)

    def over(self) -> None:
        """Nothing to do."""
