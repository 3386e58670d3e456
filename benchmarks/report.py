"""What reports cost: a run of 500 scenarios with 100 MB of recordings, and 10,000 runs to ask.

    python benchmarks/report.py            # all of it, some minutes
    python benchmarks/report.py --quick    # a tenth of the scenarios, recordings and runs

The run is made by the harness's own journal, evidence and recorder. Measured are the PDF and the page, each from the
run folder to the written file in a process that has its modules loaded, as at the end of a run; beside them WeasyPrint
and pytest-html make a PDF and a page of the same scenarios, in the same run of this program and in turn. Theirs hold a
table of scenarios, steps, verdicts and measurements alone, no traffic, requirements or evidence, so the ratio flatters
them. Verifying is held against sha256sum of the same files, in turn. Of each side the quickest turn counts: what else
the machine does can only slow a turn down.

Goals: PDF and page in 1.5 s each, the page at most 5 MB, verifying at most twice the time of sha256sum, a question to
10,000 runs in 100 ms. With `--strict` a missed goal is exit code 1.
"""

import argparse
import html
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import many_runs
from harness.errors import DeviceError
from harness.history.index import ask
from harness.history.listing import Filters, listed
from harness.history.store import Store
from harness.history.summary import read
from harness.report import render
from harness.report.model import load
from harness.report.records import RunReport
from harness.report.text import visible
from harness.run import manifest
from harness.run.events import ScenarioInfo
from harness.run.folder import RunFolder
from harness.run.header import Header
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict
from harness.seal.people import Trust
from harness.seal.seal import Sealing, seal
from harness.seal.verify import verify
from harness.transport.base import Capability
from harness.transport.recording.format import HEAD
from harness.transport.recording.writer import Recording

SCENARIOS = 500
RECORDED = 100_000_000  # bytes of the file
RUNS = 10_000
MADE = 100  # of them; the others are like these
SCENARIOS_OF_MANY = 20
TURNS = 5
PDF_S = PAGE_S = 1.5
PAGE_BYTES = 5_000_000
VERIFY_RATIO = 2.0
QUESTION_S = 0.1
FAILS = 25  # every so many scenarios one fails
SAMPLES = 50
COMMAND, ANSWER = bytes.fromhex("80b6000000"), bytes.fromhex("81840c2122232425262728292a2b2c9000")
STEPS = 3
BOARD = {"name": "bench", "transports": {"se": {"kind": "simulated-i2c"}, "console": {"kind": "serial"}}}


class Line:
    """What the recordings are of."""

    name = "se"
    identity = "a line that nothing hangs on"
    capabilities: frozenset[Capability] = frozenset()


def write_run(runs: Path, scenarios: int, recorded: int) -> Path:
    """Write a finished run and return its folder; its recordings hold `recorded` bytes."""
    run = Run.create(runs, "bench", Header(board_file=BOARD, options={"service": "mock"}))
    infos = [info(number) for number in range(scenarios)]
    known = [
        {
            "id": f"R-{number:03d}",
            "statement": f"Requirement {number} holds for every command.",
            "level": "must",
        }
        for number in range(scenarios // 2)
    ]
    run.requirements(known)
    run.plan(infos)
    run.transport_opened("se", Line.identity)
    recording = Recording(run.recording("se"), Line())
    try:
        for number, each in enumerate(infos):
            one_scenario(run, recording, each, number, recorded // scenarios)
    finally:
        recording.close()
    run.finish()
    return run.path


def info(number: int) -> ScenarioInfo:
    folder = f"step{1 + number * 5 // SCENARIOS % 5}_part"
    requirement = f"R-{number // 2:03d}"
    return ScenarioInfo(
        id=f"{folder}/test_{number:03d}",
        node=f"suites/{folder}/test_part.py::test_{number:03d}",
        step_folder=folder,
        title=f"Scenario {number} of the benchmark holds what it says",
        requirements=(requirement,),
        steps=tuple((requirement, f"Step {step + 1} of scenario {number}") for step in range(STEPS)),
    )


def one_scenario(run: Run, recording: Recording, about: ScenarioInfo, number: int, size: int) -> None:
    """Run one scenario, and record traffic of so many bytes."""
    log = run.begin(about)
    failure = DeviceError("the chip answered 6A80, expected 9000", transport="se")
    fails = number % FAILS == 0
    for step in range(STEPS):
        with suppress(DeviceError), log.step(step):
            traffic(recording, size // STEPS)
            values = [0.001 * (1 + (number + place) % 7) for place in range(SAMPLES)]
            log.measure(Measurement(f"command {number % 20}", "s", None, 2), max(values), samples=values)
            if step == STEPS - 1:
                log.evidence("answer.hex", ANSWER.hex().encode(), media_type="text/plain", title="Answer")
                raise_when(failure, fails)
    if fails:
        log.finish(Verdict.FAILED, reason=failure.message, error=failure)
    else:
        log.finish(Verdict.PASSED)


def raise_when(error: DeviceError, wanted: bool) -> None:
    if wanted:
        raise error


def traffic(recording: Recording, size: int) -> None:
    for _ in range(size // (len(COMMAND) + len(ANSWER) + 2 * HEAD.size)):
        recording.data("exchange", ">", COMMAND, time.monotonic_ns(), 0x71)
        recording.data("exchange", "<", ANSWER, time.monotonic_ns(), 0x71)


def quickest(*sides: Callable[[], object], turns: int = TURNS) -> list[float]:
    """Return the seconds of the quickest turn of each side; the sides take turns."""
    found: list[list[float]] = [[] for _ in sides]
    for _ in range(turns):
        for times, side in zip(found, sides, strict=True):
            begin = time.perf_counter()
            side()
            times.append(time.perf_counter() - begin)
    return [min(times) for times in found]


def table(report: RunReport) -> str:
    """Return the scenarios as a plain page, for WeasyPrint."""
    rows = []
    for each in report.scenarios:
        steps = "<br>".join(f"{step.requirement} {step.title}: {step.verdict}" for step in each.steps)
        taken = "<br>".join(f"{one.name} {one.value} {one.unit}" for one in each.measurements)
        cells = (html.escape(each.title), steps, taken, str(each.verdict), html.escape(visible(each.reason)))
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f"<!DOCTYPE html><meta charset=utf-8><title>{report.board}</title><table>{''.join(rows)}</table>"


def pytest_html(report: RunReport, folder: Path) -> Callable[[str], Path]:
    """Return what runs as many tests with the same names and outcomes under pytest, with some options."""
    told = [(each.id, each.verdict is Verdict.PASSED, each.title) for each in report.scenarios]
    (folder / "told.json").write_text(json.dumps(told))
    (folder / "test_told.py").write_text(
        "import json, pathlib, pytest\n"
        "told = json.loads(pathlib.Path(__file__).with_name('told.json').read_text())\n"
        "@pytest.mark.parametrize('passed', [pytest.param(one[1], id=one[0]) for one in told])\n"
        "def test_it(passed):\n"
        "    assert passed, 'the chip answered 6A80, expected 9000'\n"
    )

    def run(option: str) -> Path:
        page = folder / "told.html"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            "/dev/null",
            f"--rootdir={folder}",
            "-p",
            "no:id2-harness",
        ]
        options = [f"--html={page}", "--self-contained-html"] if option else []
        subprocess.run([*command, *options, str(folder)], capture_output=True, cwd=folder, check=False)
        return page

    return run


def weasyprint(report: RunReport, folder: Path) -> Callable[[], None]:
    from weasyprint import HTML

    page = table(report)
    return lambda: HTML(string=page).write_pdf(folder / "weasyprint.pdf")


def told(name: str, value: float, unit: str, goal: float | None = None) -> bool:
    met = goal is None or value <= goal
    said = "" if goal is None else f"   goal {goal:g} {unit}: {'met' if met else 'MISSED'}"
    print(f"  {name:<58}{value:>9.3f} {unit}{said}", flush=True)
    return met


def documents(folder: Path, work: Path) -> list[bool]:
    """Measure PDF and page against WeasyPrint and pytest-html."""
    met = []
    for form in ("pdf", "html"):
        render.render(folder, (form,))  # loads its modules
    report = load(folder)
    cold = [sys.executable, "-m", "harness", "report", str(folder), "--format", "pdf"]
    ours, theirs = quickest(lambda: render.render(folder, ("pdf",)), weasyprint(report, work), turns=3)
    met.append(told("report.pdf", ours, "s", PDF_S))
    told(
        "the same, in a process of its own",
        quickest(lambda: subprocess.run(cold, check=True, capture_output=True), turns=2)[0],
        "s",
    )
    told("WeasyPrint, a table of the same scenarios", theirs, "s")
    told("ratio, WeasyPrint to report.pdf", theirs / ours, "times")
    pytest_run = pytest_html(report, work)
    ours, plain, page = quickest(
        lambda: render.render(folder, ("html",)), lambda: pytest_run(""), lambda: pytest_run("html"), turns=3
    )
    size = (folder / "report.html").stat().st_size
    met.append(told("report.html", ours, "s", PAGE_S))
    met.append(told("its size", size / 1e6, "MB", PAGE_BYTES / 1e6))
    told("pytest-html: what it adds to a run of as many tests", max(0.0, page - plain), "s")
    told("its size", (work / "told.html").stat().st_size / 1e6, "MB")
    told("ratio, pytest-html to report.html", max(0.0, page - plain) / ours, "times")
    return met


def sealed(folder: Path, work: Path) -> list[bool]:
    """Measure verifying against sha256sum of the same files."""
    key = work / "tester"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signers = work / "signers"
    signers.write_text(f"tester {key.with_suffix('.pub').read_text()}")
    seal(folder, Sealing(key=key, name="tester"))
    trust = Trust(signers=signers)

    def check() -> None:
        found = verify(folder, trust)
        assert found.valid, found

    ours, sums = quickest(
        check,
        lambda: subprocess.run(
            ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"],
            cwd=folder,
            check=True,
            capture_output=True,
        ),
    )
    told("harness verify, all that it checks", ours, "s")
    told("sha256sum -c of the same files", sums, "s")
    return [told("ratio, verify to sha256sum", ours / sums, "times", VERIFY_RATIO)]


def history(runs: Path, count: int, work: Path) -> list[bool]:
    """Measure questions to many runs; the index is made before.

    A few are run and read whole; the others are like one of them, as making and reading thousands takes minutes.
    """
    made = runs.with_name("made")
    for number in range(MADE):
        run = Run.create(
            made, f"board-{number % 12:02}", Header(board_file=BOARD, options={"service": "mock"})
        )
        for place in range(SCENARIOS_OF_MANY):
            log = run.begin(info(place))
            for step in range(STEPS):
                with log.step(step):
                    log.measure(Measurement("time", "s", None, 100), number % 97)
            log.finish(Verdict.PASSED)
        run.finish()
        manifest.write(RunFolder.open(run.path))
    begin = time.perf_counter()
    one = ask(made, lambda store: listed(store, Filters(limit=1)), path=work / "made.sqlite").runs[0]
    told(f"reading {MADE} run folders anew", time.perf_counter() - begin, "s")
    path = work / "index.sqlite"
    many_runs.fill(runs, path, read(made / one.name), count)

    def asked(question: Callable[[Store], object]) -> Callable[[], object]:
        return lambda: ask(runs, question, path=path)

    questions = {
        "the newest 50 runs": Filters(limit=50),
        "the failed runs of a board": Filters(boards=["board-03"], verdicts=[Verdict.FAILED]),
        "the runs that judged a requirement": Filters(requirement="R-007", limit=50),
    }
    return [
        told(
            f"{name}, of {count} runs",
            quickest(asked(lambda store, of=of: listed(store, of)))[0],
            "s",
            QUESTION_S,
        )
        for name, of in questions.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="What reports cost.")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--strict", action="store_true", help="a missed goal is exit code 1")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    with tempfile.TemporaryDirectory(prefix="report-bench-") as name:
        work = Path(name)
        folder = write_run(work / "runs", SCENARIOS // share, RECORDED // share)
        recorded = sum(path.stat().st_size for path in (folder / "transport").iterdir())
        print(f"{SCENARIOS // share} scenarios, {recorded / 1e6:.0f} MB of recordings")
        met = documents(folder, work)
        render.close(folder)
        met += sealed(folder, work)
        met += history(work / "many", RUNS // share, work)
    print(f"goals met: {sum(met)} of {len(met)}")
    return 1 if options.strict and not all(met) else 0


if __name__ == "__main__":
    sys.exit(main())
