"""Real re-enumeration: a board's transport loses its device amid an exchange, and the kernel sees it come again."""

import re
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from harness.board.opening.resolve import Resolver
from harness.board.opening.wiring import Wiring
from harness.board.reading.file import parse
from harness.errors import BenchError
from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.usb import apdu_pipe, cdc_acm, i2c_adapter
from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.i2c_adapter import I2cTinyUsb
from harness.simulator.usb.nodes import node
from harness.simulator.usb.vhci import Plug
from harness.transport.base import Exchange, I2cRead, I2cWrite, StreamRead, StreamWrite
from tests.transport.far_ends import EchoChip, EchoSlave, echo

COMMAND = b"\x00\xa4\x04\x00"
ADDRESS = 0x48
BOARD = """\
version: 1
name: lab
plan: {{pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}}
transports:
  chip: {{{settings}, usb: {{serial_number: S1}}}}
chip: {{transport: chip, framing: {framing}, command_set: ica}}
limits: {{replug_s: {limit}}}
"""


class Parrot(StreamDevice):
    """Says again what it hears."""

    def receive(self, data):
        yield Output(data)


class Bus:
    """One kind of bus: how a board file names it, its device, and a question that the device answers."""

    settings = framing = pattern = ""

    def device(self, serial_number):
        raise NotImplementedError

    def ask(self, transport):
        """Ask once, and return whether the answer is right; one that does not come is waited for."""
        raise NotImplementedError


class I2c(Bus):
    settings, framing, pattern = f"kind: i2c, address: {ADDRESS}", "fm1280", "i2c-*"

    def device(self, serial_number):
        who = replace(i2c_adapter.DEFAULT, serial_number=serial_number)
        return I2cTinyUsb({ADDRESS: EchoSlave()}, who)

    def ask(self, transport):
        transport.do(I2cWrite(ADDRESS, COMMAND))
        return transport.do(I2cRead(ADDRESS, len(COMMAND))) == COMMAND[::-1]


class Serial(Bus):
    settings, framing, pattern = "kind: serial", "hex-line", "ttyACM*"

    def device(self, serial_number):
        return CdcAcm(Parrot, replace(cdc_acm.DEFAULT, serial_number=serial_number), settle=0.0)

    def ask(self, transport):
        transport.do(StreamWrite(COMMAND))
        heard = b""
        while len(heard) < len(COMMAND):
            heard += transport.do(StreamRead(len(COMMAND) - len(heard), 20.0)) or b"nothing"
        return heard == COMMAND


class VendorPipe(Bus):
    settings, framing = "kind: usb", "direct"

    def device(self, serial_number):
        return ApduPipe(EchoChip(), replace(apdu_pipe.DEFAULT, serial_number=serial_number))

    def ask(self, transport):
        return transport.do(Exchange(COMMAND, 20.0)) == echo(COMMAND)


class Session:
    """A board's transport, its device in the guest's kernel, and the notes that the journal would get."""

    def __init__(self, bus, plug, transport, notes):
        self.bus, self.plug, self.transport, self.notes = bus, plug, transport, notes
        self.place = plug.place

    def works(self):
        """Tell whether the device answers rightly."""
        return self.bus.ask(self.transport)

    def lose(self):
        """Pull the device out amid an exchange, and return what the transport says."""
        self.plug.device.hang()
        pulling = threading.Timer(0.2, self.plug.remove)
        pulling.start()
        with pytest.raises(BenchError) as caught:
            self.works()
        pulling.join()
        self.plug.device.hang(on=False)
        return caught.value

    def plug_in(self, plug=None):
        """Plug a device into the same port and wait for its driver."""
        plug = (plug or self.plug).insert()
        assert plug.place == self.place
        if self.bus.pattern:
            node(plug.place, self.bus.pattern)
        return plug


@pytest.fixture(params=[I2c, Serial, VendorPipe], ids=["i2c-dev", "cdc-acm", "usbfs"])
def bus(request):
    return request.param()


@contextmanager
def session(bus, tmp_path, limit):
    notes = []
    text = BOARD.format(settings=bus.settings, framing=bus.framing, limit=limit)
    board = parse(text, tmp_path / "lab.yaml")
    with Plug(bus.device("S1")) as plug:
        if bus.pattern:
            node(plug.place, bus.pattern)
        with Wiring().make(board, "chip", Resolver(board, {}), notes.append) as transport:
            assert bus.ask(transport)
            yield Session(bus, plug, transport, notes)


def test_a_device_that_comes_back_is_awaited_and_the_next_exchange_goes_on(bus, tmp_path):
    with session(bus, tmp_path, 60) as lab:
        for _ in range(2):
            lab.notes.clear()
            lost = lab.lose()
            who = rf"usb [0-9a-f:]{{9}} '.*' serial number S1 at {lab.place}"
            moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
            assert re.match(rf"chip: {who} was unplugged or reset at {moment}: ", lost.message)
            assert (lost.outcome, lost.transport) == ("blocked", "chip")
            coming = threading.Timer(0.2, lab.plug_in)
            coming.start()
            assert lab.works()
            coming.join()
            assert re.fullmatch(rf"lost {who} at {moment}", lab.notes[0])
            assert re.fullmatch(rf"{who} is back after \d+\.\d s; the run goes on", lab.notes[1])
            assert len(lab.notes) == 2
            assert f"location {lab.place}" in lab.transport.identity


def test_another_device_on_the_port_is_an_error_until_the_right_one_is_there(bus, tmp_path):
    with session(bus, tmp_path, 60) as lab:
        lab.lose()
        other = lab.plug_in(Plug(bus.device("S2")))
        try:
            with pytest.raises(BenchError) as caught:
                lab.works()
        finally:
            other.remove()
        told = rf"another device sits on the port now: .*S2 at {lab.place} instead of .*S1 at {lab.place}"
        assert re.search(told, caught.value.message)
        lab.plug_in()
        assert lab.works()


def test_a_device_that_stays_away_is_an_error_after_the_boards_limit(bus, tmp_path):
    with session(bus, tmp_path, 1) as lab:
        lab.lose()
        with pytest.raises(BenchError, match=rf"S1 at {lab.place} did not come back within 1 s") as caught:
            lab.works()
        assert "harness discover" in caught.value.hint
        assert len(lab.notes) == 1
