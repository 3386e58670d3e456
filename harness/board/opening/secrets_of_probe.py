"""What a board keeps out of its recordings while it answers with something secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from harness.transport.recording.writer import Recording

if TYPE_CHECKING:
    from harness.console.reader import Console


class Numbers(Protocol):
    """Where numbers are kept that a replay needs; the inputs of a run have it."""

    def number(self, purpose: str, now: Callable[[], int]) -> int:
        """Return what `now` gives, or what was kept of the recorded run."""


class HiddenTransport:
    """Hides the traffic of a transport from its recording.

    Args:
        recording: The recording; None when nobody records.
        numbers: Keeps numbers for a replay; None when nothing is kept.
        replayed: Whether a recorded run stands in for the device.
    """

    def __init__(self, recording: Recording | None, numbers: Numbers | None, *, replayed: bool) -> None:
        self._recording = recording
        self._numbers = numbers
        self.replayed = replayed

    def begin(self) -> None:
        """Hide what goes over from now on."""
        if self._recording is not None:
            self._recording.hide()

    def end(self) -> None:
        """Show what goes over from now on."""
        if self._recording is not None:
            self._recording.show()

    def number(self, purpose: str, now: Callable[[], int]) -> int:
        """Return what `now` gives, or what was kept of the recorded run."""
        return now() if self._numbers is None else self._numbers.number(purpose, now)


class HiddenTraffic(HiddenTransport):
    """Hides the traffic of a console from its recording, and from the errors that show its last lines.

    Args:
        console: The console.
        recording: Its recording; None when nobody records.
        numbers: Keeps numbers for a replay; None when nothing is kept.
        replayed: Whether a recorded run stands in for the board.
    """

    def __init__(
        self, console: Console, recording: Recording | None, numbers: Numbers | None, *, replayed: bool
    ) -> None:
        super().__init__(recording, numbers, replayed=replayed)
        self._console = console
        self._began: int | None = None

    def begin(self) -> None:
        """Hide what goes over from now on."""
        if self._began is None:
            self._began = self._console.received
            super().begin()

    def end(self) -> None:
        """Show what goes over from now on; what went is forgotten."""
        if self._began is not None:
            self._console.forget(self._began)
            self._began = None
            super().end()
