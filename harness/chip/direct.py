"""A channel over a transport that carries whole APDUs itself (PC/SC, an in-process chip)."""

from harness.chip.channel import ApduChannel
from harness.chip.framing import Framing, FramingContext
from harness.transport.base import Capability, Exchange, Transport, require


class Direct(ApduChannel):
    """Hands each APDU to the transport as it is.

    Args:
        transport: A transport with the APDU capability.
        timeout: Seconds to wait for one answer.

    Raises:
        UsageError: the transport cannot carry APDUs.
    """

    def __init__(self, transport: Transport, *, timeout: float = 8.0) -> None:
        require(transport, {Capability.APDU})
        self._transport = transport
        self._timeout = timeout

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self._transport.name

    def open(self) -> None:
        """Open the transport."""
        self._transport.open()

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()

    def transmit(self, command: bytes) -> bytes:
        """Exchange one APDU through the transport."""
        return self._transport.do(Exchange(command, self._timeout))


class AsTheyAre(Framing):
    """Whole APDUs as they are."""

    @classmethod
    def needs(cls) -> frozenset[Capability]:
        """Return APDUs."""
        return frozenset({Capability.APDU})

    @classmethod
    def carries_every_command(cls) -> bool:
        """Tell that it may not: there may be a card reader."""
        return False

    def channel(self, context: FramingContext) -> ApduChannel:
        """Return the way to the chip."""
        return Direct(context.transport, timeout=context.timeout)
