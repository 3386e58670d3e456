"""The signals that ask a campaign to end: heard at any moment, and kept until it may do what they ask for."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

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

        def take(number: int, frame: FrameType | None) -> None:
            del frame
            self.signals.append(number)

        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, take)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
