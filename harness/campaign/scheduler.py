"""Boards side by side: a process for each, so many at a time, and never two on one place.

One thread, one loop: it starts what can start, takes what the processes tell, and looks after those that end, hang or
are to stop. What a board does or suffers touches no other board.
"""

import gc
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from harness.board.opening.locks import holder_of
from harness.board.opening.places import overlap
from harness.campaign.heard import Heard, asked_by
from harness.campaign.job import Ended, Job
from harness.campaign.process import BoardProcess, Work
from harness.errors import HarnessError
from harness.progress.stopping import asked_to_stop, words

GRACE_S = 30.0
"""Seconds after a first signal in which further ones change nothing: boards are closed and reports are written."""

_PATIENCE_S = 120.0  # seconds after which a process that was asked to end is ended
_FIRST_SIGN_S = 120.0  # seconds until a process has said that it begins, which it does at once
_TICK_S = 0.25
_LOOK_S = 1.0  # how often stop files and other processes' locks are looked at


class Follower(Protocol):
    """Who follows a campaign: its progress file, its view."""

    def event(self, job: Job, event: str, fields: Mapping[str, Any], time: str) -> None:
        """Take what a board tells, or what is told of it; `time` is empty for now."""

    def ended(self, ended: Ended) -> None:
        """Take what became of a board's turn."""

    def ending(self, why: str) -> None:
        """Take that everything is asked to end."""

    def tick(self) -> None:
        """Do what is to be done a few times a second."""


class Scheduler:
    """Runs the jobs of a campaign.

    Args:
        work: What each process does.
        follower: Who follows it.
        jobs: How many boards at a time.
        folder: The campaign's folder, where stop files are looked for; None for nowhere.
        wait_s: Seconds that a board waits for what another process of this machine has; then it starts all the same,
            and its run says who has it.
        heard: The signals that ask for the end; none when left out.
        after: Called with each end; gives the board's next turn, or None. Health and repetition hang here.
    """

    def __init__(
        self,
        work: Work,
        follower: Follower,
        *,
        jobs: int,
        folder: Path | None = None,
        wait_s: float = 0.0,
        heard: Heard | None = None,
        after: Callable[[Ended], Job | None] = lambda _ended: None,
    ) -> None:
        self._work = work
        self._follower = follower
        self._jobs = jobs
        self._folder = folder
        self._wait_s = wait_s
        self._heard = heard or Heard()
        self._after = after
        self._waiting: list[Job] = []
        self._since: dict[str, float] = {}
        self._told_waiting: dict[str, tuple[str, ...]] = {}
        self._running: list[BoardProcess] = []
        self._ended: list[Ended] = []
        self._lost: dict[str, Ended] = {}
        self._selector = selectors.DefaultSelector()
        self._stopped: dict[str, float] = {}
        self._stopped_for_good: set[str] = set()
        self._looked = 0.0
        self._first_signal = 0.0
        self.ended_by: int | None = None
        self.why_ended = ""

    def run(self, jobs: Sequence[Job]) -> list[Ended]:
        """Run them all and return what became of each, in the order of their ends."""
        self._waiting = list(jobs)
        if self.why_ended:
            self.stop(self.why_ended)
        with _heap_given_back():
            while self._waiting or self._running:
                self._take_signals()
                self._start_what_can()
                self._take_what_is_told()
                self._look_after()
                self._follower.tick()
        self._selector.close()
        return self._ended

    def stop(self, why: str, number: int = signal.SIGTERM) -> None:
        """Have everything end in order, and nothing start any more."""
        if not self.why_ended:
            self.why_ended, self.ended_by = why, number
            self._follower.ending(why)
        for job in self._waiting:
            self._end(Ended(job, not_begun=why))
        self._waiting = []
        for one in self._running:
            if not one.job.closes:
                self._stop_one(one, number)

    def end_by(self, number: int) -> None:
        """Have everything end in order, as a signal asks for."""
        self._first_signal = time.monotonic()
        self.stop(asked_by(number), number)

    def start_no_more(self, why: str) -> None:
        """Have what runs end by itself, and nothing start any more."""
        waiting, self._waiting = self._waiting, []
        for job in waiting:
            self._end(Ended(job, not_begun=why))

    def _stop_one(self, one: BoardProcess, number: int) -> None:
        self._stopped.setdefault(one.job.name, time.monotonic())
        one.send(number)

    # -- starting

    def _start_what_can(self) -> None:
        for job in list(self._waiting):
            if sum(not one.job.closes for one in self._running) >= self._jobs:
                return
            if job.not_before > time.monotonic() or job not in self._waiting:
                continue
            blocking = self._in_the_way(job)
            if blocking:
                self._tell_waiting(job, blocking)
                continue
            self._waiting.remove(job)
            self._told_waiting.pop(job.name, None)
            self._since.pop(job.name, None)
            self._start(job)

    def _start(self, job: Job) -> None:
        try:
            process = BoardProcess(job, self._work)
        except OSError as error:
            self._end(Ended(job, lost=f"its process cannot be started: {error.strerror}"))
            return
        self._running.append(process)
        self._selector.register(process.events, selectors.EVENT_READ)
        self._selector.register(process.printed, selectors.EVENT_READ)

    def _in_the_way(self, job: Job) -> tuple[str, ...]:
        """Return what keeps a board from starting now; empty for nothing."""
        for one in self._running:
            shared = overlap(job.places, one.job.places)
            if shared:
                return tuple(f"{place} (has {one.job.name})" for place in shared)
        # Who waits longer goes first, or a board with two places might never find both free.
        for earlier in self._waiting[: self._waiting.index(job)]:
            if earlier.name in self._told_waiting and overlap(job.places, earlier.places):
                return tuple(
                    f"{place} ({earlier.name} is first)" for place in overlap(job.places, earlier.places)
                )
        return self._held_elsewhere(job)

    def _held_elsewhere(self, job: Job) -> tuple[str, ...]:
        held = []
        for name in job.locks:
            try:
                holder = holder_of(name)
            except HarnessError:
                return ()
            if holder is not None:
                held.append(f"{name}, in use by {holder}")
        if not held:
            return ()
        since = self._since.setdefault(job.name, time.monotonic())
        return tuple(held) if time.monotonic() - since < self._wait_s else ()

    def _tell_waiting(self, job: Job, what: tuple[str, ...]) -> None:
        if self._told_waiting.get(job.name) != what:
            self._told_waiting[job.name] = what
            self._follower.event(job, "board_waits", {"for": list(what)}, "")

    # -- following

    def _take_what_is_told(self) -> None:
        for key, _ in self._selector.select(_TICK_S):
            for one in self._running:
                if key.fileobj is one.events:
                    self._pass_on(one)
                    if one.silent:
                        self._selector.unregister(one.events)
                elif key.fileobj == one.printed and not one.take_output():
                    self._selector.unregister(one.printed)
        for one in list(self._running):
            if one.ended():
                self._finish(one)

    def _pass_on(self, one: BoardProcess) -> None:
        for event in one.take_events():
            told = event.get("time")
            self._follower.event(
                one.job, event["event"], event["fields"], told if isinstance(told, str) else ""
            )

    def _finish(self, one: BoardProcess) -> None:
        self._pass_on(one)
        one.take_output()
        for stream in (one.events, one.printed):
            if stream in [key.fileobj for key in self._selector.get_map().values()]:
                self._selector.unregister(stream)
        self._running.remove(one)
        one.close()
        ended = Ended(one.job, one.code, one.result, one.lost, one.folder, one.output)
        if one.job.closes:
            self._end(ended)
        elif ended.lost and ended.folder:
            self._lost[one.job.name] = ended
            self._stopped.pop(one.job.name, None)  # closing it has a time of its own
            self._follower.event(one.job, "board_lost", {"reason": ended.lost}, "")
            self._start(replace(one.job, closes=ended.folder, reason=ended.lost))
        else:
            if ended.lost:
                self._follower.event(one.job, "board_lost", {"reason": ended.lost}, "")
            self._end(ended)

    def _end(self, ended: Ended) -> None:
        if ended.job.closes:
            left, ended = ended, self._lost.pop(ended.job.name, ended)
            ended.not_closed = left.lost
        self._stopped.pop(ended.job.name, None)
        self._ended.append(ended)
        self._follower.ended(ended)
        if not self.why_ended and ended.job.name not in self._stopped_for_good:
            following = self._after(ended)
            if following is not None:
                self._waiting.append(following)

    # -- ending

    def _look_after(self) -> None:
        now = time.monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            self._look_for_stop_files()
        for one in self._running:
            asked = one.begun if one.job.closes else self._stopped.get(one.job.name)
            if asked is not None and now - asked > _PATIENCE_S:
                one.kill(
                    f"its process did not end within {_PATIENCE_S:.0f} s of being asked to, and was killed"
                )
            if not one.has_spoken and now - one.begun > _FIRST_SIGN_S:
                # It touched nothing yet: a lock that another thread held at the fork is never let go in it.
                one.kill(f"its process did not begin within {_FIRST_SIGN_S:.0f} s, and was killed")
            limit = one.job.most_silent_s
            if limit is not None and asked is None and one.silent_s > limit:
                one.kill(f"its process gave no sign for {limit:.0f} s, and was killed")

    def _look_for_stop_files(self) -> None:
        if self._folder is None:
            return
        if not self.why_ended and asked_to_stop(self._folder):
            self.stop(words())
        for one in self._running:
            name = one.job.name
            if name not in self._stopped_for_good and asked_to_stop(self._folder, name):
                self._stopped_for_good.add(name)  # no more of its rounds begin
                if not one.job.closes:
                    self._stop_one(one, signal.SIGTERM)
        for job in list(self._waiting):
            if asked_to_stop(self._folder, job.name):
                self._waiting.remove(job)
                self._end(Ended(job, not_begun=words(job.name)))

    def _take_signals(self) -> None:
        while self._heard.signals:
            number = self._heard.signals.pop(0)
            if not self.why_ended:
                self.end_by(number)
            elif time.monotonic() - self._first_signal > GRACE_S:
                for one in self._running:
                    one.kill("its process was killed, as a second signal asked for")


@contextmanager
def _heap_given_back() -> Iterator[None]:
    """Have the collector look at everything again afterwards, as starting a process keeps it from that."""
    try:
        yield
    finally:
        gc.unfreeze()
