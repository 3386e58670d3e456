"""The files that ask for the end of boards which run in the campaign's own process, one after the other.

Nothing but a signal ends a session of pytest in order, so a thread looks for the files and sends it one. Where boards
run side by side, the scheduler looks for them itself.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.campaign.heard import Heard
from harness.progress.stopping import asked_to_stop, words

_LOOK_S = 0.5


@dataclass(slots=True)
class Asked:
    """What a file asked for while a board ran.

    Attributes:
        why: Why the board was asked to end; empty when it was not.
        all: Whether the campaign is to end with it.
    """

    why: str = ""
    all: bool = False


class StopFiles:
    """Looks for the stop files of a campaign.

    Args:
        folder: The campaign's folder; None for nowhere.
        heard: Keeps the signals.
    """

    def __init__(self, folder: Path | None, heard: Heard) -> None:
        self._folder = folder
        self._heard = heard

    def found(self, board: str = "") -> str:
        """Return why a board, or the whole campaign for an empty name, does not go on; empty when it does."""
        return words(board) if self._folder is not None and asked_to_stop(self._folder, board) else ""

    @contextmanager
    def watching(self, board: str) -> Iterator[Asked]:
        """Have the session of a board, which runs meanwhile, asked to end when a file appears.

        Of the signals that were heard then, those are left that somebody else has sent.
        """
        asked = Asked()
        if self._folder is None:
            yield asked
            return
        main, over, runs = threading.get_ident(), threading.Event(), threading.Lock()

        def watch() -> None:
            while not over.wait(_LOOK_S):
                whole = self.found()
                why = whole or self.found(board)
                with runs:
                    if why and not over.is_set():
                        asked.why, asked.all = why, bool(whole)
                        # To the thread that runs the session: what it waits for is to be interrupted.
                        signal.pthread_kill(main, signal.SIGTERM)
                        return

        thread = threading.Thread(target=watch, name="stop files", daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            with runs:
                over.set()
            thread.join()
            if asked.why and signal.SIGTERM in self._heard.signals:
                # Our own one, which was meant for this session alone.
                self._heard.signals.remove(signal.SIGTERM)
