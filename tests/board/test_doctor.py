"""The doctor on made-up machines: each complaint, its level, the command that mends it, and silence."""

import os
from pathlib import Path

import pytest

from harness.board.discovery import find as discovery
from harness.board.discovery.claims import listed
from harness.board.discovery.draft import draft
from harness.board.discovery.find import discover
from harness.board.doctor import checks as doctor_checks
from harness.board.doctor.checks import CHECKS
from harness.board.doctor.doctor import Level, Machine, blocks, examine
from harness.board.opening.locks import Locks
from harness.board.reading.file import parse
from harness.cli.main import invoke
from harness.transport.holders import Holder
from tests.board.made_up_machine import MadeUpMachine
from tests.board.test_discovery import BOARD


class Bench:
    """A made-up machine and what the doctor says about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = MadeUpMachine(folder / "root")
        self.boards = []
        self.closed = ()
        self.holders = {}

    def board(self, transport, framing="direct"):
        text = BOARD.format(name="lab", transport=transport, framing=framing)
        self.boards.append(parse(text, Path("lab.yaml")))

    def says(self):
        found = discover(self.made.root, readers=list)
        machine = Machine(
            root=self.made.root,
            may_use=lambda path: f"/{path.relative_to(self.made.root)}" not in self.closed,
            in_use=lambda path: self.holders.get(path, ()),
            user="ann",
            own_pid=1,
        )
        return examine(machine, listed(found, self.boards, locks=self.folder, in_use=machine.in_use), CHECKS)

    def one(self):
        (finding,) = self.says()
        return finding

    def uart(self, vid=0x0403, pid=0x6001, *, port=True, driver="ftdi_sio", **more):
        (interface,) = self.made.usb("1-1", vid, pid, interfaces=[("ff", driver)], **more)
        if port:
            self.made.serial("ttyUSB0", interface, driver, latency="1")


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_sound_machine_is_left_in_peace(bench):
    bench.uart(serial="A10K")
    bench.board("{kind: serial, usb: {serial_number: A10K}}", "hex-line")
    bench.made.i2c(1, "i801")
    bench.made.runs(1, "systemd")
    assert bench.says() == ()


def test_permission_on_usb_needs_the_rules(bench):
    bench.uart()
    bench.closed = ("/dev/ttyUSB0",)
    finding = bench.one()
    assert finding.level is Level.BLOCKS
    assert finding.where == "/dev/ttyUSB0"
    assert finding.problem == "permission denied for ann"
    assert finding.fix.startswith("harness discover --udev | sudo tee /etc/udev/rules.d/")
    assert "sudo usermod -aG plugdev ann " in finding.fix


@pytest.mark.parametrize(("mode", "helps"), [(0o660, True), (0o600, False), (0o640, False)])
def test_permission_by_the_group_of_the_node_where_that_helps(bench, monkeypatch, mode, helps):
    bench.uart()
    bench.closed = ("/dev/ttyUSB0",)
    (bench.made.root / "dev/ttyUSB0").chmod(mode)
    monkeypatch.setattr(Path, "group", lambda _path: "uucp")
    assert bench.one().fix.startswith("sudo usermod -aG uucp ann " if helps else "harness discover --udev")


def test_permission_of_a_bus_that_is_not_on_usb(bench):
    bench.made.i2c(1, "i801")
    bench.closed = ("/dev/i2c-1",)
    assert bench.one().fix.startswith("sudo apt install i2c-tools; sudo usermod -aG i2c ann ")


def test_permission_of_a_port_of_the_chip_set(bench):
    bench.made.chipset_port("ttyS0", "4")
    bench.made.write("dev/ttyS0")
    bench.closed = ("/dev/ttyS0",)
    assert bench.one().fix.startswith("sudo chgrp dialout /dev/ttyS0; sudo chmod g+rw /dev/ttyS0; ")


def test_a_usb_node_counts_only_when_a_board_means_it(bench):
    bench.made.usb("1-3", 0x1209, 1, interfaces=[("ff", "")], serial="V1")
    bench.closed = ("/dev/bus/usb/001/005",)
    assert bench.says() == ()
    bench.board("{kind: usb, usb: {serial_number: V1}}")
    assert "permission" in bench.one().problem


def test_a_busy_port_and_by_whom(bench):
    bench.uart()
    bench.holders = {"/dev/ttyUSB0": (Holder(77, "minicom -D x"), Holder(1, "ourselves"))}
    finding = bench.one()
    assert (finding.level, finding.problem, finding.fix) == (
        Level.BLOCKS,
        "held by pid 77 (minicom -D x)",
        "kill 77",
    )


@pytest.mark.parametrize(
    ("program", "fix"),
    [
        ("/usr/sbin/ModemManager", "sudo systemctl mask --now ModemManager"),
        ("/usr/sbin/pcscd --foreground", "sudo systemctl stop pcscd.socket pcscd.service"),
        ("/sbin/agetty -o -p ttyUSB0", "sudo systemctl disable --now serial-getty@ttyUSB0.service "),
        ("pcscd-like", "kill 77"),
        ("", "kill 77"),
    ],
)
def test_a_program_that_is_started_again_is_stopped_for_good(bench, program, fix):
    bench.uart()
    bench.holders = {"/dev/ttyUSB0": (Holder(77, program),)}
    assert bench.one().fix.startswith(fix)


def test_a_shared_bus_is_not_busy(bench):
    bench.made.i2c(1, "i801")
    bench.holders = {"/dev/i2c-1": (Holder(77, "sensord"),)}
    assert bench.says() == ()


def test_a_board_in_a_run(bench):
    bench.uart(serial="A10K")
    bench.board("{kind: serial, usb: {serial_number: A10K}}", "hex-line")
    with Locks(["board lab"], board="lab", run="r1", folder=bench.folder):
        finding = bench.one()
    assert finding.level is Level.WARNS
    assert "run r1" in finding.problem
    assert finding.fix == "harness run lab --wait 600"


def test_a_run_is_not_to_be_killed(bench):
    bench.uart(serial="A10K")
    bench.board("{kind: serial, usb: {serial_number: A10K}}", "hex-line")
    bench.holders = {"/dev/ttyUSB0": (Holder(os.getpid(), "harness run lab"), Holder(77, "minicom"))}
    with Locks(["board lab", "/dev/ttyUSB0"], board="lab", run="r1", folder=bench.folder):
        stranger, run = bench.says()
    assert stranger.fix == "kill 77"
    assert "run r1" in run.problem


@pytest.mark.parametrize("place", ["/dev/ttyUSB0", "usb 1-1 interface 0"])
def test_a_device_in_a_run_of_a_board_file_from_elsewhere(bench, place):
    bench.uart()
    with Locks([place], board="theirs", run="r1", folder=bench.folder):
        finding = bench.one()
    assert "board theirs, run r1" in finding.problem
    assert finding.fix == "harness run theirs --wait 600"


def test_i2c_dev_is_missing(bench):
    bench.made.i2c(1, "i801", node=False)
    assert bench.one().fix.startswith("sudo modprobe i2c-dev")


@pytest.mark.parametrize(
    ("vid", "pid", "driver"),
    [(0x0403, 0x6001, "ftdi_sio"), (0x10C4, 0xEA60, "cp210x"), (0x0403, 0xC631, "i2c-tiny-usb")],
)
def test_a_driver_is_missing(bench, vid, pid, driver):
    bench.uart(vid, pid, port=False, driver="")
    finding = bench.one()
    assert finding.level is Level.BLOCKS
    assert finding.fix == f"sudo modprobe {driver}"


def test_a_bridge_that_is_driven_from_user_space_needs_no_driver(bench):
    bench.uart(0x0403, 0x6014, port=False, driver="", serial="F1")
    bench.board("{kind: ftdi-i2c, usb: {serial_number: F1}}", "fm1280")
    assert bench.says() == ()


def test_cdc_acm_is_missing(bench):
    bench.made.usb("1-1", 0x1209, 2, interfaces=[("02", ""), ("0a", "")])
    assert bench.one().fix == "sudo modprobe cdc_acm"


def test_no_pcscd(bench):
    bench.made.usb("1-3", 0x072F, 0xB100, interfaces=[("0b", "")])
    finding = bench.one()
    assert finding.level is Level.WARNS
    assert "pcscd.socket" in finding.fix
    bench.made.write("run/pcscd/pcscd.comm")
    assert bench.says() == ()


def test_pcscd_in_the_way(bench):
    bench.made.usb("1-3", 0x072F, 0xB100, interfaces=[("0b", "usbfs")])
    bench.board("{kind: ccid, usb: {vid: 0x072f}}")
    assert bench.says() == ()
    bench.made.runs(50, "pcscd")
    finding = bench.one()
    assert finding.level is Level.BLOCKS
    assert finding.fix.startswith("sudo systemctl stop pcscd.socket")


def test_autosuspend(bench):
    bench.uart(autosuspend="auto", serial="A10K")
    assert bench.one().level is Level.HINT
    bench.board("{kind: usb, usb: {serial_number: A10K}}")
    finding = bench.one()
    assert finding.level is Level.WARNS
    assert finding.fix == "echo on | sudo tee /sys/bus/usb/devices/1-1/power/control"


def test_the_latency_timer(bench):
    (interface,) = bench.made.usb("1-1", 0x0403, 0x6001, interfaces=[("ff", "ftdi_sio")])
    bench.made.serial("ttyUSB3", interface, "ftdi_sio", latency="16")
    finding = bench.one()
    assert "16 ms" in finding.problem
    assert finding.fix == "echo 1 | sudo tee /sys/bus/usb-serial/devices/ttyUSB3/latency_timer"


def test_brltty_has_taken_the_port(bench):
    bench.uart(0x1A86, 0x7523, port=False, driver="usbfs")
    assert bench.says() == ()
    bench.made.runs(60, "brltty")
    finding = bench.one()
    assert finding.level is Level.BLOCKS
    assert "it has no serial port now" in finding.problem
    assert "apt remove brltty" in finding.fix


def test_brltty_may_take_the_port(bench):
    bench.uart(0x1A86, 0x7523, driver="ch341-uart")
    bench.made.runs(60, "brltty")
    assert bench.one().level is Level.WARNS


def test_modem_manager(bench):
    bench.made.runs(61, "ModemManager")
    bench.made.i2c(1, "i801")
    assert bench.says() == ()
    bench.uart()
    assert bench.one().fix.startswith("sudo systemctl mask --now ModemManager")


def test_pull_ups_and_clock_stretching(bench):
    bench.made.i2c(1, "bcm2835 (i2c@7e804000)")
    bench.board("{kind: i2c, bus: /dev/i2c-1}", "fm1280")
    stretching, pull_ups = bench.says()
    assert stretching.level is Level.WARNS
    assert "stretches the clock" in stretching.problem
    assert pull_ups.level is Level.HINT
    assert pull_ups.fix.startswith("i2cdetect -y 1 ")


def test_nothing_at_all(bench):
    assert "lsusb" in bench.one().fix


def test_the_worst_comes_first_and_nothing_twice(bench):
    bench.made.i2c(1, "bcm2835", node=False)
    bench.made.i2c(2, "bcm2835", node=False)
    bench.board("{kind: i2c, bus: /dev/i2c-1}", "fm1280")
    levels = [finding.level for finding in bench.says()]
    assert levels == [Level.BLOCKS, Level.WARNS, Level.HINT]
    assert blocks(bench.says())


def test_every_fix_is_one_line_that_says_what_to_do(bench):
    for check in CHECKS:
        assert check.__doc__
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS) == 10
    del bench


@pytest.mark.parametrize(("closed", "code"), [(False, 0), (True, 3)])
def test_the_command(bench, monkeypatch, capsys, closed, code):
    bench.uart()
    found = discover(bench.made.root, readers=list)
    monkeypatch.setattr(discovery, "discover", lambda **_: found)
    monkeypatch.setattr(
        "harness.board.doctor.doctor.Machine",
        lambda user, own_pid: Machine(bench.made.root, lambda _p: not closed, lambda _p: (), user, own_pid),
    )
    assert invoke(["doctor", f"--boards={bench.folder}"]) == code
    out = capsys.readouterr().out
    if closed:
        assert out.startswith("blocks: /dev/ttyUSB0: permission denied for ")
        assert "\n  fix: " in out
    else:
        assert out == "nothing is wrong with what is plugged in; `harness discover` lists it\n"


def test_the_command_can_leave_hints_out(bench, monkeypatch, capsys):
    monkeypatch.setattr(discovery, "discover", lambda **_: ())
    assert invoke(["doctor", f"--boards={bench.folder}", "--no-hints"]) == 0
    assert "nothing is wrong with" in capsys.readouterr().out
    assert invoke(["doctor", f"--boards={bench.folder}"]) == 0
    assert "hint: this machine" in capsys.readouterr().out


def test_drivers_are_named_in_lower_case():
    assert all(driver == driver.lower() for driver in doctor_checks._DRIVERS.values())


def test_every_check_is_in_the_troubleshooting_table():
    table = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text()
    for check in CHECKS:
        assert f"| `{check.__name__}` |" in table


DEVICE = bytes((18, 1)) + bytes(16)
CONFIGURATION = bytes((9, 2)) + bytes(7)
VENDORS = bytes((9, 4, 0, 0, 3, 0xFF, 0, 0, 0))
CCID = bytes((54, 0x21)) + bytes(52)


def test_a_reader_of_the_vendors_class_is_found_and_explained(bench):
    bench.made.usb("1-1", 0x072F, 0x9000, interfaces=[("ff", "")])
    raw = bench.made.root / "sys/bus/usb/devices/1-1/descriptors"
    raw.write_bytes(DEVICE + CONFIGURATION + VENDORS + CCID)
    (reader,) = discover(bench.made.root, readers=list)
    assert [interface.kind for interface in reader.interfaces] == ["ccid of class ff"]
    assert "kind: ccid" in draft(reader, Path("new.yaml"))
    service, hint = bench.says()
    assert hint.level is Level.HINT
    assert "libccid knows the reader's ids" in hint.problem
    assert "write kind: ccid" in hint.fix
    assert "no PC/SC service runs" in service.problem


def test_a_vendors_interface_without_the_descriptor_is_none(bench):
    bench.made.usb("1-1", 0x072F, 0x9000, interfaces=[("ff", "")])
    raw = bench.made.root / "sys/bus/usb/devices/1-1/descriptors"
    raw.write_bytes(DEVICE + CONFIGURATION + VENDORS + bytes((9, 0x21)) + bytes(7) + b"\x36")
    (device,) = discover(bench.made.root, readers=list)
    assert [interface.kind for interface in device.interfaces] == ["vendor"]
    assert bench.says() == ()
