"""HID reports beyond the contract: what lies in them, and reports that are wrong."""

import pytest

from harness.errors import DeviceError, UsageError
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface, TransferType
from harness.simulator.usb.device import UsbDevice
from harness.transport.base import CardReset, Exchange
from harness.transport.identity import UsbSelector
from harness.transport.usb.framing import LengthPrefix
from harness.transport.usb.hid import HidTransport
from tests.transport.far_ends import HidToken
from tools.usb_backend import MemoryBackend

HERE = UsbSelector(location="1-1")


def opened(device, **settings):
    backend = MemoryBackend()
    backend.plug(device, drivers=(0,))
    transport = HidTransport("se", HERE, backend=backend, **settings)
    transport.open()
    assert backend.log == ["detach 0"]
    return transport


def test_a_command_fills_whole_reports():
    device = HidToken(report_id=7)
    transport = opened(device, report_id=7)
    command = bytes(range(1, 101))
    assert transport.do(Exchange(command, 5.0)) == command[::-1] + b"\x90\x00"
    first, second = device.reports
    assert first == b"\x07\x00\x64" + command[:61]
    assert second == (b"\x07" + command[61:]).ljust(64, b"\0")
    transport.close()


def test_a_report_with_another_id():
    class Other(HidToken):
        def received(self, endpoint, data):
            self.send(0x81, b"\x09\x00\x02\x90\x00".ljust(64, b"\0"))

    transport = opened(Other(report_id=3), report_id=3)
    with pytest.raises(DeviceError, match="a report with id 09, expected 03"):
        transport.do(Exchange(b"\x00\xa4", 5.0))
    transport.close()


def test_an_interface_without_input_reports():
    ends = (Endpoint(0x01, TransferType.INTERRUPT),)
    device = UsbDevice(Descriptors(Identity(1, 2), (Interface(0, ends, code=(3, 0, 0)),)))
    with pytest.raises(UsageError, match="no interrupt endpoint to the host") as caught:
        opened(device)
    assert caught.value.transport == "se"


def test_a_command_that_the_length_cannot_say():
    transport = opened(HidToken(), prefix=LengthPrefix(1))
    with pytest.raises(UsageError, match="can say 255"):
        transport.do(Exchange(bytes(256), 5.0))
    transport.close()


def test_a_card_has_no_power_here():
    transport = opened(HidToken())
    with pytest.raises(UsageError, match="CardReset needs card, supplied apdu"):
        transport.do(CardReset())
    transport.close()


def test_a_length_beyond_any_apdu():
    class Boasting(HidToken):
        def received(self, endpoint, data):
            self.send(0x81, b"\xff\xff\xff\xff".ljust(64, b"\0"))

    transport = opened(Boasting(), prefix=LengthPrefix(4))
    with pytest.raises(DeviceError, match="announces 4294967295 bytes"):
        transport.do(Exchange(b"\x00\xa4", 5.0))
    transport.close()
