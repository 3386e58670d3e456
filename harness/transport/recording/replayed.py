"""Replays a recording in the place of the device: the same requests get the same answers."""

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from harness.errors import BenchError
from harness.transport.base import Capability, Operation, StreamRead, StreamWrite, Transport, refuse
from harness.transport.recording.record import RecordingHeader
from harness.transport.recording.redaction import Redaction
from harness.transport.recording.steps import Key, Step, key_of, load, shown


class Match(StrEnum):
    """How a request finds its recorded answer."""

    EXACT = "exact"  # the requests come in the recorded order, byte for byte
    REQUESTS = "requests"  # each request takes the answer of the next recorded one that is equal to it


class Timing(StrEnum):
    """When an answer comes."""

    NONE = "none"  # at once
    ORIGINAL = "original"  # not before its time in the recording, counted from the opening


class Replayed(Transport):
    """A recorded device.

    What a stream brought comes again as soon as all that was written before it has been written again. A chip
    that was busy may be asked more or less often than it was: a refused poll is repeated, or left out, until
    the caller goes on.

    Invariants:
        * Nothing is touched but the recording, which is read once, when this is made.
        * A request that the recording does not have raises `BenchError` with file and line.
        * So does waiting for a stream past the end of a recording that was cut: silence counts only when recorded.

    Args:
        name: Name of the transport in the board file.
        path: The recording.
        match: How a request finds its answer.
        timing: When an answer comes.
        clock: Monotonic seconds; replaced in tests.
        redaction: What the recording does not show, so that a request with a secret is compared without it.

    Raises:
        BenchError: the recording cannot be read.
        UsageError: it is none.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        match: Match = Match.EXACT,
        timing: Timing = Timing.NONE,
        clock: Callable[[], float] = time.monotonic,
        redaction: Redaction | None = None,
    ) -> None:
        super().__init__(name)
        self.path = path
        self._match = match
        self._timing = timing
        self._clock = clock
        self._redaction = redaction or Redaction()
        self._header, every, self._silent_at_end = load(path)
        self._steps = [step for step in every if step.op != "read"]
        self._lines = [step.line for step in self._steps]
        self._reads = [step for step in every if step.op == "read"]
        self._by_key = _index(self._steps)
        self._changed = threading.Condition()
        self._next = 0  # the request that is expected
        self._within = 0  # how much of the expected stream write is written
        self._next_read = 0
        self._read_within = 0
        self._is_open = False
        self._identity = self._header.identity
        self._started = (0.0, 0)  # the clock and the recording's stamp at the opening

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the recorded transport carried."""
        return _capabilities(self._header)

    @property
    def identity(self) -> str:
        """What was found when the recording was made."""
        return f"{self._identity}, replayed from {self.path.name}"

    def open(self) -> None:
        """Go to the next recorded opening.

        Raises:
            BenchError: the recorded opening failed, or recorded requests before it were not made.
        """
        with self._changed:
            if self._is_open:
                raise BenchError(f"{self.name}: the replay of {self.path} is open already")
            position = self._opening()
            step = self._steps[position] if position is not None else None
            if position is not None and step is not None:
                self._go_to(position + 1)
                self._next_read = bisect_left(self._reads, step.line, key=_line)
                if step.error:
                    raise step.to_error()
                self._identity = (step.answer or b"").decode() or self._identity
            self._started = (self._clock(), step.t if step else self._header.monotonic_ns)
            self._is_open = True

    def close(self) -> None:
        """Stop; who waits for data leaves with an error."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def do(self, operation: Operation) -> bytes:
        """Give the recorded answer to one operation.

        Raises:
            BenchError: the recording does not have this request, or the recorded one ended so.
            HarnessError: whatever else the recorded operation ended with.
        """
        if operation.capability not in self.capabilities:
            raise refuse(self, operation)
        with self._changed:
            self._require_open()
            if isinstance(operation, StreamRead):
                return self._read(operation)
            if isinstance(operation, StreamWrite) and self._match is Match.EXACT:
                self._write(self._redaction.data(operation.data))
                return b""
            asked = self._shown_key(operation)
            position = self._find(asked)
            step = self._steps[position]
            self._go_to(position + 1)
            if isinstance(operation, StreamWrite) and self._match is Match.REQUESTS:
                self._next_read = bisect_left(self._reads, step.line, key=_line)
            self._changed.notify_all()
            self._wait_for(step)
        if step.error:
            raise step.to_error()
        if step.answer is None and step.op in _ANSWERED:
            raise self._differs(step.line, "the recording ends before the answer to this request")
        return step.answer or b""

    def _shown_key(self, operation: Operation) -> Key:
        op, address, sent, length = key_of(operation)
        return op, address, None if sent is None else self._redaction.data(sent), length

    def _find(self, asked: Key) -> int:
        """Return the position of the recorded request that this one is."""
        position = self._expected(asked)
        if position is not None:
            return position
        if self._match is Match.REQUESTS:
            known = self._by_key.get(asked, [])
            if known:
                return known[bisect_left(known, self._next) % len(known)]
            raise self._differs(None, f"it has no {shown(asked)}")
        if self._next == len(self._steps):
            raise self._differs(None, f"it has ended, {shown(asked)} comes after it")
        step = self._steps[self._next]
        raise self._differs(step.line, f"{shown(asked)} instead of {shown(step.key)}")

    def _expected(self, asked: Key) -> int | None:
        """Return the position of the next recorded request if it is this one, polls more or less aside."""
        for position in range(self._next, len(self._steps)):
            step = self._steps[position]
            if step.fits(asked):
                return position
            if not step.refused:
                break
        last = self._next - 1
        if last >= 0 and self._steps[last].refused and self._steps[last].fits(asked):
            return last
        return None

    def _write(self, data: bytes) -> None:
        rest = data
        while rest:
            if self._next == len(self._steps):
                raise self._differs(
                    None, f"it has ended, {shown(('write', None, rest, None))} comes after it"
                )
            step = self._steps[self._next]
            expected = (step.sent or b"")[self._within :]
            length = min(len(expected), len(rest))
            if step.op != "write" or expected[:length] != rest[:length]:
                wanted = (step.op, step.address, expected if step.op == "write" else step.sent, None)
                raise self._differs(
                    step.line, f"{shown(('write', None, rest, None))} instead of {shown(wanted)}"
                )
            rest = rest[length:]
            self._within += length
            if length == len(expected):
                self._go_to(self._next + 1)
                if step.error:
                    raise step.to_error()
        self._changed.notify_all()

    def _read(self, operation: StreamRead) -> bytes:
        deadline = self._clock() + operation.timeout
        while True:
            step = self._readable()
            if step is not None and (early := self._early(step)) <= 0:
                return self._piece(step, operation.limit)
            left = deadline - self._clock()
            if left <= 0:
                self._require_more()
                return b""
            self._changed.wait(min(left, early) if step is not None else left)
            self._require_open()

    def _require_more(self) -> None:
        """Refuse a silence that is not recorded: the recording breaks off where this run still waits."""
        at_end = self._next == len(self._steps) and self._next_read == len(self._reads)
        if at_end and not self._silent_at_end:
            raise BenchError(
                f"{self.name}: the recording {self.path} has ended: what came after its last line is not known",
                hint="its writer was killed, or the file was cut: replay a run that came to its end",
                transport=self.name,
            )

    def _readable(self) -> Step | None:
        """Return the next piece of the stream if all that was sent before it has been sent again."""
        if self._next_read == len(self._reads):
            return None
        step = self._reads[self._next_read]
        is_due = self._next == len(self._steps) or step.line < self._lines[self._next]
        return step if is_due else None

    def _piece(self, step: Step, limit: int) -> bytes:
        data = (step.answer or b"")[self._read_within :]
        if len(data) > limit:
            self._read_within += limit
            return data[:limit]
        self._next_read += 1
        self._read_within = 0
        if step.error:
            raise step.to_error()
        return data

    def _opening(self) -> int | None:
        """Return the position of the next recorded opening; None for a recording that goes on without one."""
        for position in range(self._next, len(self._steps)):
            step = self._steps[position]
            if step.op == "open":
                return position
            if self._match is Match.EXACT and not step.refused:
                raise self._differs(step.line, f"an opening instead of {shown(step.key)}")
        if self._match is Match.EXACT and self._steps:
            raise self._differs(None, "it has ended, another opening comes after it")
        return None

    def _go_to(self, position: int) -> None:
        self._next = position
        self._within = 0

    def _wait_for(self, step: Step) -> None:
        until = self._clock() + self._early(step)
        while (left := until - self._clock()) > 0:
            self._changed.wait(left)
            self._require_open()

    def _early(self, step: Step) -> float:
        """Return by how many seconds it is too early for the answer of a step."""
        if self._timing is Timing.NONE:
            return 0.0
        began, stamp = self._started
        return (step.t - stamp) / 1e9 - (self._clock() - began)

    def _require_open(self) -> None:
        if not self._is_open:
            raise BenchError(f"{self.name}: the replay of {self.path} is not open", transport=self.name)

    def _differs(self, line: int | None, problem: str) -> BenchError:
        place = f"{self.path}:{line}" if line is not None else str(self.path)
        return BenchError(
            f"{self.name}: the run does not follow the recording {place}: {problem}",
            hint="replay with the board file, the suites and the harness that it was recorded with",
            transport=self.name,
        )


_ANSWERED = frozenset({"i2c-read", "exchange", "spi", "card-reset", "get-lines"})


def _line(step: Step) -> int:
    return step.line


def _index(steps: list[Step]) -> dict[Key, list[int]]:
    found: defaultdict[Key, list[int]] = defaultdict(list)
    for position, step in enumerate(steps):
        found[step.key].append(position)
    return dict(found)


def _capabilities(header: RecordingHeader) -> frozenset[Capability]:
    known = {member.value: member for member in Capability}
    return frozenset(known[name] for name in header.capabilities if name in known)
