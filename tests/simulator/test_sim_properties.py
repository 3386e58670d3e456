"""Whatever bytes arrive, a simulated device answers with a status word and never breaks."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2.keys import KeyType
from harness.settings.simulated_device import AnswerStyle
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.fm1280 import Fm1280Slave, NotAcknowledged, Reading, build_frame, read_frame
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.model import Received
from harness.simulator.chip.mtk import check_sum
from harness.simulator.faults.catalogue import FAULTS
from harness.simulator.faults.fault import Layer

INSTRUCTIONS = (0xA4, 0x84, 0x20, 0x24, 0x5E, 0xC0, 0xE2, 0xF0, 0xF2, 0xF4, 0xF6, 0xF8, 0xFC, 0xDC, 0xB2)
# Key generation is left out of the random commands: it is slow, and has tests of its own.
BUSY = st.builds(
    lambda cla, ins, p1, p2, data, le: (
        bytes((cla, ins, p1, p2)) + ((bytes((len(data),)) + data) if data else b"") + le
    ),
    st.sampled_from((0x00, 0x80, 0x84)),
    st.sampled_from([ins for ins in INSTRUCTIONS if ins != 0xF2]),
    st.sampled_from((0, 1, 2, 4, 0x40, 0xFF)),
    st.sampled_from((0, 1, 0x0C, 0xFF)),
    st.one_of(
        st.binary(max_size=255),
        st.builds(
            lambda mode, algorithm, kid, total, data: (
                bytes((mode, algorithm, kid)) + total.to_bytes(2) + data
            ),
            st.sampled_from((0x51, 0x52, 0x53, 0x54)),
            st.integers(0, 0x1B),
            st.integers(0, 1),
            st.integers(0, 600),
            st.binary(max_size=245),
        ),
    ),
    st.sampled_from((b"", b"\x00", b"\x10")),
)
ANYTHING = st.one_of(st.binary(max_size=300), BUSY)
CHIPS = [
    ("ica", KeyType.AES_128),
    ("ica", KeyType.DES3_168),
    ("ica", KeyType.SM4_128),
    ("ica", KeyType.SM2_256),
    ("ica", KeyType.RSA_1024),
    ("mtk", KeyType.DES3_112),
]


@pytest.mark.parametrize(("command_set", "key_type"), CHIPS)
@pytest.mark.parametrize("answers", list(AnswerStyle))
def test_any_commands_get_status_words(key_for, command_set, key_type, answers):
    key = key_for(key_type)

    @settings(max_examples=25, deadline=None)
    @given(st.lists(ANYTHING, max_size=8))
    def check(commands):
        chip = make_chip(ChipConfig(command_set, "0" * 24, key, answers=answers))
        for command in commands:
            answer = chip.process(command)
            assert 2 <= len(answer) <= 258
            assert answer[-2] in (0x90, 0x61, 0x63, 0x67, 0x69, 0x6A, 0x6C, 0x6D, 0x6E, 0x94, 0x9F)

    check()


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.layer is Layer.CHIP], ids=lambda one: one.name
)
def test_any_commands_to_broken_chips_get_status_words(key_for, fault):
    command_set = "ica" if fault.fits("ica") else "mtk"
    preferred = KeyType.DES3_112 if command_set == "mtk" else KeyType.AES_128
    key = key_for(preferred if preferred in fault.key_types else KeyType.SM4_128)
    answers = AnswerStyle(fault.needs or "direct")

    @settings(max_examples=10, deadline=None)
    @given(st.lists(ANYTHING, max_size=8))
    def check(commands):
        chip = make_chip(ChipConfig(command_set, "0" * 24, key, answers=answers, fault=fault))
        for command in commands:
            answer = chip.process(command)
            assert 2 <= len(answer) <= 300
            assert answer[-2:] != b"\x6f\x00"

    check()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=600))
def test_any_command_can_be_read(command):
    received = Received.read(command)
    assert len(received.data) <= 255
    assert received.le is None or 1 <= received.le <= 256
    if received.well_formed:
        rebuilt = bytes((received.cla, received.ins, received.p1, received.p2))
        rebuilt += bytes((len(received.data),)) + received.data if received.data else b""
        rebuilt += bytes((received.le & 0xFF,)) if received.le is not None else b""
        assert rebuilt == command


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 255), st.binary(max_size=1021))
def test_frames_round_trip(flag, payload):
    assert read_frame(build_frame(flag, payload)) == (flag, payload)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 39), st.integers(1, 255))
def test_a_changed_byte_breaks_a_frame(payload, position, change):
    frame = bytearray(build_frame(2, payload))
    frame[position % len(frame)] ^= change
    assert read_frame(bytes(frame)) is None


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(list(Reading)),
    st.lists(
        st.one_of(st.binary(max_size=300), st.integers(1, 300), BUSY.map(lambda one: build_frame(2, one)))
    ),
)
def test_any_traffic_on_the_bus(reading, traffic):
    from harness.id2.published import KEYS

    chip = make_chip(ChipConfig("ica", "0" * 24, KEYS[KeyType.AES_128].key))
    slave = Fm1280Slave(chip, reading=reading)
    for one in traffic:
        if isinstance(one, bytes):
            slave.write(one)
            continue
        with suppress(NotAcknowledged):
            assert len(slave.read(one)) == one


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=200)))
def test_any_bytes_on_a_hex_line(pieces):
    from harness.id2.published import KEYS

    session = make_chip(ChipConfig("ica", "0" * 24, KEYS[KeyType.AES_128].key)).session()
    device, said = HexLineChip(session), []
    for piece in pieces:
        for output in device.receive(piece):
            assert output.data.endswith(b"\n")
            bytes.fromhex(output.data.decode())
            said.append(output)
    joined = b"".join(pieces).replace(b"\r", b"\n")
    complete = joined.split(b"\n")[:-1]
    assert len(said) == sum(bool(line.strip(b" \t\x0b\x0c")) for line in complete)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_the_check_sum_is_that_of_the_chip_layer(data):
    from harness.chip.crc import crc16

    assert check_sum(data) == crc16(data)
