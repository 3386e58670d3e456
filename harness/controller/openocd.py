"""A chip that OpenOCD writes by JTAG or SWD.

Facts of OpenOCD 0.12: without `exit` it serves for ever, so that is always among its words; it ends with 1 when it
finds no adapter, and prints `** Verified OK **` only when what it read back was the file. Paths are words of Tcl.
"""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.controller.flasher import Flasher
from harness.errors import UsageError
from harness.settings.words import wrong

_Config = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./+-]{1,255}$")]
_NO_PORTS = "gdb_port disabled; tcl_port disabled; telnet_port disabled"
"""Left alone it listens on 3333 while it writes: for everybody of this machine, and in vain beside a second one."""
_TCL = re.compile(r"[{}\\\x00-\x1f]")


class OpenOcd(Flasher):
    """A chip that OpenOCD writes."""

    program: ClassVar[str] = "openocd"
    package: ClassVar[str] = "openocd (Debian)"
    success: ClassVar[tuple[str, ...]] = ("** Verified OK **",)

    kind: Literal["openocd"] = Field(description="A chip that OpenOCD writes by JTAG or SWD.")
    config: tuple[_Config, ...] = Field(
        min_length=1,
        max_length=16,
        description="Its configuration files in their order: interface, then target, or one of a board.",
    )
    adapter_serial: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")] | None = Field(
        default=None, description="Serial number of the adapter; this or usb_path is needed."
    )
    usb_path: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}-[0-9.]{1,30}$")] | None = Field(
        default=None, description="USB port of the adapter, BUS-PORT.PORT, for one without a serial number."
    )

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.adapter_serial is None and self.usb_path is None:
            raise wrong(
                "names no adapter; write adapter_serial or usb_path, or the first that is found is used"
            )
        return self

    def chosen(self) -> str:
        """Return the adapter."""
        return f"adapter {self.adapter_serial or self.usb_path}"

    def command(self, file: str) -> tuple[str, ...]:
        """Return the command: program, verify, reset, exit."""
        if _TCL.search(file):
            raise UsageError(f"flash: OpenOCD takes no path with braces, backslashes or line ends: {file!r}")
        which = (
            f"adapter usb location {self.usb_path}"
            if self.adapter_serial is None
            else f"adapter serial {self.adapter_serial}"
        )
        where = "" if self.address is None else f" {self.address:#x}"
        configs = (word for config in self.config for word in ("-f", config))
        return (*configs, "-c", which, "-c", _NO_PORTS, "-c", f"program {{{file}}} verify reset exit{where}")
