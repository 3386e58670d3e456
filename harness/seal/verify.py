"""Verifying whatever a report came as: a run folder, a zip of one, or its PDF alone."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import UsageError
from harness.seal import amendment, check, pdfsig
from harness.seal.check import Checked
from harness.seal.names import SUMS, Role
from harness.seal.people import SignedBy, Trust
from harness.seal.problems import Findings
from harness.seal.unpack import unpack


def verify(path: Path, trust: Trust, *, pages: bool = False, replaces: Path | None = None) -> Checked:
    """Check a report, and return what that comes to.

    Args:
        path: A run folder, a zip of one, or a PDF.
        trust: Whose keys are trusted.
        pages: As for `check.check`.
        replaces: The sealed run folder of the report that it amends, to be checked too; None for none.

    Raises:
        UsageError: it is none, or a file that the check needs is none.
        BenchError: it cannot be read, or a program that it takes is missing.
    """
    checked = _verify(path, trust, pages=pages)
    if replaces is None:
        return checked
    findings = Findings()
    amendment.check_old(checked, replaces, findings)
    return replace(
        checked,
        problems=(*checked.problems, *findings.problems),
        remarks=(*checked.remarks, *findings.remarks),
    )


def _verify(path: Path, trust: Trust, *, pages: bool) -> Checked:
    if path.is_dir():
        return check.check(path, trust, pages=pages)
    if not path.is_file():
        raise UsageError(f"{path}: there is no such report", hint="name a run folder, a zip of one, or a PDF")
    return _pdf(path) if path.suffix.lower() == ".pdf" else _zip(path, trust, pages=pages)


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


def _pdf(path: Path) -> Checked:
    """Check a PDF alone, which holds the report and perhaps signatures, and none of what it is made from."""
    findings = Findings()
    found = pdfsig.signatures(path)
    if not found:
        findings.remark("this PDF holds no signature, so nothing shows whether it was changed")
    elif wrong := pdfsig.problem(found, min(len(found), len(Role))):
        findings.wrong("changed", path.name, wrong)
    if found:
        findings.remark("nobody here vouches for the certificates: pdfsig -nssdir names who does")
        findings.remark(
            "a PDF alone shows neither recordings nor evidence: verify the run folder, or the zip of it"
        )
    if (path.parent / SUMS).is_file():
        findings.remark(f"it lies in a sealed run: harness verify {path.parent} checks all of it")
    signatures = [
        SignedBy(role, each.name, "X.509 certificate", "")
        for role, each in zip(Role, found, strict=False)
        if each.valid
    ]
    return Checked(
        str(path),
        sealed=bool(found),
        problems=tuple(findings.problems),
        remarks=tuple(findings.remarks),
        signatures=tuple(signatures),
    )
