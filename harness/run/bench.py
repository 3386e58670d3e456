"""The bench of a run: the adapters that lead to the board, and the clock of the computer."""

from dataclasses import dataclass, field
from typing import ClassVar

from harness.run.host_clock import HostClock


@dataclass(frozen=True, slots=True)
class Adapter:
    """What leads to the board on one transport; what is not known stays empty."""

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "extra": "ignore",
        "use_attribute_docstrings": True,
        "json_schema_serialization_defaults_required": True,
    }

    transport: str
    """Name of the transport in the board file."""
    kind: str
    """Its kind, e.g. "serial"."""
    place: str = ""
    """Where the board file says that it leads."""
    device: str = ""
    """The device node that it led to when the run began."""
    driver: str = ""
    """The kernel driver, or the name of the I²C adapter."""
    vendor_id: int | None = None
    """USB vendor id."""
    product_id: int | None = None
    """USB product id."""
    product: str = ""
    """What the USB device calls itself."""
    serial_number: str = ""
    """USB serial number."""
    location: str = ""
    """USB port that it is plugged into, e.g. "1-1.4"."""
    firmware: str = ""
    """Version of its firmware, by the release number that the USB device gives, e.g. "10.00"."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The bench when the run began. A simulated device has no adapter, and a recorded run that answers has none."""

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "extra": "ignore",
        "use_attribute_docstrings": True,
        "json_schema_serialization_defaults_required": True,
    }

    adapters: tuple[Adapter, ...] = ()
    """One for each transport that leads out of the harness."""
    clock: HostClock = field(default_factory=HostClock)
    """The clock of the computer."""
