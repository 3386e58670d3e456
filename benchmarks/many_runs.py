"""The history of a board over thousands of runs: how long the question takes once the index is there.

The run folders are small stand-ins (a header and a journal of one line each), so that ten thousand of them are made in
seconds; what the index keeps of them is the summary of one run that was really made, with other verdicts, times and
values for each, and goes in by `Store.put` as that of every run does. The question is the whole one of the command:
look at every folder, compare with the index, and answer.

    .venv/bin/python benchmarks/many_runs.py [RUN [COUNT]]
"""

import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.history import index, scan
from harness.history.store import Store
from harness.history.summary import Summary, read
from harness.history.trends import answer
from harness.run.verdict import Verdict

BOARDS = 12
FIRMWARES = 25
_START = datetime(2026, 1, 1, tzinfo=UTC)
_FAILING = 0.003
_IN_ONE_WRITE = 200


def fill(runs: Path, file: Path, one: Summary, count: int) -> None:
    """Make `count` folders below `runs`, and the index of them at `file`, all like the run `one`.

    Most of them are of the first board, as the benchmark asks for its history.
    """
    runs.mkdir(parents=True)
    draw = random.Random(14)
    summaries = {}
    for number in range(count):
        summary = _like(one, number, draw)
        name = f"{_START + timedelta(minutes=number):%Y%m%dT%H%M%S}.000Z-{summary.board}"
        folder = runs / name
        folder.mkdir()
        (folder / "run.json").write_text("{}\n")
        (folder / "journal.jsonl").write_text("\n")
        summaries[os.fsencode(name)] = summary

    def put(store: Store) -> None:
        stamps = sorted(scan.found(runs).items())
        for start in range(0, len(stamps), _IN_ONE_WRITE):
            with store.writing():
                for name, stamp in stamps[start : start + _IN_ONE_WRITE]:
                    store.put(name, stamp, summaries[name])

    # The folders are shown only afterwards: read as they are, they are runs of which nothing is known.
    hidden = runs.with_name("none")
    hidden.mkdir()
    index.ask(hidden, put, path=file)


def _like(one: Summary, number: int, draw: random.Random) -> Summary:
    board = "board-00" if number % 2 else f"board-{number // 2 % BOARDS:02}"
    firmware = f"1.{number * FIRMWARES // 10_000}"
    scenarios = tuple(
        replace(
            each,
            verdict=Verdict.FAILED if draw.random() < _FAILING else each.verdict,
            microseconds=round(each.microseconds * draw.uniform(0.8, 1.2)),
        )
        for each in one.scenarios
    )
    failed = sum(each.verdict is Verdict.FAILED for each in scenarios)
    started = _START + timedelta(minutes=number)
    return replace(
        one,
        board=board,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        started=f"{started:%Y-%m-%dT%H:%M:%S}.000Z",
        configuration=replace(one.configuration, board=board, firmware=firmware),
        counts={**one.counts, "failed": failed},
        scenarios=scenarios,
        measurements=tuple(
            replace(each, median=None if each.median is None else each.median * draw.uniform(0.9, 1.1))
            for each in one.measurements
        ),
    )


def measure(run: Path, count: int = 10_000, times: int = 7) -> dict[str, float]:
    """Return milliseconds of the question for one board: alone, with the look at every folder, and as a command.

    Args:
        run: A run folder that all others are like.
        count: How many runs there are.
        times: How often it is asked.
    """
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        file = index.default_path(runs, environment)
        begin = time.perf_counter()
        fill(runs, file, read(run), count)
        filled = time.perf_counter() - begin
        inside, busy = [], []
        for _ in range(times):
            begin, worked = time.perf_counter(), time.process_time()
            found = index.ask(runs, lambda store: answer(store, "board-00"), path=file)
            inside.append(time.perf_counter() - begin)
            busy.append(time.process_time() - worked)
            assert found.history is not None
            assert sum(each.runs for each in found.boards) == count
        alone = []
        with closing(sqlite3.connect(file)) as connection:
            for _ in range(times):
                begin = time.perf_counter()
                answer(Store(connection), "board-00")
                alone.append(time.perf_counter() - begin)
        words = [sys.executable, "-m", "harness", "history", "board-00", f"--runs={runs}", "--json"]
        outside = []
        for _ in range(3):
            begin = time.perf_counter()
            subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
            outside.append(time.perf_counter() - begin)
        return {
            "runs": count,
            "scenarios a run": len(read(run).scenarios),
            "index MB": file.stat().st_size / 1e6,
            "filled in s": filled,
            "question alone ms": statistics.median(alone) * 1e3,
            "with a look ms": statistics.median(inside) * 1e3,
            "with a look, worst ms": max(inside) * 1e3,
            "of these processor ms": statistics.median(busy) * 1e3,
            "command ms": statistics.median(outside) * 1e3,
        }


if __name__ == "__main__":
    arguments = sys.argv[1:]
    for name, value in measure(
        Path(arguments[0] if arguments else "runs/latest"), int(arguments[1]) if arguments[1:] else 10_000
    ).items():
        print(f"{name:22} {value:10.1f}")
