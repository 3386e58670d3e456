"""The signals that ask a campaign to end: heard at any moment, and kept until it may do what they ask for."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_Handler = Callable[[int, FrameType | None], None]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def asked_by(number: int) -> str:
    """Return why a campaign ends that a signal asks to end."""
    return f"ended by {signal.Signals(number).name}"


class Heard:
    """Takes the signals that ask a campaign to end, and keeps them until somebody does what they ask for."""

    def __init__(self) -> None:
        self.signals: list[int] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals while the block runs.

        One that this process ignores from its start (nohup) stays ignored.
        """
        before: dict[int, Any] = {}
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, self._take)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def overhear(self) -> None:
        """Keep the signals, too, that another takes now, until that one gives them back.

        What that one does with them is for one board: who asked for the end of all is to be heard all the same.
        """
        for number in _SIGNALS:
            taker = signal.getsignal(number)
            if callable(taker) and taker != self._take:
                signal.signal(number, self._first(taker))

    def _first(self, taker: Callable[[int, FrameType | None], Any]) -> _Handler:
        def take(number: int, frame: FrameType | None) -> None:
            self.signals.append(number)
            taker(number, frame)

        return take

    def _take(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.signals.append(number)
