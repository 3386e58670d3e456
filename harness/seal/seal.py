"""Sealing a run: its folder is closed, listed and signed by the tester; then an approver signs what was checked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import harness
from harness.disk import write_whole, writing
from harness.errors import HarnessError, ToolError, UsageError
from harness.report.model import fold
from harness.report.records import RunReport
from harness.report.text import one_line
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.seal import guide, people, results, sshsig, sums, tree
from harness.seal.check import Checked, check, check_agreement
from harness.seal.names import GUIDE, RECORD, SUMS, Role
from harness.seal.problems import Findings
from harness.seal.record import Person, Record


@dataclass(frozen=True, slots=True)
class Sealing:
    """What is asked for.

    Attributes:
        key: The tester's key, as `ssh-keygen -Y sign -f` takes it.
        name: Who the tester is; the report's word when empty.
        approver: Who is to approve; the report's word when empty.
        partial: Whether a run that never came to its end is sealed as the part that it is.
    """

    key: Path
    name: str = ""
    approver: str = ""
    partial: bool = False


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
    _remove_half_a_seal(run)
    report = _closed(run, path, partial=asked.partial)
    with _undone_on_error(run) as written:
        found = _only_files(run)
        record = _record(report, asked, fingerprint, found, written)
        for name, data in ((RECORD, record.encoded()), (GUIDE, guide.text(record))):
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
    check_agreement(run, found.files, findings)
    _refuse(path, findings, "does not hold together, and sealing would only make that last")
    digests = tree.hashes(run.path, [name for name in found.files if name not in manifest.SEAL])
    results.check(run, report, digests, findings, same_code=True, pages=True)
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


def _record(
    report: RunReport, asked: Sealing, fingerprint: str, found: tree.Tree, written: list[str]
) -> Record:
    said = report.particulars
    tester = _one_name(asked.name, said.tester, "tester")
    approver = _one_name(asked.approver, said.approver, "approver")
    people.require_two(approver, tester)
    others = [name for name in found.files if name not in manifest.SEAL or name in written]
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
        files=len(others) + len({RECORD, GUIDE}),
        empty_folders=[
            name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            for name in found.empty
        ],
        signed_pdf=False,
        pdf_bytes=0,
        time_stamp=False,
        attestation=False,
        replaces=said.replaces,
    )


def _one_name(given: str, said: str, role: str) -> str:
    if given and said and not people.same_person(given, said):
        raise UsageError(
            f"the report names {one_line(said)} as {role}, and {one_line(given)} is given",
            hint=f"leave the name out, or test again with another report.{role} in the board file",
        )
    return (given or said).strip()


def _remove_half_a_seal(run: RunFolder) -> None:
    """Remove what sealing left that was killed before the tester's signature was there."""
    with writing(run.path):
        for name in manifest.SEAL:
            path = run.path / name
            if path.is_file() and not path.is_symlink():
                path.unlink()
    manifest.remove_drafts(run)


@contextmanager
def _undone_on_error(run: RunFolder) -> Iterator[list[str]]:
    """Give a list of names to add to before each is written; they are removed when the block fails."""
    written: list[str] = []
    try:
        yield written
    except BaseException:
        for name in written:
            with suppress(OSError):
                (run.path / name).unlink(missing_ok=True)
        raise


def approve(path: Path, key: Path, *, name: str = "", trust: people.Trust | None = None) -> Checked:
    """Check a sealed run, sign it as its approver, and return what a check of it comes to.

    Raises:
        UsageError: something is wrong with it, it is approved already, or the approver is the tester.
        HarnessError: as for `seal`.
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
    who = _one_name(name, announced, "approver")
    people.require_two(who, checked.record.tester.name)
    if sshsig.fingerprint(key) == checked.record.tester.key:
        raise UsageError(
            f"{key}: is the tester's key", hint="have another person approve, with a key of their own"
        )
    try:
        sshsig.sign(run.path / SUMS, key, target)
        approved = check(run.path, trust, place=str(path))
        if not approved.valid:
            told = "; ".join(str(problem).strip() for problem in approved.problems)
            raise UsageError(f"{path}: cannot be approved with this key: {told}")
    except HarnessError:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise
    return approved
