"""A device in its DFU boot loader, by dfu-util.

Facts of dfu-util 0.11: it ends with 74 when it finds no device, and `-l` ends with 0 without any; `File downloaded
successfully` (DfuSe) or `Done!` is its text of success. A device that has left its boot loader cannot be read back.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.controller.flasher import Flasher
from harness.settings.words import wrong


class DfuUtil(Flasher):
    """A device that dfu-util writes."""

    program: ClassVar[str] = "dfu-util"
    package: ClassVar[str] = "dfu-util (Debian)"
    success: ClassVar[tuple[str, ...]] = ("File downloaded successfully", "Done!")

    kind: Literal["dfu-util"] = Field(description="A device in its DFU boot loader, by dfu-util.")
    device: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")] = Field(
        description="Vendor and product of the boot loader, such as 0483:df11."
    )
    serial: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")] | None = Field(
        default=None,
        description="Serial number of the boot loader, as `dfu-util -l` lists it; this or usb_path is needed.",
    )
    usb_path: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}-[0-9.]{1,30}$")] | None = Field(
        default=None, description="USB port of the device, BUS-PORT.PORT."
    )
    alt: int = Field(default=0, ge=0, le=255, description="Alternate setting that the firmware goes to.")

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.serial is None and self.usb_path is None:
            raise wrong("names no device; boot loaders of one kind are all alike: write serial or usb_path")
        return self

    def chosen(self) -> str:
        """Return the device."""
        return f"DFU device {self.serial or self.usb_path}"

    def command(self, file: str) -> tuple[str, ...]:
        """Return the command; a DfuSe address stays in the boot loader, from which it is read back."""
        where = () if self.address is None else ("-s", f"{self.address:#x}")
        return (*self._which(), *where, *(("-R",) if self.address is None else ()), "-D", file)

    def succeeded(self, text: str) -> bool:
        """Return whether it says so in the words of DfuSe or of plain DFU."""
        return any(each in text for each in self.success)

    def read_back(self, file: str, size: int) -> tuple[str, ...] | None:
        """Return the command that uploads the memory and leaves the boot loader."""
        if self.address is None:
            return None
        return (*self._which(), "-s", f"{self.address:#x}:{size}:leave", "-U", file)

    def _which(self) -> tuple[str, ...]:
        which = ("-S", self.serial) if self.serial is not None else ("-p", self.usb_path or "")
        return ("-d", self.device, *which, "-a", str(self.alt))
