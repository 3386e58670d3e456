"""The process of a campaign with places at the lab's coordinator: takes them, runs the boards, gives them up.

It stands between the client's request and `harness run`, on the bench. When it is killed the run goes on, as it is a
process of its own; `harness lab reap` then frees the places once the run has ended.
"""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from harness.lab.labgrid.keeping import Keeper
from harness.lab.names import BenchFolder
from harness.lab.places import Claim, write_places
from harness.progress.names import CAMPAIGNS, CampaignFolder
from harness.progress.reader import follow

NO_PLACE_EXIT_CODE = 3

_LOOK_S = 0.5


def carry(runs: Path, lab: BenchFolder, name: str, claim: Claim, command: Sequence[str]) -> int:
    """Run a campaign within its places; return its exit code.

    Args:
        runs: The folder of runs.
        lab: What this bench keeps of campaigns that clients began.
        name: The campaign.
        claim: What is to be taken.
        command: The command that runs it, to which the boards are added.
    """
    clashes: dict[str, str] = {}
    refused: dict[str, str] = {}

    def clashed(board: str, holder: str) -> None:
        clashes[board] = holder
        write_places(lab, name, waits=False, refused=refused, clashes=clashes)

    write_places(lab, name, waits=True)
    keeper = Keeper(claim.coordinator, claim.user, claim.places, clashed)
    refused |= keeper.take(claim.wait, lab.stop(name).exists)
    write_places(lab, name, waits=False, refused=refused)
    boards = [board for board in claim.places if board not in refused]
    if not boards:
        return NO_PLACE_EXIT_CODE
    try:
        process = subprocess.Popen([*command, *boards], start_new_session=True)  # noqa: S603 - our own words
        keeper.keep()
        progress = CampaignFolder(runs / CAMPAIGNS / name).progress
        offset = 0
        while process.poll() is None:
            time.sleep(_LOOK_S)
            offset = _release_ended(progress, offset, keeper, boards)
        return process.returncode
    finally:
        keeper.close()


def _release_ended(progress: Path, offset: int, keeper: Keeper, boards: Sequence[str]) -> int:
    """Give up the places of boards that have ended since; return where to go on."""
    if not progress.is_file():
        return offset
    by_name = {Path(board).name.removesuffix(".yaml"): board for board in boards}
    for told in follow(progress, offset):
        offset = told.offset
        board = by_name.get(str(told.event.get("board")))
        if board is not None and told.event["event"] in {"board_finished", "board_lost"}:
            keeper.release(board)
    return offset
