"""USB, smart cards and FTDI bridges from board file to chip; the USB bus is in this process."""

from pathlib import Path

import pytest

from harness.board.opening.board import Board
from harness.board.opening.opener import make_transport, occupies
from harness.board.opening.resolve import Resolver
from harness.board.plan.preview import preview
from harness.errors import BenchError, UsageError
from harness.id2.keys import KeyType
from harness.id2.published import KEYS
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.ccid import CcidToken
from harness.simulator.usb.descriptors import Identity
from harness.transport.base import Exchange
from harness.transport.ftdi.bridge import FtdiI2c, FtdiSpi
from harness.transport.i2c import adapters as i2c_adapters
from harness.transport.i2c import bus as i2c_module
from harness.transport.i2c.bus import I2cTransport
from harness.transport.i2c.settings import I2cSettings
from harness.transport.pcsc.reader import PcscTransport
from harness.transport.usb import pyusb
from harness.transport.usb.ccid import CcidTransport
from harness.transport.usb.hid import HidTransport
from harness.transport.usb.pipe import UsbPipeTransport
from tests.transport.recordings import lines
from tools.usb_backend import MemoryBackend

HEAD = """\
version: 1
name: lab
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
"""
BOARDS = Path("boards")


@pytest.fixture
def board(load_text):
    """Return a board with one transport named `t`."""

    def make(settings, framing="direct"):
        chip = f"chip: {{transport: t, framing: {framing}}}"
        return load_text(f"{HEAD}transports:\n  t: {{{settings}}}\n{chip}\n")

    return make


@pytest.fixture
def bus(monkeypatch):
    backend = MemoryBackend()
    monkeypatch.setattr(pyusb, "libusb", lambda: backend)
    return backend


def chip():
    published = KEYS[KeyType.AES_128]
    return make_chip(ChipConfig("ica", published.id2, published.key, random=SeededRandom(1)))


@pytest.mark.parametrize(
    ("settings", "framing", "kind"),
    [
        ("kind: usb, usb: {vid: 1}", "direct", UsbPipeTransport),
        ("kind: usb, usb: {location: 1-1}, pipe: control, request_out: 0x10", "direct", UsbPipeTransport),
        ("kind: ccid, usb: {serial_number: A}, slot: 1", "direct", CcidTransport),
        ("kind: hid, usb: {vid: 1}, report_id: 0x07, length_order: little", "direct", HidTransport),
        ("kind: pcsc, reader: ACS, share: shared, protocol: t1", "direct", PcscTransport),
        ("kind: ftdi-i2c, usb: {vid: 0x403}, address: 0x48", "fm1280", FtdiI2c),
        ("kind: ftdi-spi, usb: {vid: 0x403}, mode: 0", "fm1280-spi", FtdiSpi),
    ],
)
def test_each_kind_makes_its_transport(board, settings, framing, kind):
    found = board(settings, framing)
    transport = make_transport(found, "t", Resolver(found))
    assert isinstance(transport, kind)
    assert transport.name == "t"
    (line,) = preview(found).transports
    assert set(line.needed) <= set(line.supplied)
    assert line.kind == found.transports["t"].kind
    assert line.place


@pytest.mark.parametrize("path", sorted(BOARDS.glob("example-*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_right(path):
    from harness.board.reading.file import load

    found = load(path)
    assert found.warnings == ()
    assert found.name == path.stem


@pytest.mark.parametrize(
    ("settings", "device"),
    [
        ("kind: usb, usb: {serial_number: S7}", ApduPipe),
        ("kind: ccid, usb: {serial_number: S7}", CcidToken),
    ],
)
def test_a_chip_on_the_bus_gives_its_id_and_the_run_is_recorded(board, bus, tmp_path, settings, device):
    bus.plug(device(chip(), Identity(0x1209, 1, "S7")), "2-3.1")
    found = board(settings)
    told = []
    with Board(
        found,
        recordings=lambda name: tmp_path / f"{name}.rec",
        on_open=lambda name, identity: told.append(identity),
        locks=tmp_path,
    ) as used:
        assert used.chip().get_id().id_bytes.hex().upper() == KEYS[KeyType.AES_128].id2
    assert "serial number S7, location 2-3.1" in told[0]
    recorded = lines(tmp_path / "t.rec")[1:]
    assert ("exchange", ">") in {(each["op"], each["d"]) for each in recorded}
    assert "location 2-3.1" in recorded[0]["m"]


def test_a_usb_device_is_occupied_by_where_it_is_plugged_in(board, bus):
    bus.plug(ApduPipe(chip(), Identity(0x1209, 1, "S7")), "2-3.1")
    by_serial, by_place = (
        board("kind: usb, usb: {serial_number: S7}"),
        board("kind: usb, usb: {location: 2-3.1}"),
    )
    places = {occupies(found.transports["t"], found.folder) for found in (by_serial, by_place)}
    assert places == {("usb 2-3.1 interface 0",)}


def test_two_boards_of_one_device_exclude_each_other(board, bus, tmp_path):
    bus.plug(ApduPipe(chip(), Identity(0x1209, 1, "S7")), "2-3.1")
    with (
        Board(board("kind: usb, usb: {serial_number: S7}"), locks=tmp_path),
        pytest.raises(BenchError, match=r"usb 2-3\.1 interface 0|held|lab"),
    ):
        Board(board("kind: usb, usb: {location: 2-3.1}"), locks=tmp_path).lock()


def test_a_device_that_is_not_there_blocks_before_anything_is_opened(board, bus, tmp_path):
    with pytest.raises(BenchError, match="no vendor USB interface with serial_number S7") as caught:
        Board(board("kind: usb, usb: {serial_number: S7}"), locks=tmp_path).lock()
    assert caught.value.board == "lab"


def test_two_that_fit_are_named_before_anything_is_opened(board, bus, tmp_path):
    bus.plug(ApduPipe(chip(), Identity(0x1209, 1, "A")), "1-1")
    bus.plug(ApduPipe(chip(), Identity(0x1209, 1, "B")), "1-2")
    with pytest.raises(UsageError, match=r"tell them apart|2 vendor USB interfaces") as caught:
        Board(board("kind: usb, usb: {vid: 0x1209}"), locks=tmp_path).lock()
    assert caught.value.hint == "tell them apart by serial_number: A or B"


def test_an_i2c_adapter_by_name_or_usb(board, monkeypatch):
    monkeypatch.setattr(
        "harness.transport.i2c.settings.find_adapter", lambda wanted: i2c_adapters.I2cAdapter("/dev/i2c-31")
    )
    monkeypatch.setattr(i2c_module, "find_adapter", lambda wanted: i2c_adapters.I2cAdapter("/dev/i2c-31"))
    for named, place in (("adapter: tiny", "adapter tiny"), ("usb: {location: 1-1}", "usb location 1-1")):
        found = board(f"kind: i2c, {named}", "fm1280")
        assert isinstance(make_transport(found, "t", Resolver(found)), I2cTransport)
        assert occupies(found.transports["t"], found.folder) == ("/dev/i2c-31 address 0x71",)
        assert preview(found).transports[0].place == f"{place}, address 0x71"


def test_an_i2c_bus_by_number_and_its_patience(board):
    found = board("kind: i2c, bus: 3, nak_tries: 5, nak_time_s: 2, clock_stretch_s: 0.5", "fm1280")
    settings = found.transports["t"]
    assert isinstance(settings, I2cSettings)
    assert settings.bus == "/dev/i2c-3"
    transport = make_transport(found, "t", Resolver(found))
    patience = transport._patience
    assert (patience.nak_tries, patience.nak_time, patience.clock_stretch) == (5, 2.0, 0.5)


def test_a_framing_that_does_not_fit_says_which_kinds_would(board):
    with pytest.raises(
        UsageError,
        match="needs spi; transport 't' of kind usb supplies apdu; kinds that supply spi: ftdi-spi",
    ):
        board("kind: usb, usb: {vid: 1}", "fm1280-spi")


def test_the_settings_reach_the_wire(board, bus):
    from tests.transport.far_ends import PrefixedPipe

    bus.plug(PrefixedPipe(size=4, order="little"), "1-1")
    found = board(
        "kind: usb, usb: {location: 1-1}, messages: length-prefixed, length_size: 4, length_order: little"
    )
    with make_transport(found, "t", Resolver(found)) as transport:
        assert transport.do(Exchange(b"\x00\xa4", 5.0)) == b"\xa4\x00\x90\x00"
