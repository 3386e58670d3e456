"""What `pdfsig` of poppler says of the signatures inside a PDF.

Its exit code is 0 for a tampered file, too: only its text counts.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError

_SECONDS = 120
_SIGNATURE = re.compile(r"^Signature #[0-9]+:$", re.MULTILINE)
_NAME = re.compile(r"^  - Signer Certificate Common Name: (.*)$", re.MULTILINE)
_VALIDATION = re.compile(r"^  - Signature Validation: (.*)$", re.MULTILINE)
_VALID = "Signature is Valid."
_WHOLE = "\n  - Total document signed\n"


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """One signature.

    Attributes:
        name: Common name of its certificate, which nobody vouches for.
        said: What pdfsig says of it.
        whole: Whether it is over the whole file.
    """

    name: str
    said: str
    whole: bool

    @property
    def valid(self) -> bool:
        """Whether what it is over was not changed."""
        return self.said == _VALID


def signatures(path: Path) -> list[PdfSignature]:
    """Return the signatures of a PDF in their order.

    Raises:
        BenchError: there is no pdfsig, or it gave no answer.
    """
    try:
        told = subprocess.run(  # noqa: S603  # pdfsig of this machine
            ["pdfsig", "-nocert", str(path.absolute())],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except FileNotFoundError as error:
        raise BenchError(
            "there is no pdfsig here", hint="install poppler: apt-get install poppler-utils"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"pdfsig gave no answer within {_SECONDS} s") from error
    parts = _SIGNATURE.split(told.stdout.decode("utf-8", "replace"))[1:]
    return [PdfSignature(_first(_NAME, part), _first(_VALIDATION, part), _WHOLE in part) for part in parts]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1].strip() if found else "nothing"


def problem(found: list[PdfSignature], expected: int) -> str:
    """Return what is wrong with the signatures of a PDF that must have so many; empty when nothing is."""
    if len(found) != expected:
        return f"holds {len(found)} signatures instead of {expected}"
    for number, each in enumerate(found, start=1):
        if not each.valid:
            return f"signature {number}, of {each.name}: {each.said}"
    return "" if found[-1].whole else "has bytes behind its last signature, or inside, that nobody signed"
