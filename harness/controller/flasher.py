"""Programmers that write a firmware into a board: each is told which probe or port it may use, and is not believed.

A programmer takes the first probe that it finds unless it is told otherwise, so every kind has a field that tells it,
and needs it. That it ends with 0 is not enough: its own text of success must be there, and where the tool can read the
memory back, the hash of what it reads must be that of the file.
"""

import hashlib
import tempfile
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from harness.controller.image import Image
from harness.controller.kind import Ability, Controller, ControllerContext, LineAction
from harness.controller.program import run_program
from harness.errors import BenchError, ToolError, UsageError
from harness.settings.words import Number, Seconds

_RAW = ".bin"


class Flasher(Controller):
    """A programmer that is known by its name."""

    program: ClassVar[str]
    package: ClassVar[str]
    success: ClassVar[tuple[str, ...]]

    image: Image | None = Field(
        default=None,
        description="What shows that a firmware is one for this board. Left out: only what the board's own build has "
        "made in the same run is flashed.",
    )
    address: Number | None = Field(
        default=None, ge=0, le=0xFFFF_FFFF, description="Address of a file of raw bytes (.bin)."
    )
    timeout_s: Seconds = Field(
        default=300.0, description="Seconds that the programmer may take; it is ended then."
    )

    def abilities(self) -> frozenset[Ability]:
        """Return flash."""
        return frozenset({Ability.FLASH})

    def line_actions(self) -> tuple[LineAction, ...]:
        """Return nothing: it is apart from the transports."""
        return ()

    def occupies(self) -> tuple[str, ...]:
        """Return the probe or port that it uses."""
        return (f"programmer {self.chosen()}",)

    def place(self) -> str:
        """Return the program, and what it uses."""
        return f"{self.program}, {self.chosen()}"

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return the programmer."""
        return ((self.program, self.package),)

    def image_of_board(self) -> Image | None:
        """Return what the board file says."""
        return self.image

    def do(self, ability: Ability, context: ControllerContext) -> None:
        """Write the firmware, and see that it was written.

        Raises:
            BenchError: It was not, or nothing says that it was.
            UsageError: The programmer is not there, or the file is none that it can write.
        """
        file = context.firmware
        if file is None:
            raise ToolError("a programmer was asked to write no firmware")
        if file.suffix == _RAW and self.address is None:
            raise UsageError(
                f"{ability}: {file.name} holds raw bytes, and nothing says where they go",
                hint="write `address`, or flash an ELF file",
            )
        self.identify(ability, context)
        ended = self._run(ability, self.command(str(file)), context)
        if not self.succeeded(ended):
            raise BenchError(
                f"{ability}: {self.program} ended with 0 and does not say {self.success[0]!r}",
                hint="look at its lines in the journal; nothing says that the firmware is in the board",
            )
        self._compare(ability, file, context)
        self.identify(ability, context)

    @abstractmethod
    def chosen(self) -> str:
        """Return which probe, port or device it is told to use."""

    @abstractmethod
    def command(self, file: str) -> tuple[str, ...]:
        """Return the program and arguments that write a file, verify it, and end."""

    def succeeded(self, text: str) -> bool:
        """Return whether what it printed has its texts of success."""
        return all(each in text for each in self.success)

    def read_back(self, file: str, size: int) -> tuple[str, ...] | None:
        """Return the program and arguments that read memory into a file; None where the tool verifies in the device."""
        del file, size
        return None

    def identify(self, ability: Ability, context: ControllerContext) -> None:
        """Check, before and after, that it is this board's own chip, as far as the board file knows it.

        Raises:
            BenchError: It is another one.
        """
        del ability, context

    def _run(self, ability: Ability, command: tuple[str, ...], context: ControllerContext) -> str:
        whole = (self.program, *command)
        return run_program(ability, whole, context, limit=self.timeout_s, package=self.package).text

    def _compare(self, ability: Ability, file: Path, context: ControllerContext) -> None:
        written = file.read_bytes()
        with tempfile.TemporaryDirectory(prefix="harness-flash-") as folder:
            back = Path(folder, "read-back.bin")
            command = self.read_back(str(back), len(written)) if file.suffix == _RAW else None
            if command is None:
                return
            self._run(ability, command, context)
            try:
                found = back.read_bytes()[: len(written)]
            except OSError:
                found = b""
        digest = hashlib.sha256(found).hexdigest()
        context.note(f"{ability}: SHA-256 of the {len(found)} bytes that were read back: {digest}")
        if found != written:
            raise BenchError(
                f"{ability}: what was read back from the board is another firmware",
                hint="erase the chip and flash it again; look whether its memory is protected",
            )
