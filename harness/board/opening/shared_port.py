"""A serial port that a programmer shares with the console of the board: the console gives it up while the tool runs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from harness.board.opening.board import Board
from harness.board.opening.opener import occupies
from harness.controller.kind import Controller
from harness.errors import BenchError
from harness.hostload import host

_LOOK_S = 0.05


@contextmanager
def console_given_up(board: Board, controller: Controller) -> Iterator[None]:
    """Close the console for the time of the block where the controller uses its port, and open it again behind it.

    The console that is opened again has nothing of what came before, nor of what the board said to the tool.

    Raises:
        BenchError: The port is not there again within `limits.replug_s`; some chips are their own USB device.
    """
    if board.replayed or not board.console_is_open or not _is_of_console(board, controller):
        yield
        return
    board.note(f"the console is closed while {controller.place()} is used, which has the same port")
    board.close_console()
    try:
        yield
    finally:
        _open_again(board)


def _is_of_console(board: Board, controller: Controller) -> bool:
    port, console = controller.shared_port(), board.file.console
    if port is None or console is None:
        return False
    place = os.path.realpath(board.file.folder / port)
    return place in occupies(board.file.transports[console.transport], board.file.folder)


def _open_again(board: Board) -> None:
    begin, limit = host().glance(), board.file.limits.replug_s
    while True:
        try:
            board.console()
        except BenchError:
            if host().since(begin).on_time >= limit:
                raise
        else:
            return
        time.sleep(_LOOK_S)
