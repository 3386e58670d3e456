"""A way to a chip that somebody looks over: each command with its answer, as whole APDUs, whatever the framing."""

from collections.abc import Callable

from harness.chip.channel import ApduChannel

Observer = Callable[[bytes, bytes], None]
"""Called with each command and its answer, status word included."""


class ObservedChannel(ApduChannel):
    """Passes everything on, and tells each exchange that succeeded.

    Args:
        inner: The way to the chip.
        tell: Called with each exchange, in the order of the wire, before the caller has the answer.
    """

    def __init__(self, inner: ApduChannel, tell: Observer) -> None:
        self.inner = inner
        self._tell = tell

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self.inner.name

    def open(self) -> None:
        """Open the inner channel."""
        self.inner.open()

    def close(self) -> None:
        """Close the inner channel."""
        self.inner.close()

    def transmit(self, command: bytes) -> bytes:
        """Send one command, and tell what came."""
        answer = self.inner.transmit(command)
        self._tell(command, answer)
        return answer
