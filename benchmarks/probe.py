"""What one call through the probe costs, beside the bare wire that carries as many bytes both ways.

    python benchmarks/probe.py            # some seconds a machine, after building the firmware
    python benchmarks/probe.py --quick

Each machine runs two programs: the firmware with the probe, called by the harness, and one that only answers each line
with as many bytes as the probe's reply has (benchmarks/wire). They take turns in short rounds in one run, so that what
else this computer does hits both alike. Times are the median of the calmest round, the ratio is the median of all
rounds' ratios. Goals: one call within 2 ms on the emulated board, and at least half as many calls in a second as the
wire alone would allow; with `--strict` a missed one is exit code 1.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.board.opening.board import Board
from harness.board.reading.file import load
from harness.probe.link import ProbeLink
from harness.simulator.machine.build import ARM_COMPILER, HOST_COMPILER, Compiler
from harness.simulator.machine.linux import LinuxMachine
from harness.simulator.machine.machine import Machine
from harness.simulator.machine.qemu import QemuMachine
from harness.simulator.machine.sources import FOLDER
from harness.simulator.machine.transport import MachineTransport
from harness.transport.base import StreamRead, StreamWrite

GOAL_MS = 2.0
GOAL_RATIO = 0.5
PER_ROUND = 50
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


MACHINES: dict[str, tuple[str, Callable[[Path], Machine]]] = {
    "a process of Linux": ("virtual-probe", wire_on_linux),
    "an emulated Cortex-M3": ("qemu-cortex-m3", wire_on_cortex_m3),
}


def timed(call: Callable[[], object]) -> float:
    """Return the median milliseconds of `PER_ROUND` calls."""
    times = []
    for _ in range(PER_ROUND):
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


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Cost of a call through the probe, as a ratio to the bare wire."
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    options = parser.parse_args()
    missed = False
    for label, (name, make_wire) in MACHINES.items():
        call_ms, wire_ms, ratio = measure(name, make_wire, 5 if options.quick else 25)
        print(
            f"{label:<22} a call {call_ms:6.3f} ms, {1000 / call_ms:6.0f} a second = {ratio:4.2f} x the bare wire "
            f"({1000 / wire_ms:.0f} a second); goal >= {GOAL_RATIO:g} x, and <= {GOAL_MS:g} ms on the emulated board"
        )
        missed |= ratio < GOAL_RATIO or call_ms > GOAL_MS
    return int(missed and options.strict)


if __name__ == "__main__":
    sys.exit(main())
