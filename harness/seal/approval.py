"""Approving a sealed run: another person checks all of it, and signs what was checked."""

import os
from pathlib import Path

from harness.errors import UsageError
from harness.run.folder import RunFolder
from harness.seal import pades, people, signing, sshsig
from harness.seal.check import Checked, check
from harness.seal.names import APPROVED_PDF, APPROVED_PDF_SIGNATURE, PDF, SUMS, Role


def approve(
    path: Path,
    key: Path,
    *,
    name: str = "",
    trust: people.Trust | None = None,
    certificate: Path | None = None,
    tsa: str = "",
) -> Checked:
    """Check a sealed run, sign it as its approver, and return what a check of it comes to.

    Args:
        path: The sealed run folder.
        key: The approver's key.
        name: Who the approver is; the report's word when empty.
        trust: Whose keys are trusted.
        certificate: PKCS #12 file for a second signature inside the PDF. report.pdf is sealed and stays as it is: the
            PDF with both signatures is report-approved.pdf, which the approver signs as a file, too.
        tsa: Address of a time stamp service for the approver's signature; empty for none.

    Raises:
        UsageError: something is wrong with it, it is approved already, or the approver is the tester.
        BenchError: the disk refuses, or a program that it takes is missing.
    """
    run = RunFolder.open(path)
    target = run.path / Role.APPROVER.signature
    if os.path.lexists(target):
        raise UsageError(f"{path}: is approved already ({target.name} is there)")
    checked = check(run.path, trust, pages=True, awaits_approval=True, place=str(path))
    if not checked.valid or checked.record is None:
        told = "; ".join(str(problem).strip() for problem in checked.problems[:8]) or "it is not sealed"
        raise UsageError(
            f"{path}: cannot be approved: {told}", hint=f"look at all of it with: harness verify {path}"
        )
    announced = checked.record.approver.name if checked.record.approver else ""
    who = signing.one_name(name, announced, "approver")
    people.require_two(who, checked.record.tester.name)
    if sshsig.fingerprint(key) == checked.record.tester.key:
        raise UsageError(
            f"{key}: is the tester's key", hint="have another person approve, with a key of their own"
        )
    if certificate is not None and not checked.record.signed_pdf:
        raise UsageError(
            f"{path}: {PDF} was sealed without a signature of the tester's, and none can follow it",
            hint="approve without --pades",
        )
    signer = pades.load(certificate) if certificate else None
    with signing.undone_on_error(run) as written:
        written.append(target.name)
        sshsig.sign(run.path / SUMS, key, target)
        if tsa:
            written += [Role.APPROVER.token, Role.APPROVER.token_signature]
            signing.stamp(run, Role.APPROVER, key, tsa)
        if signer is not None:
            written += [APPROVED_PDF, APPROVED_PDF_SIGNATURE]
            pades.sign(run.path / PDF, run.path / APPROVED_PDF, signer, Role.APPROVER, who)
            sshsig.sign(run.path / APPROVED_PDF, key, run.path / APPROVED_PDF_SIGNATURE)
        approved = check(run.path, trust, place=str(path))
        if not approved.valid:
            told = "; ".join(str(problem).strip() for problem in approved.problems)
            raise UsageError(f"{path}: cannot be approved with this key: {told}")
    return approved
