"""Discovery on a made-up machine: what is there, who claims it, drafts and udev rules."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import yaml

from harness.board.discovery import draft as discovery_draft
from harness.board.discovery import find as discovery
from harness.board.discovery.claims import Listed, listed, load_all
from harness.board.discovery.find import discover
from harness.board.doctor import udev_rules
from harness.board.opening.locks import Locks
from harness.board.reading.file import load, parse
from harness.cli.main import invoke
from harness.errors import BenchError, UsageError
from harness.transport.found import Bus, Found
from harness.transport.holders import Holder
from harness.transport.usb.port import UsbPort
from tests.board.made_up_machine import MadeUpMachine

BOARD = """\
version: 1
name: {name}
plan: {{pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}}
transports:
  chip: {transport}
chip: {{transport: chip, framing: {framing}, command_set: ica}}
"""


@pytest.fixture
def machine(tmp_path):
    """One of everything."""
    made = MadeUpMachine(tmp_path / "root")
    (uart,) = made.usb(
        "1-1.4", 0x0403, 0x6001, interfaces=[("ff", "ftdi_sio")], serial="A10K", product="UART"
    )
    made.serial("ttyUSB0", uart, "ftdi_sio", latency="16")
    (tiny,) = made.usb("1-2", 0x0403, 0xC631, interfaces=[("ff", "i2c-tiny-usb")], number=6, serial="T1")
    made.i2c(7, "i2c-tiny-usb at bus 001 device 006", tiny)
    made.i2c(1, "bcm2835 (i2c@7e804000)")
    made.usb("1-3", 0x072F, 0xB100, interfaces=[("0b", "")], number=7, product="Token")
    made.usb("1-10", 0x1D6B, 0x0002, number=9, bDeviceClass="09")
    made.virtual_terminal("tty1")
    made.chipset_port("ttyS0", "4")
    made.chipset_port("ttyS1", "0")
    return made


@pytest.fixture
def found(machine):
    return discover(machine.root, readers=lambda: ["ACS Token 00"])


def one(found, path):
    (fitting,) = [each for each in found if each.path == path]
    return fitting


def test_everything_is_listed_once(found):
    assert [(each.bus.value, each.path) for each in found] == [
        ("serial", "/dev/ttyS0"),
        ("serial", "/dev/ttyUSB0"),
        ("i2c", "/dev/i2c-1"),
        ("i2c", "/dev/i2c-7"),
        ("usb", "/dev/bus/usb/001/005"),
        ("usb", "/dev/bus/usb/001/006"),
        ("usb", "/dev/bus/usb/001/007"),
        ("pcsc", "ACS Token 00"),
    ]


def test_what_hangs_on_usb_says_so(found):
    assert str(one(found, "/dev/ttyUSB0")) == (
        "/dev/ttyUSB0 (ftdi_sio, usb 0403:6001, 'UART', serial number A10K, location 1-1.4, interface 0)"
    )
    assert one(found, "/dev/i2c-7").location == "1-2"
    assert one(found, "/dev/i2c-1").usb_port is None
    assert str(one(found, "/dev/bus/usb/001/007")) == (
        "/dev/bus/usb/001/007 (usb 072f:b100, 'Token', location 1-3, ccid)"
    )


def test_the_chips_that_the_kernel_knows_on_a_bus(machine):
    machine.write("sys/devices/platform/soc/i2c-1/1-0050/name", "24c02")
    machine.write("sys/devices/platform/soc/i2c-1/1-0068/name", "ds1307\x1b[2J")
    machine.write("sys/devices/platform/soc/i2c-1/1-10ff/name", "no 7-bit address")
    bus = one(discover(machine.root, list), "/dev/i2c-1")
    assert bus.chips[0] == "0x50 24c02"
    assert len(bus.chips) == 2
    assert str(bus).startswith("/dev/i2c-1 (bcm2835 (i2c@7e804000), with 0x50 24c02 and 0x68 ds1307")
    assert str(bus).isprintable()


def test_an_empty_machine(tmp_path):
    assert discover(tmp_path, readers=list) == ()


def test_hostile_text_is_made_safe(machine):
    machine.usb("1-7", 0x1209, 1, number=8, product="\x1b[2J\u202e", serial="a\nb")
    text = str(one(discover(machine.root, list), "/dev/bus/usb/001/008"))
    assert text.isprintable()


def test_readers_without_the_library_or_the_service(monkeypatch):
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    assert discovery.pcsc_readers() == []
    released = []
    scard = types.SimpleNamespace(
        SCardEstablishContext=lambda scope: (1 if scope != 2 else 0, 77),
        SCardListReaders=lambda context, groups: (0, ["R"]) if (context, groups) == (77, []) else (1, []),
        SCardReleaseContext=released.append,
    )
    monkeypatch.setitem(sys.modules, "smartcard", types.SimpleNamespace(scard=scard))
    monkeypatch.setitem(sys.modules, "smartcard.scard", scard)
    assert discovery.pcsc_readers() == ["R"]
    assert released == [77]
    scard.SCardEstablishContext = lambda _scope: (1, 0)
    assert discovery.pcsc_readers() == []


def board(tmp_path, name, transport, framing="direct"):
    path = tmp_path / f"{name}.yaml"
    path.write_text(BOARD.format(name=name, transport=transport, framing=framing))
    return load(path)


@pytest.mark.parametrize(
    ("transport", "framing", "path"),
    [
        ("{kind: serial, port: /dev/ttyUSB0}", "hex-line", "/dev/ttyUSB0"),
        ("{kind: serial, usb: {serial_number: A10K}}", "hex-line", "/dev/ttyUSB0"),
        ("{kind: i2c, bus: /dev/i2c-1}", "fm1280", "/dev/i2c-1"),
        ("{kind: i2c, adapter: bcm2835}", "fm1280", "/dev/i2c-1"),
        ("{kind: i2c, usb: {location: 1-2}}", "fm1280", "/dev/i2c-7"),
        ("{kind: ccid, usb: {vid: 0x072f, pid: 0xb100}}", "direct", "/dev/bus/usb/001/007"),
        ("{kind: pcsc, reader: token}", "direct", "ACS Token 00"),
    ],
)
def test_a_board_file_claims_what_it_means(tmp_path, found, transport, framing, path):
    loaded = board(tmp_path, "lab", transport, framing)
    rows = listed(found, [loaded], locks=tmp_path, in_use=lambda _path: ())
    assert [(row.found.path, str(row.claims[0])) for row in rows if row.claims] == [(path, "lab:chip")]


def test_a_simulated_board_claims_nothing(found):
    loaded = load(Path("boards/virtual-se-i2c.yaml"))
    assert not any(settings.means(each) for settings in loaded.transports.values() for each in found)


def test_who_holds_it(tmp_path, found):
    loaded = board(tmp_path, "lab", "{kind: i2c, bus: /dev/i2c-1}", "fm1280")

    def in_use(path):
        return (Holder(7, "minicom"),) if path == "/dev/ttyUSB0" else ()

    with Locks(["board lab"], board="lab", run="r1", folder=tmp_path):
        held = {row.found.path: row.held for row in listed(found, [loaded], locks=tmp_path, in_use=in_use)}
    assert held.pop("/dev/ttyUSB0") == "pid 7 (minicom)"
    assert held.pop("/dev/i2c-1").startswith(f"pid {os.getpid()}, user ")
    assert set(held.values()) == {""}


@pytest.mark.parametrize("interface", [0, 2])
def test_who_holds_an_interface(tmp_path, machine, interface):
    machine.usb("1-8", 0x1209, 1, interfaces=[("ff", ""), ("03", ""), ("ff", "")], number=20)
    found = discover(machine.root, list)
    with Locks([f"usb 1-8 interface {interface}"], board="lab", folder=tmp_path):
        held = [
            row.found.location for row in listed(found, [], locks=tmp_path, in_use=lambda _: ()) if row.held
        ]
    assert held == ["1-8"]


def test_broken_board_files_are_told_of(tmp_path):
    board(tmp_path, "lab", "{kind: serial, port: /dev/ttyS9}", "hex-line")
    (tmp_path / "broken.yaml").write_text("version: [")
    boards, broken = load_all(tmp_path)
    assert [each.name for each in boards] == ["lab"]
    assert "broken.yaml" in broken[0]


@pytest.mark.parametrize(
    "path", ["/dev/ttyUSB0", "/dev/ttyS0", "/dev/i2c-1", "/dev/i2c-7", "/dev/bus/usb/001/007", "ACS Token 00"]
)
def test_a_draft_is_a_sound_board_file_that_claims_its_device(found, path):
    device = one(found, path)
    text = discovery_draft.draft(device, Path("boards/My new Board!.yaml"))
    loaded = parse(text, Path("boards/my-new-board.yaml"))
    assert loaded.name == "my-new-board"
    assert loaded.transports["chip"].means(device)
    assert sum(loaded.transports["chip"].means(each) for each in found) == 1


def test_a_draft_of_a_hostile_device_is_sound():
    usb_port = UsbPort("1-1", 0x1209, 1, 'x"\\n: [', "evil\\u0000: {", 3)
    text = discovery_draft.draft(Found(Bus.SERIAL, "/dev/ttyACM0", "cdc_acm", usb_port, 2), Path("b.yaml"))
    assert yaml.safe_load(text)["transports"]["chip"]["usb"]["serial_number"] == usb_port.serial_number
    assert parse(text, Path("b.yaml")).transports["chip"].usb.interface == "2"


def test_which_device_is_drafted(tmp_path, found):
    rows = [Listed(each) for each in found]
    for named, path in [
        ("/dev/i2c-1", "/dev/i2c-1"),
        ("1-1.4", "/dev/ttyUSB0"),
        ("T1", "/dev/i2c-7"),
        ("1-3", "/dev/bus/usb/001/007"),
    ]:
        assert discovery_draft.choose(rows, named).path == path
    with pytest.raises(UsageError, match=r"^0 devices fit '/dev/none': /dev/ttyS0"):
        discovery_draft.choose(rows, "/dev/none")
    with pytest.raises(UsageError, match="devices are claimed by no board file: /dev/ttyUSB0") as caught:
        discovery_draft.choose(rows, "")
    assert "--device" in caught.value.hint
    loaded = board(tmp_path, "lab", "{kind: i2c, bus: /dev/i2c-1}", "fm1280")
    two = [one(found, "/dev/i2c-1"), one(found, "/dev/i2c-7")]
    chosen = discovery_draft.choose(listed(two, [loaded], locks=tmp_path, in_use=lambda _path: ()), "")
    assert chosen.path == "/dev/i2c-7"
    built_in = Listed(one(found, "/dev/ttyS0"))  # nobody can tell whether anything is wired to it
    assert discovery_draft.choose([built_in, Listed(one(found, "/dev/i2c-7"))], "").path == "/dev/i2c-7"
    assert discovery_draft.choose([built_in], "/dev/ttyS0").path == "/dev/ttyS0"
    with pytest.raises(UsageError, match=r"^0 devices are claimed by no board file"):
        discovery_draft.choose([built_in], "")


def test_a_board_file_is_never_written_over(tmp_path):
    path = tmp_path / "b.yaml"
    discovery_draft.write(path, "one")
    with pytest.raises(UsageError, match="exists"):
        discovery_draft.write(path, "two")
    assert path.read_text() == "one"
    with pytest.raises(BenchError, match="cannot be written"):
        discovery_draft.write(tmp_path / "none" / "b.yaml", "one")


def test_udev_rules(found):
    text = udev_rules.rules(found, "lab")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines[0] == (
        'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="0403", ATTR{idProduct}=="6001", '
        'ATTR{serial}=="A10K", GROUP="lab", MODE="0660", TAG+="uaccess", ATTR{power/control}="on"'
    )
    tty = [line for line in lines if line.startswith('SUBSYSTEM=="tty"')]
    assert len(tty) == 1
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in tty[0]
    assert tty[0].endswith('IMPORT{builtin}="usb_id", SYMLINK+="id2/A10K-if%E{ID_USB_INTERFACE_NUM}"')
    assert any('SUBSYSTEM=="usb-serial"' in line and 'ATTR{latency_timer}="1"' in line for line in lines)
    assert any('SUBSYSTEM=="i2c-dev"' in line and 'ATTRS{idProduct}=="c631"' in line for line in lines)
    assert sum('idProduct}=="6001"' in line and 'SUBSYSTEM=="usb",' in line for line in lines) == 1
    assert "ttyS0" not in text


def test_udev_rules_are_not_written_by_devices():
    usb_port = UsbPort("1-1", 0x1209, 1, 'x", RUN+="/bin/sh', "p\u202e\u2028", 3)
    text = udev_rules.rules([Found(Bus.USB, "/dev/bus/usb/001/003", usb_port=usb_port)])
    assert "RUN" not in "".join(line for line in text.splitlines() if not line.startswith("#"))
    assert "ATTR{serial}" not in text
    assert text.isascii()


@pytest.mark.skipif(not Path("/usr/bin/udevadm").exists(), reason="udevadm is not installed")
def test_udev_takes_the_rules(found, tmp_path):
    rules = tmp_path / "60-id2-harness.rules"
    rules.write_text(udev_rules.rules(found))
    done = subprocess.run(
        ["/usr/bin/udevadm", "verify", rules], capture_output=True, text=True, check=False, timeout=30
    )
    if "nknown command" in done.stderr:
        pytest.skip("this udevadm cannot verify rules")
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.fixture
def here(monkeypatch, tmp_path, found):
    """The command sees the made-up machine and an empty folder of board files."""
    monkeypatch.setattr(discovery, "discover", lambda **_: found)
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / "locks"))
    folder = tmp_path / "boards"
    folder.mkdir()
    return folder


def test_the_command_lists(here, capsys):
    board(here, "lab", "{kind: i2c, bus: /dev/i2c-1}", "fm1280")
    (here / "broken.yaml").write_text("version: [")
    with Locks(["board lab"], board="lab"):
        assert invoke(["discover", f"--boards={here}"]) == 0
    out, err = capsys.readouterr()
    assert "i2c     /dev/i2c-1 (bcm2835 (i2c@7e804000))  claimed by lab:chip  held by pid" in out
    assert "usb     /dev/bus/usb/001/007 (usb 072f:b100, 'Token', location 1-3, ccid)\n" in out
    assert err.startswith("warning: not read: ")


@pytest.mark.parametrize("installed", [True, False])
def test_the_command_says_when_it_cannot_list_readers(here, capsys, monkeypatch, installed):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object() if installed else None)
    assert invoke(["discover", f"--boards={here}"]) == 0
    assert ("id2-harness[pcsc]" in capsys.readouterr().err) is not installed


def test_the_command_says_that_there_is_nothing(here, capsys, monkeypatch):
    monkeypatch.setattr(discovery, "discover", lambda **_: ())
    assert invoke(["discover", f"--boards={here}"]) == 0
    assert "nothing found" in capsys.readouterr().err


def test_the_command_drafts(here, capsys):
    path = here / "new.yaml"
    assert invoke(["discover", f"--boards={here}", f"--draft={path}", "--device=/dev/ttyUSB0"]) == 0
    assert "drafted for /dev/ttyUSB0" in capsys.readouterr().out
    assert invoke(["boards", "check", str(path)]) == 0
    assert invoke(["discover", f"--boards={here}", f"--draft={path}", "--device=/dev/ttyUSB0"]) == 2


@pytest.mark.parametrize("command", ["discover", "doctor"])
def test_a_folder_of_board_files_that_is_not_there(here, capsys, monkeypatch, command):
    assert invoke([command, f"--boards={here}/none"]) == 2
    assert "none: there is no such folder with board files" in capsys.readouterr().err
    monkeypatch.chdir(here)  # where there is no folder boards
    assert load_all(Path("boards")) == ([], [])


def test_rules_and_a_draft_are_two_commands(here, capsys):
    assert invoke(["discover", "--udev", f"--draft={here / 'new.yaml'}"]) == 2
    assert "--udev and --draft do not go together" in capsys.readouterr().err
    assert not (here / "new.yaml").exists()


def test_the_command_prints_rules(here, capsys):
    assert invoke(["discover", "--udev", "--group=lab"]) == 0
    assert 'GROUP="lab"' in capsys.readouterr().out
    assert invoke(["discover", "--udev", '--group=x", RUN+="y']) == 2
    assert invoke(["discover", "--device=/dev/ttyUSB0"]) == 2
