import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chip.crc import crc16
from harness.chip.errors import AnswerError, StatusError
from harness.chip.ica.algorithms import Algorithm
from harness.chip.mtk import MtkChip, crypt_request

DES = Algorithm.DES_ECB
SELECT = ("00A4000C021D02", "9000")
GET_ID = "00DCFFFF0352E602"


def signed(text):
    raw = bytes.fromhex(text)
    return (raw + crc16(raw)).hex().upper()


@pytest.fixture
def chip(scripted):
    return lambda *script: MtkChip(scripted(*script))


def request(encrypt, data):
    return crypt_request(encrypt, data).to_bytes().hex().upper()


def test_start_sends_nothing_and_select_selects(chip):
    chip().start()
    chip(SELECT).select()
    chip(("00A4000C021D02", "9F10"), ("00B2FFFF10", "00" * 16 + "9000")).select()
    with pytest.raises(StatusError, match="6A82"):
        chip(("00A4000C021D02", "6A82")).select()


def test_an_answer_at_once_needs_no_fetch(chip):
    mtk = chip(SELECT, (GET_ID, signed("81800C" + "11" * 12) + "9000"))
    assert mtk.get_id().id_bytes == b"\x11" * 12


def test_9f00_means_256_bytes(chip):
    data = bytes(240)
    answer = signed("AB" * 248) + "9000"
    mtk = chip(SELECT, (request(True, data), "9F00"), ("00B2FFFF00", answer))
    assert mtk.encrypt_blocks(DES, data) == b"\xab" * 240


def test_a_second_9f_is_an_error(chip):
    with pytest.raises(AnswerError, match="9F11 again"):
        chip(SELECT, (GET_ID, "9F11"), ("00B2FFFF11", "9F11")).get_id()


@pytest.mark.parametrize("answer", ["", "00", "81800C" + "11" * 12 + "0000"])
def test_a_wrong_crc(chip, answer):
    with pytest.raises(AnswerError, match="CRC of the answer"):
        chip(SELECT, (GET_ID, "9F11"), ("00B2FFFF11", answer + "9000")).get_id()


def test_an_id_of_a_wrong_form(chip):
    for wrong in ("81800B" + "11" * 11, "81800D" + "11" * 13):
        with pytest.raises(AnswerError, match="an ID of"):
            chip(SELECT, (GET_ID, signed(wrong) + "9000")).get_id()


@pytest.mark.parametrize(("sent", "got"), [(8, 8), (8, 24), (16, 16), (240, 240)])
def test_encryption_must_bring_one_block_more(chip, sent, got):
    data = bytes(sent)
    with pytest.raises(AnswerError, match=f"{got} bytes came back for {sent}"):
        chip(SELECT, (request(True, data), signed("AB" * got) + "9000")).encrypt_blocks(DES, data)


@pytest.mark.parametrize("plain", [8, 9, 15])
def test_decryption_puts_the_padding_back(chip, plain):
    data = bytes(16)
    out = chip(SELECT, (request(False, data), signed("CD" * plain) + "9000")).decrypt_blocks(DES, data)
    assert out == b"\xcd" * plain + bytes((16 - plain,)) * (16 - plain)


def test_decryption_may_leave_nothing(chip):
    data = bytes(8)
    assert chip(SELECT, (request(False, data), signed("") + "9000")).decrypt_blocks(DES, data) == b"\x08" * 8


@pytest.mark.parametrize("plain", [16, 17, 7, 0])
def test_decryption_of_a_length_that_no_padding_explains(chip, plain):
    data = bytes(16)
    with pytest.raises(AnswerError, match=f"{plain} bytes came back for 16"):
        chip(SELECT, (request(False, data), signed("CD" * plain) + "9000")).decrypt_blocks(DES, data)


def test_a_refusal_names_the_command(chip):
    with pytest.raises(StatusError, match=r"Decrypt .*6A80"):
        chip(SELECT, (request(False, bytes(8)), "6A80")).decrypt_blocks(DES, bytes(8))


@pytest.mark.parametrize("size", [0, 7, 12, 248])
def test_sizes_that_are_refused(chip, size):
    with pytest.raises(ValueError, match=f"not {size}"):
        chip().encrypt_blocks(DES, bytes(size))


def test_other_algorithms_are_refused(chip):
    with pytest.raises(ValueError, match="AES_ECB"):
        chip().encrypt_blocks(Algorithm.AES_ECB, bytes(16))


@given(st.booleans(), st.integers(1, 30).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n)))
def test_requests_have_the_form_of_the_trace(encrypt, data):
    raw = crypt_request(encrypt, data).to_bytes()
    assert raw[:5] == bytes((0x00, 0xDC, 0xFF, 0xFF, len(data) + 10))
    assert raw[5:13] == bytes((0x51, 0, 1, 0x51 if encrypt else 0x52, 0x02, 0x12)) + len(data).to_bytes(
        2, "big"
    )
    assert raw[13:-2] == data
    assert raw[-2:] == crc16(raw[:-2])
