"""What a campaign on many hosts came to: one entry a board, one exit code."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from harness.lab.client_files import NEW, REFUSED
from harness.lab.hosts import board_name
from harness.lab.watcher import GIVEN_UP, OVER, Watcher
from harness.progress.state import FINISHED, LOST, SET_ASIDE, WAITING, BoardState
from harness.run.verdict import Verdict, worst

WORST_FIRST = (4, 2, 1, 3, 5, 0)
"""Exit codes, that of the whole being the first that any part has."""

_FAILED = 1
_BLOCKED = 3
_USAGE = 2
_INCOMPLETE = 5
_OF_VERDICT = {Verdict.FAILED: _FAILED, Verdict.BLOCKED: _BLOCKED, Verdict.ERROR: 4, Verdict.PASSED: 0}

ABORTED, NOT_RUN, GOES_ON, UNPROVEN = "aborted", "not run", "goes on", "unproven"
"""What stands in the place of a verdict: process or host was lost; it never began; nobody waited for its end; its bench
tells one, and the run folder that it rests on is not here whole."""


@dataclass(frozen=True, slots=True)
class BoardResult:
    """What came of one board.

    Attributes:
        host: The host that has it.
        board: Its name.
        outcome: The worst verdict of its runs; or ABORTED, NOT_RUN, GOES_ON or UNPROVEN.
        rounds: How many runs came to which verdict, as its bench tells it.
        reason: Why there is no verdict, or what became of its run folder; empty otherwise.
        exit_code: That of its last run; None when it has none.
        folders: Its run folders here, in order.
        on_bench: Names of run folders that are on the bench alone.
        told_by: The one of them that the outcome rests on: the last with that verdict, for ABORTED without any; else
            the last; None when there is none.
        aside: Why and until when it is set aside for its health; None when it is not.
    """

    host: str
    board: str
    outcome: str
    reason: str = ""
    rounds: Mapping[str, int] = field(default_factory=dict)
    exit_code: int | None = None
    folders: tuple[Path, ...] = ()
    on_bench: tuple[str, ...] = ()
    told_by: Path | None = None
    aside: tuple[str, str] | None = None


def results(watchers: Iterable[Watcher]) -> list[BoardResult]:
    """Return what came of each board of these hosts, in their order."""
    found = []
    for one in watchers:
        boards = list(one.state.boards.values())
        nothing = "its bench tells nothing of it" if boards else ""
        missing = [each for each in one.host.boards if each not in one.refused_places]
        # Of a board that was asked for something is said, whatever a bench leaves out.
        names = {name for board in boards for name in (board.name, board.file, board_name(board.file))}
        missing = [each for each in missing if not _is_told(each, names)]
        boards += [BoardState(board_name(each), reason=nothing) for each in missing]
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
        elif one.was_stopped:
            codes.add(_INCOMPLETE)
        elif one.state.exit_code is not None:
            codes.add(one.state.exit_code if one.state.exit_code != _FAILED else _BLOCKED)
        if one.note.damaged:
            codes.add(_BLOCKED)
    for board in boards:
        if board.outcome in {ABORTED, NOT_RUN, GOES_ON, UNPROVEN}:
            codes.add(_BLOCKED)
        else:
            # By a run folder that is here: a bench neither makes a device wrong nor its campaign better than its runs.
            codes.add(_OF_VERDICT.get(Verdict(board.outcome), _INCOMPLETE))
    # An exit code that is none of ours comes from a campaign that a signal ended: nothing was judged to its end.
    known = {code if code in WORST_FIRST else _BLOCKED for code in codes}
    return next((code for code in WORST_FIRST if code in known), _BLOCKED)


def _is_told(word: str, names: AbstractSet[str]) -> bool:
    """Whether one of these is what a word of the lab file means: a name, a board file, or a pattern of them."""
    return bool({word, board_name(word)} & names) or any(fnmatchcase(name, word) for name in names - {""})


def _result(one: Watcher, board: BoardState) -> BoardResult:
    runs = [Path(run).name for run in board.runs]
    folders = tuple(Path(one.note.pulled[run]) for run in runs if run in one.note.pulled)
    on_bench = tuple(run for run in runs if run not in one.note.pulled)
    outcome, reason = _outcome(one, board, on_bench)
    damaged = "; ".join(one.note.damaged[run] for run in runs if run in one.note.damaged)
    code = board.exit_code if board.phase == FINISHED or _had_its_rounds(one, board) else None
    rounds = Counter(board.verdicts.values())
    return BoardResult(
        one.host.name,
        board.name,
        outcome,
        damaged or reason,
        rounds,
        code,
        folders,
        on_bench,
        _told_by(one, board, outcome),
        board.aside,
    )


def _told_by(one: Watcher, board: BoardState, outcome: str) -> Path | None:
    """Return the run folder here that the outcome rests on."""
    here = [run for run in board.runs if Path(run).name in one.note.pulled]
    fitting = [run for run in here if board.verdicts.get(run, ABORTED) == outcome]
    return Path(one.note.pulled[Path((fitting or here)[-1]).name]) if here else None


def _had_its_rounds(one: Watcher, board: BoardState) -> bool:
    """Whether a board waited for its next round, or was set aside after one, when the campaign ended."""
    between = board.phase in {WAITING, SET_ASIDE}
    return between and _had_a_run(board) and one.state.ended is not None


def _had_a_run(board: BoardState) -> bool:
    return bool(board.verdict or board.verdicts)


def _outcome(one: Watcher, board: BoardState, on_bench: Sequence[str]) -> tuple[str, str]:
    if (board.over and _had_a_run(board)) or _had_its_rounds(one, board):
        return _of_runs(one, board, on_bench)
    if board.phase == FINISHED:
        return NOT_RUN, f"it left no run; exit code {board.exit_code}"
    if board.phase == LOST:
        return ABORTED, board.reason
    if one.state.ended is not None:
        return NOT_RUN, board.reason or one.state.interrupted or "the campaign ended before its turn"
    if one.phase == GIVEN_UP:
        never = one.note.begin in {NEW, REFUSED}
        return (NOT_RUN if never else ABORTED), one.reason
    return GOES_ON, ""


def _of_runs(one: Watcher, board: BoardState, on_bench: Sequence[str]) -> tuple[str, str]:
    """Return the worst verdict of the runs of a board whose folders are here, unless one that is not could be worse."""
    seen = [
        Verdict(verdict)
        for run, verdict in board.verdicts.items()
        if verdict in set(Verdict) and Path(run).name in one.note.pulled
    ]
    verdict = worst(seen)
    if verdict in {Verdict.ERROR, Verdict.FAILED}:
        return verdict.value, board.interrupted
    if board.losses:
        return ABORTED, board.reason if board.phase == LOST else "its process was lost in one of its rounds"
    if on_bench or not seen:
        told = "its run folder is not here" if on_bench else "its bench tells a verdict, and of no run folder"
        return UNPROVEN, told if one.phase == OVER else one.reason or told
    if board.without_run and verdict is not Verdict.BLOCKED:
        return NOT_RUN, f"one of its rounds left no run; exit code {board.without_run[-1]}"
    return verdict.value, board.interrupted
