"""What the boards of a campaign come to: its exit code, and what is to be said at its end."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.board.models import BoardFile
from harness.campaign.job import Ended
from harness.campaign.soak.rounds import OVER
from harness.cli.session_end import WORST_FIRST, BoardEnd, Came, incomplete_words
from harness.report.text import one_line

_LOST = 4  # exit code of a board whose process was lost, or that ended as none does
_INCOMPLETE = 5


def came_of(
    turns: Sequence[Ended],
    files: Sequence[BoardFile],
    *,
    why_ended: str,
    ended_by: int | None,
    select: str,
) -> Came:
    """Return what a campaign comes to, without its run folders.

    Args:
        turns: What became of the turns of all boards, by board and round.
        files: The boards, by their numbers.
        why_ended: Why it ended early; empty when it did not.
        ended_by: The signal that it was ended by, or would have been; None when it was not.
        select: What the user selected.
    """
    boards = [file.source.path or Path(file.name) for file in files]
    ends = [None if one.result is None or one.lost else BoardEnd.read(one.result) for one in turns]
    said: dict[str, None] = {}
    for one, end in zip(turns, ends, strict=True):
        if one.lost:
            said[_of_lost(one)] = None
        if end is not None:
            said |= dict.fromkeys(_of_end(end, boards[one.job.number], select))
    # A later round that only came too late is none that was asked for.
    asked = [one for one in turns if not _too_late(one)]
    not_begun = [one_line(one.job.name) for one in asked if one.not_begun and one.job.round == 1]
    if why_ended:
        said["interrupted; what happened until then is in the run folders"] = None
        too_early = [
            one_line(one.job.name) for one, end in zip(turns, ends, strict=True) if _too_early(one, end)
        ]
        if too_early:
            said["ended before its run began: " + ", ".join(too_early)] = None
    else:
        said |= dict.fromkeys(_cut_short(zip(turns, ends, strict=True)))
    if not_begun:
        said["not run: " + ", ".join(not_begun)] = None
    last = {one.job.number: one for one in asked}
    said |= dict.fromkeys(
        incomplete_words(
            [None if one.not_begun else one.code for one in last.values()],
            [boards[number] for number in last],
            select,
        )
    )
    if ended_by is not None:
        return Came(128 + ended_by, why_ended, said=list(said))
    codes = {_code(one, end) for one, end in zip(turns, ends, strict=True) if not _too_late(one)}
    return Came(next((code for code in WORST_FIRST if code in codes), _LOST), why_ended, said=list(said))


def _cut_short(turns: Iterable[tuple[Ended, BoardEnd | None]]) -> Iterator[str]:
    """Give what is to be said of boards that were asked to end while the campaign went on."""
    for one, end in turns:
        name = one_line(one.job.name)
        if end is not None and end.interrupted:
            yield f"{name}: was asked to end before its run was over"
        elif one.not_begun not in {"", OVER} and one.job.round > 1:
            yield f"{name}: no round after {one.job.round - 1}: {one_line(one.not_begun)}"


def _too_late(one: Ended) -> bool:
    return one.not_begun == OVER and one.job.round > 1


def _too_early(one: Ended, end: BoardEnd | None) -> bool:
    """Return whether a board was asked to end before it had any run, so that no run folder tells of it."""
    return end is not None and end.interrupted and not (end.began or one.folder) and one.job.round == 1


def _code(one: Ended, end: BoardEnd | None) -> int | None:
    """Return what a turn counts as: one that never came, or that was cut short, keeps the campaign from passing.

    A plugin that takes part may leave pytest with any code it likes.
    """
    if one.not_begun or (end is not None and end.interrupted):
        return _INCOMPLETE
    return _LOST if one.lost or one.code not in WORST_FIRST else one.code


def _of_lost(one: Ended) -> str:
    text, advice = f"error: {one_line(one.job.name)}: {one.lost}", "run this board again"
    if one.folder and one.not_closed:
        text += (
            f"; what it left could not be closed as an aborted run: {one.folder}: {one_line(one.not_closed)}"
        )
        advice = f"see to the disk, then harness report {one.folder}"
    elif one.folder:
        text += f"; what it left is closed as an aborted run: {one.folder}"
    return f"{text}\n  try: {advice}"


def _of_end(end: BoardEnd, board: Path, select: str) -> list[str]:
    lines = [
        f"error: a suite cannot be collected: {problem}\n  try: mend the file; python -m py_compile FILE, "
        "or its import alone, shows the place"
        for problem in end.broken
    ]
    if end.stopped:
        lines.append(end.stopped)
    if not lines and end.code == 2 and end.began:
        why = "; ".join(end.held_back) or "no selected scenario applies to the board"
        lines.append(f"error: nothing was judged: {why}\n  try: harness plan {board} says what applies")
    elif not lines and end.code == 2 and select and not end.misused:
        lines.append(f"error: no scenario matches {select!r}\n  try: harness plan {board} lists them")
    return lines
