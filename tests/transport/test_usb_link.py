"""Finding, taking and losing a USB device; the real pyusb on simulated devices."""

import errno
import os
import time
from array import array

import pytest

from harness.errors import BenchError, DeviceError, UsageError
from harness.simulator.usb.apdu_pipe import IN, OUT, ApduPipe
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface
from harness.simulator.usb.device import Stall, UsbDevice
from harness.transport.base import Exchange, StreamRead
from harness.transport.errors import UsbSilent, UsbStall
from harness.transport.holders import Holder
from harness.transport.identity import UsbSelector
from harness.transport.usb import link as usb_link
from harness.transport.usb.framing import PipeFraming
from harness.transport.usb.functions import functions
from harness.transport.usb.pipe import PipeKind, UsbPipe, UsbPipeTransport
from tests.transport.far_ends import EchoChip, PrefixedPipe
from tools.usb_backend import MemoryBackend

COMMAND = b"\x00\xa4\x04\x00"
ANSWER = b"\x00\x04\xa4\x00\x90\x00"


def token(serial_number="", vid=0x1209, pid=0x1D01):
    return ApduPipe(EchoChip(), Identity(vid, pid, serial_number, product="token"))


@pytest.fixture
def backend():
    return MemoryBackend()


def made(backend, pipe=None, **wanted):
    return UsbPipeTransport("se", UsbSelector(**(wanted or {"vid": 0x1209})), pipe, backend=backend)


def test_identity_tells_what_was_found(backend):
    backend.plug(token("S1"), "3-1.4.2")
    transport = made(backend, serial_number="S1")
    assert transport.identity == "vendor USB interface with serial_number S1"
    with transport:
        assert transport.identity == "usb 1209:1d01, 'token', serial number S1, location 3-1.4.2, interface 0"
    assert transport.place() == "usb 3-1.4.2 interface 0"


@pytest.mark.parametrize(
    "wanted",
    [
        {"vid": 0x1209, "pid": 0x1D02},
        {"serial_number": "S2"},
        {"location": "1-2"},
        {"vid": 0x1209, "location": "1-2:1.0"},
    ],
)
def test_each_property_finds_the_one_that_has_it(backend, wanted):
    backend.plug(token("S1"), "1-1")
    backend.plug(token("S2", pid=0x1D02), "1-2")
    with made(backend, **wanted) as transport:
        assert "serial number S2" in transport.identity


def test_two_that_fit_are_listed_and_told_apart_by_serial_number(backend):
    backend.plug(token("S1"), "1-1")
    backend.plug(token("S2"), "1-2")
    with pytest.raises(UsageError, match="2 vendor USB interfaces have vid 1209") as caught:
        made(backend).open()
    assert "serial number S1, location 1-1" in caught.value.message
    assert "serial number S2, location 1-2" in caught.value.message
    assert caught.value.hint == "tell them apart by serial_number: S1 or S2"
    assert caught.value.transport == "se"


def test_two_without_serial_number_are_told_apart_by_location(backend):
    backend.plug(token(), "1-1")
    backend.plug(token(), "1-2")
    with pytest.raises(UsageError) as caught:
        made(backend).open()
    assert caught.value.hint == "tell them apart by location: 1-1 or 1-2"


def test_one_that_is_not_there_lists_what_is(backend):
    backend.plug(token("S1"), "1-1")
    with pytest.raises(BenchError, match="no vendor USB interface with serial_number S9") as caught:
        made(backend, serial_number="S9").open()
    assert "serial number S1" in caught.value.hint


def test_an_interface_by_number_may_be_of_any_class(backend):
    pipes = (Endpoint(OUT), Endpoint(IN))
    device = UsbDevice(
        Descriptors(
            Identity(0x1209, 5, "M1"),
            (Interface(0, pipes, code=(2, 0, 0)), Interface(1, (), code=(10, 0, 0))),
        )
    )
    backend.plug(device)
    with pytest.raises(BenchError, match="no vendor USB interface"):
        made(backend, serial_number="M1").open()
    with made(backend, serial_number="M1", interface=0) as transport:
        assert transport.identity.endswith("interface 0")
    with pytest.raises(UsageError, match="needs bulk endpoints, one each way; it has none"):
        made(backend, serial_number="M1", interface="1").open()


def test_named_endpoints_are_used_and_missing_ones_said(backend):
    backend.plug(PrefixedPipe())
    framing = PipeFraming.LENGTH_PREFIXED
    good = UsbPipe(framing=framing, endpoint_out=0x02, endpoint_in=0x83)
    with made(backend, good) as transport:
        assert transport.do(Exchange(COMMAND, 5.0)) == ANSWER
    with pytest.raises(UsageError, match=r"it has 0x02, 0x83") as caught:
        made(backend, UsbPipe(endpoint_in=0x81)).open()
    assert caught.value.hint
    with pytest.raises(UsageError, match="needs interrupt endpoints"):
        made(backend, UsbPipe(PipeKind.INTERRUPT)).open()


def test_the_kernel_driver_is_detached_and_put_back(backend):
    backend.plug(token(), drivers=(0,))
    with made(backend) as transport:
        assert backend.log == ["detach 0"]
        assert transport.do(Exchange(COMMAND, 5.0)) == ANSWER
    assert backend.log == ["detach 0", "attach 0"]


def test_no_driver_is_put_where_there_was_none(backend):
    backend.plug(token())
    with made(backend):
        pass
    assert backend.log == []


def test_a_device_that_is_not_configured_is(backend):
    backend.plug(token())
    backend._sockets[0].configuration = 0
    with made(backend) as transport:
        assert transport.do(Exchange(COMMAND, 5.0)) == ANSWER


def test_permission_denied_says_how_to_get_it(backend):
    backend.plug(token(), denied=True)
    with pytest.raises(BenchError, match="permission denied") as caught:
        made(backend).open()
    assert "udev" in caught.value.hint


def test_in_use_by_another_program(backend):
    backend.plug(token())
    with made(backend), pytest.raises(BenchError, match="in use by another program") as caught:
        made(backend).open()
    assert "pcscd" in caught.value.hint


def test_who_uses_it_is_told(backend, monkeypatch):
    asked = []

    def holders(path):
        asked.append(path)
        return Holder(41, "pcscd"), Holder(os.getpid(), "this test")

    monkeypatch.setattr(usb_link, "holders", holders)
    backend.plug(token())
    told = r"in use by another program: pid 41 \(pcscd\)$"
    with made(backend), pytest.raises(BenchError, match=told):
        made(backend).open()
    assert asked == ["/dev/bus/usb/001/001"]


@pytest.mark.parametrize("endpoint", [OUT, IN])
def test_a_stall_is_the_devices_and_its_halt_is_cleared(backend, endpoint):
    device = token()
    backend.plug(device)
    with made(backend) as transport:
        device.stall(endpoint)
        with pytest.raises(UsbStall, match=f"stalled endpoint {endpoint:#04x} while") as caught:
            transport.do(Exchange(COMMAND, 5.0))
        assert isinstance(caught.value, DeviceError)
        assert "the halt is cleared" in caught.value.message
        assert backend.log == [f"clear {endpoint:#04x}"]
        assert device.cleared_halts == 1
        assert transport.do(Exchange(COMMAND, 5.0)) == ANSWER


def test_a_refused_control_request_is_a_stall(backend):
    class Refusing(UsbDevice):
        def control(self, setup, data):
            raise Stall

    backend.plug(Refusing(Descriptors(Identity(0x1209, 1), (Interface(0, ()),))))
    with (
        made(backend, UsbPipe(PipeKind.CONTROL)) as transport,
        pytest.raises(UsbStall, match="stalled the request while sending the command"),
    ):
        transport.do(Exchange(COMMAND, 5.0))


def test_silence_names_the_time(backend):
    device = token()
    backend.plug(device)
    with made(backend) as transport:
        device.nak(IN)
        with pytest.raises(
            UsbSilent, match=r"nothing within 0\.\d+ s while waiting for the answer"
        ) as caught:
            transport.do(Exchange(COMMAND, 0.02))
        assert "power-cycle" in caught.value.hint


@pytest.mark.parametrize("code", [errno.EPROTO, errno.EIO])
def test_a_broken_transfer_of_a_device_that_stays_is_no_unplug(backend, code):
    device = token()
    backend.plug(device)
    with made(backend) as transport:
        device.nak(IN)
        device.fail(IN, code)
        device.nak(IN, on=False)
        with pytest.raises(BenchError, match="while waiting for the answer") as caught:
            transport.do(Exchange(COMMAND, 5.0))
        assert "unplugged" not in caught.value.message
        assert transport.do(Exchange(COMMAND, 5.0)) == ANSWER


def test_the_same_broken_transfer_of_one_that_left_is_an_unplug(backend):
    device = token()
    backend.plug(device)
    with made(backend) as transport:
        device.fail(IN, errno.EPROTO)
        backend._sockets.clear()
        with pytest.raises(BenchError, match=r"unplugged while waiting for the answer, at \d\d:\d\d:\d\d"):
            transport.do(Exchange(COMMAND, 5.0))


def test_more_than_the_packet_size_is_the_devices_fault(backend):
    device = token()
    backend.plug(device)
    with made(backend) as transport:
        device.fail(IN, errno.EOVERFLOW)
        with pytest.raises(DeviceError, match="more than its packet size"):
            transport.do(Exchange(COMMAND, 5.0))


def test_an_answer_shorter_than_it_says(backend):
    device = PrefixedPipe()
    device.spoil = 3
    backend.plug(device)
    pipe = UsbPipe(framing=PipeFraming.LENGTH_PREFIXED)
    with made(backend, pipe) as transport, pytest.raises(UsbSilent):
        transport.do(Exchange(COMMAND, 0.02))


def test_an_answer_longer_than_any_apdu_is_not_read(backend):
    device = PrefixedPipe(size=4)
    device.spoil = 1 << 24
    backend.plug(device)
    from harness.transport.usb.framing import LengthPrefix

    pipe = UsbPipe(framing=PipeFraming.LENGTH_PREFIXED, prefix=LengthPrefix(4))
    with made(backend, pipe) as transport, pytest.raises(DeviceError, match="the answer announces"):
        transport.do(Exchange(COMMAND, 5.0))


def test_a_command_that_the_length_field_cannot_say(backend):
    from harness.transport.usb.framing import LengthPrefix

    backend.plug(PrefixedPipe(size=1))
    pipe = UsbPipe(framing=PipeFraming.LENGTH_PREFIXED, prefix=LengthPrefix(1))
    with made(backend, pipe) as transport:
        with pytest.raises(UsageError, match="the length field of 1 bytes can say 255"):
            transport.do(Exchange(bytes(256), 5.0))
        assert transport.do(Exchange(bytes(5), 5.0)) == bytes(5) + b"\x90\x00"


def test_a_full_packet_without_an_empty_one_behind_it_ends_by_silence(backend):
    class Abrupt(ApduPipe):
        def send(self, endpoint, data, *, wait=False):
            return super().send(endpoint, data[:64]) and (
                len(data) <= 64 or super().send(endpoint, data[64:])
            )

    device = Abrupt(EchoChip(), Identity(0x1209, 1))
    backend.plug(device)
    with made(backend) as transport:
        assert len(transport.do(Exchange(bytes(62), 5.0))) == 64


def test_streams_are_refused(backend):
    with pytest.raises(UsageError, match="StreamRead needs stream, supplied apdu"):
        made(backend).do(StreamRead(1, 0.0))


def test_hostile_names_do_not_reach_the_terminal(backend):
    backend.plug(token("\x1b[2Jevil\n"), "1-1")
    (found,) = functions(backend)
    assert found.serial_number == "\\e[2Jevil\\n"
    assert str(found).isprintable()


class Counting(MemoryBackend):
    """Notes what is written, and delivers answers as a slow bus does: a part, and the rest when asked again."""

    def __init__(self, part=0):
        super().__init__()
        self.written = []
        self.part = part
        self.kept = b""

    def bulk_write(self, handle, ep, intf, data, timeout):
        self.written.append(len(data))
        return super().bulk_write(handle, ep, intf, data, timeout)

    def bulk_read(self, handle, ep, intf, buff, timeout):
        if self.kept:
            data, self.kept = self.kept, b""
        else:
            size = super().bulk_read(handle, ep, intf, buff, timeout)
            data, self.kept = bytes(buff[:size]), b""
            if self.part and size > self.part:
                time.sleep(timeout / 1000)  # libusb gives what has come when the time is over
                data, self.kept = data[: self.part], data[self.part :]
        buff[: len(data)] = array("B", data)
        return len(data)


@pytest.mark.parametrize(("length", "writes"), [(63, [63]), (64, [64, 0]), (65, [65]), (128, [128, 0])])
def test_a_command_of_full_packets_ends_with_an_empty_one(length, writes):
    backend = Counting()
    backend.plug(token())
    with made(backend) as transport:
        assert len(transport.do(Exchange(bytes(length), 5.0))) == length + 2
    assert backend.written == writes


def test_an_answer_that_comes_in_parts_is_put_together():
    backend = Counting(part=64)
    backend.plug(token())
    with made(backend) as transport:
        assert transport.do(Exchange(bytes(100), 5.0)) == bytes(100) + b"\x90\x00"
