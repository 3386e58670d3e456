"""Wiring: what stands in the place of the devices, and fault plans from a command line."""

import json
import os

import pytest

from harness.board.opening.resolve import Resolver
from harness.board.opening.wiring import Replay, Wiring, fault_plans
from harness.board.reading.file import load, parse
from harness.errors import UsageError
from harness.run.header import Header
from harness.run.inputs import FILE, RecordedInputs
from harness.run.run import Run
from harness.transport.base import I2cRead
from harness.transport.faults.faulty import Faulty
from harness.transport.faults.syntax import parse as parse_plan
from harness.transport.reconnecting import Reconnecting
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.replayed import Replayed
from harness.transport.recording.writer import Recording
from harness.transport.serial import find as usb
from harness.transport.serial.find import SerialPort
from harness.transport.serial.port import SerialTransport
from tests.board.test_discovery import BOARD


@pytest.fixture
def virtual():
    return load("boards/virtual-se-i2c.yaml")


def make(wiring, board, name="chip", note=pytest.fail):
    return wiring.make(board, name, Resolver(board, {}), note)


def text(transport, framing="hex-line", more=""):
    return BOARD.format(name="lab", transport=transport, framing=framing) + more


def test_plainly_a_simulated_device_is_itself(virtual):
    assert type(make(Wiring(), virtual)).__module__ == "harness.simulator.bus.i2c"


def test_a_real_device_may_be_plugged_in_again(tmp_path):
    board = parse(
        text("{kind: serial, port: /dev/ttyS9}", more="limits: {replug_s: 3}\n"), tmp_path / "lab.yaml"
    )
    made = make(Wiring(), board)
    assert isinstance(made, Reconnecting)
    assert isinstance(made._inner, SerialTransport)
    assert made._limit == 3


def test_a_socket_is_not_waited_for(tmp_path):
    board = parse(text("{kind: socket, host: 127.0.0.1, port: 1}"), tmp_path / "lab.yaml")
    assert not isinstance(make(Wiring(), board), Reconnecting)


def test_faults_are_noted(virtual):
    notes = []
    made = make(Wiring(faults={"chip": parse_plan("nak")}), virtual, note=notes.append)
    assert isinstance(made, Faulty)
    with made, pytest.raises(Exception, match="not acknowledged"):
        made.do(I2cRead(0x71, 1))
    assert notes == ["fault nak struck the i2c-read of 1 bytes at address 0x71, after 0"]


def test_a_replay_needs_no_device(virtual, tmp_path):
    (tmp_path / "transport").mkdir()
    device = make(Wiring(), virtual)
    with Recording(tmp_path / "transport" / "chip.rec", device) as recording, Recorded(device, recording):
        pass
    made = make(Wiring(replay=Replay(tmp_path)), virtual)
    assert isinstance(made, Replayed)
    made.open()
    with pytest.raises(UsageError, match="no recording of the transport"):
        make(Wiring(replay=Replay(tmp_path / "none")), virtual)


def test_a_transport_that_is_none(virtual):
    for wiring in (Wiring(), Wiring(replay=Replay(virtual.folder))):
        with pytest.raises(UsageError, match="no transport 'other'"):
            make(wiring, virtual, "other")


@pytest.fixture
def recorded(virtual, tmp_path):
    """A run folder of the board in which its chip was opened."""
    run = Run.create(tmp_path / "runs", virtual.name, Header())
    RecordedInputs(lambda: run.path / FILE).begin()
    device = make(Wiring(), virtual)
    with Recording(run.recording("chip"), device) as recording, Recorded(device, recording) as opened:
        run.transport_opened("chip", opened.identity)
    run.finish()
    return run.path


def change_header(folder, **changes):
    header = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(header | changes))


def no_file(path):
    path.unlink()


def folder_instead(path):
    path.unlink()
    path.mkdir()


def pipe_instead(path):
    path.unlink()
    os.mkfifo(path)


def empty(path):
    path.write_bytes(b"")


def garbage(path):
    path.write_bytes(b"\xff\x00garbage\n")


@pytest.mark.parametrize(
    ("name", "breaks", "problem"),
    [
        ("transport/chip.rec", no_file, "no such file"),
        ("transport/chip.rec", folder_instead, "not a regular file"),
        ("transport/chip.rec", pipe_instead, "not a regular file"),
        ("transport/chip.rec", empty, "empty, not a recording"),
        ("transport/chip.rec", garbage, "not JSON"),
        ("inputs.jsonl", no_file, "no such file"),
        ("inputs.jsonl", pipe_instead, "not a regular file"),
        ("run.json", no_file, "it has no run.json"),
        ("run.json", garbage, "is not the header of a run"),
        ("run.json", pipe_instead, "not a regular file"),
    ],
)
def test_a_run_folder_that_is_not_whole_is_refused_before(virtual, recorded, name, breaks, problem):
    wiring = Wiring(replay=Replay(recorded))
    wiring.check(virtual)
    breaks(recorded / name)
    with pytest.raises(UsageError, match=problem) as caught:
        wiring.check(virtual)
    assert name in caught.value.message


def test_a_run_of_another_board_is_refused_before(virtual, recorded):
    change_header(recorded, board="lab-7")
    with pytest.raises(UsageError, match=r"run.json: a run of the board 'lab-7', not of 'virtual-se-i2c'"):
        Wiring(replay=Replay(recorded)).check(virtual)


def test_a_transport_that_was_never_opened_needs_no_recording(virtual, tmp_path):
    run = Run.create(tmp_path, virtual.name, Header())
    RecordedInputs(lambda: run.path / FILE).begin()
    run.finish()
    Wiring(replay=Replay(run.path)).check(virtual)


def test_the_faults_of_the_recorded_run_stay_named(recorded):
    wiring = Wiring(replay=Replay(recorded))
    assert "faults" not in wiring.options()["replay"]
    change_header(recorded, options={"faults": {"chip": "seed 0; nak"}})
    assert wiring.options()["replay"]["faults"] == {"chip": "seed 0; nak"}
    assert wiring.remarks() == [
        f"replayed from {recorded.name}: no device is asked",
        f"{recorded.name} has no manifest.json: nothing shows whether its recordings were changed",
        f"{recorded.name} was recorded with faults on purpose on chip: seed 0; nak",
    ]
    change_header(
        recorded,
        options={"faults": {"chip": "B"}, "replay": {"run": "r0", "faults": {"chip": "A", "x": "C"}}},
    )
    assert wiring.options()["replay"]["faults"] == {"chip": "A, and on its replay B", "x": "C"}
    assert Wiring().remarks() == []


def test_two_equal_adapters_are_found_before_the_run(tmp_path, monkeypatch):
    path = tmp_path / "lab.yaml"
    board = parse(text("{kind: serial, usb: {vid: 0x0403}}"), path)
    equal = [SerialPort(f"/dev/ttyUSB{number}", 0x0403, 0x6001) for number in (0, 1)]
    monkeypatch.setattr(usb, "serial_ports", lambda: equal)
    with pytest.raises(UsageError, match="2 serial ports have vid 0403") as caught:
        Wiring().look_up(board)
    assert (caught.value.board, caught.value.transport) == ("lab", "chip")
    Wiring(replay=Replay(tmp_path)).look_up(board)
    equal.clear()  # not plugged in yet: the scenarios will tell
    Wiring().look_up(board)


def test_what_cannot_be_is_refused_before(virtual, tmp_path, recorded):
    Wiring(replay=Replay(recorded), faults={"chip": parse_plan("nak")}).check(virtual)
    with pytest.raises(UsageError, match="fault plan for the transport 'chop'; it has chip"):
        Wiring(faults={"chop": parse_plan("nak")}).check(virtual)
    server = load("boards/virtual-business-server.yaml")
    Wiring().check(server)
    with pytest.raises(UsageError, match="with a server of the manufacturer cannot be replayed"):
        Wiring(replay=Replay(tmp_path)).check(server)
    real = (
        "service:\n  endpoint: https://id2.cn-shanghai.aliyuncs.com\n  region: cn-shanghai\n"
        "  product: {product_key: a1XXXXXXXXX}\n  access_key: {id: {env: I}, secret: {env: S}}\n"
    )
    board = parse(text("{kind: serial, port: /dev/ttyS9}", more=real), tmp_path / "lab.yaml")
    with pytest.raises(UsageError, match="with the real service cannot be replayed"):
        Wiring(replay=Replay(tmp_path)).check(board)


def test_plans_of_a_command_line(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text("- nak: {after: 3}\n")
    plans = fault_plans(["chip=flip bit=3; nak", f"console=@{file}"])
    assert plans == {"chip": parse_plan("flip bit=3; nak"), "console": parse_plan("nak after=3")}
    assert fault_plans([]) == {}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["chip"], "no transport is named"),
        (["=nak"], "no transport is named"),
        (["chip=nak", "chip=nak"], "two plans for one transport"),
        (["chip=nap"], "^--fault chip:1:1: no fault 'nap'"),
        (["chip="], "the plan holds no fault"),
        (["chip=seed 7"], "'chip=seed 7': the plan holds no fault"),
        (["chip=@/nonexistent"], "^/nonexistent: no such file"),
        (["chip=@/"], "^/: no such file"),
        (["chip=@/dev/null"], "not a regular file"),
    ],
)
def test_wrong_plans_of_a_command_line(given, problem):
    with pytest.raises(UsageError, match=problem):
        fault_plans(given)


def test_a_plan_file_is_named_with_its_place(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text("faults:\n- nap\n")
    with pytest.raises(UsageError, match=r"plan.yaml:2:3: no fault 'nap'"):
        fault_plans([f"chip=@{file}"])
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        fault_plans([f"chip=@{file}"])
