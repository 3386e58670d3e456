"""The lines beside the data of a serial port, such as DTR and RTS, which many boards reset on."""

from typing import Literal

from pydantic import Field

from harness.controller.kind import Ability, Controller, ControllerContext, LineAction
from harness.settings.words import Word


class SerialLines(Controller):
    """Named actions of a serial transport. `link.reset` stands for one of them without a section of its own."""

    kind: Literal["serial-lines"] = Field(
        default="serial-lines", description="Named actions of a serial transport."
    )
    transport: Word | None = Field(
        default=None, description="The serial transport; left out: the only one with an action of this name."
    )
    reset: Word = Field(description="Name of the action that starts the board anew.")

    def abilities(self) -> frozenset[Ability]:
        """Return the reset."""
        return frozenset({Ability.RESET})

    def line_actions(self) -> tuple[LineAction, ...]:
        """Return the action that resets."""
        return (LineAction("reset", self.reset, self.transport),)

    def occupies(self) -> tuple[str, ...]:
        """Return nothing beside the transport."""
        return ()

    def place(self) -> str:
        """Return the action."""
        where = f" of transport {self.transport}" if self.transport else ""
        return f"action {self.reset}{where}"

    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Carry the action out."""
        del ability  # the only one
        (action,) = self.line_actions()
        context.carry_out(action)
