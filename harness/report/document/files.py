"""The files of a run with their SHA-256, and how to check them: section 12."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.report.document.blocks import Block, Code, Column, Paragraph, Row, Section, Table, Words
from harness.report.document.context import Context, plain
from harness.run import manifest
from harness.run.folder import RunFolder

_MOST = 2_000
_SEAL = ("SHA256SUMS", "VERIFY.txt", "seal.json", "attestation")
"""How the names of files begin that a seal adds: a report that is made again must not list them."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a run: its path inside the run folder, its size in bytes, its SHA-256; empty for none."""

    path: str
    size: int
    sha256: str


def files(folder: Path) -> list[ListedFile]:
    """Return what the run itself wrote, in order: all but the reports, which are made of it, and the seal.

    The hashes are the manifest's; a run without one, which has not ended, has its files hashed now.
    """
    try:
        entries = manifest.read(RunFolder(folder))
    except (manifest.NoManifestError, manifest.BrokenManifestError):
        return _hashed(folder)
    return [
        ListedFile(each.path, each.size, each.sha256)
        for each in sorted(entries.values(), key=lambda entry: entry.path)
        if not manifest.is_report(each.path)
    ]


def _hashed(folder: Path) -> list[ListedFile]:
    found = []
    for path in manifest.files(folder):
        name = path.relative_to(folder).as_posix()
        if manifest.is_report(name) or name.startswith(_SEAL):
            continue
        if path.is_symlink() or not path.is_file():
            found.append(ListedFile(name, 0, ""))
        else:
            stat = path.stat()
            digest = _digest(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
            found.append(ListedFile(name, stat.st_size, digest))
    return sorted(found, key=lambda each: each.path)


@lru_cache(maxsize=4096)
def _digest(path: str, size: int, changed: int, inode: int) -> str:
    """Hash a file once for all the forms that name it."""
    del size, changed, inode
    with open(path, "rb") as file:  # noqa: PTH123 - a text is what the cache can compare
        return hashlib.file_digest(file, "sha256").hexdigest()


def section(context: Context) -> Section:
    """Return the file list and how to check it."""
    say = context.say
    listed = files(context.folder)
    shown = listed[:_MOST]
    blocks: list[Block] = [
        Paragraph(
            plain(
                say("The run folder holds these files; this report is made from them, and from nothing else.")
            )
        ),
        Table(
            (
                Column(say("File"), 4),
                Column(say("Size in bytes"), 1.2, right=True),
                Column(say("SHA-256"), 6),
            ),
            tuple(
                Row(
                    (
                        ((context.code(each.path, 400),),),
                        (plain(f"{each.size:,}".replace(",", " ")),),
                        (
                            (Words(each.sha256, code=True),)
                            if each.sha256
                            else plain(say("no plain file"), strong=True),
                        ),
                    )
                )
                for each in shown
            ),
        ),
    ]
    if rest := len(listed) - len(shown):
        blocks.append(Paragraph(plain(say("And {n} more, in manifest.json.", n=rest))))
    run = context.text(context.report.run, 100)
    blocks += [
        Paragraph(
            plain(say("To see that none was changed, with the harness, where the run folder lies in runs/:"))
        ),
        Code((f"harness report runs/{run} --check",)),
        Paragraph(plain(say("Without it, inside the run folder:"))),
        Code((r"""jq -r '.files[] | "\(.sha256)  \(.path)"' manifest.json | sha256sum --check --quiet""",)),
        Paragraph(
            plain(
                say(
                    "A run that was sealed holds SHA256SUMS, its signatures, and VERIFY.txt with the commands for "
                    "checking them without the harness."
                )
            )
        ),
        Paragraph(
            (
                Words(say("SHA-256 of the journal, from which this report was made:")),
                Words(" "),
                Words(context.report.journal_sha256 or say("no journal"), code=True),
            )
        ),
    ]
    return Section(say("Files and verification"), "files", tuple(blocks))
