"""`harness seal` and `harness approve`: close a run as a report that others can check."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import complete

_Run = Annotated[
    Path,
    typer.Argument(help="Run folder, or its name below runs/.", metavar="RUN", autocompletion=complete.runs),
]
_Key = Annotated[
    Path,
    typer.Option(
        "--key",
        help="Private key of ssh-keygen, also of a FIDO2 token; or the .pub file of a key that an agent holds.",
        metavar="FILE",
    ),
]
_Pades = Annotated[
    Path | None,
    typer.Option(
        "--pades", help="Sign inside the PDF too (PAdES), with the key of this PKCS #12 file.", metavar="P12"
    ),
]
_Tsa = Annotated[
    str,
    typer.Option(
        "--tsa", help="Have a time stamp service (RFC 3161) say when that was signed.", metavar="URL"
    ),
]
_Signers = Annotated[
    Path | None,
    typer.Option("--signers", help="File of allowed signers that the laboratory published.", metavar="FILE"),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("seal", help="Close a run: list every file in SHA256SUMS, and sign that list as its tester.")(
        seal
    )
    app.command(
        "approve", help="Check a sealed run, and sign it as its approver: another person, another key."
    )(approve)
    app.command(
        "pack", help="Put a run folder into one zip, the same bytes each time; harness verify takes it."
    )(pack)


def seal(
    run: _Run,
    key: _Key,
    name: Annotated[
        str,
        typer.Option(
            "--name", help="Who the tester is; report.tester of the board file by default.", metavar="PERSON"
        ),
    ] = "",
    approver: Annotated[
        str,
        typer.Option(
            "--approver",
            help="Who is to approve: without that signature the report is not valid. By default report.approver.",
            metavar="PERSON",
        ),
    ] = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="Seal a run that never came to its end, as the part that it is.")
    ] = False,
    pades: _Pades = None,
    tsa: _Tsa = "",
    attest: Annotated[
        Path | None,
        typer.Option(
            "--attest",
            help="Add an attestation for machines (in-toto), signed with this Ed25519 key, which is read here.",
            metavar="KEY",
        ),
    ] = None,
    replaces: Annotated[
        Path | None,
        typer.Option("--replaces", help="Amend the report in this sealed run folder.", metavar="OLD_RUN"),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="What changed since that report, and why.", metavar="TEXT")
    ] = "",
) -> None:
    """Seal a run as its tester, and say what the seal is."""
    from harness.cli.seal_shown import show
    from harness.seal.seal import Sealing
    from harness.seal.seal import seal as sealed

    old = complete.run_folder(replaces) if replaces else None
    asked = Sealing(key, name, approver, partial, pades, tsa, attest, old, reason)
    show(sealed(complete.run_folder(run), asked), "sealed")


def approve(
    run: _Run,
    key: _Key,
    name: Annotated[str, typer.Option("--name", help="Who the approver is.", metavar="PERSON")] = "",
    signers: _Signers = None,
    pades: _Pades = None,
    tsa: _Tsa = "",
) -> None:
    """Approve a sealed run, and say what the seal is."""
    from harness.cli.seal_shown import show
    from harness.seal.approval import approve as approved
    from harness.seal.people import Trust

    folder = complete.run_folder(run)
    checked = approved(folder, key, name=name, trust=Trust(signers), certificate=pades, tsa=tsa)
    show(checked, "approved")


def pack(
    run: _Run,
    file: Annotated[
        Path | None, typer.Argument(help="The zip; RUN.zip beside the folder by default.", metavar="[FILE]")
    ] = None,
) -> None:
    """Pack a run, and print where."""
    from harness.seal.names import SUMS
    from harness.seal.pack import pack as packed

    folder = complete.run_folder(run)
    print(packed(folder, file))
    if not (folder / SUMS).is_file():
        typer.echo("note: this run is not sealed, so nobody can tell later whether it was changed", err=True)
