"""A relay, a programmer or another tool of the lab that has a command line."""

import subprocess
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.controller.kind import Ability, Controller, ControllerContext, LineAction
from harness.errors import BenchError
from harness.run.programs import end_group, start_program
from harness.settings.words import Seconds, Text, wrong
from harness.transport.printable import last_lines

FIRMWARE = "{firmware}"
_SHOWN_LINES = 10
_Argument = Annotated[str, StringConstraints(max_length=4096)]
_Command = Annotated[tuple[_Argument, ...], Field(min_length=1, max_length=64)]


class CommandController(Controller):
    """Programs that act on the board; each runs in the folder of the board file, without a shell."""

    kind: Literal["command"] = Field(description="Programs that act on the board.")
    acts_on: Text = Field(
        min_length=1,
        description="What the programs act on, such as `relay 7 channel 3`: two runs with the same words wait for each "
        "other.",
    )
    timeout_s: Seconds = Field(
        default=60.0, description="Seconds that one program may take; it is ended then."
    )
    reset: _Command | None = Field(
        default=None, description="Program and arguments that start the board anew."
    )
    power_off: _Command | None = Field(
        default=None, description="Program and arguments that take its power away."
    )
    power_on: _Command | None = Field(default=None, description="Program and arguments that give it power.")
    power_cycle: _Command | None = Field(
        default=None, description="Program and arguments that take its power away and give it back."
    )
    flash: _Command | None = Field(
        default=None,
        description="Program and arguments that write a firmware; {firmware} stands for the path of the file.",
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.abilities():
            raise wrong(f"does nothing; write one of {', '.join(Ability)}")
        if self.flash is not None and not any(FIRMWARE in argument for argument in self.flash):
            raise wrong(f"flashes without naming the file; write {FIRMWARE} among the arguments")
        return self

    def abilities(self) -> frozenset[Ability]:
        """Return those that have a program."""
        return frozenset(ability for ability in Ability if self._command(ability) is not None)

    def line_actions(self) -> tuple[LineAction, ...]:
        """Return nothing: it is apart from the transports."""
        return ()

    def occupies(self) -> tuple[str, ...]:
        """Return what the board file names."""
        return (self.acts_on,)

    def place(self) -> str:
        """Return the programs' names."""
        programs = (command[0] for ability in Ability if (command := self._command(ability)))
        return f"{', '.join(dict.fromkeys(programs))} on {self.acts_on}"

    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Run the program; what it prints goes into the journal.

        Raises:
            BenchError: It takes too long, or its exit code is not 0.
            UsageError: There is no such program.
        """
        command = self._command(ability)
        assert command is not None, "the harness asks for what it can do"
        filled = [argument.replace(FIRMWARE, str(context.firmware)) for argument in command]
        process = start_program(filled, context.folder, context.environment, named_in="controllers")
        output, late = b"", False
        try:
            output, _ = process.communicate(timeout=self.timeout_s)
        except subprocess.TimeoutExpired as error:
            output, late = error.output or b"", True
        finally:
            end_group(process)
            if process.stdout is not None:
                process.stdout.close()
        lines = last_lines(output, _SHOWN_LINES)
        ended = f"did not end within {self.timeout_s:g} s" if late else f"exit code {process.returncode}"
        context.note(f"{ability} by {filled[0]}: {'; '.join((ended, *lines))}")
        if late or process.returncode:
            raise BenchError(
                f"{ability}: {filled[0]} failed ({ended})",
                hint="run the program by hand; nothing was learnt of the board",
                traffic=lines,
            )

    def _command(self, ability: Ability) -> tuple[str, ...] | None:
        found: tuple[str, ...] | None = getattr(self, ability.value)
        return found
