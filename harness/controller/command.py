"""A relay, a programmer or another tool of the lab that has a command line."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.controller.image import Image
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
    off_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=0.0,
        description="Seconds that a power cycle of power_off and power_on leaves it without power.",
    )
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
    image: Image | None = Field(
        default=None,
        description="What shows that a firmware is one for this board. Left out: only what the board's own build has "
        "made in the same run is flashed.",
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
        """Return those that have a program; a power cycle is made of off and on where it has none of its own."""
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
        """Run the program; what it prints is noted.

        Raises:
            BenchError: It takes too long, or its exit code is not 0.
            UsageError: There is no such program.
        """
        filled = list(self._command(ability) or ())
        if context.firmware is not None:
            filled = [argument.replace(FIRMWARE, str(context.firmware)) for argument in filled]
        limit = self.build_timeout_s if ability is Ability.BUILD else self.timeout_s
        run_program(ability, filled, context, limit=limit)

    def image_of_board(self) -> Image | None:
        """Return what the board file says."""
        return self.image

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return the programs that are named; where they can be had is not known."""
        commands = (command for ability in Ability if (command := self._command(ability)))
        return tuple(dict.fromkeys((command[0], "") for command in commands))

    def pause_s(self) -> float:
        """Return what the board file says."""
        return self.off_s

    def artefact_path(self) -> str | None:
        """Return what the board file names."""
        return self.artefact

    def _command(self, ability: Ability) -> tuple[str, ...] | None:
        found: tuple[str, ...] | None = getattr(self, ability.value)
        return found
