"""Records of every kind in words; what deals in secrets is not shown, whatever way it goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.carrier.module import wire
from harness.chip.apdu import Command
from harness.chip.fm1280_frame import Frame
from harness.chip.ica import commands
from harness.chip.ica.algorithms import Algorithm, Mode
from harness.probe.lines import crc16, request
from harness.secret import Secret
from harness.traffic.follower import Follower
from harness.transport.recording.format import OPERATIONS
from harness.transport.recording.record import Record

SECRET = b"0123456789abcdefSECRET"
PIN = b"31415926"


def told(kind, *traffic, leaked=False):
    follower = Follower("x", kind, leaked=leaked)
    found = []
    for number, (op, way, data) in enumerate(traffic):
        found += follower.take(Record(number, op, way, data))
    return found + follower.rest()


def texts(kind, *traffic):
    return [each.text for each in told(kind, *traffic)]


def asked(*words):
    return ("write", ">", request(1, *words) + b"\n")


def reply(*words):
    line = " ".join(("+ID2P 01 1856", *words)).encode()
    return ("read", "<", b"\r\n" + line + b" %" + f"{crc16(line):04X}".encode() + b"\r\n")


def everything_of(entries):
    return "".join(f"{each.text}{each.detail}{each.raw.data}{each.raw.apdu}" for each in entries)


# ---- probe


def test_calls_of_a_probe_have_the_names_of_their_functions():
    assert texts(
        "console",
        asked("hi"),
        asked("put", "a", "0", "t:1512022279204"),
        reply("OK", "0", "13", "9904"),
        asked("run", "tac", "a=13,o=512"),
        reply("AK"),
        reply("OK", "0", "5", "468A", "t:1~2~x"),
        asked("get", "40", "59"),
        reply("D", "40", "t:rest"),
        reply("ER", "-1", "0", "FFFF"),
        reply("NK", "5"),
        asked("run", "upt"),
    ) == [
        "probe 01 hello",
        "probe 01 fills slot a from 0: 1512022279204",
        "probe 01 the call returns 0, 13 bytes",
        "probe 01 calls id2_client_get_timestamp_auth_code a=13,o=512",
        "probe 01 id2_client_get_timestamp_auth_code begins",
        "probe 01 id2_client_get_timestamp_auth_code returns 0, 5 bytes: 1~2~x",
        "probe 01 asks for 59 bytes of the result from 40",
        "probe 01 result from 40: rest",
        "probe 01 id2_client_get_timestamp_auth_code returns -1",
        "probe 01 not understood: 5 no such function",
        "probe 01 calls upt (return the milliseconds since the start)",
    ]


@pytest.mark.parametrize("function", ["sec", "dky", "lod", "sik", "prv", "kpi", "dec", "kpc", "oac"])
def test_nothing_of_a_secret_call_is_shown(function):
    entries = told(
        "console",
        asked("put", "a", "0", "t:" + SECRET.decode()),
        reply("OK", "0", "22", "9904"),
        asked("run", function, "a=22,o=64"),
        reply("OK", "0", "22", "468A", "t:" + SECRET.decode()),
        asked("get", "40", "59"),
        reply("D", "40", "x:" + SECRET.hex().upper()),
    )
    assert len(entries) == 6
    assert SECRET.decode() not in everything_of(entries)
    assert SECRET.hex().upper() not in everything_of(entries)
    assert "(not shown)" in entries[0].text


def test_an_input_whose_call_never_comes_is_not_shown():
    entries = told("console", asked("put", "a", "0", "t:" + SECRET.decode()))
    assert SECRET.decode() not in everything_of(entries)


def test_other_text_on_the_line_of_a_reply_is_told_too():
    way, data = reply("AK")[1:]
    assert texts("console", ("read", way, b"boot " + data.strip() + b" tail\r\n")) == [
        "boot ",
        "probe 01 the call begins",
        " tail",
    ]


# ---- modules


def message(command, status, *fields):
    return wire.pack(command, status, wire.join_fields(*fields), wire.ByteOrder.LITTLE)


def test_messages_of_a_module_are_put_together():
    answer = message(wire.Command.GET_ID, 0, b"2122")
    assert texts(
        "bus",
        ("write", ">", message(wire.Command.GET_ID, 0)),
        ("read", "<", answer[:10]),
        ("read", "<", answer[10:16]),
        ("read", "<", answer[16:]),
        ("read", "<", message(99, -3)),
    )[:2] == ["module get_id", "module get_id: ok, 2122"]


@pytest.mark.parametrize("command", [wire.Command.GET_SECRET, wire.Command.DERIVE_KEY, wire.Command.DECRYPT])
def test_secret_answers_of_a_module_are_not_shown(command):
    entries = told("bus", ("write", ">", message(command, 0)), ("read", "<", message(command, 0, SECRET)))
    assert "(not shown)" in entries[1].text
    assert SECRET.decode() not in everything_of(entries)


def test_what_a_module_is_provisioned_with_is_not_shown():
    entries = told("bus", ("write", ">", message(wire.Command.LOAD_OTP_DATA, 0, SECRET)))
    assert SECRET.decode() not in everything_of(entries)


@pytest.mark.parametrize(
    "traffic",
    [
        [("write", ">", b"AT+ID2LOAD=" + SECRET + b"\r")],
        [("write", ">", b"AT+ID2LOAD=22\r"), ("read", "<", b"> "), ("write", ">", SECRET + b"\r")],
        [("write", ">", b'AT+ID2SEC="seed"\r'), ("read", "<", b'+ID2SEC: "' + SECRET + b'"\r\nOK\r\n')],
        [("write", ">", b"AT+ID2KEY=1\r"), ("read", "<", b"\r\n" + SECRET + b"\r\n\r\nOK\r\n")],
    ],
)
@pytest.mark.parametrize("kind", ["bus", "console"])
def test_secret_at_commands_are_not_shown(kind, traffic):
    entries = told(kind, *traffic)
    assert SECRET.decode() not in everything_of(entries)
    assert any("AT+ID2" in each.text for each in entries)


def test_other_at_commands_are_shown():
    assert texts("bus", ("write", ">", b"AT+ID2ID?\r"), ("read", "<", b'\r\n+ID2ID: "21"\r\n\r\nOK\r\n')) == [
        "AT+ID2ID?",
        '+ID2ID: "21"',
        "OK",
    ]


# ---- consoles


def test_a_line_in_pieces_is_one_line_with_the_time_of_its_beginning():
    entries = told("console", ("read", "<", b"one tw"), ("read", "<", b"o\r\nthree"), ("write", ">", b"ls\n"))
    assert [(each.t, each.direction, each.text) for each in entries] == [
        (0, "in", "one two"),
        (1, "in", "three"),
        (2, "out", "ls"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"[1][LK-0317] " + SECRET,
        b"device secret: " + SECRET,
        b'"productSecret": "' + SECRET + b'"',
        b"password=" + SECRET,
        b"set psk " + SECRET,
        b"<LS_LOG> id2_client_test_get_secret 209: device secret: [64] " + SECRET,
        b"<LS_LOG> id2_client_test_get_secret 209: device secret:\r\n<LS_LOG> dump 12: " + SECRET,
        b"device secret: [64]\r\n" + SECRET,
        b"key: " + SECRET,
        b"device_key=[32] " + SECRET,
    ],
)
def test_secrets_by_name_are_not_shown(line):
    assert SECRET.decode() not in everything_of(told("console", ("read", "<", line + b"\r\n")))


@pytest.mark.parametrize("value", [SECRET, b" ".join(b"0x%02x" % byte for byte in SECRET)])
@pytest.mark.parametrize("name", [b"test 209: device secret: [64] ", b"test 236: key: "])
def test_a_secret_that_something_else_breaks_into_is_not_shown(name, value):
    line = name + value + b"\r\n"
    for cut in range(len(name), len(name + value)):
        shown = everything_of(
            told("console", ("read", "<", line[:cut]), ("write", ">", b"x\r\n"), ("read", "<", line[cut:]))
        )
        assert value[-9:].decode() not in shown, cut
        assert value[:9].decode() not in shown, cut


def test_a_derived_key_is_not_shown_byte_by_byte():
    lines = b"".join(b"<LS_LOG> derive 236: key: 0x7%d 0xf6 0x65 0x4b\r\n" % number for number in range(4))
    shown = everything_of(told("console", ("read", "<", lines)))
    assert "f6" not in shown
    assert shown.count("derive 236: key: ") >= 4


def test_what_is_public_is_shown():
    lines = (
        b"ProductKey: a1P8npT1m3FaaBBccDDeeFF",
        b"CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_AES",
        b"ID2: 379551166B860D8DC4235AC7",
    )
    shown = everything_of(told("console", *(("read", "<", line + b"\r\n") for line in lines)))
    assert all(line.decode() in shown for line in lines)


# ---- chips


def over(way, command):
    """Return a command as it goes over one kind of wire."""
    raw = command.to_bytes()
    return {
        "exchange": ("exchange", ">", raw),
        "i2c": ("i2c-write", ">", Frame(2, raw).to_bytes()),
        "damaged": ("i2c-write", ">", Frame(2, raw).to_bytes()[:-1] + b"\0"),
        "hex": ("write", ">", raw.hex().encode() + b"\r\n"),
        "serial": ("write", ">", raw),
        "prefixed": ("write", ">", len(raw).to_bytes(2, "big") + raw),
    }[way]


@pytest.mark.parametrize("way", ["exchange", "i2c", "damaged", "hex", "serial", "prefixed"])
@pytest.mark.parametrize(
    "command",
    [
        commands.verify_pin(Secret(PIN)),
        commands.update_pin(Secret(PIN + bytes(8))),
        commands.unblock_pin(Secret(PIN + bytes(8))),
        Command(0x80, 0xE2, 0, 0, data=PIN),
    ],
)
def test_pins_and_stored_secrets_are_stars(way, command):
    shown = everything_of(told("bus", over(way, command)))
    for form in (PIN.decode(), PIN.hex(), PIN.hex().upper(), PIN.hex(" ")):
        assert form not in shown


def test_what_a_chip_decrypts_is_not_shown():
    first, *_ = commands.symmetric_crypt(Mode.DECRYPT, Algorithm.AES_ECB, bytes(32))
    entries = told(
        "bus",
        ("exchange", ">", first.to_bytes()),
        ("exchange", "<", b"\x61\x20"),
        ("exchange", ">", b"\x00\xc0\x00\x00\x20"),
        ("exchange", "<", SECRET + b"\x90\x00"),
    )
    assert entries[3].text.startswith("9000 success")
    assert entries[3].detail == "(not shown)"
    assert SECRET.decode() not in everything_of(entries)


def test_of_a_device_that_shows_its_key_no_byte_is_shown():
    for kind, op in (("bus", "exchange"), ("bus", "read"), ("console", "read"), ("bus", "i2c-read")):
        for data in (SECRET + b"\x90\x00", SECRET + b"\r\n", b"0x" + SECRET.hex().encode() + b"\r\n"):
            shown = everything_of(told(kind, (op, "<", data), leaked=True))
            assert SECRET.decode() not in shown
            assert SECRET.hex() not in shown
            assert SECRET.hex(" ") not in shown


# ---- anything


@given(
    st.sampled_from(["bus", "console", "service", "link"]),
    st.lists(
        st.tuples(
            st.sampled_from(sorted(OPERATIONS)),
            st.sampled_from("<>!#"),
            st.binary(max_size=300)
            | st.sampled_from(
                [asked("hi")[2], reply("AK")[2], message(3, 0), b"80f8000000\r\n", b"\x34\x12\0\0"]
            ),
            st.text(max_size=40),
        ),
        max_size=12,
    ),
)
def test_whatever_a_recording_holds_is_told_and_safe(kind, traffic):
    follower = Follower("x\x1b", kind)
    entries = []
    for number, (op, way, data, text) in enumerate(traffic):
        entries += follower.take(Record(number, op, way, data, 0x71 if op.startswith("i2c") else None, text))
    for entry in entries + follower.rest():
        for shown in (entry.source, entry.text, entry.detail):
            assert shown.isprintable()
            assert len(shown) < 4_000
