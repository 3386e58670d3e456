"""An ESP chip that esptool writes over its serial port.

Facts of esptool 5.6: it ends with 2 and `A fatal error occurred:` when it fails, and prints `Hash of data verified.`
for each region whose hash the chip reports to be right, but ends with 0 without it where it cannot verify. The words of
its commands have dashes since version 5; those with underscores are understood by 4 and 5.
"""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from harness.controller.flasher import Flasher
from harness.controller.kind import Ability, ControllerContext
from harness.errors import BenchError
from harness.settings.words import PathText

_MAC = re.compile(r"^[ \t]*MAC:[ \t]+([0-9a-f]{2}(?::[0-9a-f]{2})+)", re.MULTILINE)


class EspTool(Flasher):
    """An ESP chip that esptool writes."""

    program: ClassVar[str] = "esptool"
    package: ClassVar[str] = "esptool (PyPI)"
    success: ClassVar[tuple[str, ...]] = ("Hash of data verified.",)

    kind: Literal["esptool"] = Field(description="An ESP chip that esptool writes over its serial port.")
    port: PathText = Field(
        description="Serial port of the chip, by its link in /dev/serial/by-id/ or by-path/; it may be the console's."
    )
    chip: Annotated[str, StringConstraints(pattern=r"^esp[0-9a-z]{2,16}$")] = Field(
        description="Type of the chip, such as esp32c3: another one is refused."
    )
    mac: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5,7}$")] | None = Field(
        default=None,
        description="MAC address of the chip: one with another is not written, and none is after.",
    )
    baud: int = Field(default=115200, ge=9600, le=4_000_000, description="Baud rate of the writing.")

    def chosen(self) -> str:
        """Return the port."""
        return f"port {self.port}"

    def shared_port(self) -> str:
        """Return the port: on most boards with such a chip it is that of the console."""
        return self.port

    def command(self, file: str) -> tuple[str, ...]:
        """Return the command; a file goes to address 0 unless the board file says another."""
        where = 0 if self.address is None else self.address
        return (*self._which(), "write_flash", f"{where:#x}", file)

    def identify(self, ability: Ability, context: ControllerContext) -> None:
        """Compare the MAC address of the chip with that of the board file."""
        if self.mac is None:
            return
        text = self._run(ability, (*self._which(), "read_mac"), context)
        found = [mac.lower() for mac in _MAC.findall(text)]
        if self.mac.lower() not in found:
            raise BenchError(
                f"{ability}: the chip on {self.port} has MAC address {', '.join(found) or 'unknown'}, the board's is "
                f"{self.mac.lower()}",
                hint="plug the board's own device in there, or correct the board file",
            )

    def _which(self) -> tuple[str, ...]:
        return ("--chip", self.chip, "--port", self.port, "--baud", str(self.baud))
