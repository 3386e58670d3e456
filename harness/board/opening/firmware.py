"""A firmware: the file that a build makes and that is flashed, known by its hash."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.errors import UsageError


@dataclass(frozen=True, slots=True)
class Firmware:
    """A file to be written into a board.

    Attributes:
        path: The file.
        sha256: Hex digest that it must have.
    """

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the firmware that a file holds now.

        Raises:
            UsageError: It cannot be read.
        """
        return cls(path, _digest(path))

    def check(self) -> None:
        """Compare the file with its hash.

        Raises:
            UsageError: It cannot be read, or is another one.
        """
        found = _digest(self.path)
        if found != self.sha256.lower():
            raise UsageError(
                f"{self.path}: is another firmware: its SHA-256 is {found}, named is {self.sha256}",
                hint="build or fetch the named one, or correct the hash",
            )


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
