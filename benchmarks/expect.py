"""How fast is `expect`, with recording on? Ratios measured side by side in one run, on a pseudo-terminal.

    python benchmarks/expect.py            # about a minute
    python benchmarks/expect.py --quick    # less of everything

The fake board is a process of its own. Contestants take turns, and of each the quietest turn counts: what
else the machine does can only slow a turn down. It stops early when all goals are met. Exits 2 when pexpect
or labgrid is not installed, and with `--strict` 1 when a goal is missed.
"""

import argparse
import importlib.util
import logging
import math
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.console.reader import Console
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.writer import Recording
from harness.transport.serial.port import SerialTransport

KIB, MIB = 1 << 10, 1 << 20
SIZES = (64 * KIB, MIB, 4 * MIB, 16 * MIB, 64 * MIB)
STRETCH = 4 * MIB  # of a larger flood the stretches are timed
PEER_LIMIT = 4 * MIB  # the peers get slower and slower beyond

RAW_GOAL = 3.0  # times the raw loop, at most
PEER_GOAL = 3.0  # times faster than each peer, at least
RATE_GOAL = 20.0  # MB/s, at least
FLAT_GOAL = 0.20  # from the median rate, at most

RAW = "raw os.read + select"
OURS = "this harness, recording on"

LINE = b"<LS_LOG> id2_client_test 42: some output of a board that nobody waits for, line %08d\r\n"


def board() -> None:
    """Be the board: answer `ping N` with `pong N`, and `flood BYTES` with that much output and a mark."""
    master, slave = os.openpty()
    tty.setraw(slave)
    print(os.ttyname(slave), flush=True)
    block = b"".join(LINE % number for number in range(800))[: 64 * KIB]
    rest = b""
    while True:
        rest += os.read(master, 4096)
        *lines, rest = rest.split(b"\n")
        for line in lines:
            word, number = line.split()
            if word == b"ping":
                os.write(master, b"pong " + number + b"\r\n")
                continue
            print(*flood(master, block, int(number)), flush=True)


def flood(master: int, block: bytes, size: int) -> list[float]:
    """Write `size` bytes and a mark; return how many seconds each stretch took to be taken from us."""
    seconds: list[float] = []
    for stretch in range(0, size, STRETCH):
        left = min(STRETCH, size - stretch)
        start = time.perf_counter()
        while left > 0:
            left -= os.write(master, block[:left])
        seconds.append(time.perf_counter() - start)
    os.write(master, b"\r\nthe end of it\r\n")
    return seconds


class Board:
    """The board's process and the path of its console."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, __file__, "--board"], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.path = self.process.stdout.readline().decode().strip()

    def stretches(self) -> list[float]:
        """Return the seconds of each stretch of the last flood."""
        assert self.process.stdout is not None
        return [float(word) for word in self.process.stdout.readline().split()]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to talk to a board: `talk` sends one line and returns when the answer has been matched."""

    name: str
    board: Board
    talk: Callable[[bytes, bytes], None]


def raw(board: Board) -> Contestant:
    port = os.open(board.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def talk(line: bytes, answer: bytes) -> None:
        os.write(port, line)
        tail = b""
        while answer not in tail:
            select.select([port], [], [])
            tail = tail[-len(answer) :] + os.read(port, 65536)

    return Contestant(RAW, board, talk)


def ours(board: Board, folder: Path) -> tuple[Contestant, Callable[[], None]]:
    transport = SerialTransport("console", board.path)
    recording = Recording(folder / "console.rec", transport)
    console = Console(Recorded(transport, recording))
    console.open()

    def talk(line: bytes, answer: bytes) -> None:
        console.send(line)
        console.expect(answer, failure=b"ASSERT", timeout=60)

    def end() -> None:
        console.close()
        recording.close()
        recording.path.unlink()

    return Contestant(OURS, board, talk), end


def pexpect_fd(board: Board) -> Contestant:
    import pexpect.fdpexpect

    port = os.open(board.path, os.O_RDWR | os.O_NOCTTY)
    spawn = pexpect.fdpexpect.fdspawn(port, maxread=65536, timeout=60)

    def talk(line: bytes, answer: bytes) -> None:
        spawn.send(line)
        spawn.expect_exact([answer, b"ASSERT"])

    return Contestant("pexpect fdspawn", board, talk)


def labgrid_serial(board: Board) -> Contestant:
    from labgrid import Target
    from labgrid.driver import SerialDriver
    from labgrid.resource import RawSerialPort

    logging.getLogger().setLevel(logging.WARNING)
    target = Target("board")
    RawSerialPort(target, name=None, port=board.path)
    driver = SerialDriver(target, name=None)
    target.activate(driver)

    def talk(line: bytes, answer: bytes) -> None:
        driver.write(line)
        driver.expect([answer.decode(), "ASSERT"], timeout=60)

    return Contestant("labgrid SerialDriver", board, talk)


def latency(contestants: list[Contestant], turns: int, pings: int) -> dict[str, float]:
    """Return, by contestant, the median seconds from send to match of its quietest turn."""
    best = dict.fromkeys((each.name for each in contestants), math.inf)
    number = 0
    for turn in range(turns):
        for each in contestants:
            times: list[float] = []
            for _ in range(pings):
                number += 1
                start = time.perf_counter()
                each.talk(b"ping %d\n" % number, b"pong %d\r\n" % number)
                times.append(time.perf_counter() - start)
            best[each.name] = min(best[each.name], statistics.median(times))
        if turn >= turns // 3 and all(fine for _, _, fine in latency_goals(best)):
            break
    return best


def latency_goals(best: dict[str, float]) -> list[tuple[str, str, bool]]:
    """Return name, ratio in words and whether the goal is met, for everyone but us."""
    own = best[OURS]
    goals: list[tuple[str, str, bool]] = []
    for name, seconds in best.items():
        if name == RAW:
            ratio = own / seconds
            goals.append((name, f"ours takes {ratio:.2f} x, goal <= {RAW_GOAL:g} x", ratio <= RAW_GOAL))
        elif name != OURS:
            ratio = seconds / own
            goals.append((name, f"ours is {ratio:.2f} x faster, goal >= {PEER_GOAL:g} x", ratio >= PEER_GOAL))
    return goals


def throughput(contestant: Contestant, size: int) -> float:
    """Return MB/s of unmatched output before the mark that is waited for.

    Of a small size it is the median of several floods; of a large one the quietest stretch in its second
    half, where a search that looks back too far would be slowest.
    """
    rates: list[float] = []
    for _ in range(max(1, min(16, 2 * MIB // size))):
        start = time.perf_counter()
        contestant.talk(b"flood %d\n" % size, b"the end of it\r\n")
        seconds = time.perf_counter() - start
        stretches = contestant.board.stretches()
        late = min(stretches[len(stretches) // 2 :]) if size > STRETCH else seconds
        rates.append(min(size, STRETCH) / late / 1e6)
    return statistics.median(rates)


def rates(contestants: list[Contestant], turns: int) -> dict[str, dict[int, float]]:
    """Return the rate of each contestant's quietest turn, by name and size."""
    best: dict[str, dict[int, float]] = {each.name: {} for each in contestants}
    for turn in range(turns):
        for size in SIZES:
            for each in contestants:
                if each.name not in (OURS, RAW) and (turn or size > PEER_LIMIT):
                    continue
                best[each.name][size] = max(best[each.name].get(size, 0.0), throughput(each, size))
        if turn and all(rate_goals(best[OURS])):
            break
    return best


def rate_goals(own: dict[int, float]) -> tuple[bool, bool]:
    """Return whether our rates are high enough, and flat enough."""
    middle = statistics.median(own.values())
    flat = all(abs(rate / middle - 1) <= FLAT_GOAL for rate in own.values())
    return min(own.values()) >= RATE_GOAL, flat


def verdict(good: bool) -> str:
    return "ok" if good else "MISSED"


def size_name(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


def report_latency(best: dict[str, float]) -> bool:
    print(f"{'send -> match, median':30} {best[OURS] * 1e6:6.0f} us  {OURS}")
    goals = latency_goals(best)
    for name, ratio, fine in goals:
        print(f"{'':30} {best[name] * 1e6:6.0f} us  {name}: {ratio}: {verdict(fine)}")
    return all(fine for _, _, fine in goals)


def report_rates(best: dict[str, dict[int, float]]) -> bool:
    own, floor = best[OURS], best[RAW]
    middle = statistics.median(own.values())
    print(f"\n{'unmatched output, MB/s':30}" + "".join(f"{size_name(size):>9}" for size in SIZES))
    for name, found in best.items():
        print(
            f"{name:30}" + "".join(f"{found[size]:9.1f}" if size in found else f"{'-':>9}" for size in SIZES)
        )
    print(f"{'ours, of the raw rate':30}" + "".join(f"{own[size] / floor[size]:9.2f}" for size in SIZES))
    print(f"{'ours, of its own median':30}" + "".join(f"{own[size] / middle:9.2f}" for size in SIZES))
    fast, flat = rate_goals(own)
    print(f"goal: each of our rates >= {RATE_GOAL:g} MB/s: {verdict(fast)}")
    print(f"goal: each of our rates within {FLAT_GOAL:.0%} of their median: {verdict(flat)}")
    return fast and flat


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Measure `expect` against the raw loop, pexpect and labgrid."
    )
    parser.add_argument("--board", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="less of everything, for a first look")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    arguments = parser.parse_args()
    if arguments.board:
        board()
    missing = [name for name in ("labgrid", "pexpect") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"not installed: {', '.join(missing)}; pip install --group bench", file=sys.stderr)
        return 2
    turns, pings, floods = (12, 100, 3) if arguments.quick else (45, 200, 8)
    boards = [Board() for _ in range(4)]
    with tempfile.TemporaryDirectory(prefix="expect-") as folder:
        mine, end = ours(boards[1], Path(folder))
        everyone = [raw(boards[0]), mine, pexpect_fd(boards[2]), labgrid_serial(boards[3])]
        try:
            quick = report_latency(latency(everyone, turns, pings))
            flat = report_rates(rates(everyone, floods))
        finally:
            end()
            for each in boards:
                each.end()
    return int(arguments.strict and not (quick and flat))


if __name__ == "__main__":
    sys.exit(main())
