"""The contract over USB: the real pyusb on simulated devices in this process."""

import pytest

from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.ccid import CcidToken
from harness.simulator.usb.descriptors import TransferType
from harness.transport.identity import UsbSelector
from harness.transport.usb.ccid import CcidTransport
from harness.transport.usb.framing import LengthPrefix, PipeFraming
from harness.transport.usb.hid import HidTransport
from harness.transport.usb.pipe import PipeKind, UsbPipe, UsbPipeTransport
from tests.transport.contract import ApduBench, ApduContract
from tests.transport.far_ends import EXCHANGES, ControlPipe, EchoChip, HidToken, PrefixedPipe
from tools.usb_backend import MemoryBackend

HERE = UsbSelector(location="1-1")


class UsbBench(ApduBench):
    exchanges = EXCHANGES

    def __init__(self, device, make):
        self.device = device
        self.backend = MemoryBackend()
        self.backend.plug(device)
        self.make = make

    def transport(self):
        return self.make(self.name, self.backend)

    def unplug(self):
        self.backend.unplug(self.device)

    def hush(self, *, on):
        ends = [end.address for each in self.device.descriptors.interfaces for end in each.endpoints]
        for address in ends:
            if address & 0x80:
                self.device.nak(address, on=on)
        if not ends:
            self.device.hang(on=on)


def pipe(*arguments, **settings):
    return lambda name, backend: UsbPipeTransport(
        name, HERE, UsbPipe(*arguments, **settings), backend=backend
    )


class TestPlainBulkPipe(ApduContract):
    @pytest.fixture
    def bench(self):
        return UsbBench(ApduPipe(EchoChip()), pipe())


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
class TestPrefixedBulkPipe(ApduContract):
    @pytest.fixture
    def bench(self, torn):
        return UsbBench(PrefixedPipe(torn=torn), pipe(framing=PipeFraming.LENGTH_PREFIXED))


class TestPrefixedInterruptPipe(ApduContract):
    @pytest.fixture
    def bench(self):
        device = PrefixedPipe(transfer=TransferType.INTERRUPT, size=4, order="little")
        prefix = LengthPrefix(4, "little")
        return UsbBench(device, pipe(PipeKind.INTERRUPT, framing=PipeFraming.LENGTH_PREFIXED, prefix=prefix))


@pytest.mark.parametrize("busy", [0, 3])
class TestControlPipe(ApduContract):
    @pytest.fixture
    def bench(self, busy):
        return UsbBench(ControlPipe(busy=busy), pipe(PipeKind.CONTROL))


class TestHid(ApduContract):
    @pytest.fixture(params=[(None, True), (None, False), (7, True), (7, False)])
    def bench(self, request):
        number, out = request.param
        return UsbBench(
            HidToken(report_id=number, out=out),
            lambda name, backend: HidTransport(name, HERE, report_id=number, backend=backend),
        )


@pytest.mark.parametrize("extensions", [0, 2])
class TestCcid(ApduContract):
    @pytest.fixture
    def bench(self, extensions):
        return UsbBench(
            CcidToken(EchoChip(), extensions=extensions),
            lambda name, backend: CcidTransport(name, HERE, backend=backend),
        )
