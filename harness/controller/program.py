"""Runs the programs that controllers act by: bounded in time, ended whole, and what they print kept safe to show."""

import subprocess
from collections.abc import Sequence

from harness.controller.kind import Ability, ControllerContext
from harness.errors import BenchError
from harness.run.programs import end_group, start_program
from harness.transport.printable import last_lines

SHOWN_LINES = 10
"""Last lines of a program that an error and the journal carry."""

_LAST_BYTES = 1 << 20  # enough for any tool's own words; a flood ends in its last lines


class Ended:
    """How a program ended.

    Attributes:
        code: Exit code, negative for a signal; None when it took too long and was ended.
        output: What it printed on either stream, its last megabyte, with stars for secrets.
        how: How it ended, in words.
    """

    def __init__(self, code: int | None, output: bytes, limit: float) -> None:
        self.code = code
        self.output = output
        self.how = f"did not end within {limit:g} s" if code is None else f"exit code {code}"

    @property
    def text(self) -> str:
        """What it printed, as text."""
        return self.output.decode("utf-8", errors="backslashreplace")

    @property
    def lines(self) -> tuple[str, ...]:
        """Its last lines, safe to print."""
        return last_lines(self.output, SHOWN_LINES)


def run_program(
    ability: Ability,
    command: Sequence[str],
    context: ControllerContext,
    *,
    limit: float,
    package: str = "",
    codes: tuple[int, ...] = (0,),
) -> Ended:
    """Run a program in the folder of the board file, without a shell, and note how it ended.

    Args:
        ability: What it is run for.
        command: Program and arguments.
        context: What the controller works on.
        limit: Seconds that it may take; it is ended then, with all that it started.
        package: Where the program can be had, for whoever does not have it.
        codes: The exit codes of success.

    Raises:
        BenchError: It takes too long, or its exit code is another one: nothing was learnt of the board.
        UsageError: There is no such program.
    """
    process = start_program(
        command, context.folder, context.environment, named_in="controllers", package=package
    )
    output, late = b"", False
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired as error:
        output, late = error.output or b"", True
    finally:
        end_group(process)
        if process.stdout is not None:
            process.stdout.close()
    ended = Ended(None if late else process.returncode, context.hide(output[-_LAST_BYTES:]), limit)
    context.note(f"{ability} by {command[0]}: {'; '.join((ended.how, *ended.lines))}")
    if ended.code not in codes:
        raise program_failed(ability, command[0], ended.how, ended)
    return ended


def program_failed(ability: Ability, program: str, why: str, ended: Ended) -> BenchError:
    """Return the error for a program that did not do what it was run for.

    It blocks, also where it is a build: no device was asked, so none can have failed.
    """
    return BenchError(
        f"{ability}: {program} failed ({why})",
        hint="look at its last lines and run it by hand; nothing was learnt of the board",
        traffic=ended.lines,
    )
