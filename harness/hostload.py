"""How late this machine is itself: no limit on time may accuse a device of what the host did.

A heartbeat notes when it comes late (the process was stopped, the machine busy or its virtual processor taken away),
and how long the process's threads, and those of the programs that stand in for a device, waited for a processor. What
it noted is taken off every time that judges a device.
"""

import os
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.errors import BenchError

PERIOD = 0.05
"""Seconds between two beats."""

HOPELESS = 0.8
"""Share of a window that may be late; beyond it nothing that took too long says anything about a device."""

_MOST = 0.9  # share of the time that waits for a processor may explain
_LEAST = 0.25  # seconds of lateness that are worth talking of
_SLACK = 0.01  # seconds that a beat may come late on a machine that is idle
_KEPT = 100_000  # late beats that are remembered
_PROCESSES = Path("/proc")
_SELF = "self"
_STAT = Path("/proc/stat")
_STEAL = 8  # column of the first line of /proc/stat
_TICKS = 100  # of it in a second: USER_HZ, the same on all of Linux


class HostOverloadedError(BenchError):
    """A time is beyond its limit because this machine was late itself."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment to measure from.

    Attributes:
        at: Monotonic seconds.
        late: Seconds that the host had been late in all by then.
        cpu: Processor seconds that the process had used by then.
    """

    at: float
    late: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Span:
    """What has passed since a moment.

    Attributes:
        elapsed: Seconds.
        late: Seconds of them in which the host was late; never more than `elapsed`.
        cpu: Processor seconds that the process used.
    """

    elapsed: float
    late: float
    cpu: float = 0.0

    @property
    def on_time(self) -> float:
        """Seconds in which the host was not late: what a limit on a device is held against."""
        return self.elapsed - self.late

    @property
    def hopeless(self) -> bool:
        """Whether the host was late for so much of it that nothing that took too long can be held against a device."""
        return self.late >= max(_LEAST, HOPELESS * self.elapsed)

    def excuses(self, limit: float) -> bool:
        """Tell whether the host explains that more than `limit` seconds passed, or was too late to judge by."""
        return self.elapsed > limit and (self.on_time <= limit or self.hopeless)

    def __str__(self) -> str:
        own = f"own processor time {self.cpu:.1f} s"
        return f"this machine was late by {self.late:.1f} s of {self.elapsed:.1f} s ({own})"


class Duration(float):
    """Seconds that something took, with the seconds of them in which the host was late.

    Attributes:
        late: Seconds in which the host was late.
        tries: Seconds of every try, in order, when this is the longest of several; empty otherwise.
        uncertainty: Expanded uncertainty (k = 2 at least) in seconds; None where it was not considered.
    """

    __slots__ = ("late", "tries", "uncertainty")
    late: float
    tries: tuple[float, ...]
    uncertainty: float | None

    def __new__(
        cls, seconds: float, late: float, tries: Iterable[float] = (), uncertainty: float | None = None
    ) -> Self:
        """Join all of it."""
        made = super().__new__(cls, seconds)
        made.late = late
        made.tries = tuple(tries)
        made.uncertainty = uncertainty
        return made


class Host:
    """Notes how late this machine is; one for a process.

    Args:
        clock: Monotonic seconds.
        waited: Gives for each thread how many seconds it has waited for a processor so far; of this process and of
            those that stand in for a device when it is left out.
        stolen: Gives how many seconds a hypervisor has taken each processor away so far, on average.
        beats: Whether a thread keeps the beat; a test calls `beat` itself.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        waited: "Callable[[], dict[str, float]] | None" = None,
        stolen: Callable[[], float] | None = None,
        beats: bool = True,
    ) -> None:
        self._now = clock
        self._stand_ins: tuple[int, ...] = ()
        self._waited = self._waited_for_processor if waited is None else waited
        self._stolen = stolen_by_hypervisor if stolen is None else stolen
        self._lock = threading.Lock()
        self._late = 0.0
        self._late_at: list[float] = []
        self._late_by: list[float] = []
        self._queued = self._waited()
        self._taken = self._stolen()
        self._last = self._now()
        if beats:
            threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True).start()

    def include(self, process: int) -> None:
        """Count the waits of another process, which stands in for a device, as this machine's lateness too.

        Args:
            process: Its number.
        """
        with self._lock:
            self._stand_ins = (*self._stand_ins, process)

    def leave_out(self, process: int) -> None:
        """Count the waits of a process no longer; does nothing for one that was not included."""
        with self._lock:
            self._stand_ins = tuple(one for one in self._stand_ins if one != process)

    def _waited_for_processor(self) -> dict[str, float]:
        return waited_for_processor(_SELF, *map(str, self._stand_ins))

    def clock(self) -> float:
        """Return seconds that go on only while the host is not late: deadlines of a device are set by them.

        Cheap enough for a loop that polls; it may know of a wait for a processor some 50 ms later.
        """
        now, last, late = self._now(), self._last, self._late
        return now - late - max(0.0, now - last - PERIOD - _SLACK)

    def moment(self) -> Moment:
        """Return this moment."""
        self.beat()
        return Moment(self._now(), self._late, time.process_time())

    def glance(self) -> Moment:
        """Return this moment as of the last beat: it costs next to nothing, and may be some 50 ms behind."""
        return Moment(self._now(), self._late, time.process_time())

    def since(self, begin: Moment) -> Span:
        """Return what has passed since `begin`."""
        now = self.moment()
        elapsed = max(0.0, now.at - begin.at)
        return Span(elapsed, min(elapsed, max(0.0, now.late - begin.late)), now.cpu - begin.cpu)

    def latest(self, begin: Moment, seconds: float) -> float:
        """Return by how much the host was late in the worst `seconds` since `begin`."""
        self.beat()
        with self._lock:
            first = bisect_left(self._late_at, begin.at)
            at, by = self._late_at[first:], self._late_by[first:]
        worst = current = 0.0
        oldest = 0
        for when, late in zip(at, by, strict=True):
            current += late
            while at[oldest] < when - seconds:
                current -= by[oldest]
                oldest += 1
            worst = max(worst, current)
        return min(worst, seconds)

    def beat(self) -> None:
        """Note how late the host has been since the last beat."""
        with self._lock:
            now = self._now()
            passed = now - self._last
            gap = max(0.0, passed - PERIOD - _SLACK)
            queued, taken = self._waited(), self._stolen()
            waits = sum(max(0.0, seconds - self._queued.get(one, 0.0)) for one, seconds in queued.items())
            # Waits of many threads overlap, so their sum may be all of the time; clocks must go on all the same.
            busy = min(waits + max(0.0, taken - self._taken), _MOST * passed)
            late = max(0.0, min(passed, max(gap, busy)))
            self._queued, self._taken = queued, taken
            self._late += late
            self._last = now
            if late > 0:
                self._late_at.append(now)
                self._late_by.append(late)
                del self._late_at[:-_KEPT], self._late_by[:-_KEPT]

    def _keep_beating(self) -> None:
        pause = threading.Event()
        while not pause.wait(PERIOD):
            self.beat()


def waited_for_processor(*processes: str) -> dict[str, float]:
    """Return for each thread of processes how many seconds it has waited for a processor; {} where nobody counts.

    Args:
        processes: Their names below /proc.

    Source: Documentation/scheduler/sched-stats.rst of the kernel, /proc/<pid>/schedstat.
    """
    found: dict[str, float] = {}
    for process in processes:
        try:
            tasks = os.listdir(f"{_PROCESSES}/{process}/task")  # noqa: PTH208 - a path of each costs twice as much
        except OSError:  # it has ended
            continue
        for task in tasks:
            try:
                file = os.open(f"{_PROCESSES}/{process}/task/{task}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
                try:
                    found[task] = int(os.read(file, 128).split()[1]) / 1e9
                finally:
                    os.close(file)
            except (OSError, IndexError, ValueError):  # it has ended meanwhile, or the kernel does not count
                continue
    return found


def stolen_by_hypervisor() -> float:
    """Return how many seconds a hypervisor has taken the processors away, each on average.

    Source: proc_stat(5), steal.
    """
    try:
        lines = _STAT.read_bytes().splitlines()
        steal = int(lines[0].split()[_STEAL]) / _TICKS
    except (OSError, IndexError, ValueError):
        return 0.0
    return steal / max(1, sum(line.startswith(b"cpu") for line in lines) - 1)


_host: Host | None = None
_making = threading.Lock()


def host() -> Host:
    """Return the host that this process runs on; its heartbeat begins with the first call."""
    global _host  # noqa: PLW0603 - how late a process is belongs to the process, like its clock
    with _making:
        if _host is None:
            _host = Host()
        return _host


def clock() -> float:
    """Return seconds that go on only while this machine is not late; see `Host.clock`."""
    return host().clock()


def overloaded(what: str, span: Span, limit: float, *, transport: str = "") -> HostOverloadedError:
    """Return the error for a time that the host explains.

    Args:
        what: What took too long, as the beginning of a sentence.
        span: What passed.
        limit: Seconds that were allowed.
        transport: Where.
    """
    return HostOverloadedError(
        f"{what} took {span.elapsed:.1f} s, allowed {limit:g} s, and this machine is overloaded: {span}",
        hint="end other work on this machine, or give the run more of it; then run again",
        transport=transport,
    )
