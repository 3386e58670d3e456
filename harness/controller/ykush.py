"""A port of a Yepkit YKUSH hub, by ykushcmd.

ykushcmd takes the first hub that it finds unless it is told a serial number, so the board file names one. It exits with
another code than 0 when it fails; what the port is like afterwards is asked for all the same.
"""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.controller.kind import Ability, ControllerContext
from harness.controller.power import PowerSwitch
from harness.controller.program import Ended, program_failed, run_program
from harness.settings.words import Seconds

PROGRAM = "ykushcmd"
PACKAGE = "ykushcmd of Yepkit (built from its sources; neither Debian nor PyPI has it)"

_STATE = re.compile(r"^Downstream port (\d+) is (ON|OFF)\b", re.MULTILINE)


class Ykush(PowerSwitch):
    """A port of a Yepkit YKUSH hub, by ykushcmd."""

    kind: Literal["ykush"] = Field(description="A port of a Yepkit YKUSH hub, by ykushcmd.")
    model: Literal["ykush", "ykush3", "ykushxs"] = Field(default="ykush", description="Model of the hub.")
    serial: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,32}$")] = Field(
        description="Serial number of the hub, as `ykushcmd -l` lists it."
    )
    port: int = Field(ge=1, le=3, description="Number of the port on the hub.")
    timeout_s: Seconds = Field(default=10.0, description="Seconds that ykushcmd may take.")

    def occupies(self) -> tuple[str, ...]:
        """Return the port."""
        return (f"ykush {self.serial} port {self.port}",)

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return ykushcmd."""
        return ((PROGRAM, PACKAGE),)

    def place(self) -> str:
        """Return the port."""
        return f"{self.model} {self.serial} port {self.port}"

    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Switch the port."""
        self._run(ability, context, "-u" if ability is Ability.POWER_ON else "-d")

    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return what the hub says of the port.

        Raises:
            BenchError: It says nothing of it.
        """
        ended = self._run(ability, context, "-g")
        states = [found[2] == "ON" for found in _STATE.finditer(ended.text) if int(found[1]) == self.port]
        if not states:
            raise program_failed(ability, PROGRAM, f"it says nothing of port {self.port}", ended)
        return states[-1]

    def _run(self, ability: Ability, context: ControllerContext, action: str) -> Ended:
        model = () if self.model == "ykush" else (self.model,)
        command = (PROGRAM, *model, "-s", self.serial, action, str(self.port))
        return run_program(ability, command, context, limit=self.timeout_s, package=PACKAGE)
