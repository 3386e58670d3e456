"""What comes to the port of iTLS and is none: recognised by its first bytes, told in the session and in the log."""

import logging
import socket
import ssl

import pytest

from harness.gateway.other_protocols import recognised
from harness.itls.client import WRAPPER_POLICY, ClientConnection
from harness.itls.device_identity import KeyIdentity
from tests.gateway.gateway_bench import PATIENCE_S, running_bench
from tests.gateway.test_mqtt import packet
from tests.itls.conftest import ID2, KEY, PRODUCT_KEY


def tls_hello() -> bytes:
    """Return the ClientHello of OpenSSL, as a firmware without iTLS would send one."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    side = context.wrap_bio(incoming, outgoing, server_hostname="itls.cn-shanghai.aliyuncs.com")
    with pytest.raises(ssl.SSLWantReadError):
        side.do_handshake()
    return outgoing.read()


def itls_hello(**how) -> bytes:
    client = ClientConnection(KeyIdentity(ID2, KEY), PRODUCT_KEY, **how)
    client.start()
    return client.take()


OTHERS = [
    (packet(), "plain MQTT", True),
    (packet(client_id="x" * 300), "plain MQTT", True),
    (packet(head=b"\x00\x06MQIsdp\x03"), "plain MQTT", True),
    (packet(head=b"\x00\x04MQTT\x05"), "plain MQTT", True),
    (tls_hello(), "plain TLS", True),
    (bytes.fromhex("16fefd0000000000000000000a010000000000000000"), "DTLS", True),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP", False),
    (b"POST /auth/devicename HTTP/1.1\r\n", "HTTP", False),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH", False),
    (b"hello, is anybody there?\r\n", "plain text", False),
]
NOT_TOLD = [
    b"",
    b"\x10",
    b"\x16\x03\x03",
    itls_hello(),
    itls_hello(policy=WRAPPER_POLICY),
    itls_hello()[:60],
    tls_hello()[:40],
    b"\x00\x01\x02\x03\x04",
    b"\x16\x03\x03\x00\x02\x01\x00",
]


@pytest.mark.parametrize(("head", "name", "of_firmware"), OTHERS)
def test_other_protocols_are_recognised(head, name, of_firmware):
    other = recognised(head)
    assert other is not None
    assert other.name.startswith(name)
    assert other.of_firmware is of_firmware
    assert other.sentence.startswith(f"this is {other.name}: the firmware was not built for iTLS")


@pytest.mark.parametrize("head", NOT_TOLD, ids=range(len(NOT_TOLD)))
def test_itls_too_little_and_noise_are_not(head):
    assert recognised(head) is None


def test_the_session_and_the_log_say_what_came(caplog):
    with running_bench() as bench, caplog.at_level(logging.WARNING):
        for head, _, _ in (OTHERS[0], OTHERS[0], OTHERS[4], OTHERS[6]):
            mark = bench.last()
            with socket.create_connection(bench.gateway.address, PATIENCE_S) as peer:
                peer.sendall(head)
                record = bench.gateway.wait_for(lambda one: one.closed_ns is not None, PATIENCE_S, after=mark)
            assert record.other_protocol == recognised(head)
            assert recognised(head).sentence in record.error
    told = [line for line in caplog.messages if "this is " in line]
    assert [sum(name in line for line in told) for name in ("plain MQTT", "plain TLS", "HTTP")] == [1, 1, 1]


def test_a_device_that_speaks_itls_is_never_told_so():
    with running_bench() as bench:
        caller = bench.established()
        assert bench.gateway.sessions()[-1].other_protocol is None
        caller.close()
