"""Many benches at once: wall time of 1,000 boards, how late their progress is, and what a dead host costs.

Hosts are addresses on the loopback of a network namespace, each with a real sshd; their boards only wait, ten steps of
a second each, so what is measured is the harness's own part. Takes root and an sshd.

Usage: benches.py [--hosts N] [--boards N]; both of 3 x 334 and 32 x 32 when left out. Goals: 1,000 boards x 10 s within
40 s, progress at most 100 ms late for 99 of 100 lines, and one dead host costs its own boards alone.
"""

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.benches.bench_hosts import BenchHost, Lab, ended, enter_namespace
from tests.benches.oracles import gaps, overlapping, runs_of, verdicts_of_lost, without_end

STEPS, STEP_S = 10, 1.0


class Lateness(threading.Thread):
    """Watches the client's copies of the progress, and takes how long after its event each line is there.

    It shares the cores with all that it measures, so it keeps the files open and asks for their sizes alone.
    """

    def __init__(self, runs):
        super().__init__(daemon=True)
        self.runs = runs
        self.files = {}
        self.found = []
        self.done = threading.Event()

    def run(self):
        looks = 0
        while not self.done.wait(0.005):
            self.look(new=looks % 40 == 0)
            looks += 1
        self.look(new=True)

    def look(self, *, new):
        for path in self.runs.glob(".lab/2*/*.progress.jsonl") if new else ():
            if path not in self.files:
                self.files[path] = path.open("rb")
        for file in self.files.values():
            if os.fstat(file.fileno()).st_size == file.tell():
                continue
            begin, data, now = file.tell(), file.read(), time.time()
            whole = data.rfind(b"\n") + 1
            file.seek(begin + whole)
            for line in data[:whole].splitlines():
                told = json.loads(line)["time"]
                self.found.append(now - datetime.fromisoformat(told).timestamp())

    def at(self, share):
        return sorted(self.found)[min(len(self.found) - 1, int(len(self.found) * share))]


def campaign(count, boards, *, dead=False):
    with tempfile.TemporaryDirectory(prefix="benches-") as folder:
        root = Path(folder)
        hosts = [
            BenchHost(
                root,
                number,
                [f"ok-{number}-{board}" for board in range(boards)],
                STAND_IN_STEPS=str(STEPS),
                STAND_IN_STEP_S=str(STEP_S),
            )
            for number in range(1, count + 1)
        ]
        lab = Lab(root, hosts)
        late = Lateness(lab.runs)
        try:
            late.start()
            begin = time.time()
            client = lab.start("run", "--all", "--json", "--give-up-after=20", f"--jobs={boards}")
            if dead:
                lab.running(120)
                hosts[0].die()
            _, document, _ = ended(client, 600)
            end = time.time()
            late.done.set()
            late.join()
            told(lab, document, begin, end, late, dead=dead)
        finally:
            lab.close()


def moment(event):
    return datetime.fromisoformat(event["time"]).timestamp()


def told(lab, document, begin, end, late, *, dead):
    name = document["campaign"]
    outcomes = {}
    for one in document["boards"]:
        outcomes.setdefault(one["host"], []).append(one["outcome"])
    alive = lab.hosts[1:] if dead else lab.hosts
    passed = sum(outcomes[host.name].count("passed") for host in alive)
    boards = sum(len(host.boards) for host in alive)
    pulled = sum(len(one["folders"]) for one in document["boards"])
    broken = [
        problem
        for host in alive
        for problem in (
            gaps(host.events(name)),
            without_end(host.events(name)),
            verdicts_of_lost(host.events(name)),
        )
        if problem
    ]
    twice = [board for board, count in runs_of(lab.journal()).items() if count != 1]
    print(f"{len(lab.hosts)} hosts x {len(lab.hosts[0].boards)} boards{', one host dies' if dead else ''}:")
    events = [event for host in alive for event in host.events(name)]
    begun = max(moment(event) for event in events if event["event"] == "campaign_started") - begin
    over = max(moment(event) for event in events if event["event"] == "campaign_finished") - begin
    print(f"  wall                      {end - begin:8.1f} s   (the boards alone: {STEPS * STEP_S:.0f} s)")
    print(f"  begun, boards over, end   {begun:8.1f} s   {over:.1f} s  {end - begin:.1f} s")
    print(f"  passed on living hosts    {passed:8d}     of {boards}")
    if dead:
        print(f"  boards of the dead host   {outcomes[lab.hosts[0].name].count('aborted'):8d}     aborted")
    print(f"  run folders pulled        {pulled:8d}     each checked by its manifest")
    print(f"  progress lines            {len(late.found):8d}")
    print(f"  late, median and p99      {late.at(0.5) * 1e3:8.0f} ms  {late.at(0.99) * 1e3:.0f} ms")
    print(f"  overlapping, twice, gaps  {len(overlapping(lab.journal())):8d}     {len(twice)}, {len(broken)}")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"  largest process           {usage.ru_maxrss / 1024:8.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int)
    parser.add_argument("--boards", type=int)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    enter_namespace()
    sizes = [(asked.hosts or 3, asked.boards or 4)] if asked.hosts or asked.boards else [(3, 334), (32, 32)]
    for hosts, boards in sizes:
        campaign(hosts, boards)
    campaign(*sizes[0], dead=True)


if __name__ == "__main__":
    main()
