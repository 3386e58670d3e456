"""What a campaign on many hosts came to: one entry a board, one exit code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.lab.client_files import NEW, REFUSED
from harness.lab.hosts import board_name
from harness.lab.watcher import GIVEN_UP, Watcher
from harness.progress.state import FINISHED, LOST, BoardState

WORST_FIRST = (4, 2, 1, 3, 5, 0)
"""Exit codes, that of the whole being the first that any part has."""

_BLOCKED = 3
_USAGE = 2

ABORTED, NOT_RUN, GOES_ON = "aborted", "not run", "goes on"
"""What stands in the place of a verdict: process or host was lost; it never began; nobody waited for its end."""


@dataclass(frozen=True, slots=True)
class BoardResult:
    """What came of one board.

    Attributes:
        host: The host that has it.
        board: Its name.
        outcome: The verdict of its last run; or ABORTED, NOT_RUN or GOES_ON.
        reason: Why there is no verdict, or what became of its run folder; empty otherwise.
        exit_code: That of its last run; None when it has none.
        folders: Its run folders here, in order.
        on_bench: Names of run folders that are on the bench alone.
    """

    host: str
    board: str
    outcome: str
    reason: str = ""
    exit_code: int | None = None
    folders: tuple[Path, ...] = ()
    on_bench: tuple[str, ...] = ()


def results(watchers: Iterable[Watcher]) -> list[BoardResult]:
    """Return what came of each board of these hosts, in their order."""
    found = []
    for one in watchers:
        boards = list(one.state.boards.values())
        if not boards:
            boards = [
                BoardState(board_name(each)) for each in one.host.boards if each not in one.refused_places
            ]
        found += [_result(one, board) for board in boards]
        found += [
            BoardResult(one.host.name, board_name(board), NOT_RUN, why)
            for board, why in one.refused_places.items()
        ]
    return found


def exit_code(watchers: Sequence[Watcher], boards: Iterable[BoardResult]) -> int:
    """Return the worst exit code of all hosts and boards; what was lost counts as blocked."""
    codes: set[int] = set()
    for one in watchers:
        if one.phase == GIVEN_UP:
            codes.add(_USAGE if one.note.begin == REFUSED else _BLOCKED)
        elif one.state.exit_code is not None:
            codes.add(one.state.exit_code)
        if one.note.damaged:
            codes.add(_BLOCKED)
    codes |= {_BLOCKED for board in boards if board.outcome in {ABORTED, NOT_RUN, GOES_ON}}
    # An exit code that is none of ours comes from a campaign that a signal ended: nothing was judged to its end.
    known = {code if code in WORST_FIRST else _BLOCKED for code in codes}
    return next((code for code in WORST_FIRST if code in known), _BLOCKED)


def _result(one: Watcher, board: BoardState) -> BoardResult:
    folders = tuple(Path(one.note.pulled[run]) for run in _runs(board) if run in one.note.pulled)
    on_bench = tuple(run for run in _runs(board) if run not in one.note.pulled)
    outcome, reason = _outcome(one, board)
    damaged = "; ".join(one.note.damaged[run] for run in _runs(board) if run in one.note.damaged)
    code = board.exit_code if board.phase == FINISHED else None
    return BoardResult(one.host.name, board.name, outcome, reason or damaged, code, folders, on_bench)


def _outcome(one: Watcher, board: BoardState) -> tuple[str, str]:
    if board.phase == FINISHED:
        if board.verdict:
            return board.verdict, board.interrupted
        return NOT_RUN, f"it left no run; exit code {board.exit_code}"
    if board.phase == LOST:
        return ABORTED, board.reason
    if one.state.ended is not None:
        return NOT_RUN, board.reason or one.state.interrupted or "the campaign ended before its turn"
    if one.phase == GIVEN_UP:
        never = one.note.begin in {NEW, REFUSED}
        return (NOT_RUN if never else ABORTED), one.reason
    return GOES_ON, ""


def _runs(board: BoardState) -> list[str]:
    return [Path(run).name for run in board.runs]
