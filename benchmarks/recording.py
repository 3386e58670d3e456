"""What recording costs: ten million bytes through a serial port, with and without a recorder.

    python benchmarks/recording.py            # through a pseudo-terminal
    python benchmarks/recording.py --quick    # a tenth of the bytes
    python benchmarks/recording.py --kernel   # a hundredth of the bytes, through this kernel's cdc-acm and its ptys

The bytes pass in two ways: as questions and answers, and as a flood that the far end sends as fast as it is read.
With and without recorder take turns, a part of the bytes each time, on the same port; the far end is a process of
its own. Of each side the quietest turn counts: what else the machine does can only slow a turn down. A turn is long
enough for the tail of a recording to be carried over; in a guest, where turns are short and nothing
disturbs, all of them count. The last figure says what the same recording costs at the rate of a serial line, which a
pseudo-terminal exceeds a thousandfold.

Processor time of this process alone is printed beside it, as the median of the turns: on a busy machine it is the
steadier of the two.

The last row is what the recorder takes by itself, around a transport that does nothing: the quietest of many turns,
in processor time of the thread, which comes out nearly the same on a busy machine.

`--kernel` plugs a device in: it needs root and `vhci-hcd`; `make lab-bench` runs it in the guest, where a nanosecond
is an instruction.

Goal: recording takes at most 10 % of the exchange time. With `--strict` a missed goal is exit code 1.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bus_devices import BLOCK, FLOOD, serving

from harness.transport.base import Capability, Operation, StreamRead, StreamWrite, Transport
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.writer import Recording
from harness.transport.serial.port import SerialTransport

BYTES = 10_000_000
GOAL = 0.10
TURNS, SHORT_TURNS = 100, 20  # on this machine, and in a guest
LIMIT = 10.0
QUESTION = b"<LS_LOG> id2_client_test 42: " + 16 * b"0123456789abcde " + b"\r\n"
LINE_RATE = 11520  # bytes a second at 115200 baud


def dialogue(transport: Transport, count: int) -> None:
    """Ask and read the answer, `count` bytes in all."""
    for _ in range(count // (2 * len(QUESTION))):
        transport.do(StreamWrite(QUESTION))
        left = len(QUESTION)
        while left:
            left -= len(transport.do(StreamRead(65536, LIMIT)))


def flood(transport: Transport, count: int) -> None:
    """Have `count` bytes sent and read them."""
    transport.do(StreamWrite(FLOOD + b"%d\n" % (count - 1)))
    left = count
    while left:
        left -= len(transport.do(StreamRead(65536, LIMIT)))


def seconds(move: Callable[[Transport, int], None], transport: Transport, count: int) -> tuple[float, float]:
    """Return what it takes by the clock, and of this process's own time."""
    begin, used = time.perf_counter(), time.process_time()
    move(transport, count)
    return time.perf_counter() - begin, time.process_time() - used


def measure(
    label: str, move: Callable[[Transport, int], None], device: str, total: int, *, disturbed: bool
) -> bool:
    """Print what recording costs when bytes pass in one way; tell whether the goal is met."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(device) as path,
        SerialTransport("line", path) as plain,
    ):
        recording = Recording(Path(folder) / "line.rec", plain)
        recorded = Recorded(plain, recording)
        count = TURNS if disturbed else SHORT_TURNS
        part = total // count
        for warm_up in (plain, recorded):
            move(warm_up, part)
        times: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for turn in range(count):
            for with_recorder in (bool(turn % 2), not turn % 2):
                times[with_recorder].append(seconds(move, recorded if with_recorder else plain, part))
        recording.close()
    summed = min if disturbed else statistics.mean
    bare, with_it = (count * summed(clock for clock, _ in times[each]) for each in (False, True))
    bare_used, used = (count * statistics.median(own for _, own in times[each]) for each in (False, True))
    cost = with_it / bare - 1
    print(
        f"{label}: {total:,} bytes {bare:.3f} s, recorded {with_it:.3f} s; recording costs {cost:.1%}; "
        f"n = 2 x {count}; goal <= {GOAL:.0%}: {'met' if cost <= GOAL else 'MISSED'}\n"
        f"  of this process {bare_used:.3f} s, recorded {used:.3f} s: {used / bare_used - 1:.1%}; "
        f"at 115200 baud it would cost {(with_it - bare) / (total / LINE_RATE):.3%}",
        flush=True,
    )
    return cost <= GOAL


class Nothing(Transport):
    """A transport that answers at once, always the same."""

    capabilities = frozenset({Capability.STREAM})
    identity = "nothing"

    def __init__(self, answer: bytes) -> None:
        super().__init__("nothing")
        self._answer = answer

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def do(self, operation: Operation) -> bytes:
        del operation
        return self._answer


def alone() -> None:
    """Print what the recorder takes by itself."""
    reading = StreamRead(65536, LIMIT)
    rows = {
        f"a write of {len(QUESTION)} bytes": (b"", StreamWrite(QUESTION)),
        f"a read of {len(QUESTION)}": (QUESTION.upper(), reading),
        f"a read of {len(BLOCK)}": (BLOCK, reading),
        f"a read of {4 * len(BLOCK)}": (4 * BLOCK, reading),
    }
    told = []
    for label, (answer, operation) in rows.items():
        with tempfile.TemporaryDirectory() as folder:
            plain = Nothing(answer)
            recording = Recording(Path(folder) / "alone.rec", plain)
            with Recorded(plain, recording) as recorded:
                taken = [nanoseconds(each, operation, max(200, len(answer))) for each in (plain, recorded)]
            recording.close()
        told.append(f"{label} {(taken[1] - taken[0]) / 1000:.2f} us")
    print(f"the recorder by itself: {', '.join(told)}")


def nanoseconds(transport: Transport, operation: Operation, size: int) -> float:
    """Return what one operation takes of this thread, in the quietest of 25 turns."""
    count = 1_000_000 // size
    turns = []
    for _ in range(25):
        begin = time.thread_time_ns()
        for _ in range(count):
            transport.do(operation)
        turns.append((time.thread_time_ns() - begin) / count)
    return min(turns)


def main() -> int:
    parser = argparse.ArgumentParser(description="Cost of recording, as a part of the exchange time.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the bytes")
    parser.add_argument(
        "--kernel", action="store_true", help="a hundredth of the bytes, on this kernel's ttyACM"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 when the goal is missed")
    options = parser.parse_args()
    total = BYTES // (100 if options.kernel else 10 if options.quick else 1)
    met = [
        measure(f"{device}, {way}", move, device, total, disturbed=not options.kernel)
        for device in (("ttyACM", "pty") if options.kernel else ("pty",))
        for way, move in (
            (f"dialogue in lines of {len(QUESTION)} bytes", dialogue),
            ("flood as fast as it is read", flood),
        )
    ]
    if not options.kernel:
        alone()
    return int(options.strict and not all(met))


if __name__ == "__main__":
    sys.exit(main())
