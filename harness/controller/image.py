"""What shows that a firmware is one for this board: a programmer writes whatever it is given into whatever it finds."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from harness.errors import UsageError
from harness.settings.words import Section, Text, wrong

_LARGEST = 1 << 30


class Image(Section):
    """What a firmware for this board is like: one of marker, magic and sha256, or several, which must all hold."""

    marker: Text | None = Field(
        default=None,
        min_length=4,
        description="Text that stands in every firmware for this board and in none for another, such as its name. In "
        "a file of raw bytes or ELF; Intel HEX holds no text.",
    )
    magic: Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}){2,64}$")] | None = Field(
        default=None, description="First bytes of the file, in hex."
    )
    sha256: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$")], ...] = Field(
        default=(),
        max_length=64,
        description="SHA-256 of the files that may be flashed, when no others may.",
    )
    max_bytes: int = Field(
        default=_LARGEST, ge=1, le=_LARGEST, description="Largest file that is flashed, in bytes."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.marker is None and self.magic is None and not self.sha256:
            raise wrong("tells no firmware from another; write marker, magic or sha256")
        return self

    def require(self, path: Path, sha256: str) -> None:
        """Check that a file is a firmware for this board.

        Args:
            path: The file.
            sha256: Its hash, which was compared with it already.

        Raises:
            UsageError: It is not; nothing was written.
        """
        size = path.stat().st_size
        if size > self.max_bytes:
            raise _foreign(path, f"it has {size} bytes, more than max_bytes")
        if self.sha256 and sha256.lower() not in {each.lower() for each in self.sha256}:
            raise _foreign(path, "its SHA-256 is none of those that are named")
        data = path.read_bytes()
        if self.magic is not None and not data.startswith(bytes.fromhex(self.magic)):
            raise _foreign(path, f"it does not begin with {self.magic}")
        if self.marker is not None and not re.search(re.escape(self.marker.encode()), data):
            raise _foreign(path, f"the marker {self.marker!r} is not in it")


def _foreign(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path}: is no firmware for this board: {why}",
        hint="flash the board's own, or correct `image` of the controller; nothing was written",
    )
