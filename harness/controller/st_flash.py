"""An STM32 that st-flash writes by an ST-Link.

Facts of stlink-tools 1.7: st-flash ends with 255 when it finds no ST-Link, and says `jolly good!` when what it read
back was the file; it takes the first ST-Link that it finds unless it is told a serial number. `st-info --probe` ends
with 0 without any, so it is not asked.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from harness.controller.flasher import Flasher


class StFlash(Flasher):
    """An STM32 that st-flash writes."""

    program: ClassVar[str] = "st-flash"
    package: ClassVar[str] = "stlink-tools (Debian)"
    success: ClassVar[tuple[str, ...]] = ("Flash written and verified! jolly good!",)

    kind: Literal["st-flash"] = Field(description="An STM32 that st-flash writes by an ST-Link.")
    serial: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")] = Field(
        description="Serial number of the ST-Link, as `st-info --serial` shows it."
    )

    def chosen(self) -> str:
        """Return the ST-Link."""
        return f"ST-Link {self.serial}"

    def command(self, file: str) -> tuple[str, ...]:
        """Return the command; a file without an address is Intel HEX."""
        which = ("--reset", "--serial", self.serial)
        if self.address is None:
            return (*which, "--format", "ihex", "write", file)
        return (*which, "write", file, f"{self.address:#x}")

    def read_back(self, file: str, size: int) -> tuple[str, ...] | None:
        """Return the command that reads the memory."""
        if self.address is None:
            return None
        return ("--serial", self.serial, "read", file, f"{self.address:#x}", f"{size:#x}")
