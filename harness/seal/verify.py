"""Verifying whatever a report came as: a run folder, a zip of one, or its PDF alone."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import UsageError
from harness.seal import check
from harness.seal.check import Checked
from harness.seal.people import Trust
from harness.seal.problems import Findings
from harness.seal.unpack import unpack


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
    if path.suffix.lower() == ".zip":
        return _zip(path, trust, pages=pages)
    raise UsageError(
        f"{path}: is neither a run folder nor a zip", hint="name a run folder, or a zip of harness pack"
    )


def _zip(path: Path, trust: Trust, *, pages: bool) -> Checked:
    findings = Findings()
    with TemporaryDirectory(prefix="harness-verify-") as folder:
        unpacked = unpack(path, Path(folder), findings)
        if unpacked is None:
            return Checked(str(path), sealed=True, problems=tuple(findings.problems))
        try:
            checked = check.check(unpacked, trust, pages=pages, place=str(path))
        except UsageError as error:
            message = error.message.removeprefix(f"{unpacked}: ")
            findings.wrong("changed", "zip", message)
            return Checked(str(path), sealed=True, problems=tuple(findings.problems))
    return replace(checked, problems=(*findings.problems, *checked.problems))
