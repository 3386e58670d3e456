"""Checking a folder that is, or should be, a sealed report: every byte, every signature, and whether it agrees."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.report.model import fold
from harness.run import manifest, reader
from harness.run.folder import RunFolder
from harness.seal import agreement, claims, companions, differences, people, record, results, sums, tree
from harness.seal.names import (
    APPROVED_PDF,
    APPROVED_PDF_SIGNATURE,
    ATTESTATION,
    GUIDE,
    RECORD,
    SUMS,
    UNLISTED,
    Role,
)
from harness.seal.people import SignedBy, Trust
from harness.seal.problems import Findings, Problem
from harness.seal.record import Record

_SMALL_JOURNAL = 1 << 20
"""Bytes of a journal up to which its reports are made again without being asked: then that takes a second or two."""

_LARGEST_SUMS = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to.

    Attributes:
        place: What was checked.
        sealed: Whether there is a seal at all.
        problems: What is wrong; nothing when it is valid.
        remarks: What a reader should know besides.
        signatures: Who signed.
        record: The seal's own record, if it can be read.
        files: How many files the seal is over.
        sums: SHA-256, in hex, of SHA256SUMS; empty when there is none.
    """

    place: str
    sealed: bool
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    signatures: tuple[SignedBy, ...] = ()
    record: Record | None = None
    files: int = 0
    sums: str = ""

    @property
    def valid(self) -> bool:
        """Whether it is a sealed report in which nothing is wrong."""
        return self.sealed and not self.problems


@dataclass(slots=True)
class _Folder:
    """What is known of the folder so far."""

    run: RunFolder
    tree: tree.Tree
    digests: dict[str, str] = field(default_factory=dict)
    journal: reader.JournalText | None = None
    clock: Findings = field(default_factory=Findings)
    listed: dict[str, str] = field(default_factory=dict)


def check(
    path: Path,
    trust: Trust | None = None,
    *,
    pages: bool = False,
    awaits_approval: bool = False,
    place: str = "",
) -> Checked:
    """Check a folder.

    Args:
        path: The folder.
        trust: Whose keys are trusted; nobody's when left out.
        pages: Make every report again and compare, however large the run; small ones are made again always.
        awaits_approval: Whether an approver's signature that is announced may still be missing.
        place: What the folder is called in what is said; its path when empty.

    Raises:
        UsageError: it is no run folder, or a newer harness wrote it; the file of signers cannot be read.
        BenchError: a file cannot be read, or there is no ssh-keygen.
    """
    run = RunFolder.open(path)
    found = _Folder(run, tree.Tree.of(run.path))
    findings = Findings()
    for name, kind in found.tree.odd.items():
        findings.wrong("added", name, f"is {kind}, and no part of a report")
    shown = place or str(path)
    if SUMS not in found.tree.files:
        return _unsealed(found, findings, shown)
    _read_sums(found, findings)
    _check_files(found, findings)
    sealed = _record(found, findings)
    signatures = people.check(run.path, sealed, trust or Trust(), findings, awaits_approval=awaits_approval)
    if sealed is not None:
        _check_record(found, sealed, findings)
        companions.check(run.path, sealed, found.tree.files, trust or Trust(), findings)
    if not findings.problems:
        _check_content(found, findings, sealed, pages=pages)
    return Checked(
        shown,
        sealed=True,
        problems=tuple(findings.problems),
        remarks=tuple(findings.remarks),
        signatures=tuple(signatures),
        record=sealed,
        files=len(found.listed),
        sums=tree.sha256(run.path / SUMS),
    )


def _unsealed(found: _Folder, findings: Findings, place: str) -> Checked:
    """Say what can be said of a run without a seal: whether it is as its manifest says."""
    for name in sorted((UNLISTED | {GUIDE, RECORD}) & found.tree.files.keys()):
        findings.wrong("removed", SUMS, f"{name} of a seal is there, and the list that it belongs to is not")
        break
    try:
        changes = manifest.verify(found.run)
        for word, names in changes.by_word().items():
            for name in names:
                findings.wrong(_WORDS.get(word, word), name, "compared with manifest.json")
        if not changes:
            findings.remark(
                f"all {changes.checked} files are as manifest.json says, which whoever has the folder can write"
            )
    except UsageError as error:
        findings.wrong("unsealed", "manifest.json", error.message)
    return Checked(place, sealed=False, problems=tuple(findings.problems), remarks=tuple(findings.remarks))


_WORDS = {"missing": "removed"}


def _read_sums(found: _Folder, findings: Findings) -> None:
    try:
        found.listed = sums.read(tree.content(found.run.path / SUMS, _LARGEST_SUMS))
    except (sums.BrokenSumsError, tree.UnfitError) as error:
        findings.wrong("changed", SUMS, error.message)


def _check_files(found: _Folder, findings: Findings) -> None:
    """Hash every file once, and compare."""
    paths = differences.in_order([path for path in found.tree.files if path not in UNLISTED])
    with ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(tree.hashes, found.run.path, paths)
        # Hashing leaves the interpreter alone; what recordings say of the clock counts once the hashes are right.
        try:
            found.journal = reader.read(found.run.journal)
            agreement.check_recordings(found.run, found.tree.files, found.journal.events, found.clock)
        except HarnessError:
            found.journal = None
        found.digests = hashing.result()
    if found.listed:
        sizes = _sizes(found) if found.digests != found.listed else {}
        differences.compare(found.run.path, found.listed, found.digests, sizes, findings)


def _sizes(found: _Folder) -> dict[str, int]:
    """Return the sizes that the manifest records, if it is itself as it was sealed."""
    name = "manifest.json"
    if name not in found.digests or found.digests[name] != found.listed.get(name):
        return {}
    try:
        return {path: entry.size for path, entry in manifest.read(found.run).items()}
    except HarnessError:
        return {}


def _record(found: _Folder, findings: Findings) -> Record | None:
    if RECORD not in found.tree.files:
        if RECORD not in found.listed:
            findings.wrong("removed", RECORD)
        return None
    try:
        return record.read(tree.content(found.run.path / RECORD, record.LARGEST))
    except UsageError as error:
        findings.wrong("changed", RECORD, error.message)
        return None


def _check_record(found: _Folder, sealed: Record, findings: Findings) -> None:
    """Compare what the seal says of itself with what is there."""
    if found.listed and sealed.files != len(found.listed):
        findings.wrong(
            "contradicts", RECORD, f"says {sealed.files} files, SHA256SUMS lists {len(found.listed)}"
        )
    for name in sorted(set(sealed.empty_folders) ^ set(map(_shown, found.tree.empty)), key=os.fsencode):
        word = "added" if name not in sealed.empty_folders else "removed"
        # A folder that is empty no longer holds a file that was added, and that is named already.
        if word == "added" or not any(_shown(path).startswith(f"{name}/") for path in found.digests):
            findings.wrong(word, name, "an empty folder")
    for name in (APPROVED_PDF, APPROVED_PDF_SIGNATURE):
        if name in found.tree.files and not sealed.signed_pdf:
            findings.wrong("added", name, "report.pdf was sealed without a signature of its own")
    for name, is_there in (
        (ATTESTATION, sealed.attestation),
        (Role.TESTER.token, sealed.time_stamp),
        (Role.TESTER.token_signature, sealed.time_stamp),
    ):
        if name in found.tree.files and not is_there:
            findings.wrong("added", name, "the report was sealed without one")
    if sealed.attestation and ATTESTATION not in found.tree.files:
        findings.wrong("removed", ATTESTATION)


def _shown(path: str) -> str:
    """Return a path as JSON can hold it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _check_content(found: _Folder, findings: Findings, sealed: Record | None, *, pages: bool) -> None:
    """Check that the files, which are those that were sealed, agree with each other."""
    small = found.tree.files.get("journal.jsonl", 0) <= _SMALL_JOURNAL
    if found.journal is None:
        agreement.check(found.run, found.digests, findings)
    else:
        agreement.check_journal(found.run, found.journal.events, findings)
        findings.problems += found.clock.problems
        findings.remarks += found.clock.remarks
    if sealed is None:
        return
    report = fold(found.run, (), found.journal)
    claims.check(report, sealed, findings)
    claims.check_guide(found.run.path, sealed, findings)
    _check_manifest(found, sealed, findings)
    companions.check_attestation(found.run.path, sealed, report, findings)
    results.check(
        found.run,
        report,
        found.digests,
        findings,
        same_code=sealed.rendering == results.rendering(),
        again="all" if pages or small else "words",
        pdf_bytes=sealed.pdf_bytes if sealed.signed_pdf else 0,
    )


def _check_manifest(found: _Folder, sealed: Record, findings: Findings) -> None:
    """Compare the manifest, which the run made at its end, with what was sealed."""
    if sealed.partial:
        return
    try:
        entries = manifest.read(found.run)
    except HarnessError as error:
        findings.wrong("contradicts", "manifest.json", error.message)
        return
    sealing = manifest.NAMES
    for path in differences.in_order(entries.keys() | found.digests.keys()):
        if manifest.is_report(path) or path in sealing:
            continue
        its = entries[path].sha256 if path in entries else ""
        if found.digests.get(path) != its:
            word = "lists no" if path not in entries else "lists another"
            findings.wrong(
                "contradicts",
                "manifest.json",
                f"{word} {path}, so it changed between the run's end and sealing",
            )
