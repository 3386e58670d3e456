"""The power of a place of labgrid, by labgrid-client.

labgrid's drivers differ in what they know: that of pdudaemon has no state at all, which older versions print as `off`
and newer ones refuse to print. So an `off` of labgrid is unknown, whatever its driver, and the board itself has to show
it; an `on` is one.
"""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.controller.kind import Ability, ControllerContext
from harness.controller.power import PowerSwitch
from harness.controller.program import run_program
from harness.errors import BenchError
from harness.settings.words import Seconds

PROGRAM, PACKAGE = (
    "labgrid-client",
    "labgrid (PyPI; in an environment of its own, as it brings its own pyserial)",
)

_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
_HostAndPort = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.\[\]:-]{1,250}:[0-9]{1,5}$")]
_STATE = re.compile(r"^power.* for place .* is (on|off)\s*$", re.MULTILINE)


class LabgridPower(PowerSwitch):
    """The power of a place of labgrid, by labgrid-client. The place must be acquired by whoever runs the harness."""

    kind: Literal["labgrid"] = Field(description="The power of a place of labgrid, by labgrid-client.")
    labgrid_place: _Name = Field(description="Name of the place; it must be acquired.")
    resource: _Name | None = Field(
        default=None, description="Name of the power resource, when the place has several."
    )
    coordinator: _HostAndPort | None = Field(
        default=None,
        description="HOST:PORT of the coordinator; left out: what labgrid-client takes by itself.",
    )
    timeout_s: Seconds = Field(default=60.0, description="Seconds that labgrid-client may take.")

    def occupies(self) -> tuple[str, ...]:
        """Return the place."""
        return (f"labgrid place {self.labgrid_place}",)

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return labgrid-client."""
        return ((PROGRAM, PACKAGE),)

    def place(self) -> str:
        """Return the place."""
        return f"labgrid place {self.labgrid_place}"

    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Switch the place."""
        self._run(ability, context, "on" if ability is Ability.POWER_ON else "off")

    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return True when labgrid says on; None for off, which may mean that nobody knows."""
        try:
            found = _STATE.search(self._run(ability, context, "get"))
        except BenchError:
            return None  # a driver without a state
        return True if found is not None and found[1] == "on" else None

    def _run(self, ability: Ability, context: ControllerContext, action: str) -> str:
        where = () if self.coordinator is None else ("-x", self.coordinator)
        name = () if self.resource is None else ("--name", self.resource)
        command = (PROGRAM, *where, "-p", self.labgrid_place, "power", *name, action)
        return run_program(ability, command, context, limit=self.timeout_s, package=PACKAGE).text
