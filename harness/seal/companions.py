"""What may stand beside a seal, each checked by itself: signatures inside PDFs, time stamps, an attestation."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from harness.errors import BenchError, HarnessError, UsageError
from harness.report.records import RunReport
from harness.seal import attestation, pdfsig, record, sshsig, sums, time_stamp, tree
from harness.seal.names import (
    APPROVED_PDF,
    APPROVED_PDF_SIGNATURE,
    ATTESTATION,
    ATTESTATION_KEY,
    PDF,
    RECORD,
    SUMS,
    Role,
)
from harness.seal.people import Trust
from harness.seal.problems import Findings
from harness.seal.record import Record

_LARGEST = 1 << 20
_LARGEST_ATTESTATION = 256 << 20
_LARGEST_SUMS = 512 << 20


def check(folder: Path, sealed: Record, names: Collection[str], trust: Trust, findings: Findings) -> None:
    """Check PDFs with signatures and time stamps.

    Raises:
        BenchError: a file cannot be read, or a program that it takes is missing.
    """
    if sealed.signed_pdf and PDF in names:
        _check_pdf(folder / PDF, 1, findings)
    if APPROVED_PDF in names or APPROVED_PDF_SIGNATURE in names:
        _check_approved(folder, names, findings)
    for role in Role:
        expected = sealed.time_stamp and role is Role.TESTER
        if expected or role.token in names or role.token_signature in names:
            _check_token(folder, role, names, trust, findings)


def is_sealed_signature(folder: Path) -> bool:
    """Return whether what stands behind the run's own report.pdf is a signature that was sealed with the run.

    Whether that seal is worth anything, and the signature, is for `check` to say.

    Raises:
        BenchError: a file cannot be read.
    """
    try:
        sealed = record.read(tree.content(folder / RECORD, record.LARGEST))
        listed = sums.read(tree.content(folder / SUMS, _LARGEST_SUMS))
    except (HarnessError, OSError):
        return False
    return sealed.signed_pdf and listed.get(PDF) == tree.sha256(folder / PDF)


def check_attestation(folder: Path, sealed: Record, report: RunReport, findings: Findings) -> None:
    """Check the attestation, if there is to be one, against the run that it is of.

    Raises:
        BenchError: a file cannot be read.
    """
    if not sealed.attestation:
        return
    try:
        wrong = attestation.problem(
            tree.content(folder / ATTESTATION, _LARGEST_ATTESTATION),
            tree.content(folder / ATTESTATION_KEY, _LARGEST),
            report,
            tree.content(folder / SUMS, _LARGEST_SUMS),
        )
    except UsageError as error:
        wrong = error.message
    if wrong:
        findings.wrong("changed", ATTESTATION, wrong)


def _check_pdf(path: Path, signatures: int, findings: Findings) -> None:
    try:
        found = pdfsig.signatures(path)
    except BenchError as error:
        findings.remark(f"the signatures inside {path.name} were not checked: {error.message}; {error.hint}")
        return
    if wrong := pdfsig.problem(found, signatures):
        findings.wrong("changed", path.name, wrong)
    else:
        names = ", ".join(each.name for each in found)
        findings.remark(
            f"{path.name}: signed inside by {names}, by certificates that nobody here vouches for"
        )


def _check_approved(folder: Path, names: Collection[str], findings: Findings) -> None:
    """Check that the approver's PDF is the tester's with one more signature, and signed by the approver as a file."""
    for name in (APPROVED_PDF, APPROVED_PDF_SIGNATURE, Role.APPROVER.signature, PDF):
        if name not in names:
            findings.wrong("removed", name, f"without it nobody vouches for {APPROVED_PDF}")
            return
    approved, signature = folder / APPROVED_PDF, folder / APPROVED_PDF_SIGNATURE
    size = (folder / PDF).stat().st_size
    if approved.stat().st_size <= size or tree.sha256(approved, size) != tree.sha256(folder / PDF):
        findings.wrong(
            "changed", APPROVED_PDF, f"does not begin with {PDF}, behind which the approver signed"
        )
        return
    if wrong := _unsigned(approved, signature, folder / Role.APPROVER.signature):
        findings.wrong("changed", APPROVED_PDF_SIGNATURE, wrong)
    else:
        _check_pdf(approved, 2, findings)


def _unsigned(file: Path, signature: Path, by: Path) -> str:
    """Return why `signature` is none over `file` by the key that made the signature `by`; empty when it is one."""
    try:
        mine, its = (sshsig.Signature.read(tree.content(each, _LARGEST)) for each in (signature, by))
    except (sshsig.BrokenSignatureError, tree.UnfitError) as error:
        return error.message
    if mine.fingerprint != its.fingerprint:
        return f"is by another key than {by.name}"
    return "" if sshsig.holds(file, signature) else f"is no signature over this {file.name}"


def _check_token(folder: Path, role: Role, names: Collection[str], trust: Trust, findings: Findings) -> None:
    signature, path = folder / role.signature, folder / role.token
    for name in (role.signature, role.token, role.token_signature):
        if name not in names:
            findings.wrong(
                "removed", name, "" if name == role.token else f"nobody vouches for {role.token} then"
            )
            return
    if wrong := _unsigned(folder / role.token, folder / role.token_signature, folder / role.signature):
        findings.wrong("changed", role.token, f"{role.token_signature} {wrong}")
        return
    try:
        vouched = trust.roots is not None and time_stamp.is_vouched(signature, path, trust.roots)
        token = time_stamp.read(tree.content(path, _LARGEST), vouched=vouched)
    except UsageError as error:
        findings.wrong("changed", role.token, error.message)
        return
    except BenchError as error:
        findings.remark(f"{role.token} was not checked: {error.message}; {error.hint}")
        return
    moment = f"{role.token}: {role.signature} was there on {token.moment}"
    if token.sha256 != hashlib.sha256(tree.content(signature, _LARGEST)).hexdigest():
        findings.wrong("changed", role.token, f"is a time stamp of something else than {role.signature}")
    elif vouched:
        findings.remark(f"{moment}, as {trust.roots} vouches for")
    elif trust.roots is None:
        findings.remark(f"{moment}, by a service that nobody vouches for")
    else:
        findings.wrong("untrusted", role.token, f"nobody in {trust.roots} vouches for this time stamp")
