"""A relay that runs Tasmota, by its HTTP commands.

The HTTP status says nothing: a wrong password, an unknown command and a relay that is not there are all answered with
JSON, so that alone is read. A device with one relay answers by the name POWER, one with several by POWER1, POWER2 ….
"""

from typing import Literal

from pydantic import Field

from harness.controller.http_relay import HttpRelay
from harness.controller.kind import Ability, ControllerContext
from harness.errors import BenchError

_STATES = {"ON": True, "OFF": False}


class Tasmota(HttpRelay):
    """A relay that runs Tasmota."""

    kind: Literal["tasmota"] = Field(description="A relay that runs Tasmota, by HTTP.")
    relay: int = Field(default=1, ge=1, le=32, description="Number of the relay on the device.")

    def occupies(self) -> tuple[str, ...]:
        """Return the relay."""
        return (f"tasmota {self.address} relay {self.relay}",)

    def place(self) -> str:
        """Return the relay."""
        return f"Tasmota {self.address} relay {self.relay}"

    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Send the command; what comes of it is read afterwards."""
        self._command(ability, context, "On" if ability is Ability.POWER_ON else "Off")

    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return what the relay says of itself when it is asked again.

        Raises:
            BenchError: It says neither ON nor OFF, such as one with other words for its states.
        """
        return self._command(ability, context, "")

    def _command(self, ability: Ability, context: ControllerContext, state: str) -> bool:
        query = {"cmnd": f"Power{self.relay} {state}".strip()}
        if (known := self.credentials(context)) is not None:
            query |= {"user": known[0], "password": known[1]}
        answer = self.ask(ability, "GET", "/cm", query=query)
        if "WARNING" in answer:
            raise BenchError(
                f"{ability}: relay {self.address}: refuses user and password",
                hint="correct `user` and `password`",
            )
        names = (f"POWER{self.relay}", *(("POWER",) if self.relay == 1 else ()))
        said = next((answer[name] for name in names if name in answer), None)
        if not isinstance(said, str) or said not in _STATES:
            raise self.not_understood(ability, answer)
        return _STATES[said]
