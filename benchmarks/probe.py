"""What one call through the probe costs, beside the bare wire that carries as many bytes both ways.

    python benchmarks/probe.py            # some seconds a machine, after building the firmware
    python benchmarks/probe.py --quick

Each machine runs two programs: the firmware with the probe, called by the harness, and one that only answers each line
with as many bytes as the probe's reply has (benchmarks/wire). They take turns in short rounds in one run, so that what
else this computer does hits both alike. Times are the median of the calmest round, the ratio is the median of all
rounds' ratios. Goals on the emulated board: one call within 2 ms, and at least half as many calls in a second as the
wire alone would allow. The process of Linux has no goal: its pseudo-terminal takes no time for a byte.

On a serial line of 115200 baud (benchmarks/uart.py) calls of four kinds are counted in a second, recorded as in a run,
and held against what the raw wire allows: the time of 10 bits for each byte of the lines that carry the values of the
call, back to back in both directions together: `put` and `run` with their line ends, `OK` and `D` with theirs. Not
counted are `AK`, what confirms a `put`, `get`, the adapter's latency and all pauses. Goals: at least half as many calls
in a second, and at most 3 round trips beside those that carry pieces of a value. The client of that firmware logs
nothing, as its lines are no part of the probe; the same with its log stands beside it, without a goal. The goal is held
against the calmest round, as the limit is a number that a busy computer does not lower too.

With `--strict` a missed goal is exit code 1.
"""

import argparse
import itertools
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import uart

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.board.opening.board import Board
from harness.board.reading.file import load
from harness.console.reader import Console
from harness.fixtures.oracle import Oracle
from harness.id2.keys import KeyType
from harness.id2.published import KEYS
from harness.probe.lines import REPLY
from harness.probe.link import Answer, ProbeLink
from harness.simulator.machine.build import ARM_COMPILER, HOST_COMPILER, Compiler
from harness.simulator.machine.linux import LinuxMachine
from harness.simulator.machine.machine import Machine
from harness.simulator.machine.qemu import QemuMachine
from harness.simulator.machine.sources import FOLDER
from harness.simulator.machine.transport import MachineTransport
from harness.transport.base import StreamRead, StreamWrite

GOAL_MS = 2.0
GOAL_RATIO = 0.5
GOAL_TRIPS = 3
PER_ROUND = 50
PER_ROUND_OF_LINE = 5
WIRE = Path(__file__).parent / "wire"
BOARDS = Path(__file__).resolve().parent.parent / "boards"


def wire_on_linux(folder: Path) -> Machine:
    program = folder / "wire-linux"
    Compiler(HOST_COMPILER.find(os.environ), os.environ).make(["-O1", str(WIRE / "linux.c")], program)
    return LinuxMachine(lambda: program)


def wire_on_cortex_m3(folder: Path) -> Machine:
    program, board = folder / "wire-cortex-m3", FOLDER / "board"
    files = [
        WIRE / "board.c",
        *(board / f"{name}.c" for name in ("startup", "console", "uart", "clock", "reset")),
    ]
    options = [
        "-Os",
        "-mcpu=cortex-m3",
        "-mthumb",
        "--specs=nano.specs",
        "-nostartfiles",
        "-Wl,--gc-sections",
    ]
    options += ["-T", str(board / "mps2_an385.ld"), f"-I{board}", f"-I{FOLDER}", *map(str, files)]
    Compiler(ARM_COMPILER.find(os.environ), os.environ).make(options, program)
    return QemuMachine(lambda: program)


MACHINES: dict[str, tuple[str, Callable[[Path], Machine], bool]] = {
    "a process of Linux": ("virtual-probe", wire_on_linux, False),
    "an emulated Cortex-M3": ("qemu-cortex-m3", wire_on_cortex_m3, True),
}
"""Board file, what makes the wire alone, and whether its wire takes time, so that a goal says something."""


def timed(call: Callable[[], object], calls: int = PER_ROUND) -> float:
    """Return the median milliseconds of some calls."""
    times = []
    for _ in range(calls):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1000


def bytes_of_a_call(probe: ProbeLink, board: Board) -> tuple[int, int]:
    """Return how many bytes a call sends and gets; its sequence number does not change them."""
    console = board.console()
    before = console.received
    probe.call("upt", out=4)
    return len("id2p 00 run upt o=4 %0000\n"), console.received - before


def exchange(wire: MachineTransport, sent: int, got: int) -> None:
    """Send as many bytes, and wait for as many."""
    wire.do(StreamWrite(str(got).encode().ljust(sent - 1, b".") + b"\n"))
    while got > 0:
        got -= len(wire.do(StreamRead(got, 5.0)))


def measure(name: str, make_wire: Callable[[Path], Machine], rounds: int) -> tuple[float, float, float]:
    """Return the milliseconds of a call and of the bare wire in their calmest rounds, and the ratio of rates."""
    with tempfile.TemporaryDirectory() as folder, Board(load(BOARDS / f"{name}.yaml")) as board:
        probe = board.probe()
        probe.call("upt", out=4)
        sent, got = bytes_of_a_call(probe, board)
        with MachineTransport("wire", lambda: make_wire(Path(folder)), "wire") as wire:
            timed(lambda: exchange(wire, sent, got))  # warm up
            timed(lambda: probe.call("upt", out=4))
            pairs = [
                (timed(lambda: probe.call("upt", out=4)), timed(lambda: exchange(wire, sent, got)))
                for _ in range(rounds)
            ]
    calls, bare = zip(*pairs, strict=True)
    return min(calls), min(bare), statistics.median(wire_ms / call_ms for call_ms, wire_ms in pairs)


@dataclass(frozen=True)
class OnLine:
    """What a kind of call costs on the serial line.

    Attributes:
        call_ms: Median of the calmest round.
        limit_ms: What the bytes of its values take alone.
        ratio: Ratio of rates in that round; the limit is a number, which a busy computer does not lower with the calls.
        median: Median of all rounds' ratios.
        size: Those bytes.
        trips: Round trips beside those that carry pieces.
        pieces: Round trips that carry pieces.
    """

    call_ms: float
    limit_ms: float
    ratio: float
    median: float
    size: int
    trips: int
    pieces: int


def kinds_of_calls(probe: ProbeLink) -> dict[str, Callable[[], Answer]]:
    """Return calls that never give what the call before gave, so that nothing stands in the slots already."""
    published = KEYS[KeyType.AES_128]
    oracle = Oracle(KeyType.AES_128, published.id2, published.key)
    ciphers = itertools.cycle([oracle.encrypt_padded(secrets.token_bytes(1023)) for _ in range(3)])
    return {
        "get_id": lambda: probe.call("gid", out=48),
        "challenge auth code": lambda: probe.call("cac", a=secrets.token_hex(16).encode(), out=512),
        "decrypt of 1024 bytes": lambda: probe.call("dec", a=next(ciphers), out=1024),
        "derive_key": lambda: probe.call("dky", c=secrets.token_hex(16).encode(), out=16),
    }


class Counted:
    """A console whose lines are counted."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.sent: list[bytes] = []
        self.name = console.name
        self.since, self.check, self.expect = console.since, console.check, console.expect

    @property
    def received(self) -> int:
        return self._console.received

    @property
    def position(self) -> int:
        return self._console.position

    def send(self, data: bytes | str) -> None:
        self.sent.append(data if isinstance(data, bytes) else data.encode())
        self._console.send(data)


def with_values(console: Counted, call: Callable[[], Answer]) -> tuple[int, int, int]:
    """Return the bytes of the lines that carry the values of a call, its other round trips, and those of pieces."""
    begin = console.received
    console.sent.clear()
    answer = call()
    assert answer.rc == 0
    output, _ = console.since(begin)
    verbs = [line.split()[2] for line in console.sent]
    size = sum(len(line) for line, verb in zip(console.sent, verbs, strict=True) if verb in {b"put", b"run"})
    runs = {line.split()[1] for line, verb in zip(console.sent, verbs, strict=True) if verb == b"run"}
    for found in REPLY.finditer(output):
        if found[3] == b"D" or (found[3] == b"OK" and found[1] in runs):
            size += len(found[0]) + len("\r\n\r\n")
    pieces = sum(verb in {b"put", b"get"} for verb in verbs)
    return size, len(verbs) - pieces, pieces


class Line:
    """The serial line with a firmware behind it, and what its calls have cost."""

    def __init__(self, board: Board) -> None:
        console = Counted(board.console())
        probe = ProbeLink(console)
        assert probe.call("ini").rc == 0
        self._kinds = kinds_of_calls(probe)
        self._counted = {kind: with_values(console, call) for kind, call in self._kinds.items()}
        self._times: dict[str, list[float]] = {kind: [] for kind in self._kinds}

    def round(self) -> None:
        for kind, call in self._kinds.items():
            self._times[kind].append(timed(call, PER_ROUND_OF_LINE))

    def costs(self) -> dict[str, OnLine]:
        costs = {}
        for kind, (size, trips, pieces) in self._counted.items():
            times, limit = self._times[kind], size * uart.BITS / uart.BAUD * 1000
            ratios = [limit / each for each in times]
            costs[kind] = OnLine(
                min(times), limit, max(ratios), statistics.median(ratios), size, trips, pieces
            )
        return costs


def measure_line(rounds: int) -> tuple[dict[str, OnLine], dict[str, OnLine]]:
    """Return what the calls of each kind cost with a client that logs nothing, and with one that does."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lines = []
        for name, quiet in (("quiet", True), ("loud", False)):
            file = folder / f"{name}.yaml"
            stack.enter_context(uart.line(file, quiet=quiet))
            board = Board(load(file), recordings=lambda transport, name=name: folder / f"{name}-{transport}")
            lines.append(Line(stack.enter_context(board)))
        for _ in range(rounds):
            for line in lines:
                line.round()
        quiet_costs, loud_costs = (line.costs() for line in lines)
        return quiet_costs, loud_costs


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Cost of a call through the probe, as a ratio to the bare wire."
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    options = parser.parse_args()
    missed = False
    for label, (name, make_wire, has_goal) in MACHINES.items():
        call_ms, wire_ms, ratio = measure(name, make_wire, 5 if options.quick else 25)
        goal = (
            f"goals >= {GOAL_RATIO:g} x, <= {GOAL_MS:g} ms"
            if has_goal
            else "no goal: the wire takes no time here"
        )
        print(
            f"{label:<22} a call {call_ms:6.3f} ms, {1000 / call_ms:6.0f} a second = {ratio:4.2f} x the bare wire "
            f"({1000 / wire_ms:.0f} a second); {goal}"
        )
        missed |= has_goal and (ratio < GOAL_RATIO or call_ms > GOAL_MS)
    print(f"load of this machine: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    costs, with_log = measure_line(3 if options.quick else 6)
    for kind, cost in costs.items():
        print(
            f"{uart.BAUD} baud: {kind:<22} {cost.call_ms:6.1f} ms, {1000 / cost.call_ms:5.1f} a second = "
            f"{cost.ratio:4.2f} x (all rounds {cost.median:4.2f} x) the raw wire "
            f"({cost.size} bytes: {1000 / cost.limit_ms:.1f} a second); "
            f"{cost.trips} round trips + {cost.pieces} of pieces; goals >= {GOAL_RATIO:g} x, <= {GOAL_TRIPS} + pieces; "
            f"with the client's log {with_log[kind].ratio:4.2f} x, no goal"
        )
        missed |= cost.ratio < GOAL_RATIO or cost.trips > GOAL_TRIPS
    return int(missed and options.strict)


if __name__ == "__main__":
    sys.exit(main())
