"""What a user waits for before anything happens: `harness --help`, the collection of the suites, the start of a run.

Each ratio is of medians of alternating runs of two whole processes. Goals: `--help` at most 2 times
`python -c "import typer"`; collecting the suites for a board at most 0.7 s; `harness run` until its first exchange
with the board at most 0.8 s of processor time, of which `run_phases.py` has the breakdown.
With `--strict` a missed goal is exit code 1.
"""

import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from run_phases import show

ROOT = Path(__file__).resolve().parent.parent
RUNS = 9
HELP_GOAL = 2.0
COLLECTION_GOAL_S = 0.7
FIRST_EXCHANGE_GOAL_S = 0.8

TYPER = [sys.executable, "-c", "import typer"]
HELP = [sys.executable, "-m", "harness.cli.main", "--help"]
PYTEST = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
EMPTY = [*PYTEST, "benchmarks/empty_case.py"]
NOTHING_JUDGED = "--collect-only only lists scenarios"
ALONE = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # a run refuses plugins that nobody named
SUITES = [*PYTEST, "--board", "boards/virtual-se-i2c.yaml", "suites/"]


def ended(command: list[str]) -> str:
    """Run a command and return what it printed."""
    done = subprocess.run(command, cwd=ROOT, env=ALONE, check=False, capture_output=True, text=True)
    listed = NOTHING_JUDGED in done.stderr  # on purpose another exit code than that of a run that passed
    if done.returncode and not listed:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def collecting(command: list[str]) -> float:
    """Return the seconds that pytest itself says its collection took."""
    return float(re.search(r"collected in ([0-9.]+)s", ended(command))[1])


def seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    ended(command)
    return time.perf_counter() - begin


def side_by_side(first: list[str], second: list[str]) -> tuple[float, float]:
    """Return the median seconds of both commands, run in turn after one warm-up each."""
    seconds(first), seconds(second)
    pairs = [(seconds(first), seconds(second)) for _ in range(RUNS)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def main() -> int:
    help_s, typer_s = side_by_side(HELP, TYPER)
    suites_s, empty_s = side_by_side(SUITES, EMPTY)
    collected_s = statistics.median(collecting(SUITES) for _ in range(RUNS))
    print(
        f"harness --help          {help_s:6.3f} s = {help_s / typer_s:4.2f} x `import typer` ({typer_s:.3f} s); "
        f"goal <= {HELP_GOAL} x"
    )
    print(
        f"collecting the suites   {collected_s:6.3f} s by pytest's own count; goal <= {COLLECTION_GOAL_S} s"
    )
    print(
        f"  the whole process     {suites_s:6.3f} s = {suites_s / empty_s:4.2f} x the same with one empty test "
        f"({empty_s:.3f} s)"
    )
    print()
    first_s = show()
    print(f"first exchange after {first_s:.3f} s of processor time; goal <= {FIRST_EXCHANGE_GOAL_S} s")
    missed = (
        first_s > FIRST_EXCHANGE_GOAL_S or help_s > HELP_GOAL * typer_s or collected_s > COLLECTION_GOAL_S
    )
    return int(missed and "--strict" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
