"""What keeps an official report from coming of a run, told before anything is touched; a development run names it."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
import yaml

from harness.board.models.lab_file import LabFile
from harness.board.opening import official
from harness.board.reading.file import load, parse
from harness.cli.main import invoke
from harness.fixtures.options import RunOptions
from harness.id2 import published
from harness.id2.keys import KeyType
from harness.run import local_changes as changes
from harness.settings.policy import Policy

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


def refused(board, **words):
    return official.refused_words(official.judged(official.matters(board), Policy(**words))[0])


def test_nothing_is_against_a_real_board():
    assert refused(real()) == []


def test_the_demo_carrier_is_for_development():
    (told,) = refused(real("demo"))
    assert told.startswith("plan.carrier: demo is the SDK's carrier for debugging")
    assert told.endswith("(policy.demo_carrier: refuse)")


def test_a_published_key_is_for_development_by_name_id_and_value(monkeypatch):
    (told,) = refused(real(device="device: {key: {published: aes-128}}"))
    assert "device.key: it is the debug key of type aes-128" in told
    (told,) = refused(real(device="device: {id: 2122232425262728292A2B2C}"))
    assert "device.id: the vendor published it" in told
    hidden = real(device="device: {id: 00FFFFFF0123456789ABCDEF, key: {env: BOARD_KEY}}")
    monkeypatch.setenv("BOARD_KEY", published.KEYS[KeyType.AES_128].key.reveal().hex())
    (told,) = refused(hidden)
    assert told.startswith("device.key: it is a debug key that the vendor published")
    assert official.development(hidden) == []  # which reads no key
    monkeypatch.setenv("BOARD_KEY", "00112233445566778899AABBCCDDEEFE")
    assert refused(hidden) == []


def test_the_policy_refuses_or_names_each():
    demo = load(BOARDS / "virtual-demo.yaml")
    said, named = official.judged(official.matters(demo), Policy())
    assert [one.matter for one in said] == ["demo_carrier", "debug_keys", "simulated_board"]
    assert [one.matter for one in named] == ["mock_service"]
    allowing = Policy(demo_carrier="name", debug_keys="name", simulated_board="name", mock_service="refuse")
    said, named = official.judged(official.matters(demo), allowing)
    assert official.refused_words(said) == [
        "service.endpoint: it is the harness's mock, not the cloud (policy.mock_service: refuse)"
    ]
    assert [one.matter for one in named] == ["demo_carrier", "debug_keys", "simulated_board"]
    (played,) = refused(load(BOARDS / "recorded-console.yaml"))
    assert "played back" in played
    probed = load(BOARDS / "virtual-probe.yaml")
    assert any("policy.probe_firmware" in one for one in refused(probed, probe_firmware="refuse"))


WHOLE = """report:
  number: 1
  revision: A
  customer: {name: C, contact: c}
  maker: {name: M}
  laboratory: {name: L, address: a}
  place: P
  item: {name: I, model: m, hardware_version: h, firmware_version: f, serial_numbers: [S-1], sdk: 3.1.0, boot_state: b, condition: c, received: 2026-01-01}
  tester: T
  approver: A
"""
DECLARED = "declaration: {features: [], sdk_version: 3.1.0}\n"


def lacking(text):
    return list(official.left_out(parse(real_text(text), Path("real.yaml")), LabFile(version=1)))


def real_text(more):
    return REAL.format(carrier="km", device="device: {serial_number: S-1}") + more


def test_a_whole_report_and_declaration_lack_nothing():
    assert lacking(WHOLE + DECLARED) == []


@pytest.mark.parametrize("loc", official._WANTED, ids=".".join)
def test_each_field_that_is_wanted_is_named_by_itself(loc):
    data = yaml.safe_load(WHOLE)
    section = data["report"]
    for part in loc[:-1]:
        section = section[part]
    del section[loc[-1]]
    text = yaml.safe_dump(json.loads(json.dumps(data, default=str)))
    (told,) = lacking(text + DECLARED)
    assert told.startswith(f"report.{'.'.join(loc)}: is not written")


def test_what_is_doubtful_is_missing_too():
    (told,) = lacking(WHOLE.replace("approver: A", "approver: T") + DECLARED)
    assert told.startswith("report.approver: is the tester too")
    (told,) = lacking(WHOLE.replace("[S-1]", "[S-2]") + DECLARED)
    assert told.startswith("report.item.serial_numbers: S-1, which device.serial_number says")
    overdue = "  instruments: [{name: scope, due: 2020-01-01}]\n"
    (told,) = lacking(WHOLE + overdue + DECLARED)
    assert told.startswith("report.instruments[0].due: the calibration of 'scope' was due")
    (told,) = lacking(WHOLE.replace("place: P", "place: FILL-IN") + DECLARED)
    assert told.startswith("real.yaml: still to be filled in: report.place")


def test_a_declaration_with_holes_is_named_field_by_field():
    assert [one.partition(":")[0] for one in lacking(WHOLE)] == [
        "declaration.features",
        "declaration.sdk_version",
    ]
    text = (BOARDS / "virtual-se-i2c.yaml").read_text()
    bare = parse(text.replace("  vendor: 0x8180\n  features", "  features"), Path("b.yaml"))
    assert "declaration.vendor" in [
        one.partition(":")[0] for one in official.left_out(bare, LabFile(version=1))
    ]


@pytest.mark.slow
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
    options = RunOptions(quick=True, fault=("console=drop",), seed=0, verify=True)
    assert [one.split(":")[0] for one in options.partial()] == ["--quick", "--verify", "--fault", "--seed"]
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
    info = tmp_path / "id2_harness-1.dist-info"
    info.mkdir()
    monkeypatch.setattr(changes, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    monkeypatch.setattr(changes, "distribution", lambda _: PathDistribution(info))
    assert changes.local_changes() == ""

    def line(name, text, recorded):
        if text is not None:
            (tmp_path / name).write_text(text)
        digest = urlsafe_b64encode(sha256(recorded.encode()).digest()).rstrip(b"=").decode()
        return f'"{name}",sha256={digest},4\n'

    record = line("same, as it was.py", "text", "text") + "id2_harness-1.dist-info/RECORD,,\n"
    (info / "RECORD").write_text(record)
    assert changes.local_changes() == ""
    (info / "RECORD").write_text(record + line("other.py", "text", "was") + line("gone.py", None, "was"))
    assert changes.local_changes() == "changed on this computer: other.py, gone.py"
