"""The device side of USB/IP: descriptors, standard requests, pipes and their disturbances."""

import errno
import socket
import struct
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DeviceError, UsageError
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface, TransferType
from harness.simulator.usb.device import Setup, Stall, UsbDevice
from harness.simulator.usb.link import UsbLink
from harness.simulator.usb.wire import Submit, Unlink, answer, read_answer, read_request, submit, unlink

OUT, IN, EVENTS = 0x01, 0x81, 0x82
WHO = Identity(0x1209, 0x0001, "S1", "maker", "thing")


class Echo(UsbDevice):
    def __init__(self):
        pipes = (Endpoint(OUT), Endpoint(IN), Endpoint(EVENTS, TransferType.INTERRUPT, 16, 4))
        super().__init__(Descriptors(WHO, (Interface(0, pipes),)))
        self.readers = []

    def control(self, setup, data):
        if setup.request == 0x10:
            return b"answer"
        if setup.request == 0x11:
            return super().control(setup, data) if data == b"no" else b""
        raise Stall

    def received(self, endpoint, data):
        if data == b"halt":
            raise Stall
        self.send(IN, data[::-1])

    def host_reads(self, endpoint):
        self.readers.append(("reads", endpoint))

    def host_left(self, endpoint):
        self.readers.append(("left", endpoint))


@pytest.fixture
def device():
    return Echo()


@pytest.fixture
def usb(host, device):
    return host(device)


def test_device_descriptor(usb):
    raw = usb.ask(0x80, 6, 0x0100, 0, 64)
    fields = struct.unpack("<BBHBBBBHHHBBBB", raw)
    assert fields[:3] == (18, 1, 0x0200)
    assert fields[6:] == (64, 0x1209, 0x0001, 0x0100, 1, 2, 3, 1)


def test_configuration_descriptor_states_its_own_length(usb):
    raw = usb.ask(0x80, 6, 0x0200, 0, 255)
    assert raw[:2] == b"\x09\x02"
    assert struct.unpack_from("<H", raw, 2)[0] == len(raw) == 9 + 9 + 3 * 7
    assert usb.ask(0x80, 6, 0x0200, 0, 9) == raw[:9]


def test_strings(usb):
    assert usb.ask(0x80, 6, 0x0300, 0, 64) == b"\x04\x03\x09\x04"
    assert usb.ask(0x80, 6, 0x0303, 0x409, 64) == b"\x06\x03S\x001\x00"
    assert usb.ask(0x80, 6, 0x0304, 0x409, 64) == -errno.EPIPE


def test_a_device_without_serial_number_names_no_string():
    raw = Descriptors(Identity(1, 2), ()).get(1, 0)
    assert raw[16] == 0


def test_standard_requests(usb):
    assert usb.ask(0x80, 8, 0, 0, 1) == b"\x00"
    assert usb.ask(0x00, 9, 1) == 0
    assert usb.ask(0x80, 8, 0, 0, 1) == b"\x01"
    assert usb.ask(0x80, 0, 0, 0, 2) == b"\x00\x00"
    assert usb.ask(0x81, 10, 0, 0, 1) == b"\x00"
    assert usb.ask(0x00, 5, 7) == 0
    assert usb.ask(0x80, 0x30, 0, 0, 1) == -errno.EPIPE


def test_own_requests_and_a_refused_one(usb):
    assert usb.ask(0xC0, 0x10, 0, 0, 64) == b"answer"
    assert usb.ask(0xC0, 0x10, 0, 0, 3) == b"ans"
    assert usb.ask(0x40, 0x11, data=b"yes") == 0
    assert usb.ask(0x40, 0x11, data=b"no") == -errno.EPIPE
    assert usb.ask(0xC0, 0x77, 0, 0, 4) == -errno.EPIPE


def test_pipes(usb):
    assert usb.write(OUT, b"abc") == 3
    assert usb.read(IN) == b"cba"


def test_an_answer_longer_than_the_room_goes_on_in_the_next_transfer(usb, device):
    device.send(IN, b"abcdef")
    assert usb.read(IN, 4) == b"abcd"
    assert usb.read(IN, 4) == b"ef"


def test_a_reader_that_came_first_is_served(usb, device):
    number = usb.begin(EVENTS)
    assert usb.nothing_comes()
    device.send(EVENTS, b"!")
    _, answered, _, _, data = usb.answer()
    assert (answered, data) == (number, b"!")


def test_an_unknown_endpoint_stalls(usb):
    assert usb.read(0x85) == -errno.EPIPE


def test_a_halt_lasts_until_it_is_cleared(usb, device):
    device.stall(IN)
    device.send(IN, b"kept")
    assert [usb.read(IN), usb.read(IN)] == [-errno.EPIPE] * 2
    assert usb.ask(0x82, 0, 0, IN, 2) == b"\x01\x00"
    assert usb.ask(0x02, 1, 0, IN) == 0
    assert usb.ask(0x82, 0, 0, IN, 2) == b"\x00\x00"
    assert usb.read(IN) == b"kept"
    assert device.cleared_halts == 1


def test_refused_data_halts_the_pipe(usb):
    assert usb.write(OUT, b"halt") == -errno.EPIPE
    assert usb.write(OUT, b"abc") == -errno.EPIPE
    assert usb.ask(0x02, 1, 0, OUT) == 0
    assert usb.write(OUT, b"abc") == 3


def test_the_host_may_halt_a_pipe_itself(usb):
    assert usb.ask(0x02, 3, 0, OUT) == 0
    assert usb.write(OUT, b"abc") == -errno.EPIPE


def test_a_stalled_control_pipe_refuses_one_request_and_no_standard_one(usb, device):
    device.stall(0)
    assert usb.ask(0x80, 0, 0, 0, 2) == b"\x00\x00"
    assert usb.ask(0xC0, 0x10, 0, 0, 64) == -errno.EPIPE
    assert usb.ask(0xC0, 0x10, 0, 0, 64) == b"answer"


def test_nak_keeps_one_pipe_waiting(usb, device):
    device.nak(OUT)
    usb.begin(OUT, b"abc")
    assert usb.nothing_comes()
    assert usb.ask(0xC0, 0x10, 0, 0, 64) == b"answer"
    device.nak(OUT, on=False)
    assert usb.answer(to_host=False)[2:4] == (0, 3)


def test_a_hung_device_answers_nothing_but_an_unlink(usb, device):
    device.hang()
    number = usb.begin(0, length=8, setup=Setup(0xC0, 0x10, 0, 0, 8).encode())
    assert usb.nothing_comes()
    taken = usb.take_back(number)
    assert usb.answer()[:3] == (4, taken, -errno.ECONNRESET)
    device.hang(on=False)
    assert usb.ask(0xC0, 0x10, 0, 0, 64) == b"answer"


def test_an_unlink_that_comes_late_says_so(usb):
    assert usb.write(OUT, b"abc") == 3
    usb.take_back(1)
    assert usb.answer()[2] == 0


def test_a_transfer_can_be_broken(usb, device):
    device.fail(IN)
    assert usb.read(IN) == -errno.EPROTO
    device.send(IN, b"x")
    assert usb.read(IN) == b"x"


def test_the_device_notices_who_reads(usb, device):
    numbers = [usb.begin(IN), usb.begin(IN)]
    for number in numbers:
        usb.take_back(number)
        usb.answer()
    usb.ask(0x80, 0, 0, 0, 2)
    assert device.readers == [("reads", IN), ("left", IN)]


def test_unplugged_amid_a_transfer_and_plugged_in_again(host, device):
    first = host(device)
    first.begin(IN)
    assert first.ask(0x00, 9, 1) == 0
    first.close()
    assert first.link.ended.is_set()
    assert device.readers == [("reads", IN), ("left", IN)]
    assert device.send(IN, b"lost") is False
    second = host(device)
    assert second.ask(0x80, 8, 0, 0, 1) == b"\x00"
    assert second.write(OUT, b"abc") == 3
    assert second.read(IN) == b"cba"


def test_one_device_has_one_host(usb, device):
    ours, theirs = socket.socketpair()
    with ours, pytest.raises(UsageError, match="1209:0001 serial number S1 is plugged in already"):
        UsbLink(device, theirs).start()
    assert usb.write(OUT, b"abc") == 3


def test_a_waiting_sender_goes_on_when_the_host_has_read(usb, device):
    usb.begin(IN, length=1)
    sent = threading.Event()

    def send():
        for _ in range(3):
            device.send(IN, bytes(40000), wait=True)
        sent.set()

    worker = threading.Thread(target=send, daemon=True)
    worker.start()
    total = len(usb.answer()[4])
    while total < 120000:
        total += len(usb.read(IN, 30000))
    assert sent.wait(60)
    assert total == 120000
    worker.join()


def test_an_endpoint_that_is_not_there(device):
    with pytest.raises(UsageError, match="has no endpoint 0x84; it has 0x00, 0x01, 0x81, 0x82"):
        device.stall(0x84)


class Reader:
    def __init__(self, data):
        self.data = data

    def __call__(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        return taken


def test_a_message_of_the_kernel_byte_by_byte():
    """Taken apart by hand after the kernel's own description of the protocol."""
    raw = bytes.fromhex(
        "00000001 00000d05 0001000f 00000001 00000000"
        "00000200 00000040 ffffffff 00000000 00000004 8006000100004000".replace(" ", "")
    )
    request = read_request(Reader(raw))
    assert request == Submit(0x0D05, 0, True, 64, bytes.fromhex("8006000100004000"), b"")
    reply = answer(request, 0, b"\x12\x01")
    assert reply == bytes.fromhex(
        "00000003 00000d05 00000000 00000000 00000000"
        "00000000 00000002 00000000 00000000 00000000 0000000000000000 1201".replace(" ", "")
    )


def test_an_unlink_of_the_kernel_byte_by_byte():
    raw = bytes.fromhex("00000002 00000d06 0001000f 00000000 00000000 00000d05".replace(" ", "")) + bytes(24)
    assert read_request(Reader(raw)) == Unlink(0x0D06, 0x0D05)


@given(
    number=st.integers(0, 2**32 - 1),
    endpoint=st.integers(0, 15),
    setup=st.binary(min_size=8, max_size=8),
    data=st.binary(max_size=300),
)
def test_requests_are_read_as_they_were_written(number, endpoint, setup, data):
    raw = submit(number, endpoint, to_host=False, setup=setup, data=data)
    assert read_request(Reader(raw)) == Submit(number, endpoint, False, len(data), setup, data)
    raw = submit(number, endpoint, to_host=True, length=len(data), setup=setup)
    request = read_request(Reader(raw))
    assert request == Submit(number, endpoint, True, len(data), setup, b"")
    assert read_answer(Reader(answer(request, 0, data)), to_host=True) == (3, number, 0, len(data), data)
    assert read_answer(Reader(answer(request, 32, data)), to_host=True) == (3, number, -32, 0, b"")
    assert read_request(Reader(unlink(number, 5))) == Unlink(number, 5)


@given(st.binary(max_size=100))
def test_anything_else_ends_the_link_with_a_reason_or_the_stream(raw):
    with suppress(DeviceError):
        assert read_request(Reader(raw)) is None or len(raw) >= 48


def test_a_transfer_that_is_too_long_is_refused():
    raw = submit(1, 1, to_host=True, length=1 << 21)
    with pytest.raises(DeviceError, match="2097152 bytes"):
        read_request(Reader(raw))


def test_a_link_that_hears_nonsense_ends(usb):
    usb.end.sendall(b"\x77" * 48)
    assert usb.link.ended.wait(60)
    assert "0x77777777 is no request" in usb.link.problem
