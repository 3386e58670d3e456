"""Verifying whatever a report came as: a run folder, a zip of one, or its PDF alone."""

from pathlib import Path

from harness.errors import UsageError
from harness.seal import check
from harness.seal.check import Checked
from harness.seal.people import Trust


def verify(path: Path, trust: Trust, *, pages: bool = False) -> Checked:
    """Check a report, and return what that comes to.

    Raises:
        UsageError: it is none, or a file that the check needs is none.
        BenchError: it cannot be read, or there is no ssh-keygen.
    """
    if path.is_dir():
        return check.check(path, trust, pages=pages)
    if not path.exists():
        raise UsageError(f"{path}: there is no such report", hint="name a run folder, a zip of one, or a PDF")
    raise UsageError(f"{path}: is no run folder", hint="name a run folder")
