"""Asking a campaign, or one board of it, to end in order: the appearance of a file is the request."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from harness.disk import writing
from harness.errors import UsageError
from harness.progress.campaigns import Campaign, holders

_STOP = "stop"
_NAME_MAX = 200


def stop(campaign: Campaign, board: str = "") -> None:
    """Ask for the end; asking again changes nothing.

    The process gets a signal beside the file when all is to end, so that it need not look first.

    Args:
        campaign: The campaign.
        board: Name of the board; empty for all.

    Raises:
        UsageError: The board has a name that no file can have.
        BenchError: The file cannot be written.
    """
    file = _file(campaign.folder.path, board)
    with writing(file), suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        if not board:
            _signal(campaign)


def asked_to_stop(campaign: Path, board: str = "") -> bool:
    """Tell whether the end was asked for.

    Args:
        campaign: The campaign's folder.
        board: Name of the board; empty for all.
    """
    try:
        return _file(campaign, board).exists()
    except (OSError, UsageError):
        return False


def words(board: str = "") -> str:
    """Return why a board, or all for an empty name, ends that was asked to."""
    return f"stopped by the file {_name(board)}"


def _file(campaign: Path, board: str) -> Path:
    if "/" in board or "\0" in board or len(board.encode(errors="replace")) > _NAME_MAX:
        raise UsageError(f"the board {board[:60]!r} has a name that no file can have")
    return campaign / _name(board)


def _name(board: str) -> str:
    return f"{_STOP}-{board}" if board else _STOP


def _signal(campaign: Campaign) -> None:
    """Tell the campaign's process to end, if it is the one that holds the campaign's lock."""
    pid = campaign.about().get("pid")
    with suppress(OSError):  # of another user, or gone just now
        if isinstance(pid, int) and pid in holders(campaign.folder.lock):
            os.kill(pid, signal.SIGTERM)
