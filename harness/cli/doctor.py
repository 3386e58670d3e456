"""`harness doctor`: what keeps this machine from reaching its boards, with the command that mends it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.declared import Boards, LabFile, Tags
from harness.errors import BenchError

if TYPE_CHECKING:
    from harness.board.doctor.doctor import Finding


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "doctor",
        help="Say what keeps this machine from reaching its boards, or the boards that are named, and what mends it.",
    )(doctor)


def doctor(
    names: Boards = None,
    tag: Tags = None,
    lab: LabFile = None,
    boards: Annotated[
        Path, typer.Option(help="Without BOARD, --tag and --lab: folder with board files.")
    ] = Path("boards"),
    hints: Annotated[bool, typer.Option(help="Show hints too, not only what blocks or warns.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Examine the machine, or what boards need of it; exit code 3 when something keeps a run from its device."""
    import os
    import sys

    from harness.board.discovery.claims import listed, load_all
    from harness.board.discovery.find import discover
    from harness.board.doctor.checks import CHECKS
    from harness.board.doctor.doctor import Machine, examine, worst_first
    from harness.board.doctor.of_board import examine_board
    from harness.board.doctor.tools import missing_tools
    from harness.board.opening.locks import user_name
    from harness.board.reading.file import load
    from harness.cli.chosen import chosen

    some = bool(names or tag or lab)
    meant = [load(path) for path in chosen(names, tag, lab)] if some else []
    problems: list[str] = []
    found = discover(on_broken=problems.append)
    known, broken = (meant, []) if some else load_all(boards)
    for problem in (*problems, *(f"not read: {one}" for one in broken)):
        print(f"warning: {problem}", file=sys.stderr)
    machine = Machine(user=user_name(), own_pid=os.getpid())
    if some:
        by_board = {board.name: examine_board(machine, board, found) for board in meant}
        blocked = _tell_boards(by_board, hints=hints, as_json=as_json)
    else:
        findings = worst_first((*examine(machine, listed(found, known), CHECKS), *missing_tools(known)))
        blocked = _tell_machine(findings, hints=hints, as_json=as_json)
    if blocked:
        raise typer.Exit(BenchError.exit_code)


def _tell_machine(findings: "Sequence[Finding]", *, hints: bool, as_json: bool) -> bool:
    from harness.board.doctor.doctor import blocks
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted

    shown = _shown(findings, hints=hints)
    if as_json:
        print_json({"blocked": blocks(findings), "findings": [asdict(finding) for finding in shown]})
    for finding in () if as_json else shown:
        print(fitted(str(finding)))
    if not shown and not as_json:
        print(fitted("nothing is wrong with what is plugged in; `harness discover` lists it"))
    return blocks(findings)


def _tell_boards(by_board: "Mapping[str, Sequence[Finding]]", *, hints: bool, as_json: bool) -> bool:
    from harness.board.doctor.doctor import blocks, worst_first
    from harness.cli.json_document import print_json
    from harness.cli.width import fitted

    blocked = any(blocks(findings) for findings in by_board.values())
    if as_json:
        each = {name: _shown(findings, hints=hints) for name, findings in by_board.items()}
        together = worst_first(dict.fromkeys(finding for findings in each.values() for finding in findings))
        print_json(
            {
                "blocked": blocked,
                "findings": [asdict(finding) for finding in together],
                "boards": [
                    {
                        "board": name,
                        "blocked": blocks(by_board[name]),
                        "findings": [asdict(finding) for finding in findings],
                    }
                    for name, findings in each.items()
                ],
            }
        )
        return blocked
    for name, findings in by_board.items():
        shown = _shown(findings, hints=hints)
        print(f"{name}:" if shown else f"{name}: nothing is in the way")
        for finding in shown:
            print(fitted(str(finding)))
    return blocked


def _shown(findings: "Sequence[Finding]", *, hints: bool) -> "list[Finding]":
    from harness.board.doctor.doctor import Level

    return [finding for finding in findings if hints or finding.level is not Level.HINT]
