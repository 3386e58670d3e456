"""What keeps an official report from coming of a run, told before anything is touched; a development run names it."""

import json
from pathlib import Path

import pytest

from harness.board.opening import official
from harness.board.reading.file import load, parse
from harness.cli.main import invoke
from harness.errors import UsageError
from harness.fixtures.options import RunOptions
from harness.id2 import published
from harness.id2.keys import KeyType
from harness.run import local_changes as changes

BOARDS = Path(__file__).parents[2] / "boards"
REAL = """
version: 1
name: real
plan: {{pattern: own-platform, carrier: {carrier}, platform: third-party-os, key_type: aes-128}}
transports:
  console: {{kind: serial, port: /dev/ttyUSB0}}
console: {{transport: console, program: id2_app}}
{device}
service: {{endpoint: mock, product: {{name: real_product}}}}
"""


def real(carrier="km", device=""):
    return parse(REAL.format(carrier=carrier, device=device), Path("real.yaml"))


def test_nothing_is_against_a_real_board():
    assert official.objections(real()) == []
    official.require(real(), [])


def test_the_demo_carrier_is_for_development():
    (told,) = official.objections(real("demo"))
    assert told.startswith("plan.carrier: demo is the SDK's carrier for debugging")


def test_a_published_key_is_for_development_by_name_id_and_value(monkeypatch):
    (told,) = official.objections(real(device="device: {key: {published: aes-128}}"))
    assert "device.key: it is the debug key of type aes-128" in told
    (told,) = official.objections(real(device="device: {id: 2122232425262728292A2B2C}"))
    assert "device.id: the vendor published it" in told
    hidden = real(device="device: {id: 00FFFFFF0123456789ABCDEF, key: {env: BOARD_KEY}}")
    monkeypatch.setenv("BOARD_KEY", published.KEYS[KeyType.AES_128].key.reveal().hex())
    assert official.objections(hidden) == ["device.key: it is a debug key that the vendor published"]
    assert official.development(hidden) == []  # which reads no key
    monkeypatch.setenv("BOARD_KEY", "00112233445566778899AABBCCDDEEFE")
    assert official.objections(hidden) == []


def test_simulated_and_played_boards_are_refused_all_reasons_at_once():
    with pytest.raises(UsageError) as caught:
        official.require(load(BOARDS / "virtual-demo.yaml"), ["--quick: it is not the plan as it stands"])
    told = caught.value.message
    assert "virtual-demo.yaml: no official report may come of it" in told
    for part in ("plan.carrier: demo", "device.key: it is the debug key", "transports.console:", "--quick"):
        assert part in told
    assert "leave --official out" in caught.value.hint
    (told,) = official.objections(load(BOARDS / "recorded-console.yaml"))
    assert "played back" in told


def test_the_commands_refuse_before_a_run_folder_is_made(tmp_path, capsys):
    board = str(BOARDS / "virtual-demo.yaml")
    for command in (
        ["run", board, "--official", f"--runs={tmp_path / 'runs'}", "-k", "x"],
        ["plan", board, "--official"],
    ):
        assert invoke(command) == 2
        told = capsys.readouterr()
        assert "no official report may come of it" in told.err
        assert "plan.carrier: demo" in told.err
    assert not (tmp_path / "runs").exists()


def test_options_that_are_no_part_of_an_official_run():
    options = RunOptions(quick=True, fault=("console=drop",), seed=0)
    assert [one.split(":")[0] for one in options.partial()] == ["--quick", "--fault", "--seed"]
    assert RunOptions(destructive=True, official=True, wait=3).partial() == []


@pytest.mark.slow
def test_a_development_run_says_so_in_its_report(tmp_path):
    board = str(BOARDS / "virtual-demo.yaml")
    invoke(["run", board, f"--runs={tmp_path}", "-k", "test_program", "--quiet"])
    report = json.loads((tmp_path / "latest" / "report.json").read_text())
    assert report["options"]["development"][0].startswith("plan.carrier: demo")
    (one,) = [each for each in report["scenarios"] if each["id"].endswith("test_program")]
    assert one["verdict"] == "passed"
    page = (tmp_path / "latest" / "report.html").read_text()
    assert "development run" in page
    assert "no official report may come of it" in page


OID = "0" * 40
CHANGED = f"1 .M N... 100644 100644 100644 {OID} {OID}"


class Answer:
    def __init__(self, code, text=""):
        self.returncode, self.stdout = code, text


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(0), ""),
        (
            Answer(0, f"# branch.oid abc\0{CHANGED} a.py\0? b c.py\0"),
            "changed on this computer: a.py, b c.py",
        ),
        (Answer(0, "".join(f"{CHANGED} {n}.py\0" for n in range(5))), "0.py, 1.py, 2.py and 2 more"),
        (Answer(0, f"2 R. N... 100644 100644 100644 {OID} {OID} R90 new.py\0old.py\0"), "computer: new.py"),
        (Answer(0, f"u UU N... 100644 100644 100644 100644 {OID} {OID} {OID} a b.py\0"), "computer: a b.py"),
        (Answer(0, "? boards/mine.yaml\0? lab.yaml\0"), ""),
        (
            Answer(0, "? boards/mine.py\0? suites/requirements.yaml\0"),
            "boards/mine.py, suites/requirements.yaml",
        ),
        (Answer(0, f"{CHANGED} boards/virtual-se-i2c.yaml\0"), "boards/virtual-se-i2c.yaml"),
        (Answer(128), "git knows nothing of this checkout"),
    ],
)
def test_changes_of_a_checkout(monkeypatch, answer, told):
    monkeypatch.setattr(changes.subprocess, "run", lambda *_, **__: answer)
    found = changes.local_changes()
    assert told in found if told else found == ""


def test_changes_of_an_installed_harness(monkeypatch, tmp_path):
    class Installed:
        files = ()

    monkeypatch.setattr(changes, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    monkeypatch.setattr(changes, "distribution", lambda _: Installed)
    assert changes.local_changes() == ""

    from base64 import urlsafe_b64encode
    from hashlib import sha256

    class File:
        def __init__(self, name, text, hashed):
            self.path = tmp_path / name
            self.path.write_text(text)
            digest = urlsafe_b64encode(sha256(hashed.encode()).digest()).rstrip(b"=").decode()
            self.hash = type("Hash", (), {"mode": "sha256", "value": digest})

        def locate(self):
            return self.path

        def __str__(self):
            return self.path.name

    Installed.files = (File("same.py", "text", "text"), File("other.py", "text", "was"))
    assert changes.local_changes() == "changed on this computer: other.py"
