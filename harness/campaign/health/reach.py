"""What keeps this machine from reaching boards, as `harness doctor` sees it; opens no device."""

import os
from collections.abc import Sequence

from harness.board.discovery.find import discover
from harness.board.doctor.doctor import Level, Machine
from harness.board.doctor.of_board import examine_board
from harness.board.models import BoardFile
from harness.board.opening.locks import user_name


def out_of_reach(boards: Sequence[BoardFile]) -> dict[str, list[str]]:
    """Return for each board that cannot be reached what is in the way; what only disturbs it is left out.

    Args:
        boards: The boards.
    """
    if not boards:
        return {}
    machine = Machine(user=user_name(), own_pid=os.getpid())
    found = discover(on_broken=lambda _problem: None)
    blocking = {
        board.name: [
            f"{one.where.removeprefix(f'{board.name}:')}: {one.problem}"
            for one in examine_board(machine, board, found)
            if one.level is Level.BLOCKS
        ]
        for board in boards
    }
    return {name: problems for name, problems in blocking.items() if problems}
