"""`harness run` with --replay, --fault and --wait: the same verdicts, named faults, named holders."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from harness.board.opening.locks import Locks
from harness.cli.main import invoke
from harness.fixtures.cloud import MockCloud
from harness.id2.keys import KeyType
from harness.report import model
from harness.service.mock.server import MockService
from harness.transport.serial import find as usb
from harness.transport.serial.find import SerialPort
from tests.transport.recordings import lines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = str(ROOT / "boards" / "virtual-se-i2c.yaml")
SHORT = "test_timestamp_authentication or test_challenge or test_identity"


def harness(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )


def verdicts(run):
    return {scenario.key: scenario.verdict for scenario in model.load(run).scenarios}


def journal(run):
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]


def traffic(run):
    records = lines(run / "transport/chip.rec")[1:]
    return [(each["op"], each["d"], each.get("x"), each.get("a")) for each in records if each["d"] in "<>"]


def test_a_replay_gives_the_same_verdicts(tmp_path):
    done = harness("run", BOARD, f"--runs={tmp_path}")
    assert done.returncode == 0, done.stdout + done.stderr
    recorded = (tmp_path / "latest").resolve()
    done = harness("run", BOARD, f"--runs={tmp_path}", f"--replay={tmp_path / 'latest'}")
    assert done.returncode == 0, done.stdout + done.stderr
    replayed = (tmp_path / "latest").resolve()
    assert replayed != recorded
    assert len(verdicts(recorded)) > 20
    assert verdicts(replayed) == verdicts(recorded)
    assert traffic(replayed) == traffic(recorded)
    header = json.loads((replayed / "run.json").read_text())
    assert header["options"]["replay"] == {"run": recorded.name, "match": "exact", "timing": "none"}
    opened = [event for event in journal(replayed) if event["event"] == "transport-opened"]
    assert opened[0]["identity"].endswith("replayed from chip.rec")


def test_a_pin_that_no_recording_shows_is_replayed(tmp_path):
    pin = tmp_path / "chip.pin"
    pin.write_text("123456")
    pin.chmod(0o600)
    board = tmp_path / "lab.yaml"
    board.write_text(Path(BOARD).read_text().replace("value: {simulated: chip}", "value: {file: chip.pin}"))
    runs = tmp_path / "runs"
    only = ("-k", "test_right_pin or test_wrong_pin", f"--runs={runs}")
    for more in ((), (f"--replay={runs / 'latest'}",)):
        done = harness("run", str(board), *only, *more)
        assert "1 passed" in done.stdout, done.stdout + done.stderr
        sent = bytes.fromhex("".join(x for _, way, x, _ in traffic(runs / "latest") if way == ">"))
        assert b"*" * len(b"\x00\x20\x00\x00\x06123456") in sent
        assert b"\x00\x20\x00\x00\x06123456" not in sent


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A few scenarios, recorded and replayed."""
    runs = tmp_path_factory.mktemp("short")
    first = harness("run", BOARD, f"--runs={runs}", "-k", SHORT)
    assert first.returncode == 5, first.stdout + first.stderr
    recorded = (runs / "latest").resolve()
    second = harness("run", BOARD, f"--runs={runs}", "-k", SHORT, f"--replay={recorded}")
    assert second.returncode == 5, second.stdout + second.stderr
    return recorded, (runs / "latest").resolve()


def test_a_replay_can_be_replayed(short, tmp_path):
    recorded, replayed = short
    done = harness("run", BOARD, f"--runs={tmp_path}", "-k", SHORT, f"--replay={replayed}")
    assert done.returncode == 5, done.stdout + done.stderr
    for run in (replayed, (tmp_path / "latest").resolve()):
        assert (run / "inputs.jsonl").read_bytes() == (recorded / "inputs.jsonl").read_bytes()


def test_the_mock_goes_back_to_the_recorded_time():
    days_ago = round(time.time() * 1000) - 3 * 86_400_000

    class Inputs:
        def random(self, purpose, size):
            raise AssertionError

        def number(self, purpose, now):
            del purpose, now
            return days_ago

    with MockService() as mock:
        cloud = MockCloud(mock.admin, "id2", KeyType.AES_128, Inputs())
        assert cloud.now_ms() == days_ago
        assert abs(mock.admin.now().timestamp() * 1000 - days_ago) < 60_000


def test_another_selection_is_told_where_it_differs(short, tmp_path):
    done = harness("run", BOARD, f"--runs={tmp_path}", f"--replay={short[0]}", "-k", "test_timestamp")
    assert done.returncode == 3, done.stdout
    assert "does not follow the record" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--replay=/nonexistent"], "is no run folder"),
        (["--fault=chop=nak"], "fault plan for the transport 'chop'"),
        (["--fault=chip=nap"], "--fault chip:1:1: no fault 'nap'"),
        (["--fault=chip="], "the plan holds no fault"),
        (["--fault=chip=seed 7"], "the plan holds no fault"),
        (
            ["--replay=/nonexistent", "--replay-match=odd"],
            "--replay-match 'odd': there is exact and requests",
        ),
        (
            ["--replay=/nonexistent", "--replay-timing=bogus"],
            "--replay-timing 'bogus': there is none and original",
        ),
        (["--replay-match=exact"], "--replay-match goes with --replay"),
        (["--replay-timing=none"], "--replay-timing goes with --replay"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, capfd, options, words):
    assert invoke(["run", BOARD, f"--runs={tmp_path}", *options]) == 2
    told = capfd.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert "usage:" not in told
    assert list(tmp_path.glob("[!.]*")) == []


def test_two_equal_adapters_end_the_run_before_it_begins(tmp_path, capfd, monkeypatch):
    path = tmp_path / "lab.yaml"
    board = yaml.safe_load((ROOT / "boards" / "virtual-se-mtk.yaml").read_text())
    board.update(name="lab", transports={"chip": {"kind": "serial", "usb": {"vid": 0x0403}}}, device={})
    path.write_text(yaml.safe_dump(board))
    equal = [SerialPort(f"/dev/ttyUSB{number}", 0x0403, 0x6001, location=f"1-{number}") for number in (1, 2)]
    monkeypatch.setattr(usb, "serial_ports", lambda: equal)
    assert invoke(["run", str(path), f"--runs={tmp_path / 'runs'}"]) == 2
    told = capfd.readouterr()
    assert (told.out + told.err).count("error: 2 serial ports have vid 0403") == 1
    assert "tell them apart by location: 1-1 or 1-2" in told.err
    assert not list(tmp_path.glob("runs/[!.]*"))


def test_struck_faults_are_named(tmp_path):
    done = harness(
        "run",
        BOARD,
        f"--runs={tmp_path}",
        "-k",
        SHORT,
        "--fault",
        "chip=disconnect after=6",
    )
    assert done.returncode == 3, done.stdout
    run = (tmp_path / "latest").resolve()
    notes = [event["text"] for event in journal(run) if event["event"] == "note"]
    (struck,) = [text for text in notes if "struck" in text]
    assert struck.startswith("transport chip: fault disconnect after=6 struck the i2c-")
    assert b"fault disconnect after=6 struck" in (run / "transport" / "chip.rec").read_bytes()
    assert json.loads((run / "run.json").read_text())["options"]["faults"] == {
        "chip": "seed 0; disconnect after=6"
    }
    assert "fault disconnect after=6 struck" in (run / "report.html").read_text()
    assert "faults on purpose on chip: seed 0; disconnect after=6" in " ".join(done.stdout.split())
    again = harness("run", BOARD, f"--runs={tmp_path}", "-k", SHORT, f"--replay={run}")
    replayed = (tmp_path / "latest").resolve()
    header = json.loads((replayed / "run.json").read_text())
    assert header["options"]["replay"]["faults"] == {"chip": "seed 0; disconnect after=6"}
    assert f"replayed from {run.name}" in " ".join(again.stdout.split())
    notes = [event["text"] for event in journal(replayed) if event["event"] == "note"]
    assert f"{run.name} was recorded with faults on purpose on chip: seed 0; disconnect after=6" in notes
    for name in ("junit.xml", "report.html", "allure-results/environment.properties"):
        assert "disconnect after=6" in (replayed / name).read_text()


@pytest.fixture
def held(tmp_path):
    """A board on a port that is no device, locked by this process."""
    board = yaml.safe_load((ROOT / "boards" / "virtual-se-mtk.yaml").read_text())
    board.update(name="held", transports={"chip": {"kind": "serial", "port": "/dev/ttyNOTHERE"}}, device={})
    path = tmp_path / "held.yaml"
    path.write_text(yaml.safe_dump(board))
    locks = Locks(["board held"], board="held", run="r1", folder=tmp_path / "locks")
    (tmp_path / "locks").mkdir()
    locks.acquire()
    yield path, locks
    locks.release()


def test_a_second_run_names_the_holder(held, tmp_path):
    path, _ = held
    done = harness(
        "run", str(path), f"--runs={tmp_path / 'runs'}", "-k", SHORT, HARNESS_LOCKS=str(tmp_path / "locks")
    )
    assert done.returncode == 3
    assert f"in use by pid {os.getpid()}" in done.stdout
    assert "run r1" in done.stdout


def test_a_second_run_waits(held, tmp_path):
    path, locks = held
    command = [sys.executable, "-m", "harness.cli.main", "run", str(path), f"--runs={tmp_path / 'runs'}"]
    with subprocess.Popen(
        [*command, "-k", SHORT, "--wait=60"],
        cwd=ROOT,
        env={**os.environ, "HARNESS_LOCKS": str(tmp_path / "locks")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        watchdog = threading.Timer(100, process.kill)
        watchdog.start()
        said = ""
        for line in process.stdout:
            said += line
            if "waiting for it" in line:
                locks.release()
        watchdog.cancel()
    assert f"in use by pid {os.getpid()}" in said
    assert "waiting for it, 60 s at most" in said
    assert "/dev/ttyNOTHERE" in said  # it went on, and found that the port is not there
    assert process.returncode == 3


@pytest.fixture
def recorded(tmp_path, capfd):
    """A folder of one scenario, recorded and closed."""
    board = yaml.safe_load((ROOT / "boards" / "virtual-se-mtk.yaml").read_text())
    path = tmp_path / "virtual-se-mtk.yaml"
    path.write_text(yaml.safe_dump(board))
    runs = tmp_path / "runs"
    assert invoke(["run", str(path), f"--runs={runs}", "-k", "test_chip_identity"]) == 5
    capfd.readouterr()
    return path, (runs / "latest").resolve()


@pytest.mark.parametrize("name", ["inputs.jsonl", "transport/chip.rec", "run.json", "journal.jsonl"])
def test_a_run_that_was_changed_is_not_replayed(recorded, tmp_path, capfd, name):
    path, run = recorded
    with (run / name).open("a") as file:
        file.write("\n")
    command = [
        "run",
        str(path),
        f"--runs={tmp_path / 'again'}",
        "-k",
        "test_chip_identity",
        f"--replay={run}",
    ]
    assert invoke(command) == 2
    said = capfd.readouterr()
    assert f"is not as its manifest.json says: {name} (appended to)" in said.out + said.err
    assert "replay a copy without manifest.json" in said.out + said.err
    assert not list(tmp_path.glob("again/[!.]*"))


def test_a_run_without_a_manifest_is_replayed_and_it_is_said(recorded, tmp_path):
    path, run = recorded
    (run / "manifest.json").unlink()
    command = [
        "run",
        str(path),
        f"--runs={tmp_path / 'again'}",
        "-k",
        "test_chip_identity",
        f"--replay={run}",
    ]
    assert invoke(command) == 5
    report = json.loads((tmp_path / "again" / "latest" / "report.json").read_text())
    assert any("has no manifest.json: nothing shows" in note for note in report["notes"])
