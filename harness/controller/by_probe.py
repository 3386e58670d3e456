"""A board that starts anew when its probe is told to: no wire is needed, but a firmware that listens."""

from typing import Literal

from pydantic import Field

from harness.controller.kind import Ability, Controller, ControllerContext, LineAction


class ProbeReset(Controller):
    """The probe in the firmware, whose `rst` starts the board anew."""

    kind: Literal["probe"] = Field(description="The probe in the firmware, which starts the board anew.")

    def abilities(self) -> frozenset[Ability]:
        """Return reset."""
        return frozenset({Ability.RESET})

    def line_actions(self) -> tuple[LineAction, ...]:
        """Return nothing: no line is set."""
        return ()

    def occupies(self) -> tuple[str, ...]:
        """Return nothing beside the console."""
        return ()

    def acts_on_transports(self) -> bool:
        """Return True: the probe is on the console."""
        return True

    def sections(self) -> tuple[str, ...]:
        """Return the probe."""
        return ("probe",)

    def place(self) -> str:
        """Return the probe."""
        return "its probe"

    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Give the order; whether the board starts is for whoever waits for its start to see.

        Raises:
            BenchError: No probe answers, or it does not take the order.
            UsageError: The firmware has no function for it.
        """
        del ability
        context.by_probe()
