"""Sealing a run: its folder is closed, listed and signed by the tester. Approving follows it (`approval`)."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import harness
from harness.disk import write_whole, writing
from harness.errors import HarnessError, ToolError, UsageError
from harness.report.model import fold
from harness.report.records import RunReport
from harness.report.text import one_line
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.seal import (
    agreement,
    amendment,
    attestation,
    guide,
    pades,
    people,
    results,
    signing,
    sshsig,
    sums,
    time_stamp,
    tree,
)
from harness.seal.check import Checked, check
from harness.seal.names import (
    ATTESTATION,
    ATTESTATION_KEY,
    GUIDE,
    PDF,
    RECORD,
    SUMS,
    Role,
)
from harness.seal.problems import Findings
from harness.seal.record import Person, Record

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner


@dataclass(frozen=True, slots=True)
class Sealing:
    """What is asked for.

    Attributes:
        key: The tester's key, as `ssh-keygen -Y sign -f` takes it.
        name: Who the tester is; the report's word when empty.
        approver: Who is to approve; the report's word when empty.
        partial: Whether a run that never came to its end is sealed as the part that it is.
        pades: PKCS #12 file for a signature inside report.pdf, or None.
        tsa: Address of a time stamp service (RFC 3161); empty for no time stamp.
        attest: Ed25519 key of an attestation for machines, or None.
        replaces: The sealed run folder of the report that this one amends, or None.
        reason: What changed since that one, and why.
    """

    key: Path
    name: str = ""
    approver: str = ""
    partial: bool = False
    pades: Path | None = None
    tsa: str = ""
    attest: Path | None = None
    replaces: Path | None = None
    reason: str = ""


def seal(path: Path, asked: Sealing) -> Checked:
    """Seal a run, and return what a check of the sealed folder comes to.

    Nothing is left in the folder when it cannot be done.

    Raises:
        UsageError: the run cannot be sealed, the message says why; or the key cannot be used.
        BenchError: the disk refuses, or there is no ssh-keygen.
    """
    run = RunFolder.open(path)
    if os.path.lexists(run.path / Role.TESTER.signature):
        raise UsageError(
            f"{path}: is sealed already",
            hint="a sealed report is never edited: test again, and seal the new run with --replaces for an amendment",
        )
    fingerprint = sshsig.fingerprint(asked.key)
    certificate = pades.load(asked.pades) if asked.pades else None
    attesting = attestation.load(asked.attest) if asked.attest else None
    _remove_half_a_seal(run)
    report = _closed(run, path, partial=asked.partial)
    if asked.tsa:
        # Asked before anything is written: a service that does not answer then is told at once.
        time_stamp.fetch(report.journal_sha256.encode(), asked.tsa)
    with signing.undone_on_error(run) as written:
        found = _only_files(run)
        record = _record(report, asked, fingerprint, found)
        if certificate is not None:
            _sign_pdf(run, certificate, record.tester.name)
        parts = [(RECORD, record.encoded()), (GUIDE, guide.text(record))]
        parts += [(ATTESTATION_KEY, attestation.public(attesting))] if attesting else []
        for name, data in parts:
            written.append(name)
            write_whole(run.path / name, data)
        listed = [
            name for name in tree.Tree.of(run.path).files if name not in manifest.SEAL or name in written
        ]
        written.append(SUMS)
        write_whole(run.path / SUMS, sums.text(tree.hashes(run.path, listed)))
        written.append(Role.TESTER.signature)
        signed = sshsig.sign(run.path / SUMS, asked.key, run.path / Role.TESTER.signature)
        if signed.fingerprint != fingerprint:
            raise UsageError(
                f"{asked.key}: ssh-keygen signed with another key than this file names: {signed.fingerprint}"
            )
        if asked.tsa:
            written += [Role.TESTER.token, Role.TESTER.token_signature]
            signing.stamp(run, Role.TESTER, asked.key, asked.tsa)
        if attesting is not None:
            written.append(ATTESTATION)
            said = attestation.make(report, (run.path / SUMS).read_bytes(), attesting)
            write_whole(run.path / ATTESTATION, said)
        checked = check(run.path, awaits_approval=True, place=str(path))
        if not checked.valid:
            told = "; ".join(map(str, checked.problems))
            raise ToolError(
                f"{path}: what was sealed does not hold: {told}",
                hint="is something still writing there? then seal again",
            )
    return checked


def _closed(run: RunFolder, path: Path, *, partial: bool) -> RunReport:
    """Return the report of a run that may be sealed.

    Raises:
        UsageError: the run is not over, was changed since its end, or its reports are not what its journal comes to.
    """
    report = fold(run, ())
    if report.finished is None and not partial:
        raise UsageError(
            f"{path}: the run goes on, or was killed: its journal has no end",
            hint="to seal the part of a run that it is, and that its reports call it, give --partial",
        )
    if report.finished is not None and partial:
        raise UsageError(f"{path}: this run came to its end", hint="seal it without --partial")
    findings = Findings()
    if report.finished is not None:
        for word, names in manifest.verify(run).by_word().items():
            for name in names:
                if not manifest.is_report(name):
                    findings.wrong(word, name, "since the run ended, as manifest.json says")
    elif not (run.path / "report.json").is_file():
        raise UsageError(f"{path}: has no reports yet", hint=f"render them first: harness report {path}")
    found = tree.Tree.of(run.path)
    agreement.check(run, found.files, findings)
    _refuse(path, findings, "does not hold together, and sealing would only make that last")
    digests = tree.hashes(run.path, [name for name in found.files if name not in manifest.SEAL])
    results.check(run, report, digests, findings, same_code=True)
    _refuse(
        path,
        findings,
        "has reports that are not what its journal comes to here",
        hint=f"render them again with this harness, look at them, then seal: harness report {path}",
    )
    return report


def _refuse(path: Path, findings: Findings, why: str, hint: str = "") -> None:
    if findings.problems:
        told = "; ".join(str(problem).strip() for problem in findings.problems[:8])
        more = f"; and {len(findings.problems) - 8} more" if len(findings.problems) > 8 else ""
        raise UsageError(
            f"{path}: {why}: {told}{more}", hint=hint or "take the run from a copy, or test again"
        )


def _only_files(run: RunFolder) -> tree.Tree:
    found = tree.Tree.of(run.path)
    if found.odd:
        name, kind = next(iter(sorted(found.odd.items())))
        raise UsageError(
            f"{run.path}: {one_line(name)} is {kind}: only files can be sealed",
            hint="remove it, or put a file with its content in its place",
        )
    return found


def _sign_pdf(run: RunFolder, certificate: "SimpleSigner", name: str) -> None:
    """Add the tester's own signature to report.pdf."""
    pdf = run.path / PDF
    if not pdf.is_file():
        raise UsageError(
            f"{run.path}: has no {PDF} to sign", hint=f"render it first: harness report {run.path}"
        )
    pades.sign(pdf, pdf, certificate, Role.TESTER, name)


def _record(report: RunReport, asked: Sealing, fingerprint: str, found: tree.Tree) -> Record:
    said = report.particulars
    tester = signing.one_name(asked.name, said.tester, "tester")
    approver = signing.one_name(asked.approver, said.approver, "approver")
    people.require_two(approver, tester)
    others = [name for name in found.files if name not in manifest.SEAL]
    sealing = {RECORD, GUIDE} | ({ATTESTATION_KEY} if asked.attest else set())
    return Record(
        run=report.run,
        board=report.board,
        number=said.number,
        revision=said.revision,
        verdict=report.verdict,
        mode=report.mode,
        partial=report.finished is None,
        sealed=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        harness=harness.__version__,
        rendering=results.rendering(),
        tester=Person(name=tester, key=fingerprint),
        approver=Person(name=approver) if approver else None,
        files=len(others) + len(sealing),
        empty_folders=[
            name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            for name in found.empty
        ],
        signed_pdf=asked.pades is not None,
        pdf_bytes=found.files.get(PDF, 0),
        time_stamp=bool(asked.tsa),
        attestation=asked.attest is not None,
        replaces=amendment.replaced(report, asked.replaces, asked.reason),
    )


def _remove_half_a_seal(run: RunFolder) -> None:
    """Remove what sealing left that was killed before the tester's signature was there."""
    _take_back_pdf(run)
    with writing(run.path):
        for name in manifest.SEAL:
            path = run.path / name
            if path.is_file() and not path.is_symlink():
                path.unlink()
    manifest.remove_drafts(run)


def _take_back_pdf(run: RunFolder) -> None:
    """Take back a signature inside report.pdf: what the run wrote is the beginning of the file."""
    pdf = run.path / PDF
    try:
        entry = manifest.read(run).get(PDF)
    except HarnessError:
        return
    if entry is None or not pdf.is_file() or pdf.is_symlink() or pdf.stat().st_size <= entry.size:
        return
    if tree.sha256(pdf, entry.size) == entry.sha256:
        with writing(pdf), pdf.open("rb") as file:
            beginning = file.read(entry.size)
        write_whole(pdf, beginning)
