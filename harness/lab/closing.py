"""Closing what a campaign left when its process was killed, or its bench went down: as aborted, never with a verdict.

Whether a campaign lives is told by the kernel's lock alone. Who closes one holds that lock while it does, so that it is
closed once.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.disk import writing
from harness.errors import HarnessError
from harness.lab.names import RUN_NAME, BenchFolder, boot_id
from harness.lab.starting import begun_on
from harness.progress.campaigns import Campaign
from harness.progress.reader import follow
from harness.progress.state import BoardState, CampaignState
from harness.progress.writer import now
from harness.run.folder import RunFolder, alive

ABORTED_EXIT_CODE = 3
"""That of a campaign whose process is gone: it says nothing of any device."""

_PATIENCE_S = 15.0
_LOOK_S = 0.1


def close(campaign: Campaign, lab: BenchFolder) -> tuple[str, ...]:
    """Close a campaign whose process is gone before its end.

    Boards without an end are told as lost, unfinished run folders get their reports and manifest, and the campaign its
    last event. A campaign that lives, or has its end, is left alone.

    Returns:
        What was done and what could not be, a sentence each; nothing when there was nothing to do.

    Raises:
        BenchError: The disk refuses.
    """
    with _locked(campaign) as held:
        if not held:
            return ()
        state = campaign.state()
        if state.ended is not None or not campaign.folder.progress.is_file():
            return ()
        reason = _reason(campaign, lab)
        said = []
        for board in state.boards.values():
            if not board.over:
                said += [f"{board.name}: aborted: {reason}", *_closed(campaign, board)]
        _append(campaign, state, reason)
        return tuple(said) or (f"{campaign.id}: ended: {reason}",)


@contextmanager
def _locked(campaign: Campaign) -> Iterator[bool]:
    """Hold the lock of a campaign; give False when its process, or another who closes it, has it."""
    try:
        file = os.open(campaign.folder.lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(file)


def _reason(campaign: Campaign, lab: BenchFolder) -> str:
    before = begun_on(lab, campaign.id).get("boot", "")
    if before and before != boot_id():
        return "the bench started anew while it ran"
    return "the process of the campaign was killed, or broke"


def _closed(campaign: Campaign, board: BoardState) -> Iterator[str]:
    """Close the run folder that a board's run left without an end; tell what could not be done."""
    name = board.folder
    if not name or not RUN_NAME.fullmatch(name):
        return
    path = campaign.folder.path.parent.parent / name
    if not path.is_dir() or path.is_symlink() or RunFolder(path).manifest.exists():
        return
    if not _gone(board.pid):
        yield f"{board.name}: its process {board.pid} still runs, so {name} is left open"
        return
    from harness.report.render import close as close_folder  # noqa: PLC0415 - slow, and rarely needed
    from harness.report.renderer import PDFS  # noqa: PLC0415 - as above

    try:
        close_folder(path, without=PDFS)
    except HarnessError as error:
        yield f"{board.name}: {name}: {error.message}"


def _gone(pid: int) -> bool:
    """Wait for the end of the process of a board, which follows that of its campaign."""
    deadline = time.monotonic() + _PATIENCE_S
    while pid > 1 and alive(pid) and _is_harness(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True


def _is_harness(pid: int) -> bool:
    # A number is given to another process later, and after a restart at once.
    try:
        return b"harness" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _append(campaign: Campaign, state: CampaignState, reason: str) -> None:
    """Add the events that are missing; a line that the killed writer did not end goes, as no reader has taken it."""
    path = campaign.folder.progress
    whole = 0
    last = -1
    for told in follow(path):
        whole = told.offset
        seq = told.event.get("seq")
        last = seq if isinstance(seq, int) else last
    events: list[dict[str, Any]] = [
        {"event": "board_lost", "board": board.name, "folder": board.folder, "reason": reason}
        for board in state.boards.values()
        if not board.over
    ]
    events.append({"event": "campaign_finished", "exit_code": ABORTED_EXIT_CODE, "interrupted": reason})
    lines = b"".join(
        json.dumps({"seq": last + number, "time": now(), **event}, ensure_ascii=False).encode() + b"\n"
        for number, event in enumerate(events, start=1)
    )
    with writing(path), path.open("r+b") as file:
        file.truncate(whole)
        file.seek(whole)
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
