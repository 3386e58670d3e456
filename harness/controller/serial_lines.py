"""The lines beside the data of a serial port, such as DTR and RTS, which many boards reset on."""

from typing import Literal, Self

from pydantic import Field, model_validator

from harness.controller.kind import Ability, Controller, ControllerContext, LineAction
from harness.settings.words import Word, wrong


class SerialLines(Controller):
    """Named actions of a serial transport. `link.reset` stands for one of them without a section of its own."""

    kind: Literal["serial-lines"] = Field(
        default="serial-lines", description="Named actions of a serial transport."
    )
    transport: Word | None = Field(
        default=None, description="The serial transport; left out: the only one with an action of this name."
    )
    reset: Word | None = Field(default=None, description="Name of the action that starts the board anew.")
    power_off: Word | None = Field(
        default=None, description="Name of the action that takes the board's power away; goes with power_on."
    )
    power_on: Word | None = Field(
        default=None,
        description="Name of the action that gives the board its power back; goes with power_off.",
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if (self.power_off is None) != (self.power_on is None):
            raise wrong(
                "has one of power_off and power_on; a board that is switched off is to be switched on again"
            )
        if self.reset is None and self.power_off is None:
            raise wrong("does nothing; write reset, or power_off and power_on")
        return self

    def abilities(self) -> frozenset[Ability]:
        """Return those that an action is named for; a power cycle is made of off and on."""
        reset = {Ability.RESET} if self.reset is not None else set()
        power = {Ability.POWER_OFF, Ability.POWER_ON} if self.power_off is not None else set()
        return frozenset(reset | power)

    def line_actions(self) -> tuple[LineAction, ...]:
        """Return the actions that are named."""
        return tuple(self._action(ability) for ability in _NAMED if getattr(self, ability.value) is not None)

    def occupies(self) -> tuple[str, ...]:
        """Return nothing beside the transport."""
        return ()

    def place(self) -> str:
        """Return the actions."""
        where = f" of transport {self.transport}" if self.transport else ""
        names = [wanted.action for wanted in self.line_actions()]
        return f"action{'s' if len(names) > 1 else ''} {', '.join(names)}{where}"

    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Carry the action out."""
        context.carry_out(self._action(ability))

    def _action(self, ability: Ability) -> LineAction:
        return LineAction(ability.value, getattr(self, ability.value), self.transport)


_NAMED = (Ability.RESET, Ability.POWER_OFF, Ability.POWER_ON)
