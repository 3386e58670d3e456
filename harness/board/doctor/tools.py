"""Whether the programs that the controllers of the boards run are installed."""

import shutil
from collections.abc import Iterable, Iterator

from harness.board.doctor.doctor import Finding, Level
from harness.board.models import BoardFile


def missing_tools(boards: Iterable[BoardFile]) -> Iterator[Finding]:
    """Give each program that a controller of a board runs and that is not installed, with where it can be had.

    A board may do without, so it is a warning: what the controller is for blocks in a run.
    """
    for board in boards:
        for name, controller in board.controllers.items():
            for program, package in controller.programs():
                path = str(board.folder / program) if "/" in program else program
                if shutil.which(path) is None:
                    yield Finding(
                        Level.WARNS,
                        f"board {board.name}",
                        f"controller {name} runs {program}, which is not installed",
                        f"install {package}" if package else "install it, or name it by a path",
                    )
