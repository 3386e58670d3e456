"""The run folders of one host on their way to the client: asked for one after the other, checked, acknowledged."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from harness.lab.checks import Checks
from harness.lab.client_files import ClientFiles, HostNote
from harness.lab.link import Link
from harness.lab.messages import Message
from harness.lab.receiving import Arrived, DamagedError, Receiving, TooMuchError
from harness.progress.state import CampaignState

_AGAIN = 1
_MOST_CHECKED = 4


class Pulling:
    """Pulls the run folders of a host. One thread uses it.

    Args:
        files: Where the client keeps what it knows.
        host: The host's name.
        note: What is known of the host; it takes what became of each run folder.
        checks: Where run folders are checked.
        wake: Called when one was checked, in another thread.
        on_note: Called whenever the note has changed.
    """

    def __init__(
        self,
        files: ClientFiles,
        host: str,
        note: HostNote,
        checks: Checks,
        wake: Callable[[], None],
        on_note: Callable[[], None],
    ) -> None:
        self._files = files
        self._host = host
        self._note = note
        self._checks = checks
        self._wake = wake
        self._on_note = on_note
        self._waiting: list[str] = []
        self._coming: Receiving | None = None
        self._checked: dict[str, tuple[Receiving, Future[Arrived]]] = {}
        self._receipts: dict[str, str] = {}
        self._tries: dict[str, int] = {}
        self._verdicts: dict[str, str] = {}
        self.arrived = 0
        """How many run folders came whole."""

    def note_run(self, event: Mapping[str, Any]) -> None:
        """Take an event: a run folder is whole when its run has ended, or its board was lost."""
        kind, folder, verdict = (event.get(name) for name in ("event", "folder", "verdict"))
        if not isinstance(kind, str) or kind not in {"run_finished", "board_lost"}:
            return
        run = Path(folder).name if isinstance(folder, str) else ""
        if kind == "run_finished" and isinstance(verdict, str):
            self._verdicts[run] = verdict
        if run and run not in self._note.pulled and run not in self._waiting:
            self._waiting.append(run)

    def is_over(self, state: CampaignState) -> bool:
        """Whether no run folder is left; those are, too, that no event told as whole.

        Args:
            state: The host's campaign, which has ended.
        """
        if self._coming is not None or self._checked or self._waiting:
            return False
        runs = [Path(run).name for board in state.boards.values() for run in board.runs]
        known = {*self._note.pulled, *self._note.damaged}
        self._waiting += dict.fromkeys(run for run in runs if run not in known)
        return not self._waiting

    def connected(self) -> None:
        """Begin on a new connection: what was on its way over another one is asked for again."""
        if self._coming is not None:
            self._waiting.insert(0, self._coming.run)
            self._coming = None

    def go_on(self, link: Link) -> None:
        """Take what was checked, acknowledge it, and ask for the next run folder.

        Raises:
            LinkLostError: The connection is gone.
            BenchError: The disk refuses.
        """
        done = [run for run, (_, came) in self._checked.items() if came.done()]
        arrived = {run: self._arrived(*self._checked.pop(run)) for run in done}
        self._keep({run: one for run, one in arrived.items() if one is not None})
        for run, manifest in list(self._receipts.items()):
            # Only now: until a client has it, the bench has the only one.
            link.say("received", run=run, manifest=manifest)
            del self._receipts[run]
        while self._coming is None and self._waiting and len(self._checked) < _MOST_CHECKED:
            self._ask(link, self._waiting.pop(0))

    def take(self, link: Link, message: Message) -> None:
        """Take a message that brings a run folder.

        Raises:
            LinkLostError: The connection is gone.
            BenchError: The disk refuses.
        """
        coming = self._coming
        if coming is None or message.text("run") != coming.run:
            return
        try:
            if message.kind == "listing":
                coming.listing(message)
            elif message.kind == "piece":
                # Before the list they are the rest of what was given up.
                if coming.listed:
                    coming.piece(message)
            else:
                self._coming = None
                check = self._checks.start(coming, self._verdicts.get(coming.run, ""), self._wake)
                self._checked[coming.run] = (coming, check)
        except DamagedError as error:
            self._coming = None
            self._try_again(coming, error)
        self.go_on(link)

    def refuse(self, why: str) -> None:
        """Take that the host cannot give the run folder that was asked for."""
        if self._coming is not None:
            self._keep_damaged(self._coming.run, why)
            self._coming = None

    @property
    def asks(self) -> bool:
        """Whether a run folder was asked for and has not come yet."""
        return self._coming is not None

    def _ask(self, link: Link, run: str) -> None:
        if run in self._note.pulled or run in self._checked:
            return
        try:
            coming = Receiving(self._files.folder, self._files.runs, self._host, run)
            have = coming.have()
        except DamagedError as error:
            self._keep_damaged(run, error.message)
            return
        self._coming = coming
        link.say("pull", run=run, have=have)

    def _arrived(self, coming: Receiving, came: "Future[Arrived]") -> Arrived | None:
        """Return what was checked; None when it is not as it should be."""
        try:
            return came.result()
        except DamagedError as error:
            self._try_again(coming, error)
            return None

    def _keep(self, arrived: Mapping[str, Arrived]) -> None:
        """Note what has arrived, all of it at once, as each note waits for the disk; acknowledge it only then."""
        if not arrived:
            return
        self.arrived += len(arrived)
        for run, one in arrived.items():
            self._note.pulled[run] = str(one.path)
            self._note.damaged.pop(run, None)
        self._on_note()
        self._receipts |= {run: one.manifest for run, one in arrived.items()}

    def _try_again(self, coming: Receiving, error: DamagedError) -> None:
        run = coming.run
        self._tries[run] = self._tries.get(run, 0) + 1
        if self._tries[run] > _AGAIN or isinstance(error, TooMuchError):
            coming.drop()
            self._keep_damaged(run, error.message)
        else:
            self._waiting.append(run)

    def _keep_damaged(self, run: str, why: str) -> None:
        self._note.damaged[run] = why
        self._on_note()
