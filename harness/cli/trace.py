"""`harness trace`: print what went over a board's transports, from the recordings of a run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import complete


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("trace", help="Print the recorded traffic of a run, all transports merged by time.")(trace)


def trace(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run folder (runs/latest), or one recording.",
            metavar="RUN",
            autocompletion=complete.runs,
        ),
    ],
    transport: Annotated[
        list[str] | None,
        typer.Option(help="Only this transport; may be given several times.", metavar="NAME"),
    ] = None,
    since: Annotated[
        float, typer.Option(help="Only from this second of the run on.", metavar="SECONDS")
    ] = 0.0,
    scenario: Annotated[
        str,
        typer.Option(
            help="Only while a scenario whose name has this text in it was running.", metavar="TEXT"
        ),
    ] = "",
    raw: Annotated[
        bool, typer.Option("--raw", help="The bytes as they are: nothing decoded, no fill bytes folded.")
    ] = False,
    hexadecimal: Annotated[bool, typer.Option("--hex", help="All bytes, as hex.")] = False,
    text: Annotated[
        bool, typer.Option("--text", help="All bytes, as text with everything odd escaped.")
    ] = False,
    pcap: Annotated[
        str,
        typer.Option(
            help="Write a capture file (pcapng) for Wireshark instead; - for the standard output.",
            metavar="FILE",
        ),
    ] = "",
    as_json: Annotated[
        bool,
        typer.Option("--json", help="The records as they are, an object of JSON a line, bytes in hex."),
    ] = False,
    limit: Annotated[int, typer.Option(help="Print at most this many lines; 0 prints all.", min=0)] = 0,
) -> None:
    """Print the traffic in words: APDUs, status words, lines of consoles, calls of a probe, the service, the links.

    Keys, PINs and what deals in secrets are not shown; --raw, --hex, --text and --json print what the recordings hold.
    """
    from harness.cli.trace_lines import Layout, Selection, lines
    from harness.cli.width import width
    from harness.errors import UsageError

    if raw + hexadecimal + text + as_json > 1:
        raise UsageError("--raw, --hex, --text and --json exclude each other")
    if pcap and (raw or hexadecimal or text or as_json or limit):
        raise UsageError("--pcap goes with neither --raw, --hex, --text, --json nor --limit")
    if pcap:
        from harness.cli.trace_capture import write

        packets = write(run, Selection(tuple(transport or ()), since, scenario), pcap, warn=_warn)
        _warn(f"{packets} packets" if packets else "no traffic is recorded there for this selection")
        return
    given = {Layout.HEX: hexadecimal, Layout.TEXT: text, Layout.BOTH: raw, Layout.JSON: as_json}
    layout = next((each for each, wanted in given.items() if wanted), Layout.DECODED)
    selection = Selection(tuple(transport or ()), since, scenario)
    printed = 0
    for line in lines(run, selection, layout, warn=_warn, columns=width()):
        if limit and printed == limit:
            _warn(f"stopped after {limit} lines, there are more")
            break
        print(line)
        printed += 1
    if not printed:
        _warn("no traffic is recorded there for this selection")


def _warn(message: str) -> None:
    print(message, file=sys.stderr)
