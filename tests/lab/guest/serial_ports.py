"""The serial transport on the kernel's own cdc-acm and ftdi_sio, with simulated devices."""

import threading
import time

import pytest
import serial

from harness.errors import BenchError, UsageError
from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.descriptors import Identity
from harness.simulator.usb.ftdi import FtdiSerial
from harness.simulator.usb.nodes import node
from harness.transport.serial.find import find_port
from harness.transport.serial.port import SerialTransport
from tests.transport.callers import Stream

KINDS = {"acm": (CdcAcm, "ttyACM*"), "ftdi": (FtdiSerial, "ttyUSB*")}


class Talker(StreamDevice):
    """Greets when it is powered, and answers each piece with itself in capitals."""

    def power_on(self):
        yield Output(b"ready\r\n")

    def receive(self, data):
        yield Output(data.upper())


class Rig:
    def __init__(self, insert, kind, **settings):
        make, pattern = KINDS[kind]
        self.device = make(Talker, settle=0.3, **settings)
        self.plug = insert(self.device)
        self.pattern = pattern
        self.path = str(node(self.plug.place, pattern))


def read_until(stream, end, limit=10.0):
    got, deadline = b"", time.monotonic() + limit
    while not got.endswith(end) and time.monotonic() < deadline:
        got += stream.read(1.0)
    return got


def eventually(condition, limit=10.0):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(params=KINDS)
def rig(request, insert):
    return Rig(insert, request.param)


def test_it_greets_once_and_answers(rig):
    with SerialTransport("line", rig.path) as port:
        stream = Stream(port)
        assert read_until(stream, b"ready\r\n") == b"ready\r\n"
        stream.write(b"hello")
        assert read_until(stream, b"HELLO") == b"HELLO"
        assert rig.device.line.baudrate == 115200
        assert rig.device.descriptors.identity.product in port.identity


def test_each_opening_is_a_new_session(rig):
    for _ in range(2):
        with SerialTransport("line", rig.path) as port:
            assert read_until(Stream(port), b"ready\r\n") == b"ready\r\n"


def test_four_kilobytes_each_way(rig):
    data = bytes(range(97, 123)) * 160
    with SerialTransport("line", rig.path) as port:
        stream = Stream(port)
        read_until(stream, b"ready\r\n")
        stream.write(data)
        got = b""
        deadline = time.monotonic() + 10
        while len(got) < len(data) and time.monotonic() < deadline:
            got += stream.read(1.0)
    assert got == data.upper()


def test_settings_reach_the_device(rig):
    with SerialTransport("line", rig.path, baudrate=57600, bytesize=7, parity="even", stopbits=2):
        eventually(lambda: rig.device.line.baudrate == 57600)
        line = rig.device.line
        eventually(lambda: (line.bytesize, line.parity, line.stopbits) == (7, 2, 2))


def test_host_lines_and_break_reach_the_device(rig):
    with serial.Serial(rig.path) as port:
        for name in ("dtr", "rts"):
            for level in (False, True):
                setattr(port, name, level)
                eventually(lambda name=name, level=level: getattr(rig.device.line, name) is level)
        port.send_break(0.05)
        eventually(lambda: rig.device.line.breaks >= 1)


def test_a_lost_modem_line_is_seen(rig):
    with serial.Serial(rig.path) as port:
        rig.device.set_lines(dsr=True, carrier=True)
        eventually(lambda: port.dsr and port.cd)
        rig.device.set_lines(carrier=False)
        eventually(lambda: not port.cd)
        assert port.dsr


def test_flow_control_line_of_the_adapter(insert):
    rig = Rig(insert, "ftdi")
    with serial.Serial(rig.path) as port:
        assert port.cts
        rig.device.set_lines(cts=False)
        eventually(lambda: not port.cts)


@pytest.mark.parametrize("kind", KINDS)
def test_the_wrong_speed_gives_noise(insert, kind):
    rig = Rig(insert, kind, baudrate=9600)
    with SerialTransport("line", rig.path, baudrate=115200) as port:
        noise = Stream(port).read(5.0)
    assert noise
    assert b"ready" not in noise
    with SerialTransport("line", rig.path, baudrate=9600) as port:
        assert read_until(Stream(port), b"ready\r\n") == b"ready\r\n"


def test_unplugged_amid_a_read_and_plugged_in_again(rig):
    with SerialTransport("line", rig.path) as port:
        stream = Stream(port)
        read_until(stream, b"ready\r\n")
        pulled = threading.Timer(0.3, rig.plug.remove)
        pulled.start()
        with pytest.raises(BenchError) as caught:
            stream.read(20.0)
        pulled.join()
        assert rig.path in str(caught.value)
        with pytest.raises(BenchError):
            stream.write(b"x")
    rig.plug.insert()
    with SerialTransport("line", str(node(rig.plug.place, rig.pattern))) as port:
        assert read_until(Stream(port), b"ready\r\n") == b"ready\r\n"


def test_a_stalled_pipe_is_the_bench_and_not_silence(insert):
    """The driver gives a stalled pipe up or clears it: either way nothing hangs, and it works when opened again."""
    rig = Rig(insert, "acm")
    with SerialTransport("line", rig.path) as port:
        stream = Stream(port)
        read_until(stream, b"ready\r\n")
        rig.device.stall(0x83)
        eventually(lambda: rig.device.cleared_halts >= 1)
        stream.write(b"hello")
        assert read_until(stream, b"HELLO") == b"HELLO"


def test_a_device_that_keeps_the_host_waiting_is_heard_later(rig):
    with SerialTransport("line", rig.path) as port:
        stream = Stream(port)
        read_until(stream, b"ready\r\n")
        pipe = 0x83 if rig.pattern == "ttyACM*" else 0x81
        rig.device.nak(pipe)
        stream.write(b"later")
        assert stream.read(0.5) == b""
        rig.device.nak(pipe, on=False)
        assert read_until(stream, b"LATER") == b"LATER"


def test_two_equal_adapters_are_told_apart(insert):
    paths = {}
    for serial_number in ("LEFT", "RIGHT"):
        who = Identity(0x0403, 0x6001, serial_number, product="twin", release=0x0600)
        plug = insert(FtdiSerial(Talker, who))
        paths[serial_number] = str(node(plug.place, "ttyUSB*"))
    assert find_port(0x0403, 0x6001, "RIGHT") == paths["RIGHT"]
    assert find_port(0x0403, 0x6001, "LEFT") == paths["LEFT"]
    with pytest.raises(UsageError) as caught:
        find_port(0x0403, 0x6001)
    assert "LEFT" in f"{caught.value} {caught.value.hint}"
    assert "RIGHT" in f"{caught.value} {caught.value.hint}"


def test_two_equal_adapters_without_serial_numbers_are_told_apart_by_their_place(insert):
    who = Identity(0x0403, 0x6001, product="nameless", release=0x0600)
    plugs = [insert(FtdiSerial(Talker, who)) for _ in range(2)]
    for plug in plugs:
        assert find_port(location=plug.place) == str(node(plug.place, "ttyUSB*"))
    with pytest.raises(UsageError) as caught:
        find_port(0x0403, 0x6001)
    assert all(plug.place in f"{caught.value} {caught.value.hint}" for plug in plugs)
