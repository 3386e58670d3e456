"""A board that starts anew when its shell is told to: no wire is needed, but a firmware that listens."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.controller.kind import Ability, Controller, ControllerContext, LineAction


class ConsoleCommand(Controller):
    """The command of the board's own shell that starts it anew."""

    kind: Literal["console"] = Field(description="The command of the board's shell that starts it anew.")
    command: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e][\x20-\x7e]{0,79}$")] | None = Field(
        default=None, description="The command; left out: that of the console's dialect, such as `reboot`."
    )

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
        """Return True: it types on the console."""
        return True

    def sections(self) -> tuple[str, ...]:
        """Return the console."""
        return ("console",)

    def place(self) -> str:
        """Return the command."""
        return f"command {self.command!r} on the console" if self.command else "reboot command of the console"

    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Give the command to the shell, and see the first line of a start when it is the shell's own.

        Raises:
            BenchError: No shell answers, or no start shows.
            DeviceError: The board has crashed.
            UsageError: The dialect knows no such command, or it must never be sent.
        """
        del ability
        context.by_console(self.command)
