"""What every wire around another wire passes on."""

from harness.service.wire import Wire


class WrappedWire:
    """The inner wire with its endpoint and its end; a subclass adds `call`."""

    def __init__(self, wire: Wire) -> None:
        """Wrap `wire`, which is closed along with this one."""
        self._wire = wire

    @property
    def endpoint(self) -> str:
        """Where the calls go: scheme, host and port."""
        return self._wire.endpoint

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""
        self._wire.close()
