"""`harness lab status` of a lab with hosts: the boards of each, as it tells of them itself."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.board.models.lab_file import LabFile
from harness.cli.json_document import print_json
from harness.cli.lab_status import ago
from harness.cli.width import hanging, width
from harness.errors import BenchError
from harness.lab.asking import HostStatus, statuses
from harness.lab.backend import backend_of, coordinator_of
from harness.lab.hosts import board_name, chosen, place_names
from harness.report.text import one_line

_BLOCKED = 3


def show(
    lab: LabFile, words: Sequence[str], only: Sequence[str], config: Path | None, *, as_json: bool
) -> int:
    """Show how the boards of the lab's hosts are, and who has them; return the exit code: 3 when one cannot be asked.

    Args:
        lab: The lab.
        words: Boards and patterns, as `harness lab run` takes them; all without any.
        only: Names of hosts that alone are asked; all when empty.
        config: ssh's file of settings; None for the user's.
        as_json: Print one JSON document.

    Raises:
        UsageError: There is no such board or host.
    """
    found = statuses(chosen(backend_of(lab).hosts(), words, only), config)
    holders, doubt = _holders(lab)
    if as_json:
        hosts = [
            {
                "host": one.host.name,
                "reason": one.reason,
                "boards": [dict(board) | _held(one, board, holders) for board in one.entries("boards")],
                "not_read": one.entries("not_read"),
            }
            for one in found
        ]
        print_json({"schema_version": 1, "hosts": hosts, "coordinator": doubt})
    else:
        for one in found:
            _show(one, holders)
        if doubt:
            print(hanging(doubt, 2, width()))
    return _BLOCKED if any(one.reason for one in found) else 0


def _holders(lab: LabFile) -> tuple[Mapping[str, str], str]:
    """Return who has which place at the lab's coordinator, and why that is not known; both empty without one."""
    if lab.labgrid is None:
        return {}, ""
    address = coordinator_of(lab)
    from harness.lab.labgrid.coordinator import Coordinator

    try:
        with Coordinator(address, "harness") as coordinator:
            return {place.name: place.acquired for place in coordinator.places().values()}, ""
    except BenchError as error:
        return {}, one_line(error.message, 400)


def _held(one: HostStatus, board: Mapping[str, Any], holders: Mapping[str, str]) -> dict[str, str]:
    names = {board_name(word): name for (_, word), name in place_names([one.host]).items()}
    name = names.get(str(board.get("board")), "")
    holder = holders.get(f"{one.host.name}:{name}") or holders.get(name) or ""
    return {"place_held_by": holder} if holders else {}


def _show(one: HostStatus, holders: Mapping[str, str]) -> None:
    if one.reason:
        print(hanging(f"{one.host.name}  cannot be asked: {one.reason}", 2, width()))
        return
    print(one.host.name)
    boards = one.entries("boards")
    names = max((len(_text(board, "board")) for board in boards), default=0)
    for board in boards:
        runs = board.get("last_runs")
        told = [run for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
        line = f"  {_text(board, 'board'):<{names}}  {_text(board, 'state')}"
        if told:
            verdicts = [_text(run, "verdict").replace("_", " ") or "no end" for run in told]
            line += f" · {', '.join(verdicts)} ({ago(_text(told[0], 'started'), datetime.now(UTC))})"
        print(hanging(line, names + 4, width()))
        indent = " " * (names + 4)
        if _text(board, "reason"):
            print(hanging(f"{indent}{_text(board, 'reason')}", names + 6, width()))
        if isinstance(user := board.get("in_use"), dict):
            words = ", ".join(f"{key} {one_line(str(value), 80)}" for key, value in user.items() if value)
            print(hanging(f"{indent}in use: {words}", names + 6, width()))
        if holder := _held(one, board, holders).get("place_held_by"):
            print(hanging(f"{indent}its place is held by {one_line(holder)}", names + 6, width()))
    for file in one.entries("not_read"):
        print(hanging(f"  {_text(file, 'file')}: cannot be read: {_text(file, 'problem')}", 4, width()))
    if not boards and not one.entries("not_read"):
        print("  no board is there")


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return one_line(value) if isinstance(value, str) else ""
