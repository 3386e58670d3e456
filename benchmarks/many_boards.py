"""How long twelve virtual boards take side by side, against the slowest of them alone, and what memory they take.

    python benchmarks/many_boards.py [--strict]

Each run is `harness run -j … --quick` in a process of its own; each time is the clock's, from its start to its end, and
depends on what else the machine does. Memory is the sum of PSS (each shared page is counted by parts) over the
campaign's process and all that it started, sampled while it runs: the most that one board took, and how much more the
others took for each of them.

Goals, on two cores: twelve end within 3 times the slowest alone; the first board takes at most 130 MiB, each further
one at most 60 MiB. With `--strict` a missed goal is exit code 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOARDS = [
    *("virtual-se-i2c", "virtual-se-mtk", "virtual-se-spi", "virtual-se-sm4", "virtual-se-third-party"),
    *("virtual-puf", "virtual-tee", "virtual-demo", "virtual-module", "virtual-module-at", "virtual-km-itls"),
    "virtual-se-alios",
]
TIMES, FIRST_MIB, FURTHER_MIB = 3.0, 130.0, 60.0
SAMPLE_S = 1.0


@dataclass(frozen=True)
class Campaign:
    """One campaign: its seconds, the most memory in MiB, and each board's seconds."""

    seconds: float
    mib: float
    boards: dict[str, float]


def campaign(boards: list[str], folder: Path, *more: str) -> Campaign:
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        *boards,
        "--quick",
        "--unattended",
        "--json",
        *more,
    ]
    begin, most = time.perf_counter(), 0.0
    with (
        (folder / "out.json").open("w") as out,
        (folder / "err.txt").open("w") as err,
        subprocess.Popen(
            [*command, f"--runs={folder / 'runs'}"], cwd=ROOT, stdout=out, stderr=err
        ) as process,
    ):
        while process.poll() is None:
            most = max(most, sum(map(pss, tree(process.pid))))
            time.sleep(SAMPLE_S)
    seconds = time.perf_counter() - begin
    document = json.loads((folder / "out.json").read_text())
    told = {one["board"]: one["seconds"] for one in document["runs"]}
    lost = [board for board in boards if board not in told]
    bad = [
        board
        for board, one in zip(told, document["runs"], strict=True)
        if one["verdict"] in {"error", "failed"}
    ]
    if lost or bad:
        sys.exit(f"not what is measured: lost {lost}, not sound {bad}: see {folder}")
    return Campaign(seconds, most / 1024, told)


def tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except (OSError, ValueError):
            continue
    return found


def pss(pid: int) -> int:
    """Return the KiB of a process; 0 when it has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


def told(what: str, value: float, goal: float, unit: str) -> bool:
    met = value <= goal
    print(f"{what}: {value:.2f}{unit} (goal: at most {goal:g}{unit}): {'met' if met else 'MISSED'}")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strict", action="store_true", help="a missed goal is exit code 1")
    parser.add_argument("--with-pdf", action="store_true", help="render the PDFs too")
    parser.add_argument("--boards", type=int, default=len(BOARDS), help="take so many of them")
    given = parser.parse_args()
    more = () if given.with_pdf else ("--without-pdf",)
    boards = BOARDS[: given.boards]
    with tempfile.TemporaryDirectory() as temporary:
        each = []
        for number in range(3):
            (Path(temporary) / str(number)).mkdir()
            each.append(Path(temporary) / str(number))
        together = campaign(boards, each[0], f"-j{len(boards)}", *more)
        slowest = max(together.boards, key=lambda board: together.boards[board])
        alone = campaign([slowest], each[1], "-j", "1", *more)
        first = alone if slowest == BOARDS[0] else campaign(BOARDS[:1], each[2], "-j", "1", *more)
    print(f"{len(boards)} boards side by side: {together.seconds:.1f} s, {together.mib:.0f} MiB at most")
    print(f"the slowest alone, {slowest}: {alone.seconds:.1f} s, {alone.mib:.0f} MiB at most")
    print(f"a common one alone, {BOARDS[0]}: {first.seconds:.1f} s, {first.mib:.0f} MiB at most")
    further = (together.mib - first.mib) / max(len(boards) - 1, 1)
    met = [
        told("all against the slowest alone", together.seconds / alone.seconds, TIMES, " x"),
        told("the first board", first.mib, FIRST_MIB, " MiB"),
        told("each further board", further, FURTHER_MIB, " MiB"),
    ]
    return 1 if given.strict and not all(met) else 0


if __name__ == "__main__":
    sys.exit(main())
