"""A Cortex-M that pyOCD writes by SWD.

Facts of pyOCD 0.46: without `-W` it waits for ever for a probe that is not plugged in, with it it ends with 1 (3 from
the commander); `Erased … programmed …` is its text of success. It verifies nothing, so the memory is read back.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from harness.controller.flasher import Flasher

_Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]


class PyOcd(Flasher):
    """A Cortex-M that pyOCD writes."""

    program: ClassVar[str] = "pyocd"
    package: ClassVar[str] = "pyocd (PyPI; that of Debian is old)"
    success: ClassVar[tuple[str, ...]] = ("Erased ", "programmed ")

    kind: Literal["pyocd"] = Field(description="A Cortex-M that pyOCD writes by SWD.")
    probe_uid: _Word = Field(description="Unique ID of the debug probe, as `pyocd list` shows it.")
    target: _Word = Field(description="Type of the chip, as `pyocd list --targets` shows it.")

    def chosen(self) -> str:
        """Return the probe."""
        return f"probe {self.probe_uid}"

    def command(self, file: str) -> tuple[str, ...]:
        """Return the command; it never waits for a probe."""
        where = () if self.address is None else ("--base-address", f"{self.address:#x}")
        return ("flash", *self._which(), *where, file)

    def read_back(self, file: str, size: int) -> tuple[str, ...] | None:
        """Return the command that saves the memory."""
        if self.address is None:
            return None
        return ("commander", *self._which(), "-c", f"savemem {self.address:#x} {size} {file}")

    def _which(self) -> tuple[str, ...]:
        return ("-W", "-u", self.probe_uid, "-t", self.target)
