"""A USB HID relay (16c0:05df), by usbrelay.

Facts of usbrelay 1.0: it ends with 0 also when no relay board is plugged in, and when the named one is not; the state
that it lists afterwards decides.
"""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.controller.kind import Ability, ControllerContext
from harness.controller.power import WIRED_FIELD, PowerSwitch, Wired
from harness.controller.program import program_failed, run_program
from harness.settings.words import Seconds

PROGRAM, PACKAGE = "usbrelay", "usbrelay (Debian)"


class UsbRelay(PowerSwitch):
    """A channel of a USB HID relay board, by usbrelay."""

    kind: Literal["usbrelay"] = Field(description="A channel of a USB HID relay board, by usbrelay.")
    board: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,16}$")] = Field(
        description="Identity of the relay board, as usbrelay lists it: the part before `_`."
    )
    channel: int = Field(default=1, ge=1, le=8, description="Number of the relay on the board.")
    wired: Wired = Field(default="normally-open", description=WIRED_FIELD)
    timeout_s: Seconds = Field(default=10.0, description="Seconds that usbrelay may take.")

    def occupies(self) -> tuple[str, ...]:
        """Return the channel."""
        return (self._name(),)

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return usbrelay."""
        return ((PROGRAM, PACKAGE),)

    def place(self) -> str:
        """Return the channel."""
        return f"usbrelay {self._name()}"

    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Set the contact."""
        energised = (ability is Ability.POWER_ON) == (self.wired == "normally-open")
        command = (PROGRAM, f"{self._name()}={int(energised)}")
        run_program(ability, command, context, limit=self.timeout_s, package=PACKAGE)

    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return what usbrelay lists of the channel.

        Raises:
            BenchError: It is not listed.
        """
        ended = run_program(ability, (PROGRAM,), context, limit=self.timeout_s, package=PACKAGE)
        found = re.search(rf"^{re.escape(self._name())}=([01])\s*$", ended.text, re.MULTILINE)
        if found is None:
            raise program_failed(ability, PROGRAM, f"it lists no relay {self._name()}", ended)
        return (found[1] == "1") == (self.wired == "normally-open")

    def _name(self) -> str:
        return f"{self.board}_{self.channel}"
