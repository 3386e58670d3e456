"""Which USB device a board file means: one section for every transport that hangs on USB."""

from typing import Self

from pydantic import Field, model_validator

from harness.settings.words import Number16, Section, Text, wrong
from harness.transport.identity import UsbSelector


class UsbIdentity(Section):
    """Which USB device: whatever is written must match, and exactly one device may match."""

    vid: Number16 | None = Field(default=None, description="USB vendor id, such as 0x0403.")
    pid: Number16 | None = Field(default=None, description="USB product id, such as 0x6001.")
    serial_number: Text | None = Field(default=None, description="Serial number of the device.")
    interface: Text | None = Field(
        default=None, description="Interface of a device with several: its number or its name."
    )
    location: Text | None = Field(
        default=None, description="USB port that it is plugged into, such as 1-1.4."
    )

    @model_validator(mode="after")
    def _identifies(self) -> Self:
        if self.vid is None and self.serial_number is None and self.location is None:
            raise wrong("identifies no adapter; write vid and pid, serial_number or location")
        return self

    def __str__(self) -> str:
        given = self.model_dump(exclude_none=True)
        words = (
            f"{key} {value:#06x}" if isinstance(value, int) else f"{key} {value}"
            for key, value in given.items()
        )
        return f"usb {', '.join(words)}"

    def selector(self) -> UsbSelector:
        """Return the same for a transport to look by."""
        return UsbSelector(self.vid, self.pid, self.serial_number, self.interface, self.location)
