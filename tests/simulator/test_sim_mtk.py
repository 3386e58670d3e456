"""The MTK chip, command by command."""

import pytest

from harness.errors import UsageError
from harness.id2 import ciphers
from harness.id2.keys import KeyType
from harness.simulator.chip.mtk import check_sum

SELECT, GET_ID = bytes.fromhex("00A4000C021D02"), bytes.fromhex("00DCFFFF0352E602")


def request(data, *, operation=0x51, algorithm=0x02, key=0x12, length=None, head="510001"):
    body = bytes.fromhex(head) + bytes((operation, algorithm, key))
    body += (len(data) if length is None else length).to_bytes(2) + data
    command = bytes((0x00, 0xDC, 0xFF, 0xFF, len(body) + 2)) + body
    return command + check_sum(command)


def fetch(chip, ready):
    assert ready[0] == 0x9F, ready.hex()
    answer = chip.process(bytes((0x00, 0xB2, 0xFF, 0xFF, ready[1])))
    assert answer[-2:] == b"\x90\x00"
    assert check_sum(answer[:-4]) == answer[-4:-2]
    return answer[:-4]


@pytest.fixture
def chip(chip_of):
    return chip_of(KeyType.DES3_112, command_set="mtk")


@pytest.mark.parametrize("size", [8, 40, 0xF0])
def test_round_trip_with_the_padding_of_the_chip(chip, key_for, size):
    plain = bytes(at & 0xFF for at in range(size))
    cipher = fetch(chip, chip.process(request(plain)))
    assert cipher == ciphers.ecb_encrypt(key_for(KeyType.DES3_112), ciphers.pad(plain, 8))
    if len(cipher) <= 0xF0:
        assert fetch(chip, chip.process(request(cipher, operation=0x52))) == plain


def test_a_wrong_crc_is_refused(chip):
    good = request(bytes(8))
    for position in range(5, len(good)):
        bad = bytearray(good)
        bad[position] ^= 0x10
        assert chip.process(bytes(bad)).hex() == "6a80", position


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (request(bytes(8), algorithm=0x03), "9401"),
        (request(bytes(8), key=0x13), "9403"),
        (request(bytes(8), operation=0x53), "6a80"),
        (request(bytes(8), head="510002"), "6a80"),
        (request(bytes(8), length=9), "6700"),
        (request(b""), "6700"),
        (request(bytes(9), operation=0x52), "6700"),
        (request(bytes(0xF8 - 10)), "9ff2"),
        (request(bytes(0xF5)), "6700"),
        (bytes.fromhex("80A4000C021D02"), "6e00"),
        (bytes.fromhex("00A4000C021D03"), "6a82"),
        (bytes.fromhex("00A4000C011D"), "6700"),
        (bytes.fromhex("00A40000021D02"), "6a86"),
        (bytes.fromhex("00EE000000"), "6d00"),
        (bytes.fromhex("00B2FFFF11"), "6985"),
        (bytes.fromhex("00DCFFFF"), "6700"),
        (bytes.fromhex("00DCFFFF0352E603"), "6700"),
    ],
)
def test_status_words(chip, command, status):
    assert chip.process(command).hex() == status


def test_a_fetch_of_another_length(chip):
    chip.process(GET_ID)
    assert chip.process(bytes.fromhex("00B2FFFF10")).hex() == "6c11"
    assert len(chip.process(bytes.fromhex("00B2FFFF11"))) == 19
    assert chip.process(bytes.fromhex("00B2FFFF11")).hex() == "6985"


def test_select_drops_what_waits(chip):
    chip.process(GET_ID)
    chip.process(SELECT)
    assert chip.process(bytes.fromhex("00B2FFFF11")).hex() == "6985"


def test_bad_padding_is_refused(chip, key_for):
    for padding in (b"\x00", b"\x09", b"\x01\x02"):
        cipher = ciphers.ecb_encrypt(key_for(KeyType.DES3_112), padding.rjust(8, b"x"))
        assert chip.process(request(cipher, operation=0x52)).hex() == "6a80"


def test_only_3des(chip_of):
    with pytest.raises(UsageError, match="no key type aes-128"):
        chip_of(KeyType.AES_128, command_set="mtk")
