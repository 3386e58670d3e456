"""How long a place of a healthy host takes to be had, alone and while the exporter of another host hangs.

A real coordinator and a real exporter for each of three hosts in a network namespace; takes root, and labgrid's
programs in the folder that LABGRID names. Goals: 95 of 100 acquires within 100 ms, and none longer than 10 s while an
exporter hangs.

Usage: places.py [--boards N] (20 a host by default)
"""

import argparse
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.errors import BenchError
from harness.lab.labgrid.coordinator import Coordinator
from tests.benches.bench_hosts import BenchHost, Lab, enter_namespace
from tests.benches.labgrid_hosts import ADDRESS, Labgrid

ROUNDS = 10


def acquired(boards, rounds, until=lambda: False):
    """Return how long each acquire took, in seconds."""
    took = []
    with Coordinator(ADDRESS, "bench-1/benchmark") as coordinator:
        for board in boards * rounds:
            began = time.monotonic()
            coordinator.acquire(board)
            took.append(time.monotonic() - began)
            coordinator.release(board, "bench-1/benchmark")
            if until():
                break
    return sorted(took)


def wanted(boards, done):
    """Want the places of a host whose exporter hangs, again and again."""
    while not done.is_set():
        for board in boards:
            with suppress(BenchError), Coordinator(ADDRESS, "bench-2/benchmark") as coordinator:
                coordinator.acquire(board)
                coordinator.release(board, "bench-2/benchmark")


def told(name, took):
    at = took[min(len(took) - 1, int(len(took) * 0.95))]
    print(
        f"  {name:<34} {len(took):5d} acquires, median {took[len(took) // 2] * 1e3:7.1f} ms, p95 {at * 1e3:8.1f} ms, "
        f"longest {took[-1]:6.2f} s",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--boards", type=int, default=20)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    enter_namespace()
    with tempfile.TemporaryDirectory(prefix="places-") as folder:
        root = Path(folder)
        hosts = [
            BenchHost(root, number, [f"ok-{number}-{board}" for board in range(asked.boards)])
            for number in (1, 2, 3)
        ]
        lab = Lab(root, hosts)
        labgrid = Labgrid(root)
        try:
            labgrid.serve(lab)
            print(f"3 hosts x {asked.boards} places:")
            told("healthy", acquired(hosts[0].boards, ROUNDS))
            hung = labgrid.exporters["bench-2"]
            hung.send_signal(signal.SIGSTOP)
            done = threading.Event()
            other = threading.Thread(target=wanted, args=(hosts[1].boards, done), daemon=True)
            other.start()
            # As long as the coordinator takes to drop it (23 s), and somewhat more.
            began = time.monotonic()
            took = acquired(hosts[0].boards, 10_000, lambda: time.monotonic() - began > 40)
            told("while the exporter of another hangs", took)
            done.set()
            hung.send_signal(signal.SIGCONT)
            other.join(30)
        finally:
            labgrid.close()
            lab.close()


if __name__ == "__main__":
    main()
