import binascii

from hypothesis import given
from hypothesis import strategies as st

from harness.chip.crc import crc16


def test_check_value_of_the_catalogue():
    assert crc16(b"123456789") == bytes.fromhex("D64E")  # CRC-16/GENIBUS


def test_published_trace():
    assert crc16(bytes.fromhex("81800C0102030405060708090A0B0C")) == bytes.fromhex("968A")


@given(st.binary(max_size=300))
def test_against_the_standard_library(data):
    assert int.from_bytes(crc16(data)) == binascii.crc_hqx(data, 0xFFFF) ^ 0xFFFF
