"""`harness trace` in words: APDUs, status words and frames of every kind of recording."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chip import fm1280_spi
from harness.chip.apdu import Command
from harness.chip.fm1280_frame import Frame
from harness.chip.ica import commands
from harness.chip.ica.algorithms import Algorithm, AsymAlgorithm, DigestType, Mode
from harness.chip.mtk import crypt_request, fetch, write
from harness.secret import Secret
from harness.traffic.bytes_shown import folded
from harness.traffic.decode import Decoder
from harness.transport.recording.record import Record

TIMES = "\u00d7"
GET_ID = commands.get_id().to_bytes()
ID = bytes.fromhex("81800C2122232425262728292A2B2C9000")


def told(op, *traffic):
    """Decode (direction, bytes) in turn on one transport."""
    decoder = Decoder()
    meanings = [decoder.meaning(Record(0, op, way, data)) for way, data in traffic]
    return [None if each is None else each.words for each in meanings]


def framed(payload, flag):
    return Frame(flag, payload).to_bytes()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (commands.select(), "SELECT ID² application"),
        (commands.get_id(), "GetID"),
        (commands.get_vendor_info(), "GetVendorInfo"),
        (commands.get_challenge(16), "GetChallenge 16 bytes"),
        (Command(0x00, 0xC0, 0x00, 0x00, le=15), "GET RESPONSE 15 bytes"),
        (
            commands.symmetric_crypt(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(48))[0],
            "SymmetricCrypt encrypt AES-ECB key 0, 48 bytes",
        ),
        (
            commands.symmetric_crypt(
                Mode.SIGN, Algorithm.SM4_CBC_ISO9797_M2, bytes(5), key_id=3, iv=bytes(16)
            )[0],
            "SymmetricCrypt sign SM4-CBC-ISO9797-M2 key 3, 5 bytes",
        ),
        (
            commands.asymmetric_crypt(Mode.SIGN, AsymAlgorithm.SM2_SM3, bytes(20))[0],
            "AsymmetricCrypt sign SM2-SM3 key 0, 20 bytes",
        ),
        (commands.fetch_rest(), "AsymmetricCrypt fetch 256 bytes"),
        (commands.compute_digest(DigestType.SHA256, bytes(9))[0], "ComputeDigest SHA256, 9 bytes"),
        (write(bytes.fromhex("52E602"), ""), "GetID (MTK)"),
        (crypt_request(encrypt=False, data=bytes(16)), "MTK decrypt, 16 bytes"),
        (fetch(18), "MTK fetch 18 bytes"),
    ],
)
def test_commands_have_names(command, words):
    assert told("exchange", (">", command.to_bytes())) == [words]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("9000", "success"),
        ("6A80", "wrong data"),
        ("610F", "15 bytes of answer are waiting"),
        ("9F12", "9F12 "),
    ],
)
def test_status_words_have_meanings(status, words):
    (meaning,) = told("exchange", ("<", bytes.fromhex(status)))
    assert meaning.startswith(status)
    assert words in meaning


def test_answer_that_is_fetched_belongs_to_its_command():
    sign = commands.symmetric_crypt(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(16))[0].to_bytes()
    asked = (">", sign), ("<", bytes.fromhex("6110")), (">", bytes.fromhex("00C0000010"))
    assert told("exchange", *asked)[-1] == "GET RESPONSE 16 bytes of SymmetricCrypt"
    asked = (
        (">", GET_ID),
        ("<", bytes.fromhex("610F")),
        (">", bytes.fromhex("00C000000F")),
        ("<", ID),
    )
    assert told("exchange", *asked)[-1].endswith("vendor 8180, ID 2122232425262728292A2B2C")


def test_blocks_of_a_chain_are_told_apart():
    chain = commands.symmetric_crypt(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(480))
    assert told("exchange", *[(">", each.to_bytes()) for each in chain]) == [
        "SymmetricCrypt encrypt AES-ECB key 0, 480 bytes, 240 of them here",
        "SymmetricCrypt encrypt AES-ECB key 0, block 1, 240 bytes",
    ]


ANSWERED = ["GetID", "9000 success, 15 bytes, vendor 8180, ID 2122232425262728292A2B2C"]


def test_fm1280_frames_on_i2c():
    out, back = (">", framed(GET_ID, 0x02)), framed(ID, 0x00)
    wanted = [f"FM1280 {words}" for words in ANSWERED]
    decoder = Decoder()
    for pieces in ([back + b"\xff" * 200], [back[:2], back[2:]], [back[:2], back]):
        got = [decoder.meaning(Record(0, "i2c-write", *out)).words]
        got += [decoder.meaning(Record(0, "i2c-read", "<", piece)).words for piece in pieces]
        assert [got[0], got[-1]] == wanted
    wait = decoder.meaning(Record(0, "i2c-read", "<", framed(b"", 0xF2)))
    assert wait.words == "FM1280 more time asked for"
    broken = framed(ID, 0x00)[:-1] + b"\x00"
    assert "BCC is 00" in decoder.meaning(Record(0, "i2c-read", "<", broken)).words


def test_fm1280_frames_on_spi():
    out, back = b"\x02" + fm1280_spi.build(GET_ID), fm1280_spi.build(ID)
    got = told(
        "spi",
        (">", out),
        ("<", b""),
        (">", b"\x05"),
        ("<", b"\x00"),
        (">", b"\x03"),
        ("<", back + b"\xff" * 9),
    )
    assert [got[0], got[2], got[-1]] == ["FM1280 GetID", "FM1280 asks for the state", f"FM1280 {ANSWERED[1]}"]


def ccid(kind, data):
    return bytes((kind,)) + len(data).to_bytes(4, "little") + bytes(5) + data


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        (GET_ID.hex().upper().encode() + b"\n", [ID.hex().encode() + b"\r\n"]),
        (GET_ID.hex().encode() + b"\n", [ID.hex().encode()[:7], ID.hex().encode()[7:], b"\n"]),
        (ccid(0x6F, GET_ID), [ccid(0x80, ID)]),
        (ccid(0x6F, GET_ID), [ccid(0x80, ID)[:12], ccid(0x80, ID)[12:]]),
        (b"\x00\x05" + GET_ID, [b"\x00\x11" + ID + b"\x00" * 40]),
        (GET_ID, [ID]),
    ],
)
def test_streams_of_serial_lines_sockets_and_usb(sent, came):
    got = told("write", (">", sent))
    assert got == ANSWERED[:1]
    decoder = Decoder()
    decoder.meaning(Record(0, "write", ">", sent))
    answers = [decoder.meaning(Record(0, "read", "<", piece)) for piece in came]
    assert answers[-1].words == ANSWERED[1]
    assert answers[:-1] == [None] * (len(came) - 1)


@pytest.mark.parametrize("text", [b"reboot\n", b"0123456789\n", b"AT+ID2\r\n", b"\x00\x01", b"deadbeef\n"])
def test_a_console_is_not_taken_for_a_chip(text):
    assert told("write", (">", text)) == [None]
    assert told("read", ("<", ID.hex().encode() + b"\n")) == [None]


def test_pins_are_not_shown():
    decoder = Decoder()
    meaning = decoder.meaning(Record(0, "exchange", ">", commands.verify_pin(Secret(b"12345678")).to_bytes()))
    assert meaning.hidden
    assert meaning.words == "Verify PIN, 8 bytes hidden"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", ""),
        (b"\xff" * 253, "ff {x} 253"),
        (b"\x05\x00" + b"\xff" * 8, "05 00 ff {x} 8"),
        (b"\x01" * 7, " ".join(["01"] * 7)),
        (b"\x01\x02" + bytes(100) + b"\x03", "01 02 00 {x} 100 03"),
        (b"\x01" + b"\xff" * 100_000, "01 ff {x} 100000"),
        (b"\x01" + b"\xff" * 100_000 + b"\x02", "01 ff {x} 100000 … (100002 bytes)"),
    ],
)
def test_fill_bytes_are_folded(data, shown):
    assert folded(data) == shown.replace("{x}", TIMES)


@given(
    st.lists(st.tuples(st.sampled_from("><"), st.binary(max_size=300)), max_size=20),
    st.sampled_from(["exchange", "i2c-write", "i2c-read", "spi", "write", "read", "card-reset", "break"]),
)
def test_no_traffic_is_too_odd(traffic, op):
    for words in told(op, *traffic):
        assert words is None or words.isprintable()


@given(st.binary(max_size=600))
def test_folded_bytes_can_be_counted_again(data):
    text = folded(data)
    if "…" not in text:
        runs = sum(int(number) - 1 for number in re.findall(TIMES + r" (\d+)", text))
        assert len(re.findall(r"\b[0-9a-f]{2}\b", re.sub(TIMES + r" \d+", "", text))) + runs == len(data)
