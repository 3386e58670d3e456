"""The HID token in the guest: the kernel's usbhid has it until the harness takes it, and gets it back."""

import os
from dataclasses import replace

import pytest

from harness.simulator.usb.hid import DEFAULT, HidToken
from harness.simulator.usb.nodes import node
from harness.transport.base import Exchange
from harness.transport.identity import UsbSelector
from harness.transport.usb.hid import HidTransport
from tests.lab.guest.contracts import UsbfsBench
from tests.transport.contract import ApduContract
from tests.transport.far_ends import EchoChip, echo

COMMAND = b"\x00\xa4\x04\x00"
HIDRAW = "hidraw[0-9]*"


@pytest.mark.parametrize(("number", "out_pipe"), [(None, True), (7, False)], ids=["pipes", "requests"])
class TestHidOnUsbfs(ApduContract):
    @pytest.fixture
    def bench(self, insert, number, out_pipe):
        device = HidToken(EchoChip(), report_id=number, out_pipe=out_pipe)
        return UsbfsBench(insert, device, lambda name, where: HidTransport(name, where, report_id=number))


@pytest.mark.parametrize("number", [None, 7])
def test_usbhid_understands_its_reports(insert, number):
    path = node(insert(HidToken(EchoChip(), report_id=number)).place, HIDRAW)
    head = b"" if number is None else bytes((number,))
    report = (head + len(COMMAND).to_bytes(2, "big") + COMMAND).ljust(64, b"\0")
    with path.open("r+b", buffering=0) as raw:
        raw.write(report if number else b"\0" + report)  # hidraw wants a number, 0 for none
        answer = os.read(raw.fileno(), 64)
    wanted = echo(COMMAND)
    assert answer == (head + len(wanted).to_bytes(2, "big") + wanted).ljust(64, b"\0")


def test_the_kernels_driver_gets_the_interface_back(insert):
    plug = insert(HidToken(EchoChip(), replace(DEFAULT, serial_number="H1")))
    before = node(plug.place, HIDRAW)
    with HidTransport("se", UsbSelector(vid=0x1209, pid=0x2003, serial_number="H1")) as transport:
        assert not before.exists()
        assert transport.do(Exchange(COMMAND, 10.0)) == echo(COMMAND)
        assert f"serial number H1, location {plug.place}, interface 0" in transport.identity
    assert node(plug.place, HIDRAW).exists()
