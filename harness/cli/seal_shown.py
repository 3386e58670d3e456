"""What a check of a sealed report came to, for a terminal and for programs."""

from dataclasses import asdict
from typing import Any

import typer

from harness.report.text import one_line
from harness.seal.check import Checked
from harness.seal.people import SignedBy


def show(checked: Checked, word: str = "") -> None:
    """Print what a check came to, `word` in the place of "valid"."""
    wrong = "invalid" if checked.sealed else "not sealed"
    typer.echo(f"{(word or 'valid') if checked.valid else wrong}: {one_line(checked.place)}")
    if checked.record is not None:
        _show_record(checked)
    for signed in checked.signatures:
        typer.echo(f"  {signed.role:9} {_signer(signed)}")
    for problem in checked.problems:
        typer.echo(f"  {problem}")
    for remark in checked.remarks:
        typer.echo(f"  note: {remark}")


def _show_record(checked: Checked) -> None:
    record = checked.record
    assert record is not None
    number = " revision ".join(part for part in (record.number, record.revision) if part)
    report = one_line(f"{number + ', ' if number else ''}{record.run}")
    partial = ", a part of a run" if record.partial else ""
    typer.echo(f"  report    {report}: {record.verdict.words} ({record.mode} run{partial})")
    typer.echo(f"  sealed    {one_line(record.sealed)}, {checked.files} files, SHA256SUMS {checked.sums}")
    if record.replaces is not None:
        typer.echo(f"  replaces  {one_line(record.replaces.number)}: {one_line(record.replaces.reason)}")


def _signer(signed: SignedBy) -> str:
    name = f"{one_line(signed.name)}, " if signed.name else ""
    vouched = (
        f"trusted as {one_line(', '.join(signed.principals))}"
        if signed.principals
        else "nobody vouches for it"
    )
    key = f" key {signed.fingerprint}" if signed.fingerprint else ""
    return f"{name}{one_line(signed.kind)}{key}: {vouched}"


def document(checked: Checked) -> dict[str, Any]:
    """Return what a check came to as JSON values."""
    return {
        "place": checked.place,
        "valid": checked.valid,
        "sealed": checked.sealed,
        "problems": [asdict(each) for each in checked.problems],
        "remarks": list(checked.remarks),
        "signatures": [asdict(each) for each in checked.signatures],
        "seal": checked.record.model_dump(mode="json", by_alias=True) if checked.record else None,
        "files": checked.files,
        "sha256sums": checked.sums,
    }
