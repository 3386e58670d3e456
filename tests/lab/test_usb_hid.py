"""The HID token, spoken to as the kernel's usbhid does, and by the harness's own transport in this process.

The shared contract runs on it in `tests/transport/test_usb_contracts.py`, and in the guest.
"""

import errno
import struct

import pytest

from harness.id2 import published
from harness.id2.keys import KeyType
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.usb.descriptors import Identity
from harness.simulator.usb.hid import IN, OUT, HidToken
from harness.transport.base import Exchange
from harness.transport.identity import UsbSelector
from harness.transport.usb.framing import LengthPrefix
from harness.transport.usb.hid import HidTransport
from tools.usb_backend import MemoryBackend

GET_ID = bytes.fromhex("80F8000000")
ID_ANSWER = bytes.fromhex("81800C2122232425262728292A2B2C9000")
KNOWN = published.KEYS[KeyType.AES_128]
QUESTION = (b"\x00\x05" + GET_ID).ljust(64, b"\0")
REPLY = (b"\x00\x11" + ID_ANSWER).ljust(64, b"\0")


@pytest.fixture
def chip():
    return make_chip(ChipConfig("ica", KNOWN.id2, KNOWN.key, random=SeededRandom(1)))


def test_a_report_each_way(host, chip):
    usb = host(HidToken(chip))
    assert usb.write(OUT, QUESTION) == 64
    assert usb.read(IN, 64) == REPLY


def test_reports_by_request_with_a_number(host, chip):
    usb = host(HidToken(chip, report_id=7, out_pipe=False))
    report = b"\x07" + QUESTION[:63]
    assert usb.ask(0x21, 0x09, 0x0207, data=report) == 0
    assert usb.read(IN, 64) == b"\x07" + REPLY[:63]
    assert usb.ask(0x21, 0x09, 0x0208, data=report) == -errno.EPIPE
    assert usb.ask(0x21, 0x09, 0x0307, data=report) == -errno.EPIPE
    assert usb.write(OUT, report) == -errno.EPIPE


def test_what_usbhid_asks_before_it_takes_the_device(host, chip):
    usb = host(HidToken(chip, report_id=7, report_size=32))
    configuration = usb.ask(0x80, 6, 0x0200, 0, 255)
    own = configuration[18:27]
    assert own[:7] == bytes.fromhex("09 21 11 01 00 01 22")
    described = usb.ask(0x81, 6, 0x2200, 0, 255)
    assert struct.unpack("<H", own[7:]) == (len(described),)
    # vendor page FF00, one application with report 7: 31 bytes each way
    assert described == bytes.fromhex(
        "06 00 FF 09 01 A1 01 85 07 15 00 26 FF 00 75 08 96 1F 00 09 02 81 02 09 03 91 02 C0"
    )
    assert usb.ask(0x81, 6, 0x2100, 0, 9) == -errno.EPIPE
    assert usb.ask(0x80, 6, 0x2200, 0, 255) == -errno.EPIPE
    assert usb.ask(0x21, 0x0A) == 0
    assert usb.ask(0xA1, 0x01, 0x0100, 0, 64) == -errno.EPIPE


@pytest.mark.parametrize("report", [QUESTION[:63], QUESTION + b"\0", b"\x08" + QUESTION[:63]])
def test_a_report_of_another_shape_halts_the_pipe(host, chip, report):
    usb = host(HidToken(chip, report_id=0x07))
    assert usb.write(OUT, report) == -errno.EPIPE
    assert usb.ask(0x02, 1, 0, OUT) == 0
    assert usb.write(OUT, b"\x07" + QUESTION[:63]) == 64
    assert usb.read(IN, 64)[3:20] == ID_ANSWER


def test_a_length_beyond_any_apdu_halts_the_pipe_and_is_forgotten(host, chip):
    usb = host(HidToken(chip, prefix=LengthPrefix(4)))
    assert usb.write(OUT, b"\xff" * 64) == -errno.EPIPE
    assert usb.ask(0x02, 1, 0, OUT) == 0
    assert usb.write(OUT, (b"\0\0\0\x05" + GET_ID).ljust(64, b"\0")) == 64
    assert usb.read(IN, 64)[4:21] == ID_ANSWER


def test_half_a_command_is_forgotten_when_it_is_unplugged(host, chip):
    device = HidToken(chip)
    first = host(device)
    first.write(OUT, b"\x00\x50".ljust(64, b"\x01"))
    first.close()
    usb = host(device)
    assert usb.write(OUT, QUESTION) == 64
    assert usb.read(IN, 64) == REPLY


@pytest.mark.parametrize("size", [8, 33, 64, 200])
@pytest.mark.parametrize("number", [None, 1])
def test_the_transport_speaks_with_it_in_reports_of_any_size(chip, size, number):
    backend = MemoryBackend()
    device = HidToken(chip, Identity(0x1209, 0x2003, "H7"), report_id=number, report_size=size)
    backend.plug(device, drivers=(0,))
    transport = HidTransport(
        "se", UsbSelector(serial_number="H7"), report_id=number, report_size=size, backend=backend
    )
    with transport:
        assert transport.do(Exchange(GET_ID, 5.0)) == ID_ANSWER
        assert transport.do(Exchange(GET_ID, 5.0)) == ID_ANSWER
    assert backend.log == ["detach 0", "attach 0"]
