"""Files that no program of ours wrote: numbers, depths and names that cannot be. Always one sentence, never exit 4."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from harness.cli.main import invoke
from tests.transport.recordings import lines, write_lines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
LONG = "a" * 300
HUGE = ["1e999", "-1e999", "1e308", "9" * 400, "9" * 5000, "-" + "9" * 30, "true", "NaN"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    assert invoke(["run", str(BOARD), f"--runs={runs}", "-k", "test_chip_identity"]) == 5
    return (runs / "latest").resolve()


@pytest.fixture
def run(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "run")


def sentence(capfd, arguments: list[str], *codes: int) -> str:
    capfd.readouterr()
    code = invoke(arguments)
    said = "".join(capfd.readouterr())
    assert code in codes, said
    assert "Traceback" not in said
    assert "defect of the harness" not in said
    return said


@pytest.mark.parametrize("number", HUGE)
def test_a_number_in_the_manifest(run, capfd, number):
    text = (run / "manifest.json").read_text()
    first = json.loads(text)["files"][0]["size"]
    (run / "manifest.json").write_text(text.replace(f'"size": {first}', f'"size": {number}', 1))
    assert "manifest.json" in sentence(capfd, ["report", str(run), "--check"], 1) or number == "1e308"
    sentence(capfd, ["report", str(run)], 0)


@pytest.mark.parametrize("number", HUGE)
def test_a_number_among_the_inputs(run, capfd, tmp_path, number):
    (run / "manifest.json").unlink()
    with (run / "inputs.jsonl").open("a") as file:
        file.write('{"for":"service time","n":' + number + "}\n")
    replay = ["run", str(BOARD), f"--runs={tmp_path / 'x'}", f"--replay={run}", "-k", "test_chip_identity"]
    sentence(capfd, replay, 2, 5)


@pytest.mark.parametrize("place", ['"t": ', '"monotonic_ns": '])
@pytest.mark.parametrize("number", HUGE)
def test_a_number_in_a_recording(run, capfd, tmp_path, number, place):
    (run / "manifest.json").unlink()
    path = run / "transport" / "chip.rec"
    write_lines(path, lines(path))
    before, _, after = path.read_text().partition(place)
    rest = after.lstrip("0123456789")
    path.write_text(before + place + number + rest)
    sentence(capfd, ["trace", str(path)], 0, 2)
    replay = ["run", str(BOARD), f"--runs={tmp_path / 'x'}", f"--replay={run}", "-k", "test_chip_identity"]
    sentence(capfd, replay, 2)
    sentence(capfd, ["report", str(run)], 0)


@pytest.mark.parametrize("depth", ["[" * 100_000, "{" * 100_000, "a: [" + "[" * 5_000, '{"a":' * 20_000])
def test_a_depth_that_nobody_meant(capfd, tmp_path, run, depth):
    deep = tmp_path / "deep.yaml"
    deep.write_text(depth)
    sentence(capfd, ["run", str(deep)], 2)
    sentence(capfd, ["boards", "check", str(deep)], 1, 2)
    sentence(capfd, ["service", "--port=0", f"--seed={deep}"], 2)
    sentence(
        capfd, ["run", str(BOARD), f"--answers={deep}", f"--runs={tmp_path / 'x'}", "-k", "test_plan"], 2
    )
    (tmp_path / "suites" / "step1_plan").mkdir(parents=True)
    (tmp_path / "suites" / "requirements.yaml").write_text(depth)
    shutil.copy(ROOT / "suites" / "step1_plan" / "test_plan.py", tmp_path / "suites" / "step1_plan")
    sentence(
        capfd, ["run", str(BOARD), f"--only-suites={tmp_path / 'suites'}", f"--runs={tmp_path / 'x'}"], 2
    )
    for name in ("manifest.json", "run.json"):
        (run / name).write_text(depth)
    sentence(capfd, ["report", str(run)], 0)
    sentence(capfd, ["report", str(run), "--check"], 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check-log", LONG],
        ["report", LONG],
        ["report", LONG, "--check"],
        ["run", LONG],
        ["plan", LONG],
        ["trace", LONG],
        ["boards", "check", LONG],
        ["run", str(BOARD), f"--replay={LONG}"],
        ["service", f"--seed={LONG}"],
    ],
    ids=lambda each: " ".join(each)[:20],
)
def test_a_name_that_no_disk_can_hold(capfd, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    assert LONG[:100] in sentence(capfd, arguments, 1, 2)


def test_a_console_file_of_that_name(capfd, tmp_path):
    board = yaml.safe_load((ROOT / "boards" / "recorded-console.yaml").read_text())
    board["transports"]["console"]["file"] = LONG
    path = tmp_path / "recorded-console.yaml"
    path.write_text(yaml.safe_dump(board))
    for command in (["run", str(path), f"--runs={tmp_path / 'x'}"], ["boards", "check", str(path)]):
        assert LONG[:100] in sentence(capfd, command, 1, 2)
