"""The adapters of a bench, as sysfs of a made-up machine has them, for the header of a run."""

from pathlib import Path

import pytest

from harness.board.discovery.adapters import adapters
from harness.board.reading.file import load, parse
from harness.run.bench import Adapter
from tests.board.made_up_machine import MadeUpMachine

BOARDS = Path(__file__).resolve().parents[2] / "boards"
HEAD = """
version: 1
name: real
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
chip: {transport: chip, framing: fm1280}
console: {transport: console}
transports:
"""


@pytest.fixture
def machine(tmp_path):
    made = MadeUpMachine(tmp_path)
    (bridge,) = made.usb(
        "1-1.4",
        0x0403,
        0x6001,
        serial="A10K3X9T",
        product="FT232R\x1b[31m",
        bcdDevice="0600",
        interfaces=[("ff", "ftdi_sio")],
    )
    made.serial("ttyUSB0", bridge, "ftdi_sio")
    (other,) = made.usb("1-2", 0x10C4, 0xEA60, number=6, interfaces=[("ff", "cp210x")])
    made.serial("ttyUSB1", other, "cp210x")
    made.i2c(1, "bcm2835 (i2c@7e804000)")
    return made


def board(*transports):
    return parse(HEAD + "".join(f"  {each}\n" for each in transports), Path("real.yaml"))


def test_each_adapter_with_what_is_known(machine):
    found = adapters(
        board(
            "chip: {kind: i2c, bus: /dev/i2c-1, address: 0x71}",
            "console: {kind: serial, usb: {vid: 0x0403, pid: 0x6001}}",
        ),
        machine.root,
    )
    assert found == (
        Adapter("chip", "i2c", "/dev/i2c-1, address 0x71", "/dev/i2c-1", "bcm2835 (i2c@7e804000)"),
        Adapter(
            "console",
            "serial",
            "usb vid 0x0403, pid 0x6001, 115200 baud",
            "/dev/ttyUSB0",
            "ftdi_sio",
            0x0403,
            0x6001,
            "FT232R\\e[31m",
            "A10K3X9T",
            "1-1.4",
            "6.00",
        ),
    )


def test_what_is_not_known_stays_empty(machine):
    (chip, console) = adapters(
        board(
            "chip: {kind: i2c, bus: /dev/i2c-7, address: 0x71}",
            "console: {kind: serial, usb: {location: 1-2}}",
        ),
        machine.root,
    )
    assert chip == Adapter("chip", "i2c", "/dev/i2c-7, address 0x71")
    assert (console.vendor_id, console.serial_number, console.firmware) == (0x10C4, "", "")
    for settings in ("port: 'socket://localhost:5000'", "usb: {vid: 0x1209}", "usb: {serial_number: x}"):
        (_, console) = adapters(
            board(
                "chip: {kind: i2c, bus: /dev/i2c-1, address: 0x71}", f"console: {{kind: serial, {settings}}}"
            ),
            machine.root,
        )
        assert (console.kind, console.device, console.vendor_id) == ("serial", "", None)


def test_two_that_fit_are_none(machine):
    (third,) = machine.usb("1-3", 0x0403, 0x6001, number=7, interfaces=[("ff", "ftdi_sio")])
    machine.serial("ttyUSB2", third, "ftdi_sio")
    found = adapters(
        board(
            "chip: {kind: i2c, bus: /dev/i2c-1, address: 0x71}",
            "console: {kind: serial, usb: {vid: 0x0403, pid: 0x6001}}",
        ),
        machine.root,
    )
    assert (found[1].device, found[1].serial_number) == ("", "")


def test_a_kind_that_breaks_breaks_no_run(machine, monkeypatch):
    file = board(
        "chip: {kind: i2c, bus: /dev/i2c-1, address: 0x71}", "console: {kind: serial, port: /dev/ttyUSB0}"
    )

    def breaks(self, found):
        raise ZeroDivisionError

    monkeypatch.setattr(type(file.transports["console"]), "means", breaks)
    assert [each.device for each in adapters(file, machine.root)] == ["/dev/i2c-1", ""]


def test_a_simulated_device_has_no_adapter(machine):
    assert adapters(load(BOARDS / "virtual-se-i2c.yaml"), machine.root) == ()
