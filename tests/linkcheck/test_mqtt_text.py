"""Reading the MQTT packets of a decrypted stream, hostile ones included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gateway.mqtt.packets import PacketKind, connect_in, packets_in, published
from harness.linkcheck.mqtt_connect import count
from harness.linkcheck.mqtt_text import described

NAME = b"a1b|securemode=8,authtype=id2|"
USER = b"device&a1b"


def text(data):
    return len(data).to_bytes(2, "big") + data


def packet(first, body):
    size, length = len(body), b""
    while True:
        length += bytes((size & 0x7F | (0x80 if size > 0x7F else 0),))
        size >>= 7
        if not size:
            return bytes((first,)) + length + body


CONNECT = packet(0x10, text(b"MQTT") + b"\x04\xc2\x00\x3c" + text(NAME) + text(USER) + text(b"top secret"))
PUBLISH = packet(0x30, text(b"/a/b") + b"x" * 300)
PINGREQ = b"\xc0\x00"


def test_packets_are_split_wherever_the_stream_ends():
    stream = CONNECT + PUBLISH + PINGREQ
    packets = packets_in(stream)
    assert [one.kind for one in packets] == [PacketKind.CONNECT, PacketKind.PUBLISH, PacketKind.PINGREQ]
    assert [one.raw for one in packets] == [CONNECT, PUBLISH, PINGREQ]
    assert packets_in(stream[:-3]) == packets[:1]
    assert count(stream, PacketKind.PINGREQ) == 1


def test_connect_says_who_it_is():
    found = connect_in(CONNECT)
    assert (found.version, found.keep_alive_s) == ("3.1.1", 60)
    assert (found.client_id, found.user_name) == (NAME.decode(), USER.decode())
    assert found.password == b"top secret"
    assert "top secret" not in repr(found)


def test_a_will_stands_before_the_user_name():
    body = text(b"MQTT") + b"\x04\x86\x00\x01" + text(b"id") + text(b"topic") + text(b"will") + text(b"user")
    assert connect_in(packet(0x10, body)).user_name == "user"


@pytest.mark.parametrize("stream", [b"", PINGREQ, packet(0x10, text(b"MQTT") + b"\x04")])
def test_what_is_no_connect_is_none(stream):
    assert connect_in(stream) is None


def test_payloads_of_every_quality_of_service():
    at_least_once = packet(0x32, text(b"/t") + b"\x00\x01" + b"payload")
    assert list(published(PUBLISH + at_least_once)) == [("/a/b", b"x" * 300), ("/t", b"payload")]


def test_what_people_read_is_escaped_and_holds_no_password():
    evil = packet(0x30, text(b"/\x1b[2J") + b"<script>\x00")
    subscribe = packet(0x82, b"\x00\x01" + text(b"/t/get") + b"\x00")
    lines = described([("<-", CONNECT + evil + subscribe + b"\x30")])
    said = "\n".join(lines)
    assert "top secret" not in said
    assert "\x1b" not in said
    assert "SUBSCRIBE /t/get" in said
    assert lines[-1] == "<- … 1 bytes that are no whole packet"


def test_packets_stand_in_the_order_in_which_they_were_whole():
    parts = [
        ("<-", CONNECT[:9]),
        ("->", b"\x20\x02\x00"),
        ("<-", CONNECT[9:]),
        ("->", b"\x00"),
        ("<-", PINGREQ),
    ]
    assert [line.split()[:2] for line in described(parts)] == [
        ["<-", "CONNECT"],
        ["->", "CONNACK"],
        ["<-", "PINGREQ"],
    ]


def test_what_the_broker_grants_is_readable():
    granted = packet(0x90, b"\x00\x07\x00\x02\x80\x13")
    assert described([("->", granted + b"\x90\x02\x00\x07")]) == [
        "-> SUBACK granted with QoS 0, granted with QoS 2, refused (0x80), unknown return code 0x13",
        "-> SUBACK without a return code",
    ]
    assert described([("->", b"\x20\x02\x00\x05\x20\x00")]) == [
        "-> CONNACK return code 5, refused: not authorised",
        "-> CONNACK without a return code",
    ]


def test_a_long_conversation_is_cut():
    lines = described([("<-", PINGREQ * 2100)])
    assert len(lines) == 2001
    assert lines[-1] == "… 100 packets more"


@given(st.binary(max_size=300))
def test_any_stream_can_be_described(stream):
    described([("->", stream), ("<-", stream), ("->", stream)])
    list(published(stream))
    connect_in(stream)
