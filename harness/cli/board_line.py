"""What a board of a campaign does just now, on one line of a terminal."""

from rich.cells import cell_len, set_cell_size

from harness.cli.run_progress import clock_words
from harness.progress.state import FINISHED, LOST, SET_ASIDE, WAITING, BoardState
from harness.report.text import folder_label, one_line
from harness.run.verdict import Verdict

_WORST_FIRST = ("error", "failed", "blocked", "not_run")
_STARTS, _REPORTS = "starts", "writes the reports"
_WIDEST_NAME = 24


def name_width(boards: list[BoardState]) -> int:
    """Return how many columns the names of these boards take."""
    return min(max((cell_len(one_line(one.name)) for one in boards), default=0), _WIDEST_NAME)


def board_line(board: BoardState, now: float, *, names: int, width: int | None, came: str = "") -> str:
    """Return the line of a board.

    Args:
        board: The board.
        now: Seconds since 1970.
        names: Columns of the name.
        width: Columns of the line; None for no limit.
        came: What is told of it in the place of what it does; that when empty.
    """
    line = f"{_fitting(one_line(board.name), names)}  {_count(board):>7}  {_times(board, now, ends=not came):<14}  "
    line += came or state_words(board, now)
    return line.rstrip() if width is None or cell_len(line) <= width else _fitting(line, width).rstrip()


def state_words(board: BoardState, now: float) -> str:
    """Return in words what a board does, or what came of it."""
    so_far = bad_words(board)
    if board.phase == WAITING:
        return f"waits for {_list(board.waits_for)}" if board.waits_for else "waits for its turn"
    if board.phase == SET_ASIDE:
        until = f", tried again at {one_line(board.until)}" if board.until else ""
        return f"set aside: {one_line(board.reason)}{until}"
    if board.phase == LOST:
        return f"lost: {one_line(board.reason)}"
    if board.phase == FINISHED:
        verdict = one_line(board.verdict) or f"no verdict, exit code {board.exit_code}"
        words = f"{verdict}{f' ({so_far})' if so_far else ''}"
        # Its run passed, and then something broke: reports that no disk took, an end that was asked for.
        odd = board.verdict == Verdict.PASSED and board.exit_code not in {0, None}
        return f"{words}, but exit code {board.exit_code}" if odd else words
    round_ = f"round {board.round} · " if board.round > 1 else ""
    return f"{round_}{f'{so_far} · ' if so_far else ''}{_doing(board, now)}"


def bad_words(board: BoardState) -> str:
    """Return how many scenarios did not pass, the worst first; empty when all did."""
    return ", ".join(
        f"{board.counts[each]} {each.replace('_', ' ')}"
        for each in _WORST_FIRST
        if board.counts.get(each) and (each != "not_run" or board.over)
    )


def _doing(board: BoardState, now: float) -> str:
    ask = next(iter(board.asks.values()), None)
    if ask is not None:
        return f"asks a person: {one_line(ask.title)}"
    if board.whom:
        limit = "" if board.waits_at_most is None else f" of {clock_words(board.waits_at_most)} at most"
        return f"waits for {one_line(board.whom)}, {clock_words(now - board.waits_since)}{limit}"
    if board.scenario is None:
        return _REPORTS if board.planned and len(board.finished) >= len(board.planned) else _STARTS
    step, title = board.scenario
    parts = [f"{folder_label(step)}: {one_line(title)}"]
    if board.reached is not None:
        done, total, what = board.reached
        parts.insert(0, f"{done:g}/{total:g} {one_line(what, 40)}")
    return " · ".join(parts)


def _count(board: BoardState) -> str:
    if not board.planned:
        return ""
    return f"{sum(one in board.planned for one in board.finished)}/{len(board.planned)}"


def _times(board: BoardState, now: float, *, ends: bool) -> str:
    if board.started is None:
        return ""
    spent = clock_words((now if board.ended is None else board.ended) - board.started)
    left = board.seconds_left(now) if ends and not board.over else None
    return f"{spent} (-{clock_words(left)})" if left else spent


def _list(places: tuple[str, ...]) -> str:
    return ", ".join(map(one_line, places))


def _fitting(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return f"{set_cell_size(text, max(width - 1, 0)).rstrip()}…"
