"""The MQTT of a small device: what it says byte by byte, and that hostile bytes end in one error."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.link import mqtt
from harness.simulator.link.mqtt import BoardPacket, Login, NoMqttError, PacketBuffer, PacketType

LOGIN = Login("a1WO4Z9qHRw", "gateway")


def test_connect_byte_by_byte():
    client_id, user = LOGIN.client_id.encode(), b"gateway&a1WO4Z9qHRw"
    (packet,) = PacketBuffer().add(mqtt.connect(LOGIN, 300))
    assert packet.kind == PacketType.CONNECT
    assert packet.body == (
        b"\x00\x04MQTT\x04\xc2\x01\x2c"
        + len(client_id).to_bytes(2)
        + client_id
        + len(user).to_bytes(2)
        + user
        + b"\x00\x28"
        + LOGIN.password.encode()
    )


def test_the_client_id_is_the_documented_one():
    assert LOGIN.client_id == (
        "a1WO4Z9qHRw.gateway|securemode=8,signmethod=hmacsha1,timestamp=2524608000000,authtype=id2|"
    )


@pytest.mark.parametrize(
    ("packet", "wire"),
    [
        (mqtt.PING, "c000"),
        (mqtt.DISCONNECT, "e000"),
        (mqtt.subscribe(1, "a/b"), "8208000100 03612f6201"),
        (mqtt.publish("t", b"hi"), "3005000174 6869"),
        (mqtt.acknowledge(0x1234), "40021234"),
    ],
)
def test_packets(packet, wire):
    assert packet == bytes.fromhex(wire)


@pytest.mark.parametrize(
    ("length", "digits"), [(0, "00"), (127, "7f"), (128, "8001"), (16383, "ff7f"), (16384, "808001")]
)
def test_lengths(length, digits):
    body = mqtt.publish("t", bytes(length - 3)) if length >= 3 else mqtt.PING
    assert body[1 : 1 + len(digits) // 2].hex() == digits


@given(st.lists(st.tuples(st.text(max_size=10), st.binary(max_size=300)), max_size=5), st.integers(1, 50))
def test_packets_in_any_pieces(messages, piece):
    wire = b"".join(mqtt.publish(topic, payload) for topic, payload in messages)
    buffer, found = PacketBuffer(), []
    for at in range(0, len(wire), piece):
        found += buffer.add(wire[at : at + piece])
    assert [(one.topic, one.payload) for one in map(mqtt.published, found)] == messages


@given(st.lists(st.binary(max_size=64), max_size=20))
def test_hostile_bytes_end_in_one_error(pieces):
    buffer = PacketBuffer()
    with suppress(NoMqttError):
        for piece in pieces:
            for packet in buffer.add(piece):
                for read in (mqtt.published, mqtt.return_code):
                    with suppress(NoMqttError):
                        read(packet)


@pytest.mark.parametrize("wire", ["30ffffffff", "30ffffffffff01", "3080808001", "30ffff7f"])
def test_lengths_that_cannot_be(wire):
    with pytest.raises(NoMqttError, match=r"no end|are the most"):
        PacketBuffer().add(bytes.fromhex(wire) + bytes(4))


@pytest.mark.parametrize("body", ["", "00", "0005617a", "000161"])
def test_a_publish_that_is_cut_off(body):
    with pytest.raises(NoMqttError, match="cut off"):
        mqtt.published(BoardPacket(PacketType.PUBLISH, 2, bytes.fromhex(body)))


@pytest.mark.parametrize(("kind", "body"), [(PacketType.CONNACK, b"\x00"), (PacketType.SUBACK, b"\x00\x01")])
def test_an_acknowledgement_that_is_cut_off(kind, body):
    with pytest.raises(NoMqttError, match="cut off"):
        mqtt.return_code(BoardPacket(kind, 0, body))
