"""pcapng files read back by a reader of the test's own, and by tshark (`link`)."""

import shutil
import struct
import subprocess

import pytest

from harness.itls.events import Direction
from harness.itls.pcap import CaptureLayer, Ports, pcapng
from harness.itls.records import ContentType
from harness.itls.transcript import key_log_line
from tests.itls.conftest import handshaken

CONNECT = bytes.fromhex("101000044d5154540402003c000474657374")
CONNACK = bytes.fromhex("20020000")


def session(size=0):
    link = handshaken()
    link.client.send(CONNECT)
    link.pump()
    link.server.send(CONNACK)
    link.pump()
    if size:
        link.client.send(bytes(size))
        link.pump()
    link.client.close()
    link.pump()
    return link


def blocks(data):
    """(kind, body) of every block; checks that both lengths agree."""
    out = []
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, at + size - 4) == (size,)
        out.append((kind, data[at + 8 : at + size - 4]))
        at += size
    assert at == len(data)
    return out


def ones_sum(data):
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def packets(data):
    """(microseconds, source port, sequence, acknowledged, flags, payload), with every checksum verified."""
    out = []
    for kind, body in blocks(data):
        if kind != 6:
            continue
        interface, high, low, caught, length = struct.unpack_from("<IIIII", body)
        assert interface == 0
        assert caught == length
        packet = body[20 : 20 + caught]
        assert packet[0] == 0x45
        assert int.from_bytes(packet[2:4], "big") == len(packet)
        assert ones_sum(packet[:20]) == 0xFFFF
        assert packet[12:20] == bytes((127, 0, 0, 1)) * 2
        tcp = packet[20:]
        pseudo = packet[12:20] + b"\x00\x06" + len(tcp).to_bytes(2, "big")
        assert ones_sum(pseudo + tcp) == 0xFFFF
        source, _, sequence, acknowledged, offset, flags = struct.unpack_from(">HHIIBB", tcp)
        assert offset == 0x50
        out.append((high << 32 | low, source, sequence, acknowledged, flags, tcp[20:]))
    return out


def streams(data, ports):
    """The bytes of both directions, put together by sequence numbers as a receiver does."""
    heard = {ports.device: b"", ports.server: b""}
    expected = {}
    for _, source, sequence, acknowledged, flags, payload in packets(data):
        other = ports.server if source == ports.device else ports.device
        if flags & 2:
            expected[source] = sequence
        assert sequence == expected[source]
        if flags & 16:
            assert acknowledged == expected[other]
        heard[source] += payload
        expected[source] += len(payload) + bool(flags & 3)
    return heard[ports.device], heard[ports.server]


def wires(link, direction):
    return b"".join(one.wire for one in link.server_seen if one.direction is direction)


def test_the_records_come_back_as_they_travelled():
    link = session()
    up, down = streams(pcapng(link.server_seen), Ports())

    assert up == wires(link, Direction.IN)
    assert down == wires(link, Direction.OUT)
    assert streams(pcapng(link.client_seen, side="client"), Ports()) == (up, down)


def test_long_records_fit_into_packets():
    from harness.itls.client import ClientPolicy

    link = handshaken(policy=ClientPolicy(max_fragment=None))
    link.client.send(bytes(16384))
    link.pump()
    up, _ = streams(pcapng(link.server_seen), Ports())
    assert up == wires(link, Direction.IN)


def test_the_plain_layer_holds_application_data_only():
    ports = Ports(5000, 8883)
    up, down = streams(pcapng(session(3000).server_seen, layer=CaptureLayer.PLAIN, ports=ports), ports)
    assert up == CONNECT + bytes(3000)
    assert down == CONNACK


def test_times_begin_where_they_are_told_and_rise():
    started = 1_700_000_000_000_000
    times = [packet[0] for packet in packets(pcapng(session().server_seen, started_us=started))]
    assert times[0] == started
    assert times == sorted(set(times))


def test_the_comment_and_the_program_stand_in_the_section():
    data = pcapng([], comment="board nine, ID² link")
    kind, body = blocks(data)[0]
    assert kind == 0x0A0D0D0A
    assert body.startswith(struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    assert "board nine, ID² link".encode() in body
    assert b"id2-harness" in body


def test_keys_stand_in_it_only_when_they_are_given():
    link = session()
    keys = link.server.keys
    without = pcapng(link.server_seen)
    assert all(kind != 10 for kind, _ in blocks(without))
    assert keys.master.reveal().hex().encode() not in without
    assert keys.master.reveal() not in without

    noted = blocks(pcapng(link.server_seen, keys=keys))
    body = next(body for kind, body in noted if kind == 10)
    secrets_type, size = struct.unpack_from("<II", body)
    assert secrets_type == 0x544C534B
    assert body[8 : 8 + size].decode() == key_log_line(keys) + "\n"
    # Wireshark takes secrets for the packets that follow them.
    kinds = [kind for kind, _ in noted]
    assert kinds.index(10) < kinds.index(6)


def test_an_empty_session_is_a_connection_without_data():
    assert [flags for *_, flags, _ in packets(pcapng([]))] == [2, 18, 16, 17, 17, 16]


def tshark(path, *arguments):
    assert shutil.which("tshark"), "tshark is missing: apt-get install tshark"
    return subprocess.run(
        ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


@pytest.mark.link
def test_tshark_reads_the_handshake(tmp_path):
    path = tmp_path / "session.pcapng"
    link = session()
    path.write_bytes(pcapng(link.server_seen, keys=link.server.keys))

    as_tls = tshark(path, "-d", "tcp.port==1883,tls", "-T", "fields", "-e", "tls.handshake.type", "-Y", "tls")
    assert as_tls.split() == ["1", "3", "1", "2"]
    contents = tshark(
        path, "-d", "tcp.port==1883,tls", "-T", "fields", "-e", "tls.record.content_type", "-Y", "tls"
    )
    assert contents.split() == [str(one.kind.value) for one in link.server_seen]
    assert tshark(path, "-Y", "tcp.checksum.status==0 || ip.checksum.status==0 || tcp.analysis.flags") == ""


@pytest.mark.link
def test_tshark_reads_mqtt_in_the_plain_layer(tmp_path):
    path = tmp_path / "plain.pcapng"
    path.write_bytes(pcapng(session().server_seen, layer=CaptureLayer.PLAIN))

    assert tshark(path, "-Y", "mqtt", "-T", "fields", "-e", "mqtt.msgtype").split() == ["1", "2"]
    assert tshark(path, "-Y", "mqtt.clientid == test") != ""


def test_every_kind_of_record_is_in_the_wire_layer():
    kinds = {one.kind for one in session().server_seen}
    assert kinds == {ContentType.HANDSHAKE, ContentType.APPLICATION_DATA, ContentType.ALERT}
