"""Adapters found by name and USB identity, in a made-up tree of the kernel's."""

import pytest

from harness.errors import BenchError, UsageError
from harness.transport.i2c import adapters as module
from harness.transport.i2c.adapters import I2cAdapter, find_adapter, i2c_adapters
from harness.transport.identity import UsbSelector


def usb_adapter(root, number, place, serial=None, name="i2c-tiny-usb"):
    device = root / "devices" / "usb1" / place
    folder = device / f"{place}:1.0" / f"i2c-{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name} at bus 001 device 00{number}\n")
    (device / "idVendor").write_text("0403\n")
    (device / "idProduct").write_text("c631\n")
    (device / f"{place}:1.0" / "bInterfaceNumber").write_text("00\n")
    if serial:
        (device / "serial").write_text(f"{serial}\n")
    (root / "bus").mkdir(exist_ok=True)
    (root / "bus" / f"i2c-{number}").symlink_to(folder)


@pytest.fixture
def buses(tmp_path):
    usb_adapter(tmp_path, 10, "1-1.2", "A")
    usb_adapter(tmp_path, 9, "1-1.3")
    built_in = tmp_path / "devices" / "platform" / "i2c-1"
    built_in.mkdir(parents=True)
    (built_in / "name").write_text("bcm2835 (i2c@7e804000)\n")
    (tmp_path / "bus" / "i2c-1").symlink_to(built_in)
    (tmp_path / "bus" / "1-0050").mkdir()
    return tmp_path / "bus"


def test_all_by_number(buses):
    assert [adapter.device for adapter in i2c_adapters(buses)] == ["/dev/i2c-1", "/dev/i2c-9", "/dev/i2c-10"]
    built_in, _, usb = i2c_adapters(buses)
    assert built_in == I2cAdapter("/dev/i2c-1", "bcm2835 (i2c@7e804000)")
    assert (usb.vid, usb.pid, usb.serial_number, usb.location) == (0x0403, 0xC631, "A", "1-1.2")
    assert (usb.interface, usb.interface_name) == (0, None)
    assert str(usb) == (
        "/dev/i2c-10 (i2c-tiny-usb at bus 001 device 0010, usb 0403:c631, serial number A, location 1-1.2, interface 0)"
    )


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        ("bcm2835", "/dev/i2c-1"),
        ("i2c-tiny-usb at bus 001 device 009", "/dev/i2c-9"),
        (UsbSelector(serial_number="A"), "/dev/i2c-10"),
        (UsbSelector(vid=0x0403, location="1-1.3"), "/dev/i2c-9"),
    ],
)
def test_the_one_that_fits(buses, wanted, device):
    assert find_adapter(wanted, buses).device == device


def test_two_of_one_name_are_listed(buses):
    with pytest.raises(
        UsageError, match=r"2 I²C adapters are named 'tiny': /dev/i2c-9 .*; /dev/i2c-10"
    ) as caught:
        find_adapter("tiny", buses)
    assert "location" in caught.value.hint


def test_two_of_one_identity_are_told_apart(buses):
    with pytest.raises(UsageError, match="2 I²C adapters have vid 0403, pid c631") as caught:
        find_adapter(UsbSelector(0x0403, 0xC631), buses)
    assert caught.value.hint == "tell them apart by location: 1-1.3 or 1-1.2"


def test_none_fits_and_the_others_are_listed(buses):
    with pytest.raises(BenchError, match="no I²C adapter named 'ch341'") as caught:
        find_adapter("ch341", buses)
    assert "/dev/i2c-9" in caught.value.hint
    with pytest.raises(BenchError, match="no I²C adapter with serial_number Z"):
        find_adapter(UsbSelector(serial_number="Z"), buses)


def test_a_machine_without_i2c(tmp_path):
    assert i2c_adapters(tmp_path / "none") == ()
    with pytest.raises(BenchError, match="no I²C adapter named 'x'") as caught:
        find_adapter("x", tmp_path / "none")
    assert "this machine has no I²C adapters now" in caught.value.hint


def test_where_the_kernel_lists_them():
    assert str(module.SYSFS) == "/sys/bus/i2c/devices"


def test_the_driver_is_read_from_sysfs(buses, tmp_path):
    drivers = tmp_path / "drivers" / "i2c-tiny-usb"
    drivers.mkdir(parents=True)
    (buses / "i2c-9").resolve().parent.joinpath("driver").symlink_to(drivers)
    assert [adapter.driver for adapter in i2c_adapters(buses)] == ["", "i2c-tiny-usb", ""]
