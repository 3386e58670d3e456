"""PC/SC against a service of the test's own: the calls of pyscard, with their result codes."""

import os
import subprocess
import sys
import threading

import pytest

from harness.errors import BenchError, UsageError
from harness.transport.base import CardReset, Exchange, StreamRead
from harness.transport.errors import CardAbsent, Silent
from harness.transport.holders import Holder, users_of
from harness.transport.pcsc import calls as pcsc_calls
from harness.transport.pcsc import usb_port as pcsc_seat
from harness.transport.pcsc.calls import CardProtocol, Share
from harness.transport.pcsc.codes import ABSENT, GONE, PcscCode, describe
from harness.transport.pcsc.reader import PcscTransport
from harness.transport.usb.port import location_in
from tests.transport.contract import ApduBench, ApduContract
from tests.transport.far_ends import EXCHANGES, echo

ATR = bytes.fromhex("3B80800101")
READER = "Simulated Reader [CCID Interface] (R1) 00 00"


class Service:
    """What pcscd would be: one reader with a card."""

    def __init__(self, *readers):
        self.readers = list(readers or (READER,))
        self.running = True
        self.card = True
        self.failure = 0
        self.open = 0
        self.contexts = 0
        self.calls = []
        self.reader_there = True
        self.garbled = 0  # how often the list changes while it is read
        self.channel = (0x80100022, [])  # a driver that does not tell
        self.quiet = threading.Event()
        self.quiet.set()
        self.empty = False
        self.exclusive = False
        self.status = (0, 0x74)  # specific, negotiable, powered, present

    def SCardEstablishContext(self, scope):
        assert scope == 2
        self.contexts += self.running
        return (0, 1) if self.running else (PcscCode.NO_SERVICE, 0)

    def SCardReleaseContext(self, context):
        self.contexts -= 1
        return 0

    def SCardListReaders(self, context, groups):
        if self.garbled:
            self.garbled -= 1
            raise SystemError("<built-in function SCardListReaders> returned a result with an exception set")
        if not self.reader_there:
            return PcscCode.NO_READERS_AVAILABLE, []
        return 0, self.readers

    def SCardConnect(self, context, reader, share, protocol):
        self.calls.append(("connect", reader, share, protocol))
        if self.failure:
            return self.failure, 0, 0
        if not self.card:
            return PcscCode.NO_SMARTCARD, 0, 0
        if self.exclusive and self.open:
            return PcscCode.SHARING_VIOLATION, 0, 0
        self.open += 1
        return 0, 7, 2 if protocol & 2 else 1

    def SCardReconnect(self, card, share, protocol, initialization):
        self.calls.append(("reconnect", share, protocol, initialization))
        return (0, 2) if self.card else (PcscCode.REMOVED_CARD, 0)

    def SCardStatus(self, card):
        code, state = self.status
        return code, READER, state, 2, list(ATR)

    def SCardGetAttrib(self, card, attribute):
        assert (card, attribute) == (7, 0x20110)
        return self.channel

    def SCardTransmit(self, card, protocol, command):
        while not self.quiet.wait(0.01):
            if not self.reader_there:
                break
        if not self.reader_there:
            return PcscCode.READER_UNAVAILABLE - (1 << 32), []
        if not self.card:
            return PcscCode.REMOVED_CARD, []
        if self.failure:
            return self.failure, []
        return 0, [] if self.empty else list(echo(bytes(command)))

    def SCardDisconnect(self, card, disposition):
        self.calls.append(("disconnect", disposition))
        self.open -= 1
        return 0


class PcscBench(ApduBench):
    exchanges = EXCHANGES

    def __init__(self):
        self.service = Service()

    def transport(self):
        return PcscTransport(self.name, "simulated reader", scard=self.service)

    def unplug(self):
        self.service.reader_there = False

    def hush(self, *, on):
        if on:
            self.service.quiet.clear()
        else:
            self.service.quiet.set()


class TestPcsc(ApduContract):
    recovers = False
    moment = r"the reader is gone .* while waiting for the answer, at \d\d:\d\d:\d\d"

    @pytest.fixture
    def bench(self):
        bench = PcscBench()
        yield bench
        bench.hush(on=False)


@pytest.fixture
def service():
    return Service()


def made(service, reader=READER, **settings):
    return PcscTransport("se", reader, scard=service, **settings)


def test_the_reader_and_the_card_are_told(service):
    with made(service, "R1") as transport:
        assert transport.identity == f"PC/SC reader {READER}, T=1, ATR 3b80800101"
    assert made(service, "R1").place() == f"PC/SC reader {READER}"


def test_the_readers_usb_device_is_told(service, monkeypatch, tmp_path):
    folder = tmp_path / "sys/bus/usb/devices/3-1.4"
    folder.mkdir(parents=True)
    for name, text in {"idVendor": "20a0", "idProduct": "4108", "busnum": "3", "devnum": "9"}.items():
        (folder / name).write_text(text)
    (folder / "serial").write_text("R1")
    monkeypatch.setattr(pcsc_seat, "SYSTEM", tmp_path)
    plain = f"PC/SC reader {READER}, T=1, ATR 3b80800101"
    for channel, told in {
        0x00200309: ", usb 20a0:4108, location 3-1.4",
        0x0020030A: "",  # no such device, as when the service is another machine's
        0x00010309: "",  # no USB reader
    }.items():
        service.channel = (0, list(channel.to_bytes(4, sys.byteorder)))
        with made(service) as transport:
            assert transport.identity == plain + told
            assert location_in(transport.identity) == ("3-1.4" if told else "")


@pytest.mark.parametrize(
    ("settings", "share", "protocol", "left"),
    [
        ({}, 1, 3, 1),
        ({"share": Share.SHARED, "protocol": CardProtocol.T0}, 2, 1, 0),
        ({"protocol": CardProtocol.T1}, 1, 2, 1),
    ],
)
def test_share_and_protocol_are_asked_for(service, settings, share, protocol, left):
    with made(service, **settings):
        pass
    assert service.calls[0] == ("connect", READER, share, protocol)
    assert service.calls[-1] == ("disconnect", left)
    assert (service.open, service.contexts) == (0, 0)


def test_a_card_reset_takes_the_power(service):
    with made(service) as transport:
        assert transport.do(CardReset()) == ATR
        assert service.calls[-1] == ("reconnect", 1, 3, 2)


def test_two_readers_with_one_name():
    service = Service("ACS A 00 00", "ACS B 01 00")
    with pytest.raises(UsageError, match="2 PC/SC readers are named 'acs': ACS A 00 00; ACS B 01 00"):
        made(service, "acs").open()
    with made(service, "acs b") as transport:
        assert "ACS B 01 00" in transport.identity


def test_a_whole_name_wins_over_a_part():
    service = Service("Reader", "Reader 2")
    with made(service, "Reader") as transport:
        assert transport.identity.startswith("PC/SC reader Reader, ")


def test_no_such_reader_lists_the_others(service):
    with pytest.raises(BenchError, match="no PC/SC reader named 'Other'") as caught:
        made(service, "Other").open()
    assert READER in caught.value.hint


def test_a_list_that_changes_while_it_is_read_is_read_anew(service, monkeypatch):
    monkeypatch.setattr(pcsc_calls, "_SETTLES_S", 0)
    service.garbled = 3
    with made(service, "Simulated"):
        assert service.garbled == 0
    service.garbled = 1000
    with pytest.raises(BenchError, match="the list of readers changes while it is read"):
        made(service, "Simulated").open()
    assert service.contexts == 0


def test_no_service(service):
    service.running = False
    with pytest.raises(BenchError, match="service does not run") as caught:
        made(service).open()
    assert "systemctl start pcscd" in caught.value.hint
    assert caught.value.code == PcscCode.NO_SERVICE


def test_no_card(service):
    service.card = False
    with pytest.raises(CardAbsent, match=r"there is no card in the reader .* while connecting to the card"):
        made(service).open()


def test_the_card_is_taken_out(service):
    with made(service) as transport:
        service.card = False
        with pytest.raises(
            CardAbsent, match=r"the card was taken out .* while waiting for the answer"
        ) as caught:
            transport.do(Exchange(b"\x00\xa4", 5.0))
        assert caught.value.transport == "se"


def test_a_card_that_others_have(service):
    service.failure = PcscCode.SHARING_VIOLATION
    with pytest.raises(BenchError, match="another program has the card") as caught:
        made(service).open()
    assert "scdaemon" in caught.value.hint


def test_who_may_have_the_card_is_told(service, monkeypatch):
    service.failure = PcscCode.SHARING_VIOLATION
    monkeypatch.setattr(pcsc_calls, "users_of", lambda library: (Holder(41, "scdaemon"), Holder(42, library)))
    told = r"service now: pid 41 \(scdaemon\), pid 42 \(libpcsclite\.so\)$"
    with pytest.raises(BenchError, match=told):
        made(service).open()


def test_programs_that_use_a_library_are_found():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdin.write(b"x\n")
        other.stdin.flush()
        assert other.stdout.readline() == b"x\n"  # its libraries are loaded now
        pids = {each.pid for each in users_of("libc.so") + users_of("libc-")}
        assert other.pid in pids
        assert os.getpid() not in pids
        assert users_of("libthat-nobody-has.so") == ()


@pytest.mark.parametrize("code", sorted(GONE))
def test_when_something_left_is_told(service, code):
    with made(service) as transport:
        service.failure = code
        with pytest.raises(BenchError, match=r"while waiting for the answer, at \d\d:\d\d:\d\d\.\d{3} UTC$"):
            transport.do(Exchange(b"\x00\xa4", 5.0))


def test_a_late_answer_spoils_the_connection_until_it_is_opened_anew(service):
    transport = made(service)
    transport.open()
    service.quiet.clear()
    with pytest.raises(BenchError, match=r"no answer within 0\.02 s"):
        transport.do(Exchange(b"\x00\xa4", 0.02))
    service.quiet.set()
    with pytest.raises(BenchError, match="came too late"):
        transport.do(Exchange(b"\x00\xa4", 5.0))
    transport.close()
    with transport:
        assert transport.do(Exchange(b"\x00\xa4", 5.0)) == b"\xa4\x00\x90\x00"


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        ((0, 0x02), CardAbsent, "the card was taken out"),
        ((0, 0x04), BenchError, "mute or without power"),
        ((0, 0x0C), BenchError, "mute or without power"),
        ((PcscCode.REMOVED_CARD, 0), CardAbsent, "the card was taken out"),
        ((PcscCode.UNRESPONSIVE_CARD, 0), BenchError, "does not answer to its reset"),
        ((PcscCode.RESET_CARD - (1 << 32), 0), BenchError, "another program reset the card"),
        ((PcscCode.READER_UNAVAILABLE, 0), BenchError, "the reader is gone"),
        ((0, 0x74), Silent, "calls an empty answer a success"),
    ],
)
def test_an_empty_answer_makes_it_ask_for_the_card(service, status, kind, said):
    with made(service) as transport:
        service.empty, service.status = True, status
        with pytest.raises(kind, match=said) as caught:
            transport.do(Exchange(b"\x00\xa4", 5.0))
        assert caught.value.outcome == "blocked"


@pytest.mark.parametrize(
    "code",
    [
        PcscCode.COMM_DATA_LOST,
        PcscCode.COMM_ERROR,
        PcscCode.NOT_TRANSACTED,
        PcscCode.UNRESPONSIVE_CARD,
        PcscCode.UNPOWERED_CARD,
        PcscCode.UNSUPPORTED_CARD,
        PcscCode.RESET_CARD,
        PcscCode.REMOVED_CARD,
        PcscCode.NOT_READY,
    ],
)
def test_what_the_service_reports_of_contacts_and_readers_is_the_benchs(service, code):
    with made(service) as transport:
        service.failure = code
        with pytest.raises(BenchError) as caught:
            transport.do(Exchange(b"\x00\xa4", 5.0))
        assert (caught.value.outcome, caught.value.code) == ("blocked", code)


def test_a_command_of_this_run_that_hangs_is_no_other_program(service):
    """A call of PC/SC cannot be taken back: the run's own thread still has the card."""
    service.exclusive = True
    transport = made(service)
    transport.open()
    service.quiet.clear()
    with pytest.raises(Silent):
        transport.do(Exchange(b"\x00\xa4", 0.02))
    transport.close()
    with pytest.raises(BenchError, match="this run itself still has the card") as caught:
        transport.open()
    assert "scdaemon" not in caught.value.message + caught.value.hint
    assert "take the card out" in caught.value.hint
    service.quiet.set()


def test_without_pyscard_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "smartcard", None)
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    with pytest.raises(UsageError, match="need the library pyscard") as caught:
        PcscTransport("se", "x").open()
    assert "id2-harness[pcsc]" in caught.value.hint


def test_streams_are_refused(service):
    with pytest.raises(UsageError, match="StreamRead needs stream"):
        made(service).do(StreamRead(1, 0.0))


def test_every_code_has_meaning_and_hint():
    for code in PcscCode:
        meaning, hint = describe(code)
        assert code.meaning in meaning
        assert hint
    assert describe(0x80101234)[0] == "PC/SC error 0x80101234"
    assert PcscCode.REMOVED_CARD in ABSENT
