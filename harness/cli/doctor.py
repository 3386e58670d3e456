"""`harness doctor`: what keeps this machine from reaching its boards, with the command that mends it."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("doctor", help="Say what keeps this machine from reaching its boards, and what mends it.")(
        doctor
    )


def doctor(
    boards: Annotated[Path, typer.Option(help="Folder with board files.")] = Path("boards"),
    hints: Annotated[bool, typer.Option(help="Show hints too, not only what blocks or warns.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Examine the machine; exit code 3 when something keeps a run from its device."""
    import os
    import sys
    from dataclasses import asdict

    from harness.board.discovery.claims import listed, load_all
    from harness.board.discovery.find import discover
    from harness.board.doctor.checks import CHECKS
    from harness.board.doctor.doctor import Level, Machine, blocks, examine, worst_first
    from harness.board.doctor.tools import missing_tools
    from harness.board.opening.locks import user_name
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted
    from harness.errors import BenchError

    problems: list[str] = []
    found = discover(on_broken=problems.append)
    known, broken = load_all(boards)
    for problem in (*problems, *(f"not read: {one}" for one in broken)):
        print(f"warning: {problem}", file=sys.stderr)
    machine = Machine(user=user_name(), own_pid=os.getpid())
    findings = worst_first((*examine(machine, listed(found, known), CHECKS), *missing_tools(known)))
    shown = [finding for finding in findings if hints or finding.level is not Level.HINT]
    if as_json:
        print_json({"blocked": blocks(findings), "findings": [asdict(finding) for finding in shown]})
    for finding in () if as_json else shown:
        print(fitted(str(finding)))
    if not shown and not as_json:
        print(fitted("nothing is wrong with what is plugged in; `harness discover` lists it"))
    if blocks(findings):
        raise typer.Exit(BenchError.exit_code)
