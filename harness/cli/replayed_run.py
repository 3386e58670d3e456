"""Which recorded run `harness run --replay` means."""

import sys
from pathlib import Path

from harness.board.opening.recorded_run import header_of
from harness.board.reading.file import load
from harness.errors import UsageError

LATEST = "latest"
_HEADER = "run.json"


def split(boards: list[Path], replay: Path | None) -> tuple[list[Path], Path | None]:
    """Tell board files from run folders, as a shell's pattern after --replay gives several of them.

    The newest run folder is the one to replay; the choice is said on stderr.

    Raises:
        UsageError: run folders without --replay, or no board file is left.
    """
    folders = [path for path in boards if (path / _HEADER).is_file()]
    if not folders:
        return boards, replay
    if replay is None:
        raise UsageError(
            f"{folders[0]} is a run folder and no board file",
            hint=f"harness report {folders[0]} renders it again; --replay {folders[0]} goes with a board file",
        )
    left = [path for path in boards if path not in folders]
    if not left:
        raise UsageError(
            "no board file is given, only run folders",
            hint="name the board file first: harness run boards/NAME.yaml --replay latest",
        )
    newest = max([replay, *folders], key=lambda path: path.resolve().name)
    print(
        f"note: {len(folders) + 1} runs are given to replay; the newest is taken: {newest}", file=sys.stderr
    )
    return left, newest


def run_to_replay(replay: Path, runs: Path, board: Path) -> Path:
    """Return the run folder that is meant: `latest` is the newest below `runs` that asked this board itself.

    Raises:
        UsageError: there is none.
    """
    if str(replay) != LATEST:
        return replay
    name = load(board).name
    for folder in sorted(runs.glob(f"*-{name}"), reverse=True):
        if _asked_devices(folder, name):
            return folder
    raise UsageError(
        f"--replay latest: {runs} holds no run of {name} to replay",
        hint=f"run the board first, or name a run folder; --runs says where they are (now {runs})",
    )


def _asked_devices(folder: Path, board: str) -> bool:
    """Whether it is a run of the board that was no replay itself."""
    try:
        header = header_of(folder)
    except UsageError:
        return False
    options = header.get("options")
    return header.get("board") == board and isinstance(options, dict) and not options.get("replay")
