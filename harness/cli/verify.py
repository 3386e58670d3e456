"""`harness verify`: a sealed report, or the self-verification of the vendor on a board; what is named tells which."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import complete
from harness.cli.declared import AsJson, Quiet, takes
from harness.errors import UsageError
from harness.fixtures.options import RunOptions

if TYPE_CHECKING:
    from harness.seal.people import Trust

_REPORTS = frozenset({".zip", ".pdf"})
_BOARDS = frozenset({".yaml", ".yml"})


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "verify",
        help="Verify sealed reports (run folders, zips of harness pack, PDFs): 0 valid, 1 not, with what was changed. "
        "Or verify boards as the vendor describes it: take the report of id2_app off the console, have the service "
        "verify it, build its ciphertext into id2_app, flash it, and see it decrypted. Leaves a run folder for each.",
    )(verify)


@takes(
    RunOptions,
    only=(
        "runs",
        "answers",
        "attended",
        "operator_timeout",
        "ledger",
        "wait",
        "lab",
        "known_failures",
        "without_pdf",
    ),
)
def verify(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Run folders, zips and PDFs, or names below runs/; or board files and names of boards.",
            metavar="REPORT...|BOARD...",
            autocompletion=complete.boards_and_reports,
        ),
    ],
    options: RunOptions,
    signers: Annotated[
        Path | None,
        typer.Option(
            "--signers",
            help="Reports: file of allowed signers that the laboratory published; without it nobody vouches for a key.",
            metavar="FILE",
        ),
    ] = None,
    revoked: Annotated[
        Path | None,
        typer.Option(
            "--revoked", help="Reports: file of revoked keys, as ssh-keygen takes it.", metavar="FILE"
        ),
    ] = None,
    roots: Annotated[
        Path | None,
        typer.Option(
            "--tsa-roots",
            help="Reports: certificates (PEM) of who vouches for services of time stamps.",
            metavar="FILE",
        ),
    ] = None,
    replaces: Annotated[
        Path | None,
        typer.Option(
            "--replaces",
            help="Reports: the folder of the report that it amends, to check.",
            metavar="OLD_RUN",
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            help="Reports: moment for which keys must be valid, instead of now.",
            metavar="YYYYMMDD[HHMM]Z",
        ),
    ] = "",
    pages: Annotated[
        bool,
        typer.Option(
            "--pages", help="Reports: make every page and PDF again and compare, also of a large run."
        ),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Verify each report, or each board in turn."""
    reports = [path for name in names if (path := _report(name, options.runs)) is not None]
    if reports and len(reports) < len(names):
        raise UsageError("boards and reports cannot be verified together", hint="give two commands")
    if not reports:
        if signers or revoked or roots or replaces or at or pages:
            raise UsageError(
                f"{names[0]}: is a board, and --signers, --revoked, --tsa-roots, --replaces, --at and --pages are for "
                "reports",
                hint="name a run folder, a zip or a PDF",
            )
        from harness.cli.chosen import chosen
        from harness.cli.run_boards import run_boards

        boards = chosen(names, (), options.lab)
        raise typer.Exit(run_boards(boards, replace(options, verify=True), quiet=quiet, as_json=as_json))
    from harness.seal.people import Trust

    trust = Trust(signers, revoked, roots, at)
    raise typer.Exit(_verify(reports, trust, replaces, pages=pages, quiet=quiet, as_json=as_json))


def _report(name: str, runs: Path) -> Path | None:
    """Return the report that a word of the command line names; None when it is a board.

    Raises:
        UsageError: it names both.
    """
    path = Path(name)
    if path.suffix.lower() in _BOARDS and not path.is_dir():
        return None
    if path.exists() and (path.is_dir() or path.suffix.lower() in _REPORTS):
        found = path
    elif "/" not in name and (runs / name).is_dir():
        found = runs / name
    elif path.suffix.lower() in _REPORTS:
        return path
    else:
        return None
    from harness.board.reading.file import DEFAULT_FOLDER, SHIPPED

    board = next((one for one in (DEFAULT_FOLDER, SHIPPED) if (one / f"{name}.yaml").is_file()), None)
    if "/" not in name and board is not None:
        raise UsageError(
            f"{name}: is the report {found} and the name of a board",
            hint=f"say which: {found.absolute()}, or {board / name}.yaml",
        )
    return found


def _verify(
    reports: list[Path],
    trust: "Trust",
    replaces: Path | None,
    *,
    pages: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    from harness.cli.seal_shown import document, show
    from harness.seal.verify import verify as verified

    checked = [verified(path, trust, pages=pages, replaces=replaces) for path in reports]
    if as_json:
        from harness.cli.json_document import print_json

        print_json({"reports": [document(each) for each in checked]})
    else:
        for each in checked:
            if not quiet or not each.valid:
                show(each)
    return 0 if all(each.valid for each in checked) else 1
