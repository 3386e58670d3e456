"""Programmers: each is told which device to write, and its exit code alone is not believed.

The texts and exit codes of the stand-ins are those of OpenOCD 0.12, pyOCD 0.46, esptool 5.6, st-flash 1.7, dfu-util 0.11.
"""

import hashlib
import re
import shutil
from contextlib import nullcontext

import pytest

from harness.board.opening.actions import operate
from harness.board.opening.firmware import Firmware
from harness.controller.kind import Ability
from harness.errors import BenchError, UsageError

QUIET = {"probe": {}}
IMAGE = {"marker": "lamp-board"}
KINDS = {
    "openocd": {"config": ["stlink.cfg", "stm32f1x.cfg"], "adapter_serial": "S1"},
    "pyocd": {"probe_uid": "U1", "target": "stm32f103rc"},
    "esptool": {"port": "/dev/serial/by-path/p1", "chip": "esp32c3", "mac": "60:55:F9:00:00:01"},
    "st-flash": {"serial": "S1"},
    "dfu-util": {"device": "0483:df11", "serial": "S1"},
}
MAC = 'case "$*" in *read_mac*) echo "MAC:                60:55:f9:00:00:01"; exit 0;; esac\n'
SUCCESS = {
    "openocd": 'echo "** Programming Finished **"; echo "** Verified OK **"',
    "pyocd": """case "$1" in commander) for last; do :; done; set -- $last; cp $S "$4"; exit 0;; esac
        for last; do :; done; cp "$last" $S
        echo "0001457 I Erased 1024 bytes (1 sector), programmed 1024 bytes (1 page) at 12.3 kB/s [loader]" """,
    "esptool": MAC + 'echo "Hash of data verified."',
    "st-flash": """case "$3" in read) cp $S "$4"; exit 0;; esac; cp "$5" $S
        echo "INFO common.c: Flash written and verified! jolly good!" """,
    "dfu-util": """for last; do :; done; case "$*" in *-U*) cp $S "$last"; exit 0;; esac; cp "$last" $S
        echo "File downloaded successfully" """,
}
NO_PORTS = "gdb_port disabled; tcl_port disabled; telnet_port disabled"
PROGRAM = "program {FILE} verify reset exit 0x8000000"
COMMANDS = {
    "openocd": [f"-f stlink.cfg -f stm32f1x.cfg -c adapter serial S1 -c {NO_PORTS} -c {PROGRAM}"],
    "pyocd": [
        "flash -W -u U1 -t stm32f103rc --base-address 0x8000000 FILE",
        "commander -W -u U1 -t stm32f103rc -c savemem 0x8000000 17 BACK",
    ],
    "esptool": [
        "--chip esp32c3 --port /dev/serial/by-path/p1 --baud 115200 read_mac",
        "--chip esp32c3 --port /dev/serial/by-path/p1 --baud 115200 write_flash 0x8000000 FILE",
        "--chip esp32c3 --port /dev/serial/by-path/p1 --baud 115200 read_mac",
    ],
    "st-flash": ["--reset --serial S1 write FILE 0x8000000", "--serial S1 read BACK 0x8000000 0x11"],
    "dfu-util": [
        "-d 0483:df11 -S S1 -a 0 -s 0x8000000 -D FILE",
        "-d 0483:df11 -S S1 -a 0 -s 0x8000000:17:leave -U BACK",
    ],
}
REAL = {"openocd": {"config": ["interface/stlink.cfg", "target/stm32f1x.cfg"]}}
FAILS = {
    "openocd": ('echo "Error: open failed"; echo "** OpenOCD init failed **"; exit 1', "exit code 1"),
    "pyocd": ('echo "No connected debug probe matches unique ID"; exit 1', "exit code 1"),
    "esptool": (MAC + 'echo "A fatal error occurred: Failed to connect"; exit 2', "exit code 2"),
    "st-flash": ('echo "WARN usb.c: Couldn\'t find any ST-Link devices"; exit 255', "exit code 255"),
    "dfu-util": ('echo "dfu-util: No DFU capable USB device available"; exit 74', "exit code 74"),
}


@pytest.fixture
def firmware(tmp_path):
    file = tmp_path / "lamp.bin"
    file.write_bytes(b"\x00\x01 lamp-board v7\n")
    return Firmware.of(file)


def programmer(kind, **more):
    return {"it": {"kind": kind, "image": IMAGE, "address": "0x08000000", **KINDS[kind], **more}}


@pytest.mark.parametrize("kind", KINDS)
def test_a_firmware_is_written_into_the_device_that_is_named(use, tool, firmware, kind):
    calls = tool(kind, SUCCESS[kind])
    board = use(programmer(kind), **QUIET)
    operate(board, Ability.FLASH, firmware)
    said = [call.replace(str(firmware.path), "FILE") for call in calls()]
    said = [
        " ".join("BACK" if "read-back.bin" in word else word for word in call.split(" ")) for call in said
    ]
    assert said == COMMANDS[kind]
    assert board.files == [firmware.path]
    if len(COMMANDS[kind]) == 2:
        assert any(firmware.sha256 in note and "read back" in note for note in board.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_programmer_that_fails_blocks(use, tool, firmware, kind):
    script, said = FAILS[kind]
    tool(kind, script)
    with pytest.raises(BenchError, match=rf"flash: {kind} failed \({said}\)") as raised:
        operate(use(programmer(kind), **QUIET), Ability.FLASH, firmware)
    assert raised.value.traffic
    assert raised.value.outcome == "blocked"


@pytest.mark.parametrize("kind", KINDS)
def test_a_programmer_that_ends_with_0_without_its_text_of_success(use, tool, firmware, kind):
    tool(kind, MAC + "echo 'all fine'; exit 0")
    with pytest.raises(BenchError, match=f"{kind} ended with 0 and does not say"):
        operate(use(programmer(kind), **QUIET), Ability.FLASH, firmware)


@pytest.mark.parametrize("kind", KINDS)
def test_a_programmer_that_waits_for_ever_is_ended(use, tool, firmware, kind):
    tool(kind, "sleep 60")
    with pytest.raises(BenchError, match=r"did not end within 0\.3 s"):
        operate(use(programmer(kind, timeout_s=0.3), **QUIET), Ability.FLASH, firmware)


@pytest.mark.parametrize("kind", ["pyocd", "st-flash", "dfu-util"])
def test_another_firmware_is_read_back(use, tool, firmware, kind):
    tool(kind, SUCCESS[kind].replace('cp $S "', 'echo "another firmware!" > "'))
    with pytest.raises(BenchError, match="what was read back from the board is another firmware"):
        operate(use(programmer(kind), **QUIET), Ability.FLASH, firmware)


def test_a_chip_with_another_mac_is_not_written(use, tool, firmware):
    calls = tool("esptool", SUCCESS["esptool"].replace("00:00:01", "00:00:02"))
    with pytest.raises(
        BenchError, match="has MAC address 60:55:f9:00:00:02, the board's is 60:55:f9:00:00:01"
    ):
        operate(use(programmer("esptool"), **QUIET), Ability.FLASH, firmware)
    assert not [call for call in calls() if "write_flash" in call]


ALONE = """
[ $(readlink /proc/$PPID/fd/* | grep -cx "$(readlink -f PORT)") = 1 ] || { echo "the port is busy"; exit 3; }
"""
"""The made-up board is this process too, and has its end of the port open: once."""


@pytest.mark.parametrize(
    ("named", "ends"),
    [("console", "exit 2"), ("by-path", 'echo "Hash of data verified."')],
    ids=["and the tool fails", "by another link"],
)
def test_the_console_gives_up_the_port_that_esptool_writes_by(
    use, tool, lamp, firmware, tmp_path, named, ends
):
    """Whatever becomes of the tool, the console is open behind it, without a word of what came before."""
    transports, power = lamp(), tmp_path / "power"
    port = transports["console"]["port"]
    (tmp_path / "by-path").symlink_to(port)
    tool("esptool", ALONE.replace("PORT", port) + MAC + f"echo 0 > {power}; sleep 0.1; {ends}")
    power.write_text("0")
    board = use(programmer("esptool", port=str(tmp_path / named)), transports=transports)
    before = board.console()
    power.write_text("1")
    before.expect(re.compile(rb"boot"), timeout=60)
    with nullcontext() if "Hash" in ends else pytest.raises(BenchError, match=r"failed \(exit code 2\)"):
        operate(board, Ability.FLASH, firmware)
    assert board.console_is_open
    console = board.console()
    assert console is not before
    assert console.received == 0
    power.write_text("1")
    console.expect(re.compile(rb"boot"), timeout=60)


def test_a_port_that_is_the_console_s_is_for_esptool_and_not_for_a_relay(use):
    port = {"console": {"kind": "serial", "port": "/dev/serial/by-path/p7"}}
    assert use(programmer("esptool", port="/dev/serial/by-path/p7"), transports=port).file.controllers
    relay = {"power": {"kind": "lcus-relay", "port": "/dev/serial/by-path/p7"}}
    with pytest.raises(UsageError, match="a controller of kind lcus-relay has one of its own"):
        use(relay, transports=port)


@pytest.mark.parametrize("kind", KINDS)
def test_a_programmer_that_is_not_there_is_named_with_its_package(use, firmware, monkeypatch, tmp_path, kind):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=f"'{kind}' cannot be started") as raised:
        operate(use(programmer(kind), **QUIET), Ability.FLASH, firmware)
    assert "(Debian)" in raised.value.hint or "(PyPI" in raised.value.hint


def test_raw_bytes_without_an_address(use, firmware):
    settings = programmer("st-flash")
    del settings["it"]["address"]
    with pytest.raises(UsageError, match=r"lamp\.bin holds raw bytes, and nothing says where they go"):
        operate(use(settings, **QUIET), Ability.FLASH, firmware)


def test_a_path_that_tcl_would_read_otherwise(use, tool, tmp_path):
    calls = tool("openocd", SUCCESS["openocd"])
    file = tmp_path / "a} exit; shell rm {.bin"
    file.write_bytes(b"lamp-board")
    with pytest.raises(UsageError, match="OpenOCD takes no path with braces"):
        operate(use(programmer("openocd"), **QUIET), Ability.FLASH, Firmware.of(file))
    assert calls() == []


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ({"marker": "other-board"}, "the marker 'other-board' is not in it"),
        ({"magic": "7f454c46"}, "it does not begin with 7f454c46"),
        ({"sha256": ["00" * 32]}, "its SHA-256 is none of those that are named"),
        ({"marker": "lamp-board", "max_bytes": 4}, "it has 17 bytes, more than max_bytes"),
    ],
)
def test_the_image_of_another_board_is_refused_before_anything_is_written(use, tool, firmware, image, said):
    calls = tool("st-flash", SUCCESS["st-flash"])
    with pytest.raises(UsageError, match="is no firmware for this board") as raised:
        operate(use(programmer("st-flash", image=image), **QUIET), Ability.FLASH, firmware)
    assert said in raised.value.message
    assert calls() == []


def test_an_image_that_is_right_in_all_that_is_written(use, tool, firmware):
    tool("st-flash", SUCCESS["st-flash"])
    image = {"marker": "lamp-board", "magic": "0001", "sha256": [firmware.sha256], "max_bytes": 18}
    operate(use(programmer("st-flash", image=image), **QUIET), Ability.FLASH, firmware)


def test_an_image_that_nothing_is_known_of_is_refused_and_the_boards_own_build_is_not(use, tmp_path):
    controllers = {
        "maker": {
            "kind": "command",
            "acts_on": "tree",
            "build": ["sh", "-c", "printf made > out.bin"],
            "artefact": "out.bin",
            "flash": ["cp", "{firmware}", "flashed"],
        }
    }
    board = use(controllers, **QUIET)
    foreign = tmp_path / "foreign.bin"
    foreign.write_bytes(b"for another board")
    with pytest.raises(UsageError, match="nothing says that it is a firmware for board lamp"):
        operate(board, Ability.FLASH, Firmware.of(foreign))
    assert not (tmp_path / "flashed").exists()
    operate(board, Ability.FLASH, operate(board, Ability.BUILD))
    assert (tmp_path / "flashed").read_bytes() == b"made"


def test_a_firmware_that_changed_since_it_was_built_is_refused(use, tmp_path):
    maker = {"kind": "command", "acts_on": "t", "build": ["touch", "out.bin"], "artefact": "out.bin"}
    board = use({"maker": {**maker, "flash": ["cp", "{firmware}", "flashed"]}}, **QUIET)
    made = operate(board, Ability.BUILD)
    made.path.write_bytes(b"changed")
    with pytest.raises(UsageError, match="is another firmware"):
        operate(board, Ability.FLASH, made)
    assert not (tmp_path / "flashed").exists()


@pytest.mark.parametrize(
    ("controller", "said"),
    [
        ({"kind": "openocd", "config": ["a.cfg"]}, "names no adapter"),
        ({"kind": "dfu-util", "device": "0483:df11"}, "names no device"),
        ({"kind": "pyocd", "target": "x"}, "probe_uid: is missing"),
        ({"kind": "st-flash"}, "serial: is missing"),
        ({"kind": "openocd", "config": ["a; exit"], "adapter_serial": "1"}, "config"),
        ({"kind": "st-flash", "serial": "1", "image": {}}, "tells no firmware from another"),
    ],
)
def test_a_programmer_that_would_take_the_first_that_it_finds_is_refused(use, controller, said):
    with pytest.raises(UsageError) as raised:
        use({"it": controller})
    assert said in raised.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_the_real_programmer_without_its_hardware_is_no_success(use, firmware, kind):
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed")
    with pytest.raises(BenchError, match=f"flash: {kind} failed"):
        operate(use(programmer(kind, **REAL.get(kind, {})), **QUIET), Ability.FLASH, firmware)


def test_the_hash_of_the_firmware_is_in_the_journal(use, tool, firmware):
    tool("st-flash", SUCCESS["st-flash"])
    board = use(programmer("st-flash"), **QUIET)
    operate(board, Ability.FLASH, firmware)
    digest = hashlib.sha256(firmware.path.read_bytes()).hexdigest()
    assert f"firmware lamp.bin, SHA-256 {digest}" in board.notes
