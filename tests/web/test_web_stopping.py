"""The end of a server: whoever is connected is let go, and has what was answered."""

import contextlib
import socket
import ssl
import threading
import time

import pytest

from harness.web.acceptor import listen
from harness.web.listening import HttpThread
from harness.web.tls import Tls

LONG = bytes(range(256)) * 4 * 1024
GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n%s\r\n"
LAST = b"Connection: close\r\n"


async def application(scope, _receive, send):
    body = LONG if scope["path"] == "/long" else b"short"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def tls():
    return Tls.made()


@pytest.fixture(params=["plain", "tls"])
def connected(request, tls):
    """A server, and a client of it that reads nothing by itself."""
    secure = request.param == "tls"
    listener = listen("127.0.0.1", 0, name="a server", backlog=4, hint="")
    server = HttpThread(
        application,
        listener,
        connections=4,
        request_s=5,
        tls=tls.context if secure else None,
        name="a server",
    )
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(5)
        client.connect(("127.0.0.1", server.port))
        if secure:
            context = ssl.create_default_context(cadata=tls.ca_pem.decode())
            client = context.wrap_socket(client, server_hostname="127.0.0.1")
        yield server, stack.enter_context(client)


def rest(client) -> bytes:
    """All that comes until the server has closed the connection, without a word to it."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            got += part
    return got


def closed(client) -> bool:
    """Whether the system has seen the end of the connection itself, below TLS."""
    with (
        socket.socket(fileno=socket.dup(client.fileno())) as below,
        contextlib.suppress(ConnectionResetError),
    ):
        below.settimeout(2)
        while below.recv(65536):
            pass
    return True


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /half",
        GET % (b"", b""),
        GET % (b"", LAST),
        GET % (b"", LAST) + b"what is no HTTP\r\n\r\n",
        b"what is no HTTP\r\n\r\n",
    ],
    ids=["nothing", "half a head", "a request", "a last request", "more than its last request", "no HTTP"],
)
def test_a_client_that_says_no_goodbye_is_let_go_at_once(connected, sent, monkeypatch):
    monkeypatch.setattr("harness.web.listening._GRACE_S", 30.0)
    server, client = connected
    client.sendall(sent)
    if sent.endswith(b"\r\n\r\n"):
        assert client.recv(1) == b"H"
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 15
    assert closed(client)


def test_an_answer_under_way_is_delivered_whole(connected):
    server, client = connected
    client.sendall(GET % (b"long", LAST))
    assert client.recv(1) == b"H"
    ending = threading.Thread(target=server.stop)
    ending.start()
    time.sleep(0.05)
    got = rest(client)
    ending.join()
    assert got.endswith(b"\r\n\r\n" + LONG)
