"""The environment decides nothing: variables, settings files and installed packages change no verdict."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli.main import invoke

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
SUITE = '''
def test_a(scenario):
    """The first."""
    with scenario.step("T-01"):
        assert True

def test_b(scenario):
    """The second."""
    with scenario.step("T-01"):
        assert {judged}, "the device is wrong"
'''


@pytest.fixture
def suites(tmp_path):
    """Return suites of two scenarios; with `False` the second fails."""

    def write(*, judged: bool = True) -> Path:
        folder = tmp_path / "suites" / "step1_plan"
        folder.mkdir(parents=True)
        (folder / f"test_{uuid.uuid4().hex}.py").write_text(SUITE.format(judged=judged))
        (tmp_path / "suites" / "requirements.yaml").write_text(
            "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
        )
        return folder.parent

    return write


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(capfd, monkeypatch):
    """Run a command inside this process, in a folder and with variables of a user's; return what it ended with."""

    def run(program: str, *words: str, cwd: Path = ROOT, path: Path | None = None, **variables: str):
        monkeypatch.chdir(cwd)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        if path is not None:
            monkeypatch.syspath_prepend(path)
        code = invoke(list(words)) if program == "harness" else int(pytest.main(list(words)))
        return Done(code, *capfd.readouterr())

    return run


def apart(*words: str, flags: tuple[str, ...] = (), **variables: str) -> Done:
    """Run a Python module in a process of its own: for what a Python decides when it starts."""
    done = subprocess.run(
        [sys.executable, *flags, "-m", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, **variables},
    )
    return Done(done.returncode, done.stdout, done.stderr)


def report(runs: Path) -> dict:
    return json.loads((runs / "latest" / "report.json").read_text())


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTEST_ADDOPTS": "--collect-only"},
        {"PYTEST_ADDOPTS": "-k test_a"},
        {"PYTEST_ADDOPTS": "-n 2"},
        {"PYTEST_ADDOPTS": "--no-such-option"},
        {"PYTEST_PLUGINS": "thief"},
        {"PYTEST_PLUGINS": "nothing_like_this"},
        {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""},
        {"PYTEST_DEBUG": "1"},
        {"PY_COLORS": "1", "CI": "1"},
    ],
    ids=lambda each: next(iter(each.items())),
)
@pytest.mark.parametrize("judged", [True, False])
def test_no_variable_changes_what_a_run_says(suites, command, tmp_path, variables, judged):
    (tmp_path / "thief.py").write_text(
        "import pytest\n\n@pytest.hookimpl(trylast=True)\n"
        "def pytest_collection_modifyitems(items):\n    del items[1:]\n"
    )
    words = ["harness", "run", str(BOARD), f"--runs={tmp_path / 'runs'}"]
    done = command(*words, f"--only-suites={suites(judged=judged)}", path=tmp_path, **variables)
    assert done.returncode == (0 if judged else 1), done.stdout + done.stderr
    assert [one["verdict"] for one in report(tmp_path / "runs")["scenarios"]] == [
        "passed",
        "passed" if judged else "failed",
    ]
    assert len(list((tmp_path / "runs").glob("[0-9]*"))) == 1


@pytest.mark.parametrize("judged", [True, False])
def test_no_file_of_the_working_folder_takes_part(suites, command, tmp_path, judged):
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for name, head in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        (hostile / name).write_text(
            f"[{head}]\naddopts = --collect-only -k test_a\npython_functions = nothing\n"
        )
    (hostile / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--collect-only"\n')
    thief = "def pytest_collection_modifyitems(items):\n    del items[:]\n"
    (hostile / "conftest.py").write_text(thief)
    (tmp_path / "conftest.py").write_text(thief)  # beside the suites
    words = ["harness", "run", str(BOARD), f"--runs={tmp_path / 'runs'}"]
    done = command(*words, f"--only-suites={suites(judged=judged)}", cwd=hostile)
    assert done.returncode == (0 if judged else 1), done.stdout + done.stderr
    assert report(tmp_path / "runs")["totals"]["not_run"] == 0


@pytest.mark.parametrize("how", [("-O",), "2"])
def test_without_asserts_nothing_is_judged(suites, tmp_path, how):
    given = {"PYTHONOPTIMIZE": how} if isinstance(how, str) else {"flags": how}
    runs = f"--runs={tmp_path / 'runs'}"
    folder = suites(judged=False)
    done = apart("harness.cli.main", "run", str(BOARD), runs, f"--only-suites={folder}", **given)
    by_hand = apart("pytest", f"--board={BOARD}", runs, str(folder), "-p", "harness.fixtures.plugin", **given)
    for each in (done, by_hand):
        assert each.returncode == 2, each.stdout + each.stderr
        assert "leaves out every assert" in each.stdout + each.stderr
        assert "Traceback" not in each.stdout + each.stderr
    assert not (tmp_path / "runs").exists()


def test_a_console_is_not_judged_without_asserts_either():
    log = ROOT / "boards" / "consoles" / "id2_app-3.1.0-se-3des168.log"
    done = apart("harness.cli.main", "check-log", str(log), flags=("-O",))
    assert (done.returncode, done.stdout) == (2, "")
    assert "leaves out every assert" in done.stderr


def test_a_plugin_that_is_named_takes_part_and_is_written_down(suites, command, tmp_path):
    (tmp_path / "watcher.py").write_text(
        "import pathlib\n\ndef pytest_sessionfinish():\n"
        f"    pathlib.Path({str(tmp_path / 'seen')!r}).write_text('yes')\n"
    )
    words = ["harness", "run", str(BOARD), f"--runs={tmp_path / 'runs'}", f"--only-suites={suites()}"]
    done = command(*words, "--plugin=watcher", path=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "seen").exists()
    assert report(tmp_path / "runs")["options"]["plugins"] == ["watcher"]


def test_without_a_name_no_plugin_takes_part(suites, command, tmp_path):
    words = ["harness", "run", str(BOARD), f"--runs={tmp_path / 'runs'}", f"--only-suites={suites()}"]
    assert command(*words).returncode == 0
    assert "plugins" not in report(tmp_path / "runs")["options"]


def test_a_plugin_that_is_not_there_is_a_sentence(suites, command, tmp_path):
    words = ["harness", "run", str(BOARD), f"--runs={tmp_path / 'runs'}", f"--only-suites={suites()}"]
    done = command(*words, "--plugin=nothing_like_this")
    assert done.returncode == 2
    assert "'nothing_like_this': there is no such pytest plugin" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-n", "2"], "a board is in one run only"),
        (["--dist=load", "--tx=2*popen"], "a board is in one run only"),
        (["--setup-only"], "run no scenario"),
        (["--setup-plan"], "run no scenario"),
        (["--collect-only"], "nothing was judged"),
        (["--collect-only", "-q"], "nothing was judged"),
    ],
    ids=lambda each: str(each)[:20],
)
def test_what_pytest_by_hand_cannot_have(suites, command, tmp_path, options, words):
    given = [
        f"--board={BOARD}",
        f"--runs={tmp_path / 'runs'}",
        "-p",
        "harness.fixtures.plugin",
        "-c",
        os.devnull,
    ]
    done = command("pytest", str(suites()), *given, *options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PYTEST_ADDOPTS": "--collect-only"}, "PYTEST_ADDOPTS is set"),
        ({"PYTEST_ADDOPTS": "-k test_a"}, "PYTEST_ADDOPTS is set"),
        ({"PYTEST_PLUGINS": "json"}, "PYTEST_PLUGINS is set"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_pytest_by_hand_refuses_options_of_the_environment(suites, command, tmp_path, variables, words):
    given = [
        f"--board={BOARD}",
        f"--runs={tmp_path / 'runs'}",
        "-p",
        "harness.fixtures.plugin",
        "-c",
        os.devnull,
    ]
    done = command("pytest", str(suites()), *given, **variables)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert not (tmp_path / "runs").exists()


def test_pytest_by_hand_refuses_foreign_files(suites, command, tmp_path):
    folder = suites()
    given = [f"--board={BOARD}", f"--runs={tmp_path / 'runs'}", "-p", "harness.fixtures.plugin"]
    (tmp_path / "conftest.py").write_text("def pytest_collection_modifyitems(items):\n    del items[1:]\n")
    done = command("pytest", str(folder), *given, "-c", os.devnull)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "conftest.py: takes part in the session, and nobody named it" in done.stdout + done.stderr
    (tmp_path / "conftest.py").unlink()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k test_a\n")
    done = command("pytest", str(folder), *given, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "addopts adds options" in done.stdout + done.stderr
    assert not (tmp_path / "runs").exists()


def test_pytest_by_hand_with_harmless_options_judges_as_ever(suites, command, tmp_path):
    given = [
        f"--board={BOARD}",
        f"--runs={tmp_path / 'runs'}",
        "-p",
        "harness.fixtures.plugin",
        "-c",
        os.devnull,
    ]
    harmless = ["-p", "no:cacheprovider", "--runxfail", "-s", "--assert=plain", "-n", "0", "-v"]
    done = command("pytest", str(suites(judged=False)), *given, *harmless)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [one["verdict"] for one in report(tmp_path / "runs")["scenarios"]] == ["passed", "failed"]


FIRST_FAILS = '''
tries = []

def test_a(scenario):
    """Fails at first, and passes when it is tried again."""
    with scenario.step("T-01"):
        tries.append(1)
        assert len(tries) > 1, "the device is wrong"
'''
PASSES = '''
def test_a(scenario):
    """Holds."""
    with scenario.step("T-01"):
        assert True
'''
INSIDE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = [runtestprotocol(item, nextitem=nextitem, log=False) for _ in range(3)][-1]
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
OUTSIDE = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    for item in session.items:
        for _ in range(3):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return True
"""
PAINTS = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome, report.longrepr = "passed", None
    return report

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    session.exitstatus = 0
"""
HIDES = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    try:
        return (yield)
    except AssertionError:
        return True
"""
SKIPS_THE_CALL = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True
"""
CALLS_AGAIN = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    try:
        return (yield)
    except AssertionError:
        return pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in ["scenario"]})
"""


@pytest.fixture
def with_plugin(suites, command, tmp_path):
    """Run one scenario with a plugin; return how the command ended, and the report."""

    def run(plugin: str, scenario: str):
        folder = suites()
        (module,) = (folder / "step1_plan").iterdir()
        module.write_text(scenario)
        name = f"plugin_{uuid.uuid4().hex}"
        (tmp_path / f"{name}.py").write_text(plugin)
        words = ["harness", "run", str(BOARD), f"--runs={tmp_path / 'runs'}", f"--only-suites={folder}"]
        done = command(*words, f"--plugin={name}", path=tmp_path)
        return done, report(tmp_path / "runs")

    return run


@pytest.mark.parametrize("plugin", [INSIDE, OUTSIDE], ids=["inside", "outside"])
def test_each_attempt_is_journaled_and_the_worst_one_counts(with_plugin, plugin):
    """A plugin that runs scenarios again makes no pass of a failure."""
    done, said = with_plugin(plugin, FIRST_FAILS)
    assert done.returncode == 1, done.stdout + done.stderr
    name = said["scenarios"][0]["id"]
    attempts = [(one["key"], one["attempt"], one["verdict"]) for one in said["scenarios"]]
    assert attempts == [(name, 1, "failed"), (f"{name}#2", 2, "passed"), (f"{name}#3", 3, "passed")]
    assert (said["verdict"], said["requirements"][0]["state"]) == ("failed", "failed")
    assert len([text for text in said["notes"] if "the worst one counts" in text]) == 2
    assert said["mode"] == "development"


@pytest.mark.parametrize("plugin", [INSIDE, OUTSIDE], ids=["inside", "outside"])
def test_attempts_that_all_pass_are_a_pass(with_plugin, plugin):
    done, said = with_plugin(plugin, PASSES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said["totals"]["passed"] == 3


@pytest.mark.parametrize(
    ("plugin", "verdict"),
    [(PAINTS, "failed"), (HIDES, "failed"), (SKIPS_THE_CALL, "error"), (CALLS_AGAIN, "error")],
    ids=["rewrites reports", "swallows the exception", "skips the call", "calls the function again"],
)
def test_no_plugin_makes_a_pass_of_a_failure(with_plugin, plugin, verdict):
    done, said = with_plugin(plugin, FIRST_FAILS)
    assert said["verdict"] == verdict
    assert done.returncode == {"failed": 1, "error": 4}[verdict], done.stdout + done.stderr
