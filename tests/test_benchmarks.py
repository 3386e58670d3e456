"""The benchmarks are run by hand and by CI alone: at least the devices that they plug in can be made, and answer."""

import pytest

from benchmarks import bus_devices


@pytest.mark.parametrize("kind", ["i2c", "ttyACM", "ttyUSB", "pipe", "ccid"])
def test_the_device_of_a_bus_can_be_made(kind):
    assert bus_devices.usb_device(kind).name


def test_the_chip_has_one_answer():
    assert bus_devices.FixedChip().process(bus_devices.COMMAND) == bus_devices.ANSWER
