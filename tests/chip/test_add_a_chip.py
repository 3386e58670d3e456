"""docs/add-a-chip.md, step by step, in packages outside the tree; and packages that got it wrong."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest

from harness.board.opening.locks import Locks
from harness.chip.errors import ChipTimeoutError
from harness.chip.framing import FramingContext
from harness.chip.session import ChipSession
from harness.errors import BenchError
from harness.transport.base import Capability, StreamWrite, Transport
from tests.pages import ROOT, Page, harness

pytestmark = pytest.mark.slow  # each step of the page is a command of its own

PAGE = Page("add-a-chip.md")
BOARD = PAGE.blocks("yaml")[0]
SET, TWIN, FRAMING = range(3)
CHECK = ("boards", "check", "acme-board.yaml")
QUICK = ("run", "acme-board.yaml", "-k", "test_identity or test_round_trip or test_known_answers")


@pytest.fixture
def site(tmp_path):
    """Return where the packages of the page are installed."""
    for number in (SET, TWIN, FRAMING):
        PAGE.install(tmp_path / "site", number)
    (tmp_path / "acme-board.yaml").write_text(BOARD)
    return tmp_path / "site"


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def verdicts(tmp_path):
    report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
    return {one["id"].rpartition("/")[2]: one["verdict"] for one in report["scenarios"]}


def said(done):
    return done.stdout + done.stderr


def test_the_page_as_it_stands(site, tmp_path):
    assert [command.split()[0] for command in PAGE.commands] == ["boards", "plan", "run", "explain"]
    done = {command.split()[0]: harness(site, tmp_path, *command.split()) for command in PAGE.commands}
    for one in done.values():
        assert one.returncode == 0, said(one)
    assert "command_set=acme" in done["plan"].stdout
    assert "acme," in done["plan"].stdout, "the word of the set's own"
    assert "simulated acme chip, aes-128" in done["plan"].stdout
    assert "status word 9AC3 of command set acme\n  meaning: the chip is too warm" in done["explain"].stdout
    found = verdicts(tmp_path)
    passed = {name for name, verdict in found.items() if verdict == "passed"}
    assert {"test_round_trip", "test_undocumented_commands", "test_no_leak_of_the_key"} & passed, found
    assert len(passed) > 30
    assert set(found.values()) == {"passed", "not_applicable", "not_run"}
    assert "AC3E ACME" in (tmp_path / "runs" / "latest" / "report.json").read_text()
    assert PAGE.missing_files() == []


def test_a_twin_that_encrypts_wrongly_fails(site, tmp_path):
    change(site / "acme_twin.py", "cipher.encrypt(asked.data)", "cipher.encrypt(asked.data)[::-1]")
    done = harness(site, tmp_path, *QUICK)
    assert done.returncode == 1, said(done)
    assert "failed" in verdicts(tmp_path).values()


def test_a_fault_of_every_set_reaches_the_twin(site, tmp_path):
    change(
        tmp_path / "acme-board.yaml",
        "command_set: acme, key_type",
        "fault: id-length-11, command_set: acme, key_type",
    )
    assert harness(site, tmp_path, *QUICK).returncode == 1
    (before,) = (tmp_path / "runs").glob("[0-9]*")
    change(tmp_path / "acme-board.yaml", "id-length-11", "mtk-crc-wrong")
    done = harness(site, tmp_path, *QUICK)
    assert done.returncode == 2
    assert "a chip with the acme command set cannot have it" in said(done)
    assert [*(tmp_path / "runs").glob("[0-9]*")] == [before]


@pytest.mark.parametrize(
    ("module", "question", "noun"),
    [
        ("acme", "probe", "command set 'acme'"),
        ("acme_twin", "session", "simulated chip of command set 'acme'"),
        ("length_byte", "needs", "framing 'length-byte'"),
    ],
)
def test_one_that_leaves_a_question_unanswered_is_refused_at_start(site, tmp_path, module, question, noun):
    change(site / f"{module}.py", f"def {question}(", "def something_else(")
    done = harness(site, tmp_path, *CHECK)
    assert done.returncode == 2
    assert f"{noun} of {module}:" in said(done)
    assert f"leaves unanswered: {question}" in said(done)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("def get_id(", "def read_id(", "abstract"),
        ("class AcmeChip(CarrierChip)", "class AcmeChip", "not derived from CarrierChip"),
    ],
)
def test_a_driver_that_is_none_is_not_held_against_the_device(site, tmp_path, old, new, why):
    change(site / "acme.py", old, new)
    done = harness(site, tmp_path, *QUICK)
    assert "command set 'acme': its driver cannot be used" in said(done)
    assert why in said(done)
    assert done.returncode not in {0, 1}
    assert not {"passed", "failed"} & set(verdicts(tmp_path).values()) - {"passed"}


@pytest.mark.parametrize("command", [CHECK, ("plan", "acme-board.yaml")])
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('return {"acme": ()}', 'return {"carrier": ("x",)}', "states the fact 'carrier'"),
        ('return {"acme": ()}', 'return {"warm": ()}', "states the fact 'warm'"),
        ('return {"acme": "the', 'return {"key_type": "the', "brings the word 'key_type' to applies_when"),
    ],
)
def test_a_set_that_states_what_is_not_for_it_to_state(site, tmp_path, command, old, new, why):
    change(site / "acme.py", old, new)
    done = harness(site, tmp_path, *command)
    assert done.returncode == 2, said(done)
    assert f"command set 'acme' of acme:Acme (acme) {why}" in said(done)


def test_a_framing_whose_channel_is_half_is_not_held_against_the_device(site, tmp_path):
    change(site / "length_byte.py", "def transmit(", "def send(")
    change(tmp_path / "acme-board.yaml", "framing: hex-line", "framing: length-byte")
    done = harness(site, tmp_path, *QUICK)
    assert "framing 'length-byte': its channel cannot be used" in said(done)
    assert "made by length_byte.LengthByte" in said(done)
    assert done.returncode not in {0, 1}


def test_a_name_that_nobody_offers(site, tmp_path):
    change(tmp_path / "acme-board.yaml", "hex-line, command_set: acme", "hex-lime, command_set: amce")
    done = harness(site, tmp_path, *CHECK)
    assert done.returncode == 2
    assert "chip.framing: 'hex-lime' is not a valid word here; did you mean 'hex-line'?" in said(done)
    assert "chip.command_set: 'amce' is not a valid word here; did you mean 'acme'?" in said(done)


def test_a_set_that_nobody_simulates(site, tmp_path):
    (site / "acme_twin-1.0.dist-info" / "entry_points.txt").unlink()
    done = harness(site, tmp_path, *CHECK)
    assert done.returncode == 2
    assert "transports.chip.device.command_set: 'acme' is not a valid word here" in said(done)
    assert "valid: ica, mtk" in said(done)


def test_its_settings_stand_in_the_chip_section(site, tmp_path):
    change(
        tmp_path / "acme-board.yaml",
        "command_set: acme}\ndevice",
        "command_set: acme, acme_select: maybe}\ndevice",
    )
    assert "chip.acme_select: must be true or false" in said(harness(site, tmp_path, *CHECK))
    change(tmp_path / "acme-board.yaml", "maybe", "false")
    assert harness(site, tmp_path, *CHECK).returncode == 0
    schema = harness(site, tmp_path, "boards", "schema").stdout
    assert "acme only: send SELECT once when a session opens." in schema


def test_a_setting_that_a_kind_requires(site, tmp_path):
    change(site / "acme.py", "Field(default=True, description", "Field(description")
    done = harness(site, tmp_path, *CHECK)
    assert done.returncode == 2
    assert "chip.acme_select: is missing; command set acme requires it" in said(done)
    assert harness(site, ROOT, "boards", "check", "boards/virtual-se-i2c.yaml").returncode == 0


@pytest.mark.parametrize(
    ("module", "text", "kind"),
    [
        ("acme", ', description="send SELECT once when a session opens."', "command set 'acme' of acme:Acme"),
        ("length_byte", ', description="most bytes of a frame."', "framing 'length-byte' of length_byte:"),
    ],
)
def test_a_setting_that_nothing_is_said_of_is_refused(site, tmp_path, module, text, kind):
    change(site / f"{module}.py", text, "")
    done = harness(site, tmp_path, *CHECK)
    assert done.returncode == 2
    assert kind in said(done)
    assert "without a description" in said(done)


def test_two_kinds_with_one_setting_are_told_apart_by_no_board_file(site, tmp_path):
    change(
        site / "length_byte.py", "longest: int = Field(default=256", "acme_select: int = Field(default=256"
    )
    done = harness(site, tmp_path, *CHECK)
    assert done.returncode == 2
    assert "the command set 'acme' has a setting 'acme_select', and so has length-byte" in said(done)


@contextlib.contextmanager
def served(site, path):
    """Serve the twin on a socket, as a device outside the harness."""
    arguments = ["chip", "--command-set", "acme", "--key-type", "aes-128", "--debug-key", "--vendor", "AC3E"]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "simulate", *arguments, "--listen", f"unix:{path}"],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{site}", "COLUMNS": "300"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline().startswith("listening on ")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_a_chip_outside_is_driven_and_locked(site, tmp_path):
    file = tmp_path / "acme-board.yaml"
    device = "{command_set: acme, key_type: aes-128, key: {published: aes-128}, vendor: 0xAC3E}"
    change(file, f"kind: simulated-serial\n    device: {device}", "kind: socket\n    path: chip.sock")
    change(file, "{simulated: chip}", "{published: aes-128}")
    path = tmp_path / "chip.sock"
    with served(site, path):
        done = harness(site, tmp_path, *QUICK)
        found = list(verdicts(tmp_path).values())
        assert found.count("passed") >= 3, said(done)
        assert set(found) == {"passed", "not_run", "not_applicable"}
        locks = Locks([str(path)], board="another-board", run="its-run")
        locks.acquire()
        try:
            done = harness(site, tmp_path, *QUICK)
        finally:
            locks.release()
    assert done.returncode == 3, said(done)
    assert "another-board" in said(done)


class Echo(Transport):
    """A stream that gives back what was written to it."""

    capabilities = frozenset({Capability.STREAM})
    identity = "echo"

    def open(self):
        self.kept = b""

    def close(self):
        self.kept = b""

    def do(self, operation):
        if isinstance(operation, StreamWrite):
            self.kept = operation.data
            return b""
        return self.kept


def test_the_framing_carries_apdus():
    names = {}
    exec(compile(PAGE.blocks("python")[FRAMING], "length_byte.py", "exec"), names)
    channel = names["LengthByte"]().channel(FramingContext(Echo("chip"), timeout=1.0))
    with ChipSession(channel) as session:
        answer = session.send_raw(bytes.fromhex("AABB9000"))  # what goes in comes back
    assert (answer.ok, answer.data) == (True, b"\xaa\xbb")


def test_silence_is_not_held_against_a_chip_that_was_never_heard():
    names = {}
    exec(compile(PAGE.blocks("python")[FRAMING], "length_byte.py", "exec"), names)
    echo = Echo("chip")
    channel = names["LengthByte"]().channel(FramingContext(echo, timeout=1.0))
    channel.open()
    echo.do = lambda operation: b""
    with pytest.raises(BenchError, match="nothing came within 1 s"):
        channel.transmit(b"\x01")
    del echo.do
    channel.transmit(b"\x01")
    echo.do = lambda operation: b""
    with pytest.raises(ChipTimeoutError, match="no answer within 1 s"):
        channel.transmit(b"\x01")
