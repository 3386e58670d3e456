"""CCID: the messages, and readers of every kind behind the real pyusb."""

import struct
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, DeviceError, UsageError
from harness.simulator.usb.ccid import _CLASS, IN, NOTIFY, CcidToken
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface, TransferType
from harness.simulator.usb.device import UsbDevice
from harness.transport.base import CardReset, Exchange
from harness.transport.errors import CardAbsent, UsbSilent
from harness.transport.identity import UsbSelector
from harness.transport.usb.ccid import CcidTransport
from harness.transport.usb.ccid_messages import (
    CardStatus,
    CcidFormatError,
    CommandStatus,
    Level,
    Request,
    SlotChange,
    SlotError,
    build,
    describe_error,
    parse,
    parse_descriptor,
    slot_changes,
)
from tests.transport.far_ends import EXCHANGES, LONG, EchoChip, echo
from tools.usb_backend import MemoryBackend

ATR = bytes.fromhex("3B80800101")
HERE = UsbSelector(location="1-1")


def descriptor(*, features=0x000404BA, longest=271, slots=1, voltages=7):
    raw = bytearray(_CLASS)
    raw[4], raw[5] = slots - 1, voltages
    struct.pack_into("<II", raw, 40, features, longest)
    return bytes(raw)


class Reader(UsbDevice):
    """A reader that answers as it is told: `answers` is asked for each message and gives the replies."""

    def __init__(self, answers, extra=None, code=0x0B):
        pipes = (Endpoint(0x01), Endpoint(IN), Endpoint(NOTIFY, TransferType.INTERRUPT, 8, 16))
        super().__init__(
            Descriptors(
                Identity(0x20A0, 0x4108, "R1"),
                (Interface(0, pipes, code=(code, 0, 0), extra=descriptor() if extra is None else extra),),
            )
        )
        self.answers = answers
        self.asked = []
        self.taken = b""

    def received(self, endpoint, data):
        self.taken += data
        while len(self.taken) >= 10:
            size = 10 + int.from_bytes(self.taken[1:5], "little")
            if len(self.taken) < size:
                return
            message, self.taken = self.taken[:size], self.taken[size:]
            self.asked.append(message)
            for reply in self.answers(message):
                self.send(IN, reply)


def reply(message, data=b"", *, kind=0x80, status=0, error=0, chain=0, slot=None, sequence=None):
    head = bytes((kind,)) + len(data).to_bytes(4, "little")
    head += bytes((message[5] if slot is None else slot, message[6] if sequence is None else sequence))
    return head + bytes((status, error, chain)) + data


def usual(message):
    """What a sound reader with the echo chip answers."""
    if message[0] == Request.POWER_ON:
        return [reply(message, ATR)]
    if message[0] == Request.TRANSFER:
        return [reply(message, echo(message[10:]))]
    return [reply(message, kind=0x81, status=1)]


def opened(device, **settings):
    backend = MemoryBackend()
    backend.plug(device)
    transport = CcidTransport("se", HERE, backend=backend, **settings)
    transport.open()
    return transport


def test_opening_powers_the_card_and_closing_takes_its_power():
    device = Reader(usual)
    transport = opened(device)
    assert transport.atr == ATR
    assert transport.identity.endswith("interface 0, ATR 3b80800101")
    transport.close()
    assert [message[0] for message in device.asked] == [Request.POWER_ON, Request.POWER_OFF]


def test_a_card_reset_gives_the_atr():
    device = Reader(usual)
    transport = opened(device)
    assert transport.do(CardReset()) == ATR
    assert [message[0] for message in device.asked][-2:] == [Request.POWER_OFF, Request.POWER_ON]
    assert transport.do(Exchange(b"\x00\xa4", 5.0)) == b"\xa4\x00\x90\x00"
    transport.close()


def test_each_request_has_its_number_and_other_answers_are_dropped():
    def late(message):
        stale = reply(message, b"old\x90\x00", sequence=(message[6] - 1) % 256)
        elsewhere = reply(message, b"other\x90\x00", slot=1)
        return [stale, elsewhere, *usual(message)]

    device = Reader(late)
    transport = opened(device)
    for command, answer in EXCHANGES[:2] * 150:
        assert transport.do(Exchange(command, 5.0)) == answer
    numbers = [message[6] for message in device.asked]
    assert len(numbers) > 256
    assert all((after - before) % 256 == 1 for before, after in pairwise(numbers))
    transport.close()


def test_more_time_starts_the_limit_anew():
    waits = []

    def slow(message):
        if message[0] == Request.TRANSFER:
            waits.append(message)
            return [reply(message, status=0x80, error=5)] * 3 + usual(message)
        return usual(message)

    transport = opened(Reader(slow))
    assert transport.do(Exchange(b"\x00\xa4", 5.0)) == b"\xa4\x00\x90\x00"
    assert len(waits) == 1
    transport.close()


def test_more_time_for_ever_ends():
    def endless(message):
        if message[0] == Request.TRANSFER:
            return [reply(message, status=0x80, error=1)] * 2000
        return usual(message)

    transport = opened(Reader(endless))
    with pytest.raises(UsbSilent):
        transport.do(Exchange(b"\x00\xa4", 0.005))
    transport.close()


def test_no_card():
    def empty(message):
        return [reply(message, status=0x42, error=0xFE)]

    with pytest.raises(CardAbsent, match="there is no card, seen while powering the card") as caught:
        opened(Reader(empty))
    assert caught.value.hint == "put the card in"
    assert caught.value.transport == "se"


def test_a_card_that_is_taken_out_and_put_back():
    device = CcidToken(EchoChip())
    transport = opened(device)
    device.insert_card(present=False)
    with pytest.raises(CardAbsent, match="there is no card, seen while waiting for the answer"):
        transport.do(Exchange(b"\x00\xa4", 5.0))
    assert transport.slot_changes(1.0) == (SlotChange(0, present=False, changed=True),)
    device.insert_card(present=True)
    with pytest.raises(CardAbsent, match="a card is there without power") as caught:
        transport.do(Exchange(b"\x00\xa4", 5.0))
    assert "open anew" in caught.value.hint
    assert transport.slot_changes(1.0) == (SlotChange(0, present=True, changed=True),)
    assert transport.slot_changes() == ()
    transport.close()
    transport.open()
    assert transport.do(Exchange(b"\x00\xa4", 5.0)) == b"\xa4\x00\x90\x00"
    transport.close()


def test_a_card_that_does_not_answer_is_the_benchs():
    def mute(message):
        return [reply(message, status=0x41, error=SlotError.CARD_MUTE)]

    with pytest.raises(
        BenchError, match=r"the card does not answer \(0xfe\), while powering the card"
    ) as caught:
        opened(Reader(mute, descriptor(features=0x40002)))
    assert caught.value.code == 0xFE
    assert "contacts" in caught.value.hint


def refusing_with(error, card=0):
    def refusing(message):
        if message[0] == Request.TRANSFER:
            return [reply(message, status=0x40 | card, error=error)]
        return usual(message)

    return refusing


@pytest.mark.parametrize("error", [0xF4, 0xF5])
def test_what_only_a_card_can_do_wrong_is_the_devices(error):
    transport = opened(Reader(refusing_with(error)))
    with pytest.raises(DeviceError, match="while waiting for the answer") as caught:
        transport.do(Exchange(b"\x00\xa4", 5.0))
    assert caught.value.code == error
    assert f"({error:#04x})" in caught.value.message
    transport.close()


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (0xFB, "contacts"),
        (0xFC, "contacts"),
        (0xFD, "contacts"),
        (0xFE, "contacts"),
        (0xE0, "another program"),
        (0xF2, "another program"),
        (0xF3, "kind pcsc"),
        (0xF6, "kind pcsc"),
        (0xF7, "contacts"),
        (0xF8, "contacts"),
        (0xFF, "kind pcsc"),
        (0x00, "kind pcsc"),
        (0x0B, "kind pcsc"),
        (0x81, "kind pcsc"),
        (0xC0, "kind pcsc"),
    ],
)
def test_what_a_reader_says_of_itself_or_its_contacts_is_the_benchs(error, hint):
    transport = opened(Reader(refusing_with(error)))
    with pytest.raises(BenchError, match="while waiting for the answer") as caught:
        transport.do(Exchange(b"\x00\xa4", 5.0))
    assert caught.value.code == error
    assert hint in caught.value.hint
    transport.close()


def test_a_reader_of_the_vendors_class_is_one_by_its_descriptor():
    """Readers from before the class was agreed on have class FF, and CCID's descriptor all the same."""
    device = Reader(usual, code=0xFF)
    transport = opened(device)
    assert transport.do(Exchange(b"\x00\xa4", 5.0)) == b"\xa4\x00\x90\x00"
    transport.close()
    with pytest.raises(BenchError, match="no CCID reader"):
        opened(Reader(usual, extra=bytes((9, 0x21)) + bytes(7), code=0xFF))


def test_voltages_are_tried_from_the_lowest():
    def five_volts(message):
        if message[0] == Request.POWER_ON and message[7] != 1:
            return [reply(message, status=0x41, error=SlotError.BAD_POWER_SELECT)]
        return usual(message)

    device = Reader(five_volts, descriptor(features=0x40002))
    opened(device).close()
    assert [message[7] for message in device.asked if message[0] == Request.POWER_ON] == [3, 2, 1]


def test_a_reader_that_chooses_the_voltage_is_left_to_it():
    device = Reader(usual)
    opened(device).close()
    assert device.asked[0][7] == 0


def test_long_commands_and_answers_go_in_parts():
    longest = 10 + 100

    class Extended:
        def __init__(self):
            self.command = b""
            self.rest = b""

        def __call__(self, message):
            if message[0] != Request.TRANSFER:
                return usual(message)
            level = int.from_bytes(message[8:10], "little")
            assert len(message) <= longest
            if level == 0x10:
                assert len(message) == 10
            else:
                self.command += message[10:]
                if level in (0x01, 0x03):
                    return [reply(message, chain=0x10)]
                self.rest, self.command = echo(self.command), b""
            first = message[10:] != b"" and level != 0x10
            part, self.rest = self.rest[:100], self.rest[100:]
            chain = (0x01 if self.rest else 0x00) if first else (0x03 if self.rest else 0x02)
            return [reply(message, part, chain=chain)]

    device = Reader(Extended(), descriptor(features=0x40008, longest=longest))
    transport = opened(device)
    for length in (1, 99, 100, 101, 200, 201, 1000):
        command = bytes(range(256)) * 4
        assert transport.do(Exchange(command[:length], 5.0)) == echo(command[:length])
    assert transport.do(Exchange(LONG, 5.0)) == echo(LONG)
    levels = [int.from_bytes(message[8:10], "little") for message in device.asked if message[0] == 0x6F]
    assert {0x00, 0x01, 0x02, 0x03, 0x10} == set(levels)
    transport.close()


def test_a_reader_that_does_not_ask_for_the_rest():
    def finished(message):
        return [reply(message, b"\x90\x00")] if message[0] == Request.TRANSFER else usual(message)

    transport = opened(Reader(finished, descriptor(features=0x40008, longest=60)))
    with pytest.raises(DeviceError, match="did not ask for the rest"):
        transport.do(Exchange(bytes(100), 5.0))
    transport.close()


def test_a_short_apdu_reader_takes_short_apdus_only():
    def finished(message):
        return [reply(message, b"\x90\x00")] if message[0] == Request.TRANSFER else usual(message)

    device = Reader(finished, descriptor(features=0x20008))
    transport = opened(device)
    assert transport.do(Exchange(bytes(261), 5.0)) == b"\x90\x00"
    assert len(device.asked[-1]) == 271
    with pytest.raises(UsageError, match="takes short APDUs only"):
        transport.do(Exchange(bytes(262), 5.0))
    transport.close()


@pytest.mark.parametrize(("features", "level"), [(0x10008, "tpdu"), (0x00008, "character")])
def test_a_reader_that_takes_no_apdus_is_for_pcsc(features, level):
    with pytest.raises(UsageError, match=f"exchange level {level}") as caught:
        opened(Reader(usual, descriptor(features=features)))
    assert "pcsc" in caught.value.hint


def test_a_slot_that_is_not_there():
    with pytest.raises(UsageError, match="there is no such slot; the reader has 2, from 0"):
        opened(Reader(usual, descriptor(slots=2)), slot=2)


def test_the_second_slot_is_addressed():
    device = Reader(usual, descriptor(slots=2))
    transport = opened(device, slot=1)
    assert {message[5] for message in device.asked} == {1}
    assert ", slot 1," in transport.identity
    transport.close()


def test_no_class_descriptor():
    with pytest.raises(DeviceError, match="no CCID class descriptor"):
        opened(Reader(usual, b""))


@pytest.mark.parametrize(
    "garbage", [b"\x80", b"\x80\x05\0\0\0\0\0\0\0\0", b"\x80\xff\xff\xff\xff\0\0\0\0\0", bytes(11)]
)
def test_garbage_is_the_devices_or_silence(garbage):
    def odd(message):
        return [garbage] if message[0] == Request.TRANSFER else usual(message)

    transport = opened(Reader(odd))
    with pytest.raises((DeviceError, UsbSilent)):
        transport.do(Exchange(b"\x00\xa4", 0.05))
    transport.close()


def test_a_message_that_ends_with_a_full_packet_and_an_empty_one():
    def with_empty(message):
        return [*usual(message), b""]

    transport = opened(Reader(with_empty))
    command = bytes(52)
    for _ in range(3):
        assert len(transport.do(Exchange(command, 5.0))) == 54
    transport.close()


# the messages themselves


def test_a_message_byte_by_byte():
    assert build(Request.TRANSFER, 1, 7, b"\x00\xa4", b"\x00\x01\x00").hex(" ") == (
        "6f 02 00 00 00 01 07 00 01 00 00 a4"
    )
    read = parse(bytes.fromhex("80 02 00 00 00 01 07 41 fe 03 90 00"))
    assert (read.slot, read.sequence, read.card, read.status) == (
        1,
        7,
        CardStatus.INACTIVE,
        CommandStatus.FAILED,
    )
    assert (read.error, read.chain, read.data) == (0xFE, 3, b"\x90\x00")


@settings(deadline=None)
@given(
    data=st.binary(max_size=300),
    slot=st.integers(0, 255),
    sequence=st.integers(0, 255),
    request=st.sampled_from(Request),
)
def test_what_is_built_can_be_read(data, slot, sequence, request):
    read = parse(build(request, slot, sequence, data))
    assert (read.kind, read.slot, read.sequence, read.data) == (request, slot, sequence, data)


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_anything_raises_nothing_else(raw):
    for function in (parse, parse_descriptor, lambda data: slot_changes(data, 4)):
        with suppress(CcidFormatError):
            function(raw)


def test_the_class_descriptor():
    facts = parse_descriptor(b"\x02\x01" + descriptor(features=0x20002, longest=512, slots=2, voltages=5))
    assert (facts.level, facts.longest, facts.slots, facts.voltages) == (Level.SHORT_APDU, 512, 2, (3, 1))
    with pytest.raises(CcidFormatError, match="two exchange levels"):
        parse_descriptor(descriptor(features=0x60000))
    with pytest.raises(CcidFormatError, match="dwMaxCCIDMessageLength is 10"):
        parse_descriptor(descriptor(longest=10))


def test_slot_changes_of_several_slots():
    assert slot_changes(bytes.fromhex("50 0e"), 2) == (
        SlotChange(0, present=False, changed=True),
        SlotChange(1, present=True, changed=True),
    )
    assert slot_changes(bytes.fromhex("51 00 00 01"), 2) == ()


def test_every_error_has_a_meaning():
    for error in SlotError:
        assert error.meaning in describe_error(error)
    assert describe_error(0x07).startswith("the reader cannot give")
    assert describe_error(0x08) == "the reader finds byte 8 of the message wrong (0x08)"
    assert describe_error(0x90) == "the reader's own error 0x90"
