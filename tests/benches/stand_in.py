"""The harness of a bench in these tests: all of it is the real one, but `run`, whose boards only wait.

`run` keeps the interface of the real one: --campaign, progress, kernel locks, run folders with a manifest. A
board is told by its name: `bad-…` fails, `slow-…` takes ten times as long, `dies-…` has its process killed.

Environment: STAND_IN_STEPS, STAND_IN_STEP_S, and STAND_IN_LOCKS, a folder where each board has a lock and where `runs.jsonl`
takes a line for each begin and end of a run.
"""

import asyncio
import fcntl
import json
import os
import signal
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

STEPS = int(os.environ.get("STAND_IN_STEPS", "5"))
STEP_S = float(os.environ.get("STAND_IN_STEP_S", "0.2"))
LOCKS = Path(os.environ.get("STAND_IN_LOCKS", "/nonexistent"))
START_S = float(os.environ.get("STAND_IN_START_S", "0"))


def journal(**entry):
    entry = {"t": time.monotonic(), "pid": os.getpid(), **entry}
    file = os.open(LOCKS / "runs.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(file, json.dumps(entry).encode() + b"\n")
    os.close(file)


async def one_board(board, campaign, runs, stop, codes):
    from harness.run import manifest
    from harness.run.run import Run
    from harness.run.scenario import ScenarioInfo

    def tell(event, **fields):
        campaign.write(event, fields, board=board)

    lock = os.open(LOCKS / f"{board}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        tell("board_set_aside", reason="another run has it", until="")
        tell("board_finished", exit_code=3)
        codes.append(3)
        return
    tell("board_started", pid=os.getpid(), round=1)
    run = Run.create(runs, board)
    journal(board=board, what="begin", run=run.path.name, campaign=campaign.id)
    tell("run_started", folder=run.path.name, scenarios=STEPS)
    step_s = STEP_S * (10 if board.startswith("slow") else 1)
    infos = [
        ScenarioInfo(id=f"s{n}", step_folder="step2_prepare", title=f"scenario {n}") for n in range(STEPS)
    ]
    run.plan(infos)
    tell(
        "planned",
        scenarios=[{"step": one.step_folder, "title": one.title, "expected_s": step_s} for one in infos],
    )
    for number, info in enumerate(infos):
        if stop.exists():
            break
        tell("scenario_started", step=info.step_folder, title=info.title)
        log = run.begin(info)
        await asyncio.sleep(step_s)
        if board.startswith("dies") and number == STEPS // 2:
            os.kill(os.getpid(), signal.SIGKILL)
        from harness.run.verdict import Verdict

        verdict = Verdict.FAILED if board.startswith("bad") and number == 1 else Verdict.PASSED
        log.finish(verdict, reason="a stand-in fails" if verdict is Verdict.FAILED else "")
        tell(
            "scenario_finished",
            step=info.step_folder,
            title=info.title,
            verdict=verdict.value,
            seconds=step_s,
            reason="",
        )
    ended = "stopped" if stop.exists() else ""
    code = run.finish(ended, by_person=bool(ended))
    manifest.write(run.folder)
    journal(board=board, what="end", run=run.path.name, campaign=campaign.id)
    tell(
        "run_finished",
        folder=run.path.name,
        verdict=run.verdict.value,
        exit_code=code,
        reports=[],
        interrupted=ended,
    )
    tell("board_finished", exit_code=code)
    codes.append(code)
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


async def campaign(writer, runs, boards, jobs):
    gate = asyncio.Semaphore(jobs)
    codes = []
    stop = writer.folder.path / "stop"

    async def in_turn(board):
        async with gate:
            await one_board(board, writer, runs, stop, codes)

    await asyncio.gather(*(in_turn(board) for board in boards))
    worst = next((one for one in (4, 2, 1, 3, 5, 0) if one in codes), 4)
    writer.write("campaign_finished", {"exit_code": worst, "interrupted": "stopped" if stop.exists() else ""})


def run(words):
    parser = ArgumentParser()
    for flag in ("--quiet", "--quick"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--campaign", default="")
    parser.add_argument("--jobs", default="auto")
    for flag in ("--attended", "--stop-on-failure"):
        parser.add_argument(flag, action="store_true")
    for option in ("--wait", "--operator-timeout", "--plugin"):
        parser.add_argument(option)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--suites")
    parser.add_argument("boards", nargs="+")
    asked = parser.parse_args(words)
    if any(board.startswith("unknown") for board in asked.boards):
        sys.stderr.write(f"error: {asked.boards[0]}: there is no such board\n")
        return 2
    time.sleep(START_S)
    from harness.progress.writer import ProgressWriter

    writer = ProgressWriter(asked.runs, lambda text: None, name=asked.campaign)
    writer.start(
        {
            "boards": [{"name": board, "file": ""} for board in asked.boards],
            "jobs": asked.jobs,
            "host": os.environ.get("STAND_IN_HOST", ""),
            "pid": os.getpid(),
            "user": "",
            "version": "",
            "repeat": 1,
            "at": datetime.now(UTC).isoformat(),
        }
    )
    jobs = len(asked.boards) if asked.jobs == "auto" else int(asked.jobs)
    asyncio.run(campaign(writer, asked.runs, asked.boards, jobs))
    writer.close()
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        sys.exit(run(sys.argv[2:]))
    import harness

    # Before anything takes it from there.
    harness.__version__ = os.environ.get("STAND_IN_VERSION", harness.__version__)
    from harness.cli.main import main

    main()
