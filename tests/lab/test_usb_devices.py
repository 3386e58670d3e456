"""Each simulated USB device, spoken to as the kernel's driver or a CCID reader's host speaks."""

import errno
import struct
import time
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.id2 import published
from harness.id2.keys import KeyType
from harness.settings.link_flash import LinkFlash
from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.fm1280 import ADDRESS, build_frame
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.usb import apdu_pipe, ccid
from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.board import Attached, VirtualBoard
from harness.simulator.usb.ccid import CcidToken
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.ftdi import FtdiSerial, baudrate
from harness.simulator.usb.i2c_adapter import I2cTinyUsb
from harness.transport.kind import TransportContext
from harness.transport.kinds import TRANSPORTS

GET_ID = bytes.fromhex("80F8000000")
ID_ANSWER = bytes.fromhex("81800C2122232425262728292A2B2C9000")
KNOWN = published.KEYS[KeyType.AES_128]
DEVICE = {"key_type": "aes-128", "key": {"published": "aes-128"}}


def transport(kind, **more):
    return TRANSPORTS.get(kind).model_validate({"kind": kind, "device": DEVICE, **more})


def context(name):
    return TransportContext(
        name, Path(), "board", "se", KeyType.AES_128, None, LinkFlash(), lambda _: KNOWN.key
    )


@pytest.fixture
def chip():
    return make_chip(ChipConfig("ica", KNOWN.id2, KNOWN.key, random=SeededRandom(1)))


class Talker(StreamDevice):
    def power_on(self):
        yield Output(b"ready\r\n")

    def receive(self, data):
        yield Output(data.upper())


def gathered(usb, endpoint, length, head=0):
    """Read until `length` bytes came, without the first `head` bytes of every packet of 64."""
    got = b""
    while len(got) < length:
        raw = usb.read(endpoint)
        got += b"".join(raw[start + head : start + 64] for start in range(0, len(raw), 64))
    return got


class TestI2c:
    @pytest.fixture
    def adapter(self):
        return transport("simulated-i2c", address=ADDRESS).usb_twin(context("chip")).device

    @pytest.fixture
    def usb(self, host, adapter):
        return host(adapter)

    def write(self, usb, data, address=ADDRESS):
        assert usb.ask(0x41, 7, 0, address, data=data) == 0
        return usb.ask(0xC1, 3, 0, 0, 1)

    def test_the_same_chip_that_serves_in_process(self, usb):
        assert self.write(usb, build_frame(0x02, GET_ID)) == b"\x01"
        assert usb.ask(0xC1, 7, 1, ADDRESS, 22) == build_frame(0x00, ID_ANSWER)
        assert usb.ask(0xC1, 3, 0, 0, 1) == b"\x01"

    def test_nothing_to_say_and_nobody_there(self, usb):
        assert usb.ask(0xC1, 7, 1, ADDRESS, 4) == bytes(4)
        assert usb.ask(0xC1, 3, 0, 0, 1) == b"\x02"
        assert self.write(usb, b"x", address=0x10) == b"\x02"

    def test_busy(self, usb, adapter):
        adapter.busy = 2
        frame = build_frame(0x02, GET_ID)
        assert [self.write(usb, frame) for _ in range(3)] == [b"\x02", b"\x02", b"\x01"]
        assert adapter.transfers == 3

    def test_what_the_driver_asks_first(self, usb):
        functions = struct.unpack("<I", usb.ask(0xC1, 1, 0, 0, 4))[0]
        assert functions & 1
        assert usb.ask(0x41, 2, 10) == 0
        assert usb.ask(0xC1, 9, 0, 0, 1) == -errno.EPIPE
        assert usb.ask(0x80, 6, 0x0200, 0, 255)[9 + 4] == 0  # no endpoint but the control pipe


class TestCdcAcm:
    @pytest.fixture
    def port(self):
        return CdcAcm(Talker, settle=0.0)

    @pytest.fixture
    def usb(self, host, port):
        return host(port)

    def test_it_speaks_when_somebody_reads(self, usb):
        assert gathered(usb, 0x83, 7) == b"ready\r\n"
        assert usb.write(0x02, b"hello") == 5
        assert gathered(usb, 0x83, 5) == b"HELLO"

    def test_settings_and_lines(self, usb, port):
        coding = struct.pack("<IBBB", 57600, 2, 2, 7)
        assert usb.ask(0x21, 0x20, data=coding) == 0
        assert usb.ask(0xA1, 0x21, 0, 0, 7) == coding
        assert usb.ask(0x21, 0x22, 3) == 0
        assert (port.line.dtr, port.line.rts) == (True, True)
        assert usb.ask(0x21, 0x22, 0) == 0
        assert (port.line.dtr, port.line.rts) == (False, False)
        assert [usb.ask(0x21, 0x23, 0xFFFF), usb.ask(0x21, 0x23, 0)] == [0, 0]
        assert port.line.breaks == 1
        assert usb.ask(0x21, 0x20, data=b"short") == -errno.EPIPE

    def test_its_own_lines(self, usb, port):
        port.set_lines(carrier=False, ring=True)
        assert usb.read(0x81) == bytes.fromhex("A120000000000200 0A00")

    def test_the_wrong_speed(self, host):
        port = CdcAcm(Talker, baudrate=9600, settle=0.0)
        usb = host(port)
        port.line.baudrate = 115200
        noise = gathered(usb, 0x83, 7)
        assert b"ready" not in noise
        assert min(noise) >= 0x80

    def test_who_reads_anew_gets_a_new_session_and_no_rests(self, usb, port):
        gathered(usb, 0x83, 7)
        port.nak(0x83)
        port.send(0x83, b"rest")
        number = usb.begin(0x83)
        usb.take_back(number)
        assert usb.answer()[2] == -errno.ECONNRESET
        port.nak(0x83, on=False)
        assert gathered(usb, 0x83, 7) == b"ready\r\n"

    def test_a_program_that_is_still_setting_up_is_waited_for(self, host):
        port = CdcAcm(Talker, settle=30.0)
        usb = host(port)
        usb.begin(0x83)
        assert usb.nothing_comes()
        start = time.monotonic()
        usb.close()
        assert time.monotonic() - start < 20.0

    def test_more_than_fits_is_sent_as_it_is_read(self, host):
        class Long(StreamDevice):
            def receive(self, data):
                for _ in range(100):
                    yield Output(bytes(4096))

        usb = host(CdcAcm(Long, settle=0.0))
        number = usb.begin(0x83)
        assert usb.begin(0x02, b"go") == number + 1
        total = 0
        for _ in range(2):
            kind, answered, status, length, _ = usb.answer(to_host=False)
            assert (kind, status) == (3, 0)
            if answered == number:
                total += len(usb.stream.read(length))
        while total < 409600:
            total += len(usb.read(0x83))
        assert total == 409600


class TestFtdi:
    @pytest.fixture
    def adapter(self):
        return FtdiSerial(Talker, settle=0.0)

    @pytest.fixture
    def usb(self, host, adapter):
        return host(adapter)

    def test_every_packet_begins_with_the_status(self, usb):
        assert gathered(usb, 0x81, 7, head=2) == b"ready\r\n"
        assert usb.write(0x02, b"x" * 200) == 200
        raw = usb.read(0x81)
        assert raw[:2] == raw[64:66] == b"\xb1\x60"
        assert len(raw) == 200 + 2 * 4

    @pytest.mark.parametrize(
        ("value", "index", "rate"),
        [
            (0x001A, 0, 115200),
            (0x4138, 0, 9600),
            (0x2710, 0, 300),
            (0, 0, 3_000_000),
            (1, 0, 2_000_000),
            (0x4002, 0, 1_200_000),
            (0x8002, 0, 1_333_333),
            (0xC002, 0, 1_411_764),
            (2, 1, 1_263_157),
        ],
    )
    def test_divisors_as_the_data_sheet_lists_them(self, usb, adapter, value, index, rate):
        assert usb.ask(0x40, 3, value, index) == 0
        assert adapter.line.baudrate == rate == baudrate(value, index)

    def test_lines_break_format_and_latency(self, usb, adapter):
        line = adapter.line
        assert usb.ask(0x40, 1, 0x0303) == 0
        assert (line.dtr, line.rts) == (True, True)
        assert usb.ask(0x40, 1, 0x0200) == 0
        assert (line.dtr, line.rts) == (True, False)
        assert usb.ask(0x40, 4, 0x4000 | 2 << 11 | 2 << 8 | 7) == 0
        assert (line.breaks, line.stopbits, line.parity, line.bytesize) == (1, 2, 2, 7)
        assert usb.ask(0x40, 9, 1) == 0
        assert usb.ask(0xC0, 10, 0, 0, 1) == b"\x01"
        adapter.set_lines(cts=False, dsr=False, carrier=False)
        assert usb.ask(0xC0, 5, 0, 0, 2) == b"\x01\x60"
        assert usb.read(0x81) == b"\x01\x60"
        assert usb.ask(0xC0, 0x90, 0, 0, 2) == b"\xff\xff"
        assert usb.ask(0xC0, 0x55, 0, 0, 2) == -errno.EPIPE


class TestApduPipe:
    def test_one_transfer_each_way(self, host, chip):
        usb = host(ApduPipe(chip))
        usb.write(apdu_pipe.OUT, GET_ID)
        assert usb.read(apdu_pipe.IN) == ID_ANSWER


class TestCcid:
    @pytest.fixture
    def token(self, chip):
        return CcidToken(chip, extensions=1)

    @pytest.fixture
    def usb(self, host, token):
        return host(token)

    def ask(self, usb, kind, body=b"", number=1):
        usb.write(ccid.OUT, struct.pack("<BIBB3x", kind, len(body), 0, number) + body)
        return usb.read(ccid.IN)

    def test_power_transfer_and_more_time(self, usb):
        assert self.ask(usb, 0x62)[10:] == ccid.ATR
        extension = self.ask(usb, 0x6F, GET_ID, number=7)
        assert extension == bytes.fromhex("80 00000000 00 07 80 01 00")
        assert usb.read(ccid.IN) == struct.pack("<BIBB3x", 0x80, len(ID_ANSWER), 0, 7) + ID_ANSWER

    def test_a_message_in_pieces(self, usb):
        self.ask(usb, 0x62)
        message = struct.pack("<BIBB3x", 0x6F, len(GET_ID), 0, 2) + GET_ID
        usb.write(ccid.OUT, message[:12])
        usb.begin(ccid.IN)
        assert usb.nothing_comes()
        usb.begin(ccid.OUT, message[12:])
        assert usb.answer()[4][7] == 0x80  # it asks for more time
        assert usb.answer(to_host=False)[2] == 0

    def test_without_power_and_without_card(self, usb, token):
        assert self.ask(usb, 0x6F, GET_ID)[7:9] == b"\x41\xfe"
        assert self.ask(usb, 0x65)[7] == 1
        token.insert_card(present=False)
        assert usb.read(ccid.NOTIFY) == b"\x50\x02"
        assert self.ask(usb, 0x62)[7:9] == b"\x42\xfe"
        assert self.ask(usb, 0x65)[7] == 2
        token.insert_card(present=True)
        assert usb.read(ccid.NOTIFY) == b"\x50\x03"
        assert self.ask(usb, 0x62)[7] == 0
        assert self.ask(usb, 0x65)[7] == 0
        assert self.ask(usb, 0x63)[7] == 1

    def test_what_it_does_not_know(self, usb):
        answer = self.ask(usb, 0x70)
        assert (answer[0], answer[7] & 0x40, answer[8]) == (0x81, 0x40, 0)
        assert usb.ask(0x21, 1) == 0
        assert usb.ask(0xA1, 2, 0, 0, 4) == -errno.EPIPE

    def test_the_parameters_are_those_of_the_protocol_that_was_set(self, usb):
        def wanted(protocol, body):
            usb.write(ccid.OUT, struct.pack("<BIBBB2x", 0x61, len(body), 0, 1, protocol) + body)
            return usb.read(ccid.IN)

        assert self.ask(usb, 0x6C)[7:] == bytes.fromhex("010001 11100045000000")
        for default in (0x62, 0x6D):  # power, or a reset of the parameters
            t0 = wanted(0, bytes(5))
            assert t0[0] == 0x82
            assert t0[8:] == self.ask(usb, 0x6C)[8:] == bytes.fromhex("0000 1100000A00")
            self.ask(usb, default)
            assert self.ask(usb, 0x6C)[7:] == bytes.fromhex("000001 11100045000000")
        self.ask(usb, 0x63)
        assert wanted(2, bytes(5))[7:] == b"\x41\x07\x00"

    def test_a_message_that_claims_too_much_halts_the_pipe(self, usb):
        assert usb.write(ccid.OUT, struct.pack("<BIBB3x", 0x6F, 1 << 30, 0, 1)) == -errno.EPIPE
        assert usb.ask(0x02, 1, 0, ccid.OUT) == 0
        assert self.ask(usb, 0x65)[0] == 0x81

    def test_class_descriptor(self, usb):
        raw = usb.ask(0x80, 6, 0x0200, 0, 255)
        own = raw[18 : 18 + 54]
        assert own[:2] == b"\x36\x21"
        assert struct.unpack_from("<II", own, 40)[0] == 0x000404BA


class TestBoard:
    def test_each_kind_and_its_serial_number(self):
        kinds = {
            "a": (transport("simulated-i2c", address=0x71), I2cTinyUsb),
            "b": (transport("simulated-serial"), FtdiSerial),
            "c": (transport("simulated-console"), CdcAcm),
        }
        for name, (config, made) in kinds.items():
            device = config.usb_twin(context(name)).device
            assert type(device) is made
            assert device.descriptors.identity.serial_number == f"board.{name}"

    def test_what_cannot_be_plugged_in(self):
        with pytest.raises(UsageError, match="of kind 'simulated-spi' cannot"):
            transport("simulated-spi").usb_twin(context("x"))
        with pytest.raises(UsageError, match="no simulated transports"):
            VirtualBoard("board", [])

    def test_how_a_board_file_names_it(self):
        who = transport("simulated-serial").usb_twin(context("b")).device.descriptors.identity
        usb = {"vid": "0x0403", "pid": "0x6001", "serial_number": "board.b"}
        line = Attached("b", "serial", "3-1", "/dev/ttyUSB0", who)
        assert line.settings() == {"kind": "serial", "usb": usb}
        bus = Attached("a", "i2c", "3-1", "/dev/i2c-5", who)
        assert bus.settings() == {"kind": "i2c", "usb": usb}
