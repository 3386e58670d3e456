"""A relay, a programmer or another tool of the lab that has a command line."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.controller.kind import Ability, Controller, ControllerContext, LineAction
from harness.controller.program import run_program
from harness.settings.words import PathText, Seconds, Text, wrong

FIRMWARE = "{firmware}"
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
        default=None,
        description="Program and arguments that take its power away and give it back; left out: power_off, then "
        "power_on. The program that takes it away must end only when the board is without power.",
    )
    build: _Command | None = Field(
        default=None,
        description="Program and arguments that build the firmware; values to be built in stand in the environment, in "
        "variables that begin with ID2_. Goes with artefact.",
    )
    build_timeout_s: Seconds = Field(
        default=600.0, description="Seconds that a build may take; it is ended then."
    )
    artefact: PathText | None = Field(
        default=None, description="The firmware file that the build makes, relative to the board file."
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
        if (self.build is None) != (self.artefact is None):
            raise wrong("has one of build and artefact; what is built is to be found, and hashed")
        return self

    def abilities(self) -> frozenset[Ability]:
        """Return those that have a program; a power cycle needs none of its own beside both of the power."""
        return frozenset(ability for ability in Ability if self._programs(ability))

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
        """Run the program, for a power cycle without one of its own both of the power; what they print is noted.

        Raises:
            BenchError: One takes too long, or its exit code is not 0.
            UsageError: There is no such program.
        """
        for part, command in self._programs(ability):
            self._run(part, command, context)

    def artefact_path(self) -> str | None:
        """Return what the board file names."""
        return self.artefact

    def _run(self, ability: Ability, command: tuple[str, ...], context: ControllerContext) -> None:
        filled = list(command)
        if context.firmware is not None:
            filled = [argument.replace(FIRMWARE, str(context.firmware)) for argument in command]
        limit = self.build_timeout_s if ability is Ability.BUILD else self.timeout_s
        run_program(ability, filled, context, limit=limit)

    def _programs(self, ability: Ability) -> tuple[tuple[Ability, tuple[str, ...]], ...]:
        parts: tuple[Ability, ...] = (ability,)
        if ability is Ability.POWER_CYCLE and self.power_cycle is None:
            parts = (Ability.POWER_OFF, Ability.POWER_ON)
        found = tuple((part, command) for part in parts if (command := self._command(part)) is not None)
        return found if len(found) == len(parts) else ()

    def _command(self, ability: Ability) -> tuple[str, ...] | None:
        found: tuple[str, ...] | None = getattr(self, ability.value)
        return found
