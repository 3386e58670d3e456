from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chip.fm1280_frame import (
    MAX_PAYLOAD,
    DriverCode,
    Frame,
    FrameError,
    block_check,
    frame_size,
    parse,
)

FRAMES = st.builds(Frame, st.integers(0, 255), st.binary(max_size=MAX_PAYLOAD), st.integers(0, 255))


def test_an_i_block_byte_for_byte():
    frame = Frame(0x02, bytes.fromhex("80F8000000")).to_bytes()
    assert frame.hex().upper() == "0800" + "00" + "02" + "80F8000000" + "72"


def test_get_atr_and_nak_byte_for_byte():
    assert Frame(0x30).to_bytes().hex().upper() == "0300003033"
    assert Frame(0xBA).to_bytes().hex().upper() == "030000BAB9"


def test_length_is_little_endian():
    assert Frame(0, bytes(0x1F0)).to_bytes()[:2] == bytes.fromhex("F301")


def test_payload_bounds():
    assert len(Frame(0, bytes(MAX_PAYLOAD)).to_bytes()) == 1026
    with pytest.raises(FrameError, match="1022 bytes"):
        Frame(0, bytes(MAX_PAYLOAD + 1)).to_bytes()


@pytest.mark.parametrize(
    ("raw", "code", "why"),
    [
        ("", DriverCode.LENGTH, "0 bytes"),
        ("03", DriverCode.LENGTH, "1 bytes"),
        ("0200000002", DriverCode.LENGTH, "LEN is 2"),
        ("0104000001", DriverCode.LENGTH, "LEN is 1025"),
        ("FFFFFFFFFF", DriverCode.LENGTH, "LEN is 65535"),
        ("03000000", DriverCode.LENGTH, "4 came"),
        ("0300000002", DriverCode.BCC, "BCC is 02, the bytes give 03"),
    ],
)
def test_broken_frames(raw, code, why):
    with pytest.raises(FrameError, match=why) as caught:
        parse(bytes.fromhex(raw))
    assert caught.value.code is code


@given(FRAMES, st.binary(max_size=20))
def test_round_trip_with_anything_behind(frame, tail):
    raw = frame.to_bytes()
    assert frame_size(raw[:2]) == len(raw)
    assert parse(raw + tail) == frame


@given(FRAMES, st.data())
def test_a_changed_byte_is_noticed(frame, data):
    raw = bytearray(frame.to_bytes())
    at = data.draw(st.integers(2, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FrameError) as caught:
        parse(bytes(raw))
    assert caught.value.code is DriverCode.BCC


@given(st.binary(max_size=1100))
def test_any_bytes_are_a_frame_or_a_frame_error(raw):
    try:
        frame = parse(raw)
    except FrameError:
        return
    assert raw.startswith(frame.to_bytes())


@given(st.binary(max_size=1100))
def test_the_check_byte_is_the_xor_of_all_bytes(data):
    assert block_check(data) == reduce(xor, data, 0)
