"""What the tests of the bench page share: campaigns made of events, run folders with recordings, and a small bench."""

import json
import time
from pathlib import Path

from harness.progress.writer import ProgressWriter
from harness.transport.base import Capability
from harness.transport.recording.format import Direction
from harness.transport.recording.writer import Recording

HOSTILE = "<script>document.title='pwned'</script><img src=x onerror=\"alert(1)\">\u202e\x1b[2Jx{{7*7}}"

BOARDS = Path(__file__).parents[2] / "boards"

SCENARIOS = [
    ("step3_chip", "The chip gives its ID"),
    ("step3_chip", "A random number is not the last one"),
    ("step4_adapt", "An auth code is verified by the service"),
]


class Made:
    """A campaign as a run would write it, alive as long as this object has not ended it."""

    def __init__(self, runs: Path, *boards: str, user: str = "lab", repeat: int = 1, **more: object) -> None:
        self.runs = runs
        self.writer = ProgressWriter(runs, lambda text: None)
        self.id = self.writer.id
        self.folder = self.writer.folder
        self.writer.start(
            {
                "boards": [{"name": name, "file": f"boards/{name}.yaml"} for name in boards],
                "jobs": len(boards),
                "host": "bench-1",
                "pid": 4711,
                "user": user,
                "version": "0.1.0",
                "repeat": repeat,
                **more,
            }
        )

    def write(self, event: str, board: str = "", **fields: object) -> None:
        self.writer.write(event, fields, board=board)

    def begin(self, board: str, run: str = "") -> Path:
        """Begin a run on a board, and return its folder."""
        self.write("board_started", board, pid=4712, round=1)
        name = run or f"20261129T2200{len(list(self.runs.iterdir())):02}.000Z-{board}"
        folder = make_run(self.runs, name, board)
        self.write("run_started", board, folder=name, scenarios=len(SCENARIOS))
        self.write(
            "planned",
            board,
            scenarios=[{"step": step, "title": title, "expected_s": 10} for step, title in SCENARIOS],
        )
        return folder

    def scenario(self, board: str, number: int, verdict: str = "", reason: str = "") -> None:
        step, title = SCENARIOS[number]
        self.write("scenario_started", board, step=step, title=title)
        self.write("step_started", board, number=1, total=2, title="ask the chip")
        if verdict:
            self.write(
                "scenario_finished",
                board,
                step=step,
                title=title,
                verdict=verdict,
                seconds=1.5,
                reason=reason,
            )

    def ask(
        self,
        board: str,
        ask: str,
        step: str = "verification",
        *,
        timeout_s: float | None = 600,
        picture: str | None = None,
    ) -> None:
        from harness.operator.steps import STEPS

        asked = STEPS[step]
        self.write(
            "operator_asks",
            board,
            ask=ask,
            step=step,
            title=asked.title,
            instructions=[f"Do it on {board}.", HOSTILE],
            fields=[
                {
                    "name": each.name,
                    "form": "choice" if each.form.choices else "text",
                    "words": each.form.words,
                    "secret": each.secret,
                    "choices": list(each.form.choices),
                }
                for each in asked.fields
            ],
            timeout_s=timeout_s,
            picture=picture,
        )

    def end(self, *boards: str, verdict: str = "passed", code: int = 0) -> None:
        for board in boards:
            self.write("run_finished", board, verdict=verdict, exit_code=code, reports=[], interrupted="")
            self.write("board_finished", board, exit_code=code)
        self.write("campaign_finished", exit_code=code, interrupted="")
        self.writer.close()

    def die(self) -> None:
        """End as a killed process does: the lock is free, and nothing was said."""
        self.writer.close()


def make_run(runs: Path, name: str, board: str, **options: object) -> Path:
    """Make the beginning of a run folder, as a run that goes on has it."""
    folder = runs / name
    (folder / "transport").mkdir(parents=True)
    header = {
        "format": "id2-run",
        "schema": 1,
        "run": name,
        "board": board,
        "options": options,
        "mode": "development",
        "board_file": {"console": {"transport": "console"}, "transports": {"console": {}, "chip": {}}},
    }
    (folder / "run.json").write_text(json.dumps(header))
    (folder / "journal.jsonl").write_text("")
    return folder


class Recorded:
    """A recording of a run that goes on."""

    identity = "made"
    capabilities: frozenset[Capability] = frozenset()

    def __init__(self, run: Path, transport: str) -> None:
        self.name = transport
        self.path = run / "transport" / f"{transport}.rec"
        self._recording = Recording(self.path, self)

    def add(self, direction: Direction, data: bytes, op: str = "read") -> None:
        self._recording.data(op, direction, data, time.monotonic_ns())


def make_boards(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    files = []
    for name in names:
        file = folder / f"{name}.yaml"
        file.write_text(
            (BOARDS / "virtual-se-i2c.yaml").read_text().replace("name: virtual-se-i2c", f"name: {name}")
        )
        files.append(file)
    return files
