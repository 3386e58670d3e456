"""The `pcsc` transport through the real service: pcscd, libccid, and simulated readers in the guest's kernel."""

import multiprocessing
import re
import threading

import pytest

from harness.board.opening.resolve import Resolver
from harness.board.opening.wiring import Wiring
from harness.board.reading.file import parse
from harness.errors import BenchError, UsageError
from harness.simulator.usb.ccid import ATR
from harness.transport.base import CardReset, Exchange
from harness.transport.errors import CardAbsent
from harness.transport.identity import UsbSelector
from harness.transport.pcsc.calls import CardProtocol, Share
from harness.transport.pcsc.reader import PcscTransport
from harness.transport.usb.ccid import CcidTransport
from tests.transport.contract import ApduBench, ApduContract
from tests.transport.far_ends import EXCHANGES, EchoChip, echo

pytest_plugins = ("tests.lab.guest.pcsc_service",)

ASK = Exchange(b"\x00\xa4\x04\x00", 10.0)
ANSWER = echo(ASK.command)
OPEN_ANEW = re.compile("the card was taken out|there is no card in the reader")


class PcscdBench(ApduBench):
    exchanges = EXCHANGES

    def __init__(self, plug_reader):
        self.plug = plug_reader(EchoChip(), "R1")

    def transport(self):
        return PcscTransport(self.name, "(R1)")

    def unplug(self):
        self.plug.remove()

    def hush(self, *, on):
        self.plug.device.nak(0x81, on=on)


class TestPcscd(ApduContract):
    recovers = False
    moment = r"the reader is gone .* while waiting for the answer, at \d\d:\d\d:\d\d"

    @pytest.fixture
    def bench(self, plug_reader):
        bench = PcscdBench(plug_reader)
        yield bench
        bench.hush(on=False)


class CountingChip(EchoChip):
    """An echo chip that counts how often it got power, and has a name of its own in its answers."""

    def __init__(self, name=b""):
        self.name = name
        self.sessions = 0

    def session(self):
        self.sessions += 1
        return self

    def process(self, command):
        return self.name + echo(command)


def test_a_card_reset_takes_the_power_and_gives_it_back(plug_reader):
    chip = CountingChip()
    plug_reader(chip, "R1")
    with PcscTransport("se", "(R1)") as transport:
        before = chip.sessions
        assert transport.do(CardReset()) == ATR
        assert chip.sessions > before
        assert transport.do(ASK) == ANSWER


@pytest.mark.parametrize("protocol", CardProtocol)
def test_short_and_extended_apdus(plug_reader, protocol):
    plug_reader(EchoChip(), "R1")
    short = bytes.fromhex("80E100000A") + bytes(range(10)) + b"\x00"
    extended = bytes.fromhex("80E10000000800") + bytes(range(256)) * 8 + b"\x00\x00"
    with PcscTransport("se", "(R1)", protocol=protocol) as transport:
        if protocol is not CardProtocol.ANY:
            assert f"T={protocol[1]}, ATR {ATR.hex()}" in transport.identity
        for command in (short, extended, short):
            assert transport.do(Exchange(command, 10.0)) == echo(command)


def test_the_card_is_taken_out_and_put_back(plug_reader):
    reader = plug_reader(EchoChip(), "R1").device
    with PcscTransport("se", "(R1)") as transport:
        assert transport.do(ASK) == ANSWER
        reader.insert_card(present=False)
        with pytest.raises(CardAbsent, match=OPEN_ANEW) as caught:
            transport.do(ASK)
        assert (caught.value.outcome, caught.value.transport) == ("blocked", "se")
    with pytest.raises(CardAbsent, match="there is no card in the reader"):
        transport.open()
    reader.insert_card(present=True)
    opened_when_seen(transport)
    assert transport.do(ASK) == ANSWER
    transport.close()


def opened_when_seen(transport):
    """Open a transport whose card has just been put in: pcscd looks at the slot a moment later."""
    for _ in range(100):
        try:
            transport.open()
        except CardAbsent:
            continue
        return
    pytest.fail("pcscd never saw the card")


def test_two_equal_readers_are_told_apart(plug_reader):
    plug_reader(CountingChip(b"one"), "R1")
    plug_reader(CountingChip(b"two"), "R2")
    with pytest.raises(UsageError, match=r"2 PC/SC readers are named 'Nitrokey': .*\(R1\).*; .*\(R2\)"):
        PcscTransport("se", "Nitrokey").open()
    with PcscTransport("se", "(R1)") as first, PcscTransport("other", "(R2)") as second:
        assert first.do(ASK) == b"one" + ANSWER
        assert second.do(ASK) == b"two" + ANSWER
        assert "(R2)" in second.identity


def hold(share, ready, leave):
    with PcscTransport("held", "(R1)", share=share):
        ready.set()
        leave.wait(60)


@pytest.fixture
def other_program():
    """Let another process have the card; it is told how."""
    fork = multiprocessing.get_context("fork")
    leave = fork.Event()
    started = []

    def start(share):
        ready = fork.Event()
        started.append(fork.Process(target=hold, args=(share, ready, leave)))
        started[-1].start()
        assert ready.wait(60)
        return started[-1].pid

    yield start
    leave.set()
    for each in started:
        each.join(60)
        assert each.exitcode == 0


def test_a_reader_that_another_program_has_says_by_whom(plug_reader, other_program):
    plug_reader(EchoChip(), "R1")
    pid = other_program(Share.EXCLUSIVE)
    for share in Share:
        with pytest.raises(BenchError, match=rf"another program has the card .*\bpid {pid} \(") as caught:
            PcscTransport("se", "(R1)", share=share).open()
        assert caught.value.hint


def test_a_shared_card_serves_two_and_is_not_given_to_one_alone(plug_reader, other_program):
    plug_reader(EchoChip(), "R1")
    pid = other_program(Share.SHARED)
    with PcscTransport("se", "(R1)", share=Share.SHARED) as transport:
        assert transport.do(ASK) == ANSWER
    with pytest.raises(BenchError, match=rf"another program has the card .*\bpid {pid} \("):
        PcscTransport("se", "(R1)", share=Share.EXCLUSIVE).open()


def test_the_ccid_transport_says_that_pcscd_has_the_reader(pcscd, plug_reader):
    place = plug_reader(EchoChip(), "R1").place
    with pytest.raises(BenchError, match=rf"in use by another program: pid {pcscd.process.pid} \(") as caught:
        CcidTransport("se", UsbSelector(location=place)).open()
    assert "systemctl stop pcscd.socket pcscd" in caught.value.hint


def test_a_reader_that_is_plugged_in_again_is_opened_anew(pcscd, plug_reader):
    plug = plug_reader(EchoChip(), "R1")
    transport = PcscTransport("se", "(R1)")
    with transport:
        assert transport.do(ASK) == ANSWER
        plug.remove()
        with pytest.raises(BenchError):
            transport.do(ASK)
    pcscd.wait_for("R1", there=False)
    plug.insert()
    pcscd.wait_for("R1")
    opened_when_seen(transport)
    assert transport.do(ASK) == ANSWER
    transport.close()


BOARD = """\
version: 1
name: lab
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
transports:
  chip: {kind: pcsc, reader: (R1)}
chip: {transport: chip, framing: direct, command_set: ica}
limits: {replug_s: 60}
"""


def test_a_boards_reader_is_awaited_on_its_port(pcscd, plug_reader, tmp_path):
    plug = plug_reader(EchoChip(), "R1")
    place = plug.place
    board = parse(BOARD, tmp_path / "lab.yaml")
    notes = []
    with Wiring().make(board, "chip", Resolver(board, {}), notes.append) as transport:
        assert transport.do(ASK) == ANSWER
        assert transport.identity.endswith(f", usb 20a0:4108, location {place}")
        plug.device.insert_card(present=False)
        with pytest.raises(CardAbsent):  # the reader is where it was
            transport.do(ASK)
        assert notes == []
        plug.remove()
        with pytest.raises(
            BenchError, match=rf"serial number R1 at {place} was unplugged or reset at "
        ) as caught:
            transport.do(ASK)
        assert caught.value.outcome == "blocked"
        pcscd.settle()
        plug.device.insert_card(present=True)
        coming = threading.Timer(0.2, plug.insert)
        coming.start()
        assert transport.do(ASK) == ANSWER
        coming.join()
    assert [note.split()[0] for note in notes] == ["lost", "usb"]
    assert notes[1].endswith("s; the run goes on")


def test_a_service_that_ends_amid_a_session_is_named_and_a_new_one_serves(pcscd, plug_reader):
    plug_reader(EchoChip(), "R1")
    transport = PcscTransport("se", "(R1)")
    with transport:
        assert transport.do(ASK) == ANSWER
        pcscd.stop()
        with pytest.raises(BenchError, match="PC/SC service") as caught:
            transport.do(ASK)
        assert "systemctl start pcscd.socket" in caught.value.hint
    with pytest.raises(BenchError, match="the PC/SC service does not run"):
        transport.open()
    pcscd.start()
    pcscd.wait_for("R1")
    opened_when_seen(transport)
    assert transport.do(ASK) == ANSWER
    transport.close()
