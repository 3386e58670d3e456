"""Whether the power of a board went and came back: the word of a relay is not enough, the board has to show it."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from harness.board.opening.board import Board
from harness.errors import BenchError
from harness.hostload import host

if TYPE_CHECKING:
    from harness.console.reader import Console


_QUIET_S = 0.1  # a console that says nothing for so long is silent
_SETTLES_S = 5.0  # capacitors, and what a USB adapter still holds
_LOOK_S = 0.01

_Opened = TypeVar("_Opened")


class Seen(StrEnum):
    """What a board without power showed."""

    GONE = "the port of the console is gone"
    SILENT = "the console is silent"
    NOTHING = "nothing: the console is not open, so whether it is off is unknown"


class PowerWatch:
    """Watches the console of a board while its power is taken away and given back; reads nothing away from others.

    Args:
        board: The board; its console is looked at when there is one.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._console: Console | None = None
        self._heard = 0

    def begin(self) -> None:
        """Open the console before the power comes, so that the first line of a start is not missed."""
        self._console = None if self._board.replayed else self._opened()
        self._heard = 0 if self._console is None else self._console.received

    def is_off(self) -> Seen:
        """Wait until the board shows that it is off.

        Raises:
            BenchError: It speaks on: it has its power.
        """
        console = self._console
        if console is None:
            return Seen.NOTHING
        begin, heard, quiet = host().glance(), console.received, host().moment()
        while host().since(begin).on_time < _SETTLES_S:
            if _gone(console):
                self._heard = console.received
                return Seen.GONE
            time.sleep(_LOOK_S)
            if (now := console.received) != heard:
                heard, quiet = now, host().moment()
            elif host().since(quiet).on_time >= _QUIET_S:
                self._heard = heard
                return Seen.SILENT
        raise self._not_off(f"its console still speaks {_SETTLES_S:g} s later")

    def stayed_off(self) -> None:
        """Check that nothing came since the board was off.

        Raises:
            BenchError: Something came.
        """
        if self._console is not None and not _gone(self._console) and self._console.received != self._heard:
            raise self._not_off("its console speaks while it should be off")

    def leave_behind(self) -> None:
        """Have the console go on with what comes from now on: what it has so far is of the start before."""
        if self._console is not None:
            self._console.leave_behind()

    def is_on(self) -> str:
        """Wait until the board shows that it has started; return what it showed, in words.

        A board that has said nothing yet and runs no program that is known to print cannot show it.

        Raises:
            BenchError: It shows nothing.
        """
        console, file = self._console, self._board.file
        if file.console is None or self._board.replayed:
            return "nothing: there is no console to look at"
        if console is None:
            console = self._console = self._patiently(self._board.console)
        self._require_open(console)
        limit = file.console.boot_timeout_s
        must = self._heard > 0 or file.runs_program
        begin = host().glance()
        while must and console.received == self._heard:
            span = host().since(begin)
            if span.on_time >= limit:
                raise BenchError(
                    f"power_on: nothing came from the console within {limit:g} s: the power is not back, or was never "
                    "away",
                    hint="see whether the switch is the one that feeds this board, and switch it by hand",
                )
            self._require_open(console)
            time.sleep(_LOOK_S)
        return "the console speaks" if must else "nothing: the board has said nothing yet, and need not"

    def _opened(self) -> Console | None:
        if self._board.file.console is None:
            return None
        try:
            return self._board.console()
        except BenchError:
            return None  # a port that the board itself feeds is there only when the board is on

    def _require_open(self, console: Console) -> None:
        """Open a port that went with the power anew, by its path."""
        if _gone(console):
            console.close()
            self._patiently(console.open)

    def _patiently(self, opens: Callable[[], _Opened]) -> _Opened:
        """Open a port that comes back with the power, as soon as it is there.

        Raises:
            BenchError: It is not there in the time that a device has to come back.
        """
        begin, limit = host().glance(), self._board.file.limits.replug_s
        while True:
            try:
                return opens()
            except BenchError:
                if host().since(begin).on_time >= limit:
                    raise
            time.sleep(_LOOK_S)

    def _not_off(self, why: str) -> BenchError:
        return BenchError(
            f"power_off had no effect: {why}",
            hint="see whether the switch is the one that feeds this board, or the board is fed another way too",
        )


def _gone(console: Console) -> bool:
    try:
        console.check()
    except BenchError:
        return True
    return False
