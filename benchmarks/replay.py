"""How much faster than the virtual lab a replay is: the whole SE suite on one board.

    python benchmarks/replay.py            # run a board in this process's bus, and replay that
    python benchmarks/replay.py --lab DIR  # in the guest: run the board on the kernel's I2C bus, leave that in DIR
    python benchmarks/replay.py DIR        # replay what the lab has left there

The second and the third are parts of `make lab-bench`. Both run without the pytest plugins of the development
environment, which an installation does not have. A command's time is that of the whole process, the suites' is what
the run's own report says. Both depend on what else the machine does, so the goal is set in seconds of processor time:
of the guest, from its boot to the verdicts, and of the replay's process, from its start to its reports. A replay must
end with the verdicts that were recorded, else this fails.

Goal: the replay of a lab run is at least 20 times as fast as that run. With `--strict` a missed goal is exit code 1.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

GOAL = 20.0
REPLAYS = 3
BOARD = ROOT / "boards" / "virtual-se-i2c.yaml"
HARNESS = [sys.executable, "-m", "harness.cli.main", "run", "--unattended"]


@dataclass(frozen=True, slots=True)
class Ran:
    """One `harness run`.

    Attributes:
        folder: Its run folder.
        command: Seconds of the whole process.
        suites: Seconds from the run's start to its end.
        processor: Seconds of processor time.
        verdicts: Of each scenario.
    """

    folder: Path
    command: float
    suites: float
    processor: float
    verdicts: dict[str, str]


def run(board: Path, runs: Path, *options: str) -> Ran:
    begin, used = time.perf_counter(), processor()
    done = subprocess.run(
        [*HARNESS, str(board), "--runs", str(runs), *options],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"harness run {board.name} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    folder = max(each for each in runs.iterdir() if not each.is_symlink())
    return read(folder, seconds, processor() - used)


def processor() -> float:
    """Return the seconds of processor time that ended commands have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read(folder: Path, command: float, processor_time: float) -> Ran:
    report = json.loads((folder / "report.json").read_text())
    verdicts = {each["id"]: each["verdict"] for each in report["scenarios"]}
    return Ran(folder, command, report["seconds"], processor_time, verdicts)


def replayed(board: Path, recorded: Ran) -> Ran:
    """Replay a run some times and return the one of median processor time."""
    with tempfile.TemporaryDirectory() as folder:
        every = [
            run(board, Path(folder) / str(number), "--replay", str(recorded.folder))
            for number in range(REPLAYS)
        ]
    for each in every:
        assert each.verdicts == recorded.verdicts
    middle = statistics.median_low(each.processor for each in every)
    return next(each for each in every if each.processor == middle)


def compare(label: str, recorded: Ran, again: Ran) -> float:
    """Print both and return the ratio of their processor times."""
    ratio = recorded.processor / again.processor
    passed = sum(verdict == "passed" for verdict in again.verdicts.values())
    print(
        f"{label}: {recorded.processor:.2f} s of processor, replayed {again.processor:.2f} s = {ratio:.1f} x\n"
        f"  by the clock: command {recorded.command:.2f} s, replayed {again.command:.2f} s"
        f" = {recorded.command / again.command:.1f} x;"
        f" suites {recorded.suites:.2f} s, replayed {again.suites:.2f} s"
        f" = {recorded.suites / again.suites:.1f} x; {passed} scenarios passed in both"
    )
    return ratio


def in_the_lab(results: Path) -> None:
    """Plug the board into this kernel, run it, and leave run folder, board file and times in `results`."""
    from harness.board.reading.file import load
    from harness.cli.simulate_attach import virtual_board, write_board_file

    described = load(BOARD)
    file = results / f"lab-{BOARD.name}"
    virtual = virtual_board(described)
    try:
        write_board_file(described, virtual.insert(), file)
        with tempfile.TemporaryDirectory() as runs:
            ran = run(file, Path(runs))
            shutil.copytree(ran.folder, results / "run")
    finally:
        virtual.remove()
    (results / "seconds").write_text(repr(ran.command))


def main() -> int:
    parser = argparse.ArgumentParser(description="How much faster a replay is than what it replays.")
    parser.add_argument("recorded", type=Path, nargs="?", help="what --lab has left")
    parser.add_argument("--lab", type=Path, help="run the board on this kernel's I2C bus; root only")
    parser.add_argument("--strict", action="store_true", help="exit 1 when the goal is missed")
    options = parser.parse_args()
    if options.lab is not None:
        in_the_lab(options.lab)
        return 0
    if options.recorded is None:
        with tempfile.TemporaryDirectory() as runs:
            recorded = run(BOARD, Path(runs))
            compare("bus in process (no goal)", recorded, replayed(BOARD, recorded))
        return 0
    command = float((options.recorded / "seconds").read_text())
    processor_time = sum(float(word) for word in (options.recorded / "processor").read_text().split())
    lab = read(options.recorded / "run", command, processor_time)
    ratio = compare("virtual lab", lab, replayed(options.recorded / f"lab-{BOARD.name}", lab))
    print(f"  goal >= {GOAL:g} x: {'met' if ratio >= GOAL else 'MISSED'}")
    return int(options.strict and ratio < GOAL)


if __name__ == "__main__":
    sys.exit(main())
