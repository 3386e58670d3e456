"""The client on a real socket: against a server of our own in threads."""

import socket
import threading

import pytest

from harness.errors import BenchError
from harness.id2 import otp
from harness.id2.codes import ItlsAlert
from harness.itls import socket_client
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.itls.misbehaviour import catalogue
from harness.itls.socket_client import SilentServerError, Timeouts
from tests.itls.conftest import ID2, KEY, PRODUCT_KEY, TOKEN
from tests.itls.echo_server import WAIT, EchoServer


def connect(server, identity=None, **how):
    return socket_client.connect(*server.address, identity or KeyIdentity(ID2, KEY), PRODUCT_KEY, **how)


def collect(link, size):
    data = b""
    while len(data) < size:
        piece = link.receive(WAIT)
        assert piece, "the server closed too early"
        data += piece
    return data


def empty_device():
    return KeyIdentity(None, None, token=otp.parse_token(TOKEN))


def test_data_goes_there_and_back_and_the_end_is_clean():
    with EchoServer() as server:
        with connect(server) as link:
            assert link.established
            link.send(b"x" * 70_000)
            assert collect(link, 70_000) == b"x" * 70_000
        assert not link.established
    assert server.clean_ends == 1


def test_one_thread_sends_while_another_receives():
    amount = 500_000
    with EchoServer() as server, connect(server) as link:
        sender = threading.Thread(target=lambda: [link.send(bytes(50_000)) for _ in range(amount // 50_000)])
        sender.start()
        assert collect(link, amount) == bytes(amount)
        sender.join()


def test_a_device_without_an_id2_is_given_one_on_the_way():
    identity = empty_device()
    with EchoServer() as server, connect(server, identity) as link:
        assert link.provisioned_now == identity.id2 == ID2
        link.send(b"hi")
        assert link.receive(WAIT) == b"hi"


def test_the_wrappers_exchange_brings_an_id2_and_hangs_up():
    identity = empty_device()
    with EchoServer() as server:
        assert socket_client.provision(*server.address, identity, PRODUCT_KEY) == ID2
        assert identity.id2 == ID2
        assert server.authority.provisioned == ["demo-uid"]
        with connect(server, identity) as link:
            assert link.provisioned_now is None


def test_an_alert_of_the_far_end_is_named_with_what_to_do():
    with (
        EchoServer(hooks=catalogue.alert(ItlsAlert.NO_QUOTA).hooks) as server,
        pytest.raises(ItlsError, match="161: no licence left") as caught,
    ):
        connect(server)
    assert "Buy licences" in caught.value.hint
    assert caught.value.transport.startswith("127.0.0.1:") or "127.0.0.1" in caught.value.message


def test_a_far_end_that_breaks_the_rules_is_told_and_left():
    with (
        EchoServer(hooks=catalogue.MISBEHAVIOURS["wrong-server-code"].hooks) as server,
        pytest.raises(ItlsError, match="wrong server code"),
    ):
        connect(server)
    alerts = [one.plain for one in server.seen if one.kind.name == "ALERT"]
    assert alerts[0] == b"\x02\x28"


def test_a_stream_that_is_cut_is_no_clean_end():
    with EchoServer() as server, connect(server) as link:
        link.send(b"a")
        assert link.receive(WAIT) == b"a"
        server.hang_up()
        with pytest.raises(ItlsError, match="without close_notify"):
            link.receive(WAIT)
        with pytest.raises(ItlsError, match="without close_notify"):
            link.receive(WAIT)


def test_close_notify_of_the_far_end_is_nothing_more_to_receive():
    def behind():
        return lambda data: data

    with EchoServer(behind=behind) as server, connect(server) as link:
        link.send(b"last")
        assert link.receive(WAIT) == b"last"
        link._client.close()  # the server answers close_notify with its own
        link._flush()
        assert link.receive(WAIT) == b""


def test_silence_has_its_own_error():
    with EchoServer() as server, connect(server) as link:
        with pytest.raises(SilentServerError, match="no data within"):
            link.receive(0.01)
        link.send(b"still there")
        assert link.receive(WAIT) == b"still there"


def test_a_far_end_that_never_answers_ends_the_handshake():
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        pytest.raises(SilentServerError, match="no handshake"),
    ):
        socket_client.connect(
            *mute.getsockname(),
            KeyIdentity(ID2, KEY),
            PRODUCT_KEY,
            timeouts=Timeouts(handshake=0.05, linger=0.01),
        )


def test_a_far_end_that_reads_nothing_stops_the_sender():
    stuck = threading.Event()
    with EchoServer(stuck=stuck) as server:
        link = connect(server, timeouts=Timeouts(send=0.2, linger=0.01))
        link._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with pytest.raises(BenchError, match="took nothing"):
            link.send(bytes(10_000_000))
        link.close()
        stuck.set()


def test_closing_wakes_who_receives():
    with EchoServer() as server:
        link = connect(server)
        got: list[bytes] = []
        receiver = threading.Thread(target=lambda: got.append(link.receive(WAIT)))
        receiver.start()
        link.close()
        receiver.join(WAIT)
        assert not receiver.is_alive()
        assert got == [b""]
        assert link.receive(WAIT) == b""
        link.close()


def test_closing_wakes_who_receives_from_a_far_end_that_says_nothing_more():
    stuck = threading.Event()
    with EchoServer(stuck=stuck) as server:
        link = connect(server, timeouts=Timeouts(linger=0.05))
        link.send(b"x")
        assert link.receive(WAIT) == b"x"
        got: list[bytes] = []
        receiver = threading.Thread(target=lambda: got.append(link.receive(WAIT)))
        receiver.start()
        link.close()
        receiver.join(WAIT)
        stuck.set()
        assert got == [b""]


def test_sending_after_the_end_is_refused():
    with EchoServer() as server:
        link = connect(server)
        link.close()
        with pytest.raises(ItlsError, match="no connection"):
            link.send(b"late")


def test_nobody_there_is_a_bench_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(BenchError, match=f"no connection to 127.0.0.1:{port}"):
        socket_client.connect("127.0.0.1", port, KeyIdentity(ID2, KEY), PRODUCT_KEY)
    with pytest.raises(BenchError, match="no connection"):
        socket_client.connect("127.0.0.1", 70_000, KeyIdentity(ID2, KEY), PRODUCT_KEY)
