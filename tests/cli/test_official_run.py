"""Official runs: what is missing is told at once, nothing is touched, and what breaks the rules later ends it."""

import json
import sys
import uuid
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.fixtures import official_run, session
from harness.report import model

ROOT = Path(__file__).resolve().parents[2]
BOARD = str(ROOT / "boards" / "virtual-se-i2c.yaml")
LAB = (ROOT / "examples" / "lab.yaml").read_text()
POLICY = "policy: {simulated_board: name, debug_keys: name, destructive_left_out: name}\n"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab file that allows the virtual board, in an empty working folder; this harness counts as released."""
    monkeypatch.chdir(tmp_path)
    for module in (official_run, session):
        monkeypatch.setattr(module, "local_changes", str)
    file = tmp_path / "mine.yaml"
    file.write_text(LAB + POLICY)
    return file


@pytest.fixture
def dry(capsys):
    def run(*words):
        code = invoke(["run", BOARD, "--official", "--dry-run", "--json", *map(str, words)])
        told = json.loads(capsys.readouterr().out)
        assert told["exit_code"] == code
        (board,) = told["boards"]
        return code, board

    return run


def test_nothing_is_missing_and_nothing_is_touched(lab, dry, tmp_path, capsys):
    code, board = dry(f"--lab={lab}")
    assert (code, board["missing"]) == (0, [])
    assert [one["matter"] for one in board["named"]] == [
        "debug_keys",
        "simulated_board",
        "mock_service",
        "destructive_left_out",
    ]
    assert "SE-HID-02" in board["named"][-1]["detail"]
    assert invoke(["run", BOARD, "--official", "--dry-run", f"--lab={lab}"]) == 0
    said = capsys.readouterr().out
    assert "virtual-se-i2c: nothing is missing for an official run" in said
    assert "transports.chip: the device behind it is simulated" in said
    assert [each.name for each in tmp_path.iterdir()] == ["mine.yaml"]


def test_all_that_is_missing_is_told_at_once(lab, dry, monkeypatch):
    monkeypatch.setattr(official_run, "local_changes", lambda: "changed on this computer: x.py")
    code, board = dry("--quick", "--fault=chip=nak after=3", "-k", "test_plan", "--plugin=json")
    assert code == 2
    assert {one["matter"] for one in board["refused"]} >= {"debug_keys", "simulated_board"}
    for part in (
        "report.laboratory.name",
        "report.place",
        "policy.debug_keys: refuse",
        "policy.simulated_board: refuse",
        "--quick",
        "--fault",
        "left out by -k test_plan: ",
        "plugin json: it takes part in the judging",
        "the harness: changed on this computer: x.py",
    ):
        assert [one for one in board["missing"] if part in one], part
    _, board = dry("-k", "no_such_scenario", f"--lab={lab}")
    assert board["missing"][1:] == ["--select no_such_scenario: no scenario of the plan would run"]


@pytest.mark.slow
def test_the_lab_file_of_the_working_folder_counts(lab, dry):
    lab.rename("lab.yaml")
    assert dry()[0] == 0


def test_a_run_is_refused_with_the_same_words_before_a_folder_is_made(lab, tmp_path, capsys):
    lab.write_text(LAB)
    for words in (["run", BOARD, "--official"], ["plan", BOARD, "--official"]):
        assert invoke([*words, f"--lab={lab}"]) == 2
        said = capsys.readouterr().err
        assert "no official report may come of it" in said
        assert "transports.chip: the device behind it is simulated, no board" in said
        assert "SE-HID-02 (must): destructive" in said
        assert "--dry-run" in said
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_says_where_to_write_what_is_missing(lab, tmp_path, capsys):
    assert invoke(["run", BOARD, "--official", "--dry-run"]) == 2
    said = capsys.readouterr().out
    assert (
        "try: write report: in the board file; what is the same for every board of the lab, in a file lab.yaml"
        in said
    )
    told = next(line for line in said.splitlines() if "`policy: {" in line)
    words = told.partition("`")[2].partition("`")[0]
    Path("lab.yaml").write_text(f"{LAB}\n{words}\n")
    assert invoke(["run", BOARD, "--official", "--dry-run"]) == 0
    assert "try:" not in capsys.readouterr().out


def test_dry_run_goes_with_official(lab, capsys):
    assert invoke(["run", BOARD, "--dry-run"]) == 2
    assert "--dry-run goes with --official" in capsys.readouterr().err


@pytest.mark.slow
def test_a_faulty_simulated_device_makes_no_official_run(lab, dry, tmp_path, monkeypatch):
    text = Path(BOARD).read_text().replace("      seed: 1\n", "      seed: 1\n      fault: id-length-11\n")
    file = tmp_path / "virtual-se-i2c.yaml"
    file.write_text(text)
    monkeypatch.setattr(sys.modules[__name__], "BOARD", str(file))
    code, board = dry(f"--lab={lab}")
    assert (code, board["missing"]) == (
        2,
        ["transports.chip: the simulated device has the fault id-length-11 on purpose"],
    )


@pytest.mark.slow
def test_destructive_needs_the_serial_number(lab, dry, tmp_path, monkeypatch):
    text = Path(BOARD).read_text().replace("  serial_number: VIRTUAL-0001\n", "")
    file = tmp_path / "virtual-se-i2c.yaml"
    file.write_text(text)
    monkeypatch.setattr(sys.modules[__name__], "BOARD", str(file))
    code, board = dry(f"--lab={lab}", "--destructive")
    assert code == 2
    assert board["missing"][0].startswith("device.serial_number: is not written")
    assert any("must name device.serial_number" in one for one in board["missing"][1:])


@pytest.mark.slow
def test_an_official_run_says_so_everywhere(lab, tmp_path, capfd):
    runs = tmp_path / "runs"
    assert invoke(["run", BOARD, "--official", f"--lab={lab}", f"--runs={runs}", "--quiet"]) == 0
    assert "allowed by the policy of the laboratory" in " ".join(capfd.readouterr().out.split())
    folder = runs / "latest"
    first = json.loads((folder / "journal.jsonl").read_text().partition("\n")[0])
    header = json.loads((folder / "run.json").read_text())
    assert (first["mode"], header["mode"]) == ("official", "official")
    assert [one["matter"] for one in header["named"]] == [
        "debug_keys",
        "simulated_board",
        "mock_service",
        "destructive_left_out",
    ]
    assert [one["role"] for one in header["inputs"]][:2] == ["board file", "lab file"]
    report = model.load(folder)
    assert (report.mode, report.no_longer_official, report.verdict) == ("official", [], "passed")
    assert (report.particulars.number, report.particulars.place) == (
        "EXAMPLE-0001",
        "Example Laboratory, bench 1",
    )


@pytest.mark.slow
def test_a_development_run_is_told_as_one(lab, tmp_path):
    runs = tmp_path / "runs"
    assert invoke(["run", BOARD, f"--lab={lab}", f"--runs={runs}", "--quiet", "-k", "test_plan"]) == 5
    assert model.load(runs / "latest").mode == "development"


LATE = """
def test_a(scenario, request):
    \"\"\"Brings a plugin along.\"\"\"
    with scenario.step("T-01"):
        request.config.pluginmanager.register(type("Thief", (), {"__name__": "thief"})(), "thief")
"""
HONEST = """
def test_a(scenario):
    \"\"\"Holds.\"\"\"
    with scenario.step("T-01"):
        assert True
"""


@pytest.fixture
def more_suites(tmp_path):
    def write(scenario):
        folder = tmp_path / "more" / "step1_plan"
        folder.mkdir(parents=True)
        (folder / f"test_{uuid.uuid4().hex}.py").write_text(scenario)
        (tmp_path / "more" / "requirements.yaml").write_text(
            "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
        )
        return folder.parent

    return write


@pytest.mark.slow
def test_what_joins_later_makes_a_development_run_of_it(lab, tmp_path, more_suites):
    runs = tmp_path / "runs"
    words = [f"--lab={lab}", f"--runs={runs}", "--quiet", f"--suites={more_suites(LATE)}"]
    assert invoke(["run", BOARD, "--official", *words]) == 0
    report = model.load(runs / "latest")
    assert report.mode == "development"
    assert report.no_longer_official == ["the pytest plugin thief joined after the official run had begun"]
    first = json.loads((runs / "latest" / "journal.jsonl").read_text().partition("\n")[0])
    assert first["mode"] == "official", "it began as one"
    assert [one.name for one in report.tool.suites] == ["suites", "more"]


@pytest.mark.slow
def test_a_harness_that_changes_meanwhile_makes_a_development_run_of_it(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "local_changes", lambda: "changed on this computer: x.py")
    assert invoke(["run", BOARD, "--official", f"--lab={lab}", f"--runs={tmp_path / 'runs'}", "--quiet"]) == 0
    report = model.load(tmp_path / "runs" / "latest")
    assert report.mode == "development"
    assert "x.py" in report.no_longer_official[0]


@pytest.mark.slow
def test_a_conftest_of_other_suites_is_a_plugin_nobody_knows(lab, dry, more_suites):
    folder = more_suites(HONEST)
    assert dry(f"--lab={lab}", f"--suites={folder}")[0] == 0
    (folder / "conftest.py").write_text("")
    code, board = dry(f"--lab={lab}", f"--suites={folder}")
    assert (code, board["missing"]) == (
        2,
        ["plugin conftest.py of more: it takes part in the judging"],
    )


@pytest.mark.slow
def test_a_requirement_that_no_scenario_checks_is_named(lab, dry, more_suites):
    folder = more_suites(HONEST)
    with (folder / "requirements.yaml").open("a") as file:
        file.write(
            "- {id: T-02, statement: Something else holds., source: test, level: must, applies_when: always}\n"
            "- {id: T-03, statement: Something nice holds., source: test, level: should, applies_when: always}\n"
            "- {id: T-04, statement: It is for others only., source: test, level: must, applies_when: carrier=tee}\n"
        )
    code, board = dry(f"--lab={lab}", f"--suites={folder}")
    assert (code, board["missing"]) == (
        2,
        ["requirement T-02 (must): no scenario of the suites checks it"],
    )
