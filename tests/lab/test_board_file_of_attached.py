"""The board file that `simulate attach` writes: the same board, through the kernel."""

import stat
from pathlib import Path

import pytest

from harness.board.opening.resolve import Resolver
from harness.board.reading.file import load
from harness.cli.main import invoke
from harness.cli.simulate_attach import check_target, virtual_board, write_board_file
from harness.errors import UsageError
from harness.simulator.usb.board import Attached

KINDS = {
    "virtual-se-i2c": ("i2c", "/dev/i2c-5"),
    "virtual-se-sm4": ("i2c", "/dev/i2c-6"),
    "virtual-se-mtk": ("serial", "/dev/ttyUSB0"),
    "recorded-console": ("serial", "/dev/ttyACM0"),
    "virtual-probe": ("serial", "/dev/ttyACM1"),
}


@pytest.mark.parametrize("name", KINDS)
def test_it_loads_and_has_the_same_key_and_pin(name, tmp_path):
    source = load(f"boards/{name}.yaml")
    virtual = virtual_board(source)
    kind, node = KINDS[name]
    found = [
        Attached(each, kind, "3-1", node, plug.device.descriptors.identity)
        for each, plug in virtual.plugs.items()
    ]
    target = tmp_path / f"lab-{name}.yaml"
    check_target(target)
    write_board_file(source, found, target)
    check_target(target)  # one's own may be written anew
    real = load(target)
    assert real.name == f"lab-{name}"
    assert kind in {settings.kind for settings in real.transports.values()}
    assert not [settings for settings in real.transports.values() if settings.kind.startswith("simulated-")]
    assert real.declaration == source.declaration
    assert Resolver(real).device_key() == Resolver(source).device_key()
    assert Resolver(real).pin() == Resolver(source).pin()
    for file in (*tmp_path.glob("*.key"), *tmp_path.glob("*.pin")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_address_stays(tmp_path):
    text = Path("boards/virtual-se-i2c.yaml").read_text(encoding="utf-8")
    (tmp_path / "virtual-se-i2c.yaml").write_text(
        text.replace("address: 0x71", "address: 0x31"), encoding="utf-8"
    )
    source = load(tmp_path / "virtual-se-i2c.yaml")
    who = virtual_board(source).plugs["chip"].device.descriptors.identity
    target = tmp_path / "lab.yaml"
    write_board_file(source, [Attached("chip", "i2c", "3-1", "/dev/i2c-9", who)], target)
    settings = load(target).transports["chip"]
    assert (settings.usb.serial_number, settings.address) == ("virtual-se-i2c.chip", 0x31)


@pytest.mark.parametrize(
    ("there", "name", "problem"),
    [
        ("lab.yaml", "lab.yaml", "is there already, and was not written by this command"),
        ("lab.key", "lab.yaml", "lab.key.*, which is there already"),
        ("lab.pin", "lab.yaml", "lab.pin.*, which is there already"),
        ("other", "Lab.yaml", "a board cannot be called so"),
        ("other", "lab 1.yaml", "a board cannot be called so"),
        ("other", "lab.txt", "a board cannot be called so"),
        ("other", f"{'l' * 65}.yaml", "a board cannot be called so"),
        ("other", "nowhere/lab.yaml", "there is no folder"),
    ],
)
def test_a_file_of_somebody_else_and_a_name_that_is_none_are_refused(tmp_path, there, name, problem):
    (tmp_path / there).write_text("mine\n")
    with pytest.raises(UsageError, match=problem):
        check_target(tmp_path / name)
    assert (tmp_path / there).read_text() == "mine\n"


def test_they_are_refused_before_anything_is_plugged_in(tmp_path, capfd):
    (tmp_path / "lab.yaml").write_text("mine\n")
    code = invoke(
        ["simulate", "attach", "boards/virtual-se-i2c.yaml", f"--board-file={tmp_path / 'lab.yaml'}"]
    )
    assert code == 2
    assert "is there already" in capfd.readouterr().err


def test_a_firmware_keeps_its_actions_and_is_not_held_in_reset(tmp_path):
    source = load("boards/virtual-probe.yaml")
    who = virtual_board(source).plugs["console"].device.descriptors.identity
    target = tmp_path / "lab.yaml"
    write_board_file(source, [Attached("console", "serial", "3-1", "/dev/ttyACM1", who)], target)
    settings = load(target).transports["console"]
    assert (settings.kind, settings.dtr, settings.rts) == ("serial", True, False)
    assert set(settings.actions) == {"reset", "power-off", "power-on"}
