"""What one exchange costs above the bare library of its bus, with recording on.

    python benchmarks/buses.py            # pyserial on a pseudo-terminal, pyusb over a backend in memory
    python benchmarks/buses.py --kernel   # on this kernel's own buses: I2C, ttyACM, ttyUSB, usbfs, PC/SC
    python benchmarks/buses.py --quick    # fewer turns

Library and harness take turns on one device, which has a process of its own (in memory it cannot). A turn opens the
device, and times each of some hundred exchanges; who begins changes from pair to pair of turns. The ratio is the
median of the turns' ratios of medians. The harness side is the whole stack of a run: `Recorded(Reconnecting(…))`.

The devices answer at once and no wire slows them down, so a real bus, which takes milliseconds, has smaller ratios.
`--kernel` plugs devices into this machine: it needs root and `vhci-hcd`; `make lab-bench` runs it in the guest, where
a nanosecond is an instruction, so that what else this machine does changes nothing.

Goal: at most 1.15 times the library. With `--strict` a missed goal is exit code 1.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bus_pairs
from bus_devices import serving
from bus_pairs import Exchanging, NotHere, Pair

GOAL = 1.15
TURN_S = 0.25  # seconds that a turn is to take
KERNEL_TURN_S = 0.02  # a guest's processor is emulated: its seconds are long
MOST, LEAST = 2000, 30  # exchanges of a turn
WARM_UP = 5


@dataclass(slots=True)
class Times:
    """Nanoseconds of all exchanges of one side, turn by turn."""

    turns: list[list[int]] = field(default_factory=list)

    @property
    def medians(self) -> list[float]:
        return [statistics.median(turn) for turn in self.turns]

    def __str__(self) -> str:
        every = sorted(each for turn in self.turns for each in turn)
        return f"{shown(statistics.median(every))} (p90 {shown(every[len(every) * 9 // 10])})"


def shown(nanoseconds: float) -> str:
    us = nanoseconds / 1000
    return f"{us:.1f} us" if us < 1000 else f"{us / 1000:.2f} ms"


def timed(call: Callable[[], object], count: int) -> list[int]:
    """Return the nanoseconds of each of `count` calls."""
    clock, times = time.perf_counter_ns, []
    for _ in range(count):
        begin = clock()
        call()
        times.append(clock() - begin)
    return times


def turn(side: Callable[[], Exchanging], answer: bytes, count: int) -> list[int]:
    """Take the device, check its answer, and return the times of `count` exchanges."""
    with side() as exchange:
        for _ in range(WARM_UP):
            got = exchange()
            assert got == answer, got
        return timed(exchange, count)


def measure(pair: Pair, turns: int, seconds: float) -> bool:
    """Print what a pair's exchanges take; tell whether the goal is met, if there is one."""
    count = int(seconds * 1e9 / statistics.median(turn(pair.bare, pair.answer, LEAST)))
    count = min(MOST, max(LEAST, count))
    sides = {pair.bare: Times(), pair.ours: Times()}
    for number in range(turns):
        for side in sorted(sides, key=lambda each: (each is pair.ours) ^ bool(number % 2)):
            sides[side].turns.append(turn(side, pair.answer, count))
    bare, ours = sides.values()
    ratio = statistics.median(b / a for a, b in zip(bare.medians, ours.medians, strict=True))
    met = ratio <= GOAL
    goal = f"goal <= {GOAL} x: {'met' if met else 'MISSED'}" if pair.on_kernel else "no goal: no kernel's bus"
    print(
        f"{pair.label}\n  {pair.library} {bare}; recorded {ours} = {ratio:.2f} x; n = 2 x {turns} x {count}; {goal}",
        flush=True,
    )
    return met or not pair.on_kernel


@contextmanager
def on_kernel(kind: str, folder: Path) -> Iterator[Pair]:
    """Plug a device into this machine's kernel and give its pair."""
    with ExitStack() as held:
        if kind == "ccid":
            held.enter_context(bus_pairs.pcsc_service())
        where = held.enter_context(serving(kind))
        if kind == "i2c":
            yield bus_pairs.i2c(where, folder)
        elif kind == "pipe":
            yield bus_pairs.pipe(where, folder)
        elif kind == "ccid":
            bus_pairs.await_reader()
            yield bus_pairs.pcsc(folder)
        else:
            yield bus_pairs.line(where, folder)


@contextmanager
def on_host(kind: str, folder: Path) -> Iterator[Pair]:
    """Give the pair of a bus that needs no kernel driver."""
    if kind == "pipe":
        yield bus_pairs.pipe_in_memory(folder)
        return
    with serving("pty") as path:
        yield bus_pairs.line(path, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description="Cost of one exchange, as a ratio to the bare library.")
    parser.add_argument("--kernel", action="store_true", help="on this kernel's own buses")
    parser.add_argument("--quick", action="store_true", help="fewer turns")
    parser.add_argument("--strict", action="store_true", help="exit 1 when the goal is missed")
    options = parser.parse_args()
    turns = 3 if options.quick else 6 if options.kernel else 15
    seconds = KERNEL_TURN_S if options.kernel else TURN_S
    kinds = ("i2c", "ttyACM", "ttyUSB", "pipe", "ccid") if options.kernel else ("pty", "pipe")
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            try:
                with (on_kernel if options.kernel else on_host)(kind, Path(folder)) as pair:
                    missed |= not measure(pair, turns, seconds)
            except NotHere as reason:
                print(f"{kind}: not measured: {reason}", flush=True)
    return int(missed and options.strict)


if __name__ == "__main__":
    sys.exit(main())
