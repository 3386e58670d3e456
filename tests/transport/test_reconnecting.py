"""Hot-plug with made-up ports and events: loss, return, another device, and the limit."""

import os
import re
from dataclasses import replace

import pytest

from harness.errors import BenchError
from harness.transport.base import I2cRead, StreamWrite
from harness.transport.errors import I2cNack
from harness.transport.reconnecting import KernelEvents, Reconnecting
from harness.transport.usb.port import UsbPort, location_in, stays, usb_port_at, usb_ports

ASK = I2cRead(0x71, 1)
FIRST = UsbPort("1-1.4", 0x0403, 0x6001, "A10K", "UART", 5)
AGAIN = UsbPort("1-1.4", 0x0403, 0x6001, "A10K", "UART", 6)
OTHER = UsbPort("1-1.4", 0x0403, 0x6001, "B20X", "UART", 6)


class World:
    """One port, the transports that were made to it, and what happens while somebody waits."""

    def __init__(self, memory, usb_port=FIRST):
        self.memory, self.usb_port = memory, usb_port
        self.made, self.notes, self.coming = [], [], []
        self.refuses = None
        self.now = 0.0
        self.waits = 0
        self.listening = 0
        self.looks = self.leaves_at_look = 0

    def make(self):
        made = self.memory("chip")
        made.error = None
        original = made.open

        def open_it():
            original()
            if self.refuses is not None:
                raise self.refuses

        made.open = open_it
        made.usb_port = self.usb_port
        self.made.append(made)
        return made

    def events(self):
        self.listening += 1
        return self

    def close(self):
        self.listening -= 1

    def wait(self, timeout):
        assert self.listening == 1
        self.now += timeout
        self.waits += 1
        if self.coming:
            self.coming.pop(0)()

    def transport(self, limit=10.0):
        made = Reconnecting(
            self.make,
            limit=limit,
            on_note=self.notes.append,
            sits=lambda inner: inner.usb_port,
            look=lambda location: (
                self.usb_port if self.usb_port and self.usb_port.location == location else None
            ),
            remains=self.remains,
            events=self.events,
            clock=lambda: self.now,
        )
        made.open()
        return made

    def remains(self, usb_port):
        self.looks += 1
        if self.looks == self.leaves_at_look:
            self.usb_port = None
        return self.usb_port == usb_port

    def plug(self, usb_port):
        self.usb_port = usb_port

    def lose(self, transport):
        self.made[-1].answers = [BenchError("read failed")]
        self.usb_port = None
        with pytest.raises(BenchError, match="was unplugged or reset"):
            transport.do(ASK)


@pytest.fixture
def world(memory):
    return World(memory)


def test_an_unplugged_device_is_named_with_the_moment(world):
    transport = world.transport()
    world.made[0].answers = [b"x", BenchError("read failed: input/output error")]
    assert transport.do(ASK) == b"x"
    world.plug(None)
    with pytest.raises(BenchError) as caught:
        transport.do(ASK)
    assert re.fullmatch(
        r"chip: usb 0403:6001 'UART' serial number A10K at 1-1.4 was unplugged or reset at "
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: read failed: input/output error",
        caught.value.message,
    )
    assert caught.value.outcome == "blocked"
    assert world.made[0].calls == ["open", "close"]
    assert [note.partition(" at 2")[0] for note in world.notes] == [
        "lost usb 0403:6001 'UART' serial number A10K at 1-1.4"
    ]


def test_the_session_goes_on_when_it_is_back(world):
    transport = world.transport()
    world.lose(transport)
    world.coming = [lambda: None, lambda: world.plug(AGAIN)]
    assert transport.do(StreamWrite(b"x")) == b""
    assert len(world.made) == 2
    assert world.made[1].asked == [StreamWrite(b"x")]
    assert world.waits == 2
    assert world.notes[1].endswith("is back after 0.5 s; the run goes on")
    assert world.listening == 0


def test_a_device_that_is_back_already_is_not_waited_for(world):
    transport = world.transport()
    world.lose(transport)
    world.plug(AGAIN)
    transport.do(ASK)
    assert world.waits == 0


def test_a_device_whose_transfers_fail_before_the_kernel_has_noticed(world):
    transport = world.transport()
    world.leaves_at_look = 4
    world.made[0].answers = [BenchError("protocol error")]
    with pytest.raises(BenchError, match=r"was unplugged or reset at .*: protocol error"):
        transport.do(ASK)
    assert world.looks == 4


def test_who_closes_amid_the_last_looks_leaves_with_the_first_error(world):
    transport = world.transport()
    error = BenchError("protocol error")

    def remains(usb_port):
        transport.close()
        return True

    transport._remains = remains
    world.made[0].answers = [error]
    with pytest.raises(BenchError) as caught:
        transport.do(ASK)
    assert caught.value is error


def test_a_chip_that_does_not_acknowledge_is_there(world):
    """The adapter answered: nobody looks whether it has left, and what it said goes on."""
    transport = world.transport()
    error = I2cNack("no acknowledge")
    world.made[0].answers = [error]
    world.plug(None)
    with pytest.raises(I2cNack) as caught:
        transport.do(ASK)
    assert caught.value is error
    assert world.looks == 0


def test_a_reset_between_two_looks_is_a_loss_too(world):
    transport = world.transport()
    world.made[0].answers = [BenchError("gone")]
    world.plug(AGAIN)
    with pytest.raises(BenchError, match="was unplugged or reset"):
        transport.do(ASK)
    assert transport.do(ASK) == b""


def test_another_device_on_the_port_is_an_error(world):
    transport = world.transport()
    world.lose(transport)
    world.coming = [lambda: world.plug(OTHER)]
    with pytest.raises(BenchError, match=r"another device sits on the port now: .*B20X.* instead of .*A10K"):
        transport.do(ASK)
    assert len(world.made) == 1
    world.plug(AGAIN)
    assert transport.do(ASK) == b""  # the right one came later


def test_the_limit(world):
    transport = world.transport(limit=1.0)
    world.lose(transport)
    with pytest.raises(BenchError, match=r"A10K at 1-1.4 did not come back within 1 s$"):
        transport.do(ASK)
    assert world.now == 1.0
    assert world.listening == 0


def test_a_node_that_may_not_be_opened_yet_is_tried_again(world):
    transport = world.transport()
    world.lose(transport)
    world.plug(AGAIN)
    world.refuses = BenchError("permission denied")

    def allow():
        world.refuses = None

    world.coming = [lambda: None, allow]
    assert transport.do(ASK) == b""
    assert world.waits == 2


def test_the_reason_is_told_when_it_never_opens(world):
    transport = world.transport(limit=1.0)
    world.lose(transport)
    world.plug(AGAIN)
    world.refuses = BenchError("permission denied")
    with pytest.raises(BenchError, match=r"did not come back within 1 s: permission denied"):
        transport.do(ASK)


def test_a_path_that_leads_elsewhere_now_is_not_taken(world):
    transport = world.transport(limit=1.0)
    world.lose(transport)
    world.plug(AGAIN)
    make, world_make = world.make, []

    def elsewhere():
        made = make()
        made.usb_port = UsbPort("1-9", 0x0403, 0x6001, "C", "UART", 7)
        world_make.append(made)
        return made

    transport._make = elsewhere
    with pytest.raises(BenchError, match=r"is not usb 0403:6001"):
        transport.do(ASK)
    assert all(made.calls == ["open", "close"] for made in world_make)


@pytest.mark.parametrize("error", [I2cNack("no acknowledge"), BenchError("hung bus")])
def test_other_errors_are_no_loss(world, error):
    transport = world.transport()
    world.made[0].answers = [error]
    with pytest.raises(BenchError) as caught:
        transport.do(ASK)
    assert caught.value is error
    assert world.notes == []


def test_what_is_not_on_usb_passes_through(memory):
    world = World(memory, usb_port=None)
    transport = world.transport()
    world.made[0].answers = [BenchError("gone")]
    with pytest.raises(BenchError, match=r"^gone$"):
        transport.do(ASK)
    assert transport.do(ASK) == b""
    assert transport.capabilities == world.made[0].capabilities
    assert transport.identity == "memory of a test"


def test_close_ends_the_waiting(world):
    transport = world.transport()
    world.lose(transport)
    world.coming = [transport.close]
    with pytest.raises(BenchError, match="chip: closed"):
        transport.do(ASK)
    world.plug(AGAIN)
    transport.open()
    assert transport.do(ASK) == b""


def test_the_kernels_events_can_be_heard():
    events = KernelEvents()
    events.wait(0)
    events.close()


def plug(root, location, **files):
    folder = root / "sys/bus/usb/devices" / location
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text + "\n")


def test_seats_are_read_from_sysfs(tmp_path):
    plug(tmp_path, "usb1", idVendor="1d6b", idProduct="0002")
    plug(tmp_path, "1-10", idVendor="0403", idProduct="6001", serial="A\x1b[31m", product="UART", devnum="9")
    plug(tmp_path, "1-2", idVendor="10c4", idProduct="ea60")
    plug(tmp_path, "1-2:1.0", bInterfaceNumber="00")
    assert usb_ports(tmp_path) == (
        UsbPort("1-2", 0x10C4, 0xEA60),
        UsbPort("1-10", 0x0403, 0x6001, "A\\e[31m", "UART", 9),
    )
    assert usb_port_at("1-3", tmp_path) is None
    assert usb_port_at("../../../etc", tmp_path) is None
    assert usb_ports(tmp_path / "none") == ()
    assert str(UsbPort("1-2", 0x10C4, 0xEA60)) == "usb 10c4:ea60 without serial number at 1-2"


def test_a_device_that_stays_is_told_without_its_serial_number(tmp_path):
    ids = {"idVendor": "0403", "idProduct": "c631"}
    plug(tmp_path, "1-2", **ids, devnum="5")
    plug(tmp_path, "1-2/1-2:1.0", bInterfaceNumber="00")
    folder = tmp_path / "sys/bus/usb/devices/1-2"
    os.mkfifo(folder / "serial")  # to read it would wait, as the kernel may
    usb_port = UsbPort("1-2", 0x0403, 0xC631, "S1", number=5)
    assert stays(usb_port, tmp_path)
    assert not stays(replace(usb_port, number=6), tmp_path)
    assert not stays(replace(usb_port, pid=0x6001), tmp_path)
    assert not stays(replace(usb_port, location="1-3"), tmp_path)
    (folder / "1-2:1.0" / "bInterfaceNumber").unlink()
    assert not stays(usb_port, tmp_path)


@pytest.mark.parametrize(
    ("identity", "location"),
    [
        ("/dev/ttyUSB0 (usb 0403:6001, 'UART', serial number A, location 1-1.4, interface 0)", "1-1.4"),
        ("/dev/i2c-7 (i2c-tiny-usb, usb 0403:c631, 'x, location 9-9,', location 2-1)", "2-1"),
        ("/dev/i2c-1 (bcm2835)", ""),
        ("tcp:host:7816", ""),
    ],
)
def test_the_port_in_an_identity(identity, location):
    assert location_in(identity) == location
