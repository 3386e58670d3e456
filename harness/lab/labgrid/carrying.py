"""The process of a campaign with places at the lab's coordinator: takes them, runs the boards, gives them up.

It stands between the client's request and `harness run`, on the bench. When it is killed the run goes on, as it is a
process of its own; `harness lab reap` then frees the places once the run has ended.
"""

import subprocess
import time
from collections.abc import Iterator, Sequence
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
        ended = _Ended(CampaignFolder(runs / CAMPAIGNS / name).progress, boards)
        while process.poll() is None:
            time.sleep(_LOOK_S)
            for board in ended.more():
                keeper.release(board)
        return process.returncode
    finally:
        keeper.close()


class _Ended:
    """Finds boards that have ended for good: none before the campaign's end when it has several rounds.

    Args:
        progress: The campaign's progress.
        boards: Its boards, as they were asked for.
    """

    def __init__(self, progress: Path, boards: Sequence[str]) -> None:
        self._progress = progress
        self._boards = {Path(board).name.removesuffix(".yaml"): board for board in boards}
        self._offset = 0
        self._rounds: object = None

    def more(self) -> Iterator[str]:
        """Give the boards that have ended since."""
        if not self._progress.is_file():
            return
        for told in follow(self._progress, self._offset):
            self._offset = told.offset
            if told.event["event"] == "campaign_started":
                self._rounds = told.event.get("repeat")
            board = self._boards.get(str(told.event.get("board")))
            ended = told.event["event"] in {"board_finished", "board_lost"} and self._rounds == 1
            if board is not None and ended:
                yield board
