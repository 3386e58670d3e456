"""Our firmware on both machines, through the board file: what reset and power do to it, and that calls come back."""

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from harness.board.opening.actions import operate, restart
from harness.board.opening.board import Board
from harness.board.plan.facts import facts_of
from harness.board.reading.file import parse
from harness.chip.ica import commands
from harness.console.reader import ConsoleTimeoutError
from harness.controller.kind import Ability
from harness.errors import UsageError
from harness.probe.errors import CallLostError
from harness.probe.link import ProbeLink
from tests.simulator.machine.processes import alive, wait_until

ID = "2122232425262728292A2B2C"
DEVICE = "device: {key_type: aes-128, key: {published: aes-128}}"
BOARD = """\
version: 1
name: lab
plan: {{pattern: own-platform, carrier: {carrier}, platform: third-party-os, key_type: aes-128}}
transports:
  console:
    kind: firmware
    machine: {machine}
    carrier: {carrier}
    {device}
    {more}
    actions:
      reset: [{{rts: true}}, {{rts: false}}]
      off: [{{dtr: false}}]
      on: [{{dtr: true}}]
console: {{transport: console, program: id2_app}}
probe: {{}}
controllers: {{lab: {{kind: serial-lines, reset: reset, power_off: off, power_on: on}}}}
"""
NEEDED = {"linux": ("gcc",), "cortex-m3": ("arm-none-eabi-gcc", "qemu-system-arm")}
SUCCESS = 0


def loaded(text):
    return parse(text, Path("lab.yaml"))


def board_of(machine, carrier="demo", device=DEVICE, more=""):
    for program in NEEDED[machine]:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    return Board(loaded(BOARD.format(machine=machine, carrier=carrier, device=device, more=more)))


machines = pytest.mark.parametrize(
    "machine", ["linux", pytest.param("cortex-m3", marks=pytest.mark.firmware)]
)


@pytest.fixture
def board(machine):
    with board_of(machine) as board:
        yield board


def kept(probe: ProbeLink, key: bytes):
    """Return the value of a key in the store; None when it has none."""
    answer = probe.call("kvg", c=key, out=64)
    return answer.data if answer.rc == SUCCESS else None


def keep(probe: ProbeLink, key: bytes, value: bytes):
    assert probe.call("kvs", c=key, a=value).rc == SUCCESS


def cause(probe: ProbeLink):
    return probe.call("cau", out=16).data.decode()


@machines
def test_a_reset_leaves_the_store_and_nothing_else(board):
    probe = board.probe()
    boot = probe.hello.boot
    assert cause(probe) == "power-on"
    assert probe.call("ini").rc == SUCCESS
    assert probe.call("gid", out=48).data.decode() == ID
    keep(probe, b"kept", b"before the reset")
    operate(board, Ability.RESET)
    assert probe.again().boot != boot
    assert cause(probe) == "pin"
    assert probe.call("gid", out=48).rc == -1, "the client is not initialised after a reset"
    assert kept(probe, b"kept") == b"before the reset"


@machines
def test_a_power_cut_leaves_the_store_and_nothing_else(board):
    probe = board.probe()
    keep(probe, b"kept", b"before the cut")
    device_id = probe.call("did", out=64).data
    operate(board, Ability.POWER_OFF)
    operate(board, Ability.POWER_ON)
    probe.again()
    assert cause(probe) == "power-on"
    assert kept(probe, b"kept") == b"before the cut"
    assert probe.call("did", out=64).data == device_id
    operate(board, Ability.POWER_CYCLE)
    probe.again()
    assert kept(probe, b"kept") == b"before the cut"


@machines
@pytest.mark.parametrize(
    ("function", "kind", "expected"),
    [
        ("rst", 0, "software"),
        ("rst", 1, "watchdog"),
        ("crs", 0, "other"),
        ("crs", 1, "other"),
        ("crs", 2, "watchdog"),
    ],
)
def test_the_firmware_starts_again_by_itself_and_says_why(board, function, kind, expected):
    probe = board.probe()
    keep(probe, b"kept", b"x")
    probe.start_by(function, k=kind)
    assert cause(probe) == expected
    assert kept(probe, b"kept") == b"x"


def write_until_cut(probe: ProbeLink, written: int):
    """Write one number after the other, and return the last one that was confirmed."""
    while True:
        try:
            keep(probe, b"number", (written + 1).to_bytes(4))
        except CallLostError:
            return written
        written += 1


@machines
def test_the_power_goes_in_the_middle_of_writes(board):
    """The value is the old or the new one, at whatever moment the power went."""
    probe = board.probe()
    keep(probe, b"number", (0).to_bytes(4))
    written = 0
    for cut in range(8):
        cutting = threading.Timer(0.011 + 0.005 * cut, operate, (board, Ability.POWER_CYCLE))
        cutting.start()
        written = write_until_cut(probe, written)
        cutting.join()
        found = kept(probe, b"number")
        assert found is not None, f"cut {cut} lost the value"
        assert int.from_bytes(found) in {written, written + 1}, f"cut {cut}"
        written = int.from_bytes(found)


@machines
def test_a_reset_in_the_middle_of_a_call_loses_the_call(board):
    probe = board.probe()
    _ = probe.hello
    resetting = threading.Timer(0.3, operate, (board, Ability.RESET))
    resetting.start()
    with pytest.raises(CallLostError, match="in the middle of the call slp"):
        probe.call("slp", k=20_000, out=8, limit=25)
    resetting.join()
    assert cause(probe) == "pin"


@machines
def test_random_and_device_id_of_two_boards_and_two_starts_differ(machine):
    randoms, ids = [], []
    for _ in range(2):
        with board_of(machine) as board:
            probe = board.probe()
            ids.append(probe.call("did", out=64).data)
            randoms.append(probe.call("rnd", out=16).data)
            for again in (Ability.RESET, Ability.POWER_CYCLE):
                operate(board, again)
                probe.again()
                randoms.append(probe.call("rnd", out=16).data)
            probe.start_by("rst")
            randoms.append(probe.call("rnd", out=16).data)
            assert probe.call("did", out=64).data == ids[-1]
    assert len(set(randoms)) == len(randoms)
    assert len(set(ids)) == 2


@machines
def test_the_clock_keeps_pace_with_this_machine(board):
    probe = board.probe()
    _ = probe.hello
    assert probe.call("ini").rc == SUCCESS

    def both():
        before = time.monotonic()
        device = int.from_bytes(probe.call("tim", out=8).data) / 1000
        return before, device, time.monotonic()

    first = both()
    time.sleep(1.5)
    second = both()
    passed = second[1] - first[1]
    assert second[0] - first[2] - 0.002 <= passed <= second[2] - first[0] + 0.002


@machines
def test_the_driver_reaches_the_chip_and_says_when_there_is_none(machine):
    get_id = commands.get_id().to_bytes()
    with board_of(machine, "se") as board:
        probe = board.probe()
        assert probe.call("sop").rc == SUCCESS
        answer = probe.call("trx", a=get_id, out=258)
        assert answer.rc == SUCCESS
        assert answer.data[-2:] == b"\x90\x00"
        assert probe.call("scl").rc == SUCCESS
        assert probe.call("ini").rc == SUCCESS
        assert probe.call("gid", out=48).data.decode() == ID
    with board_of(machine, "se", device="") as board:
        probe = board.probe()
        opened = probe.call("sop").rc
        if opened == SUCCESS:
            began = time.monotonic()
            assert probe.call("trx", a=get_id, out=258, limit=20).rc < 0
            assert time.monotonic() - began < 15


@machines
def test_restart_uses_the_reset_line(board):
    probe = board.probe()
    keep(probe, b"kept", b"x")
    console = board.console()
    assert restart(board) is console
    probe.again()
    assert cause(probe) == "pin"


@pytest.mark.parametrize("machine", ["linux"])
def test_a_fault_and_a_firmware_without_a_probe_and_one_without_an_id(machine):
    with board_of(machine, more="fault: calloc-dirty") as board:
        dirty = board.probe().call("cal", k=4, m=64, n=1, out=12).data
        assert int.from_bytes(dirty[4:8]) > 0
    with board_of(machine, device="") as board:
        probe = board.probe()
        assert probe.call("ini").rc == SUCCESS
        assert probe.call("gid", out=48).rc == -11
    with board_of(machine, more="probe: false") as board:
        console = board.console()
        assert console.expect(b"ID2 Client Generate AuthCode End.", timeout=20)
        console.send(b"\nid2p 00 hi\n")
        with pytest.raises(ConsoleTimeoutError):
            console.expect(b"+ID2P", timeout=0.3)


@pytest.mark.parametrize("machine", NEEDED)
def test_a_fault_that_is_none_is_a_mistake_in_its_line(machine):
    text = BOARD.format(machine=machine, carrier="demo", device=DEVICE, more="fault: calloc-dirtyy")
    line = text[: text.index("fault: ")].count("\n") + 1
    with pytest.raises(UsageError, match=f"lab.yaml:{line}: transports.console.fault: .*mean 'calloc-dirty'"):
        loaded(text)


def test_what_the_board_file_says_of_reset_and_power_is_a_fact():
    board = loaded(BOARD.format(machine="linux", carrier="demo", device=DEVICE, more=""))
    assert {"reset", "power_cut", "simulated", "probe"} <= set(facts_of(board))
    text = BOARD.format(machine="linux", carrier="demo", device=DEVICE, more="").replace(
        ", power_off: off, power_on: on", ""
    )
    assert "power_cut" not in facts_of(loaded(text))
    assert "reset" not in facts_of(
        loaded(text.replace("controllers: {lab: {kind: serial-lines, reset: reset}}\n", ""))
    )


@machines
def test_nothing_outlives_a_killed_run(machine, tmp_path):
    with board_of(machine) as board:  # built before the clock runs
        _ = board.probe().hello
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""\
            import time
            from pathlib import Path
            from harness.board.opening.board import Board
            from harness.board.reading.file import parse
            board = Board(parse({BOARD.format(machine=machine, carrier="demo", device=DEVICE, more="")!r}, Path("lab.yaml")))
            board.console()
            print(board.transport("console").inner._machine._running.pid, flush=True)
            time.sleep(600)
            """),
        encoding="utf-8",
    )
    run = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        pid = int(run.stdout.readline())
        assert alive(pid)
    finally:
        run.kill()
        run.communicate()
    wait_until(lambda: not alive(pid))
