"""Switches of the power: each sets its contact and reads it back; what cannot be read back is unknown, not off."""

from abc import abstractmethod
from typing import Literal

from pydantic import Field

from harness.controller.kind import Ability, Controller, ControllerContext, LineAction
from harness.errors import BenchError
from harness.settings.words import Seconds

Wired = Literal["normally-open", "normally-closed"]
"""How the board hangs on a relay: its power goes through the contact that a resting relay leaves open, or closed."""

WIRED_FIELD = (
    "Contact that the power goes through: normally-open gives power while the relay is energised, "
    "normally-closed takes it away then."
)


class PowerSwitch(Controller):
    """What takes the power of a board away and gives it back. A kind says how it is switched, and how it is read."""

    off_s: Seconds = Field(
        default=1.0, description="Seconds that a power cycle leaves the board without power, once it is off."
    )

    def abilities(self) -> frozenset[Ability]:
        """Return off and on; a power cycle is made of both."""
        return frozenset({Ability.POWER_OFF, Ability.POWER_ON})

    def line_actions(self) -> tuple[LineAction, ...]:
        """Return nothing: it is apart from the transports."""
        return ()

    def pause_s(self) -> float:
        """Return what the board file says."""
        return self.off_s

    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Switch, and read back what came of it.

        Raises:
            BenchError: It cannot be switched, or reads back the opposite.
            UsageError: Its program is not there, or it is not what the board file says.
        """
        on = ability is Ability.POWER_ON
        self.switch(ability, context)
        state = self.reads_on(ability, context)
        told = {True: "on", False: "off", None: "nothing: its state is unknown"}[state]
        context.note(f"{ability} by {self.place()}: reads back {told}")
        if state is not None and state is not on:
            raise BenchError(
                f"{ability}: {self.place()} was switched and is {told}",
                hint="switch it by hand and look at the board; nothing was learnt of the board",
            )

    @abstractmethod
    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Switch to off or on.

        Raises:
            BenchError: It could not be done.
            UsageError: The board file names something that is not there.
        """

    @abstractmethod
    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return whether it is on now; None when it cannot be read, which is not off.

        Raises:
            BenchError: What it says cannot be understood.
        """
