"""`harness discover`: what this machine could reach a board by, who claims it and who holds it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.board.discovery.claims import Listed


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("discover", help="List buses and devices, which board file claims each, and who holds it.")(
        discover
    )


def discover(
    boards: Annotated[Path, typer.Option(help="Folder with board files.")] = Path("boards"),
    draft: Annotated[
        Path | None, typer.Option(help="Write a board file for a new device.", metavar="PATH")
    ] = None,
    device: Annotated[
        str, typer.Option(help="With --draft: its path, USB location or serial number.", metavar="DEVICE")
    ] = "",
    udev: Annotated[
        bool, typer.Option("--udev", help="Print udev rules: who may use the USB devices.")
    ] = False,
    group: Annotated[str, typer.Option(help="With --udev: the group that may use them.")] = "plugdev",
    probe: Annotated[
        bool,
        typer.Option(
            "--probe",
            help="Ask the serial ports that no board file claims, or the one of --device, for the probe of a firmware: "
            "a line is sent to each. With --draft: fill the board file from its answers.",
        ),
    ] = False,
    baudrate: Annotated[
        int, typer.Option(min=300, max=12_000_000, help="With --probe: speed of the ports, in bit/s.")
    ] = 115200,
    wait: Annotated[
        float,
        typer.Option(
            min=0.5,
            max=600,
            help="With --probe: seconds to wait for an answer; a board that starts when its port opens needs some.",
            metavar="SECONDS",
        ),
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """List what is there; with --draft, --probe or --udev, do what follows from it."""
    import re
    import sys
    from importlib.util import find_spec

    from harness.board.discovery import draft as discovery_draft
    from harness.board.discovery import find as discovery
    from harness.board.discovery.claims import listed, load_all
    from harness.board.doctor import udev_rules
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted
    from harness.errors import UsageError
    from harness.transport.found import VENDORS_CCID

    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", group):
        raise UsageError(f"{group!r} is no name of a group", hint="such as plugdev or dialout")
    if device and draft is None and not probe:
        raise UsageError("--device goes with --draft", hint="add --draft boards/NAME.yaml")
    if as_json and (udev or probe or draft is not None):
        raise UsageError("--json lists what is there; it does not go with --udev, --probe or --draft")
    if probe and udev:
        raise UsageError("--udev and --probe do not go together", hint="run the command once for each")
    if udev and draft is not None:
        raise UsageError("--udev and --draft do not go together", hint="run the command once for each")
    problems: list[str] = []
    found = discovery.discover(on_broken=problems.append)
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr)
    if udev:
        print(udev_rules.rules(found, group), end="")
        return
    known, broken = load_all(boards)
    for problem in broken:
        print(f"warning: not read: {problem}", file=sys.stderr)
    if find_spec("smartcard") is None and any(
        {"ccid", VENDORS_CCID} & {i.kind for i in each.interfaces} for each in found
    ):
        print(
            "note: the readers of the PC/SC service are not listed: pip install 'id2-harness[pcsc]'",
            file=sys.stderr,
        )
    rows = listed(found, known)
    if probe:
        _ask_probes(rows, device, draft, baudrate, wait)
        return
    if draft is not None:
        chosen = discovery_draft.choose(rows, device)
        discovery_draft.write(draft, discovery_draft.draft(chosen, draft))
        print(f"{draft}: drafted for {chosen}")
        return
    if as_json:
        print_json({"devices": [_record(row) for row in rows], "problems": [*problems, *broken]})
        return
    if not rows:
        print(
            "nothing found: no serial port, I²C bus, USB device or card reader; `harness doctor` may know why",
            file=sys.stderr,
        )
    for row in rows:
        claims = f"  claimed by {', '.join(map(str, row.claims))}" if row.claims else ""
        held = f"  held by {row.held}" if row.held else ""
        print(fitted(f"{row.found.bus:<6}  {row.found}{claims}{held}"))


def _ask_probes(
    rows: "tuple[Listed, ...]", device: str, path: Path | None, baudrate: int, wait: float
) -> None:
    """Ask each port for a probe and say what answers; draft the board file of the one that does."""
    import sys

    from harness.board.discovery.draft import drafted_transport, write
    from harness.board.discovery.probed import ask, draft, ports
    from harness.errors import BenchError, HarnessError, UsageError

    chosen = ports(rows, device)
    answered = []
    for found in chosen:
        transport = drafted_transport(found).at_speed(baudrate)
        name = path or Path("board.yaml")
        try:
            said = ask(found, transport, name, wait)
        except HarnessError as error:
            print(f"{found}: {error.message}", file=sys.stderr)
            continue
        print(f"{found}: {said}")
        answered.append(draft(found, transport, name, said))
    if not answered:
        asked = f"{len(chosen)} port{'' if len(chosen) == 1 else 's'}"
        raise BenchError(
            f"no probe answers; {asked} asked at {baudrate} bit/s",
            hint="name the port by --device and its speed by --baudrate; is the probe in the firmware, the power on?",
        )
    if path is None:
        return
    if len(answered) > 1:
        raise UsageError(f"{len(answered)} boards answer", hint="name one with --device")
    write(path, answered[0])
    print(f"{path}: drafted; correct it to what the board is meant to have")


def _record(row: "Listed") -> dict[str, object]:
    """Return one thing that was found as plain values."""
    found = row.found
    return {
        "device": str(found),
        "bus": str(found.bus),
        "path": found.path,
        "driver": found.driver,
        "interface": found.interface,
        "chips": list(found.chips),
        "claimed_by": [str(claim) for claim in row.claims],
        "held_by": row.held,
    }
