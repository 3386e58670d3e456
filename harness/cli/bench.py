"""`harness bench`: serve the bench page until a signal stops it."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.declared import Boards, LabFile, Tags

_PORT = 8460


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "bench",
        help="Serve a page with the boards and runs of this computer: who has which board, live runs, operator steps, "
        "start and stop, reports, history. Runs go on without it.",
    )(bench)


def bench(
    boards: Boards = None,
    tag: Tags = None,
    lab: LabFile = None,
    runs: Annotated[Path, typer.Option(help="Where the run folders are.", metavar="DIR")] = Path("runs"),
    suites: Annotated[
        list[str] | None,
        typer.Option(
            help="Suites that the page offers for runs beside the shipped ones: a folder, or the name under which a "
            "package offers some. May be repeated.",
            metavar="FOLDER",
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 has one chosen.", min=0, max=65535)] = _PORT,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; one beyond this computer takes a token and TLS."),
    ] = "127.0.0.1",
    web_host: Annotated[
        list[str] | None,
        typer.Option(
            "--web-host",
            help="Further host name under which people open the page. May be repeated.",
            metavar="NAME",
        ),
    ] = None,
    tls: Annotated[
        bool,
        typer.Option(
            "--tls", help="Speak TLS, with a certificate made for this start; so beyond this computer."
        ),
    ] = False,
    tls_cert: Annotated[
        Path | None, typer.Option(help="PEM file with the certificate to use instead; needs --tls-key.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file with its key, without a password.")] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(help="Write the certificate that browsers have to trust to this file.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the token that the page asks for; made up when one is needed."),
    ] = None,
) -> None:
    """Serve, print the address in the first line of stdout, and end with exit code 0 on SIGINT or SIGTERM."""
    import sys

    from harness.bench_page.bench import Bench
    from harness.bench_page.server import BenchPage
    from harness.cli.serving import check_host, tell_where, tls_of, token_of, told_to_stop
    from harness.web.exposure import is_loopback

    check_host(host)
    beyond = not is_loopback(host)
    files = _board_files(boards, tag, lab)
    names = frozenset(name.lower().rstrip(".") for name in web_host or ())
    certificate = tls_of(
        wanted=True if tls else None,
        beyond=beyond,
        cert=tls_cert,
        key=tls_key,
        ca=tls_ca,
        host=host,
        names=names,
    )
    token, made = token_of(token_file, needed=beyond)
    shown = Bench(runs, files, () if lab is None else (f"--lab={lab}",), suites or ())
    with (
        told_to_stop() as told,
        BenchPage(shown, port, host=host, hosts=names, tls=certificate, token=token) as page,
    ):
        if made and token is not None:
            # Made up now, and this is the only place where it can be read.
            print(f"token {token.reveal().decode()}", file=sys.stderr, flush=True)
        print(f"bench page {page.address}", flush=True)
        tell_where(page.address, host, names)
        told.wait()


def _board_files(boards: list[Path] | None, tags: list[str] | None, lab: Path | None) -> list[Path]:
    """Return the boards that are meant: those of the lab file, or else of boards/, when none is named."""
    import os

    from harness.board.reading.file import DEFAULT_FOLDER, SHIPPED, board_files
    from harness.board.reading.lab import lab_of
    from harness.board.reading.lab_boards import lab_boards
    from harness.cli.chosen import chosen

    if boards or tags or lab is not None:
        return chosen(boards, tags, lab)
    listed = lab_boards(lab_of(None))
    return list(listed) or board_files(DEFAULT_FOLDER if os.path.lexists(DEFAULT_FOLDER) else SHIPPED)
