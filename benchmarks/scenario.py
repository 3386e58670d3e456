"""What a scenario costs beside what it checks: fixtures, journal and recording, above an empty pytest test.

Two suites of the same size are run as whole processes in turn, one of empty tests, one of scenarios with one
step on the chip of a virtual board. The cost of one is the difference between a large and a small suite, divided
by the difference in size, so that start-up falls out.

Goal: at most 2 ms a scenario above an empty test. With `--strict` a missed goal is exit code 1.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMALL, LARGE = 10, 410
RUNS = 5
GOAL_MS = 2.0

REQUIREMENT = """\
- id: COST-01
  statement: The step is entered, and nothing is checked.
  source: benchmarks/scenario.py
  level: should
  applies_when: always
"""
EMPTY = "def test_{number}():\n    pass\n\n"
SCENARIO = (
    'def test_{number}(scenario, chip):\n    """A scenario that checks nothing."""\n'
    '    with scenario.step("COST-01"):\n        pass\n\n'
)


def suite(folder: Path, body: str, size: int) -> Path:
    """Write a suite of `size` tests and return its folder."""
    tests = folder / f"suite{size}" / "step4_adapt"
    tests.mkdir(parents=True)
    (tests / "test_cost.py").write_text("".join(body.format(number=number) for number in range(size)))
    return tests.parent


def seconds(suites: Path, *arguments: str) -> float:
    command = [sys.executable, "-m", "pytest", str(suites), "-q", "-c", os.devnull, f"--rootdir={suites}"]
    command += ["-p", "no:cacheprovider", "--import-mode=importlib", *arguments]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # a run refuses plugins that nobody named
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=alone, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - begin


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        empty = [suite(folder / "empty", EMPTY, size) for size in (SMALL, LARGE)]
        scenarios = [suite(folder / "scenarios", SCENARIO, size) for size in (SMALL, LARGE)]
        for one in scenarios:
            (one / "requirements.yaml").write_text(REQUIREMENT)
        board = (
            "-p",
            "harness.fixtures.plugin",
            "--board=boards/virtual-se-i2c.yaml",
            f"--runs={folder / 'runs'}",
        )
        sessions = [(one, ()) for one in empty] + [(one, board) for one in scenarios]
        for one, arguments in sessions:
            seconds(one, *arguments)
        rows = [[seconds(one, *arguments) for one, arguments in sessions] for _ in range(RUNS)]
    empty_ms = statistics.median(1000 * (row[1] - row[0]) / (LARGE - SMALL) for row in rows)
    scenario_ms = statistics.median(1000 * (row[3] - row[2]) / (LARGE - SMALL) for row in rows)
    above = scenario_ms - empty_ms
    print(f"empty test   {empty_ms:6.3f} ms")
    ratio = scenario_ms / empty_ms
    print(
        f"scenario     {scenario_ms:6.3f} ms = {ratio:.1f} x; {above:.3f} ms above; goal <= {GOAL_MS} ms above"
    )
    missed = above > GOAL_MS
    return int(missed and "--strict" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
