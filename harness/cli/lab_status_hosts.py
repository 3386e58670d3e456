"""`harness lab status` of a lab with hosts: the boards of each, as it tells of them itself."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.board.models.lab_file import LabFile
from harness.cli.json_document import print_json
from harness.cli.lab_status import ago, put_back_words
from harness.cli.width import hanging, width
from harness.errors import BenchError, UsageError
from harness.lab.asking import HostStatus, statuses
from harness.lab.backend import backend_of, coordinator_of
from harness.lab.hosts import board_name, chosen, place_names
from harness.lab.ssh import Host
from harness.report.text import one_line

_BLOCKED = 3


def show(
    lab: LabFile,
    words: Sequence[str],
    only: Sequence[str],
    config: Path | None,
    *,
    put_back: Sequence[str] = (),
    as_json: bool,
) -> int:
    """Show how the boards of the lab's hosts are, and who has them; return the exit code: 3 when one cannot be asked.

    Args:
        lab: The lab.
        words: Boards and patterns, as `harness lab run` takes them; all without any.
        only: Names of hosts that alone are asked; all when empty.
        config: ssh's file of settings; None for the user's.
        put_back: Boards and patterns that are taken for healthy again first, on the hosts that have them. Without words
            these alone are shown.
        as_json: Print one JSON document.

    Raises:
        UsageError: There is no such board or host.
    """
    hosts = chosen(backend_of(lab).hosts(), words or (), only)
    mended = _meant(hosts, put_back) if put_back else {}
    if mended and not words:
        hosts = tuple(replace(host, boards=mended[host.name]) for host in hosts if host.name in mended)
    found = statuses(hosts, config, mended)
    for one in found:
        for board in one.put_back:
            said = put_back_words(_text(board, "board"), _text(board, "was"))
            print(f"{one.host.name}  {said}", file=sys.stderr)
    holders, doubt = _holders(lab)
    if as_json:
        documents = [
            {
                "host": one.host.name,
                "reason": one.reason,
                "boards": [dict(board) | _held(one, board, holders) for board in one.entries("boards")],
                "not_read": one.entries("not_read"),
                "put_back": one.put_back,
            }
            for one in found
        ]
        print_json({"schema_version": 1, "hosts": documents, "coordinator": doubt})
    else:
        for one in found:
            _show(one, holders)
        if doubt:
            print(hanging(doubt, 2, width()))
    missed = [one for one in found if len(one.put_back) < len(mended.get(one.host.name, ()))]
    return _BLOCKED if missed or any(one.reason for one in found) else 0


def _meant(hosts: Sequence[Host], put_back: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the boards that are to be put back, by the names of their hosts.

    Raises:
        UsageError: A word means none of them, or one on several hosts.
    """
    try:
        return {host.name: host.boards for host in chosen(hosts, put_back)}
    except UsageError as error:
        hint = "; ".join(filter(None, (error.hint, "with --here it means boards of this computer")))
        raise UsageError(f"--put-back: {error.message}", hint=hint) from None


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
