"""docs/add-a-transport.md, step by step, in a package outside the tree; and packages that got it wrong."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.board.opening.locks import Locks
from tests.pages import Page

pytestmark = pytest.mark.slow  # each step of the page is a command of its own

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "add-a-transport.md").read_text()
SOURCE, REGISTRATION, BOARD = (
    re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[1] for kind in ("python", "toml", "yaml")
)
COMMANDS = re.findall(r"^harness (.*)$", PAGE, re.MULTILINE)


def install(site, source, registration=REGISTRATION, name="emulator_transport"):
    """Install a package of one module into a folder, as pip would."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    group, entry = registration.strip().splitlines()
    group = re.search(r'entry-points\."(.*)"', group)[1]
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry.replace(chr(34), '')}\n")


BROKEN = (
    "transport kind 'emulator' cannot look for devices: ValueError: boom "
    "(raised by emulator_transport.EmulatorSettings)"
)


@pytest.fixture
def folder(tmp_path):
    """The folder with the board file of the page."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "emulated.yaml").write_text(BOARD)
    return work


@pytest.fixture
def harness(tmp_path, folder):
    """Return a function that runs `harness` beside the installed package and returns its exit code and output."""

    def run(*arguments):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "harness",
                *arguments,
                *(["--without-pdf"] if arguments[0] == "run" else []),
            ],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}:{tmp_path / 'site'}",
                "HARNESS_LOCKS": str(tmp_path),
                "COLUMNS": "300",  # no line of a message is broken
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture
def emulator(folder):
    """A chip on a pseudo-terminal, in a process of its own."""
    (command,) = re.findall(r"`harness (simulate pty .*)`", PAGE)
    with subprocess.Popen(
        [sys.executable, "-m", "harness", *command.split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline()
        yield os.path.realpath(folder / "chip.pty")
        process.terminate()


def test_the_page_as_it_stands(tmp_path, folder, harness, emulator):
    install(tmp_path / "site", SOURCE)
    check, plan, run, discover = (command.split() for command in COMMANDS)
    assert harness(*check) == (0, "emulated.yaml: ok\n")
    code, told = harness(*plan)
    assert code == 0
    assert "chip: emulator, emulator at chip.pty\n" in told
    assert "chip needs stream; supplied stream" in told
    code, told = harness(*run)
    assert code == 0, told
    report = folder / "runs" / "latest" / "report.json"
    verdicts = [each["verdict"] for each in json.loads(report.read_text())["scenarios"]]
    assert verdicts.count("passed") > 30, told
    assert set(verdicts) <= {"passed", "not_applicable", "not_run"}, told
    assert "chip is simulated" in told
    assert '"emulator at chip.pty"' in report.read_text()
    code, told = harness(*discover)
    assert code == 0
    assert f"pty     {emulator}  claimed by emulated:chip" in told
    code, told = harness("boards", "schema")
    assert "Its pseudo-terminal, or a link to it." in told


def test_a_device_that_another_run_has_is_locked(tmp_path, harness, emulator):
    install(tmp_path / "site", SOURCE)
    with Locks([emulator], board="other", run="r1", folder=tmp_path / "id2-harness"):
        code, told = harness("run", "emulated.yaml", "-k", "test_select")
    assert code != 0
    assert "other" in told


def test_a_device_that_is_not_there_blocks(tmp_path, harness):
    install(tmp_path / "site", SOURCE)
    assert "(not there now)" in harness("plan", "emulated.yaml")[1]
    code, told = harness("run", "emulated.yaml", "-k", "test_select")
    assert code != 0
    assert "chip.pty: cannot be opened: No such file or directory" in told


def test_a_kind_that_leaves_questions_unanswered_cannot_be_registered(tmp_path, harness):
    questions = (
        "can_be_unplugged",
        "can_supply",
        "make",
        "means",
        "occupies",
        "place",
        "remark",
        "stands_in",
    )
    source = re.sub(rf"def ({'|'.join(questions)})\(", r"def not_\1(", SOURCE)
    settings = SOURCE.index("class EmulatorSettings")
    install(tmp_path / "site", SOURCE[:settings] + source[source.index("class EmulatorSettings") :])
    code, told = harness("boards", "check", "emulated.yaml")
    assert code == 2
    assert "transport kind 'emulator' of emulator_transport:EmulatorSettings (emulator_transport)" in told
    assert f"leaves unanswered: {', '.join(questions)}\n" in told


def test_a_kind_that_breaks_as_it_looks_costs_one_line_of_the_list(tmp_path, harness):
    head = "def find(cls, root: Path) -> Iterator[Found]:\n"
    assert head in SOURCE
    install(tmp_path / "site", SOURCE.replace(head, f"{head}        raise ValueError('boom')\n"))
    whole = harness("discover")[1]
    code, told = harness("discover", "--json")
    assert code == 0
    assert BROKEN in whole
    assert BROKEN in json.JSONDecoder().raw_decode(told)[0]["problems"][0]
    assert harness("doctor")[0] in {0, 3}
    assert BROKEN in harness("doctor")[1]


@pytest.mark.parametrize(
    ("question", "command", "what"),
    [
        ("place(self)", "plan", "transport chip cannot be shown"),
        ("remark(self, folder: Path)", "plan", "transport chip cannot be shown"),
        ("occupies(self, folder: Path)", "run", "transport kind 'emulator' cannot say what it occupies"),
        (
            "make(self, context: TransportContext)",
            "run",
            "transport kind 'emulator': its transport cannot be made",
        ),
    ],
)
def test_a_kind_that_breaks_is_named(tmp_path, harness, question, command, what):
    source, count = re.subn(
        rf"(def {re.escape(question)} -> .*:)", r"\1\n        raise ValueError('boom')", SOURCE
    )
    assert count == 1
    install(tmp_path / "site", source)
    code, told = harness(command, "emulated.yaml", *(["-k", "test_select"] if command == "run" else []))
    assert code not in {0, 1}
    assert f"{what}: ValueError: boom (raised by emulator_transport.EmulatorSettings)" in told
    assert "a defect of the harness" not in told


def test_a_lock_is_never_silently_missing(tmp_path, harness):
    """A method that forgets its return is refused, where `NOTHING` is an answer."""
    install(
        tmp_path / "site",
        SOURCE.replace("return (os.path.realpath(folder / self.path),)", "folder / self.path"),
    )
    code, told = harness("run", "emulated.yaml", "-k", "test_select")
    assert code != 0
    assert "transport kind 'emulator' does not say what it occupies" in told


def test_a_setting_that_nothing_is_said_of_is_refused(tmp_path, harness):
    source, count = re.subn(r'description="Its pseudo-terminal, or a link to it."', 'description=""', SOURCE)
    assert count == 1
    install(tmp_path / "site", source)
    code, told = harness("boards", "check", "emulated.yaml")
    assert code == 2
    assert (
        "transport kind 'emulator' of emulator_transport:EmulatorSettings (emulator_transport) has a" in told
    )
    assert "setting 'path' without a description" in told


def test_a_kind_that_calls_itself_otherwise_is_refused(tmp_path, harness):
    install(tmp_path / "site", SOURCE.replace('Literal["emulator"]', 'Literal["qemu"]'))
    code, told = harness("boards", "check", "emulated.yaml")
    assert code == 2
    assert "EmulatorSettings is registered as 'emulator'; its field kind says otherwise" in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "{kind: emulatr, path: chip.pty}",
            "5: transports.chip.kind: 'emulatr' is not a valid word here; did you mean 'emulator'?",
        ),
        (
            "{kind: emulator, pth: chip.pty}",
            "5: transports.chip.pth: unknown key; did you mean 'path'? valid keys: kind, path",
        ),
        ("{kind: emulator, path: [1]}", "5: transports.chip.path: must be text"),
    ],
)
def test_what_is_wrong_in_its_settings_is_told_with_the_line(tmp_path, folder, harness, line, told):
    install(tmp_path / "site", SOURCE)
    (folder / "emulated.yaml").write_text(BOARD.replace("{kind: emulator, path: chip.pty}", line))
    code, text = harness("boards", "check", "emulated.yaml")
    assert code == 2
    assert told in text


def test_every_file_that_the_page_names_is_there():
    assert Page("add-a-transport.md").missing_files() == []
