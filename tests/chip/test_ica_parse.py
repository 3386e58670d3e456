import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chip.apdu import ApduError
from harness.chip.chip_id import ChipId
from harness.chip.ica.keys import (
    Element,
    GeneratedKey,
    PointPublicKey,
    RsaPublicKey,
    parse_elements,
)
from harness.chip.ica.vendor import VendorInfo
from tests.chip.elements import build_elements

INFO = bytes.fromhex("8180" + "4944322D312E3000" + "02043F00" + "0400" + "00000000")


def labels(info):
    return {option.label for option in info.options}


def test_vendor_information():
    info = VendorInfo.parse(INFO)
    assert info.vendor == 0x8180
    assert info.maker == "Huada"
    assert labels(info) == {"AES", "SM2", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SM3"}
    assert info.free_space == 1024
    assert info.extension == bytes(4)


def test_every_option_bit_is_where_the_specification_puts_it():
    order = ["3DES", "AES", "SM4", "SM7", "", "", "", "", "RSA", "RSA-CRT", "SM2", "SM9", "ECC", "", "", ""]
    order += ["SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SM3", "", ""] + [""] * 8
    for place, name in enumerate(order):
        bitmap = bytearray(4)
        bitmap[place // 8] = 1 << place % 8
        info = VendorInfo.parse(INFO[:10] + bytes(bitmap) + INFO[14:])
        assert labels(info) == ({name} if name else set())


def test_a_vendor_that_nobody_knows():
    info = VendorInfo.parse(bytes.fromhex("1234" + "0001020304050607") + INFO[10:])
    assert info.maker == "unknown vendor 1234"


@given(st.binary(min_size=20, max_size=20))
def test_vendor_information_round_trip(raw):
    info = VendorInfo.parse(raw)
    assert info.to_bytes() == raw


@given(st.binary(max_size=40))
def test_only_20_bytes_are_vendor_information(raw):
    if len(raw) != 20:
        with pytest.raises(ApduError, match=f"{len(raw)} bytes instead of 20"):
            VendorInfo.parse(raw)


def test_chip_id():
    chip_id = ChipId.parse(bytes.fromhex("81800C2122232425262728292A2B2C"))
    assert chip_id == ChipId(0x8180, bytes(range(0x21, 0x2D)))
    assert chip_id.maker == "Huada"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "0 bytes"),
        ("8180", "2 bytes"),
        ("81800B" + "00" * 11, "an ID of 11 bytes"),
        ("81800D" + "00" * 13, "an ID of 13 bytes"),
        ("81800C" + "00" * 11, "14 bytes"),
        ("81800C" + "00" * 13, "16 bytes"),
        ("81800B" + "00" * 12, "an ID of 11 bytes"),
    ],
)
def test_what_is_no_chip_id(raw, why):
    with pytest.raises(ApduError, match=why):
        ChipId.parse(bytes.fromhex(raw))


@given(st.integers(0, 0xFFFF), st.binary(min_size=12, max_size=12))
def test_chip_id_round_trip(vendor, id_bytes):
    chip_id = ChipId(vendor, id_bytes)
    assert ChipId.parse(chip_id.to_bytes()) == chip_id


ELEMENTS = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=400)), max_size=5)


@given(ELEMENTS)
def test_elements_round_trip(elements):
    assert parse_elements(build_elements(*elements)) == tuple(elements)


@given(st.binary(max_size=400))
def test_any_bytes_are_elements_or_an_apdu_error(raw):
    try:
        elements = parse_elements(raw)
    except ApduError:
        return
    assert sum(len(value) for _, value in elements) <= len(raw)


def test_a_one_byte_length_of_128_is_taken_as_such():
    assert parse_elements(b"\x6e\x80" + bytes(128) + b"\x65\x03\x01\x00\x01") == (
        (0x6E, bytes(128)),
        (0x65, b"\x01\x00\x01"),
    )


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("6E", "missing at byte 2"),
        ("6E05AABB", "says 5 bytes, 2 are left"),
        ("6E83000001AA", "length byte 83 at byte 2"),
        ("6E81", "cut off"),
        ("6E8201", "cut off"),
        ("6E01AA65", "missing at byte 5"),
    ],
)
def test_broken_elements(raw, why):
    with pytest.raises(ApduError, match=why):
        parse_elements(bytes.fromhex(raw))


def test_generated_keys():
    rsa = build_elements((Element.RSA_N, bytes(256)), (Element.RSA_E, b"\x01\x00\x01"))
    assert GeneratedKey.parse(rsa).public == RsaPublicKey(bytes(256), b"\x01\x00\x01")
    point = build_elements((Element.SM2_Y, b"\x02" * 32), (0x99, b"?"), (Element.SM2_X, b"\x01" * 32))
    made = GeneratedKey.parse(point)
    assert made.public == PointPublicKey(b"\x01" * 32, b"\x02" * 32)
    assert made.others == ((0x99, b"?"),)
    with pytest.raises(ApduError, match="found 6E"):
        GeneratedKey.parse(build_elements((Element.RSA_N, b"\x01")))
    with pytest.raises(ApduError, match="found none"):
        GeneratedKey.parse(b"")
