"""What RFC 9112 has a server take that is neither h11's nor uvicorn's: empty lines, absolute targets, other versions."""

import socket

import pytest

from harness.web.acceptor import listen
from harness.web.listening import HttpThread

GET = b"GET /a?b=c HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /a?b=c HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nxy"
SEEN = b"/a /a b=c here"


async def application(scope, receive, send):
    """Answer with what is seen of the request."""
    while (await receive()).get("more_body"):
        pass
    host = dict(scope["headers"])[b"host"]
    body = b" ".join((scope["path"].encode(), scope["raw_path"], scope["query_string"], host))
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class TakesNone:
    """Takes no request."""

    body_max = 100

    def __call__(self, _request, _send, *, alone):
        return alone is None


@pytest.fixture(scope="module", params=["plain", "direct"])
def port(request):
    """Where a server listens; one that takes plain requests directly refuses them all here."""
    direct = None if request.param == "plain" else TakesNone()
    listener = listen("127.0.0.1", 0, name="a server", backlog=4, hint="")
    server = HttpThread(application, listener, connections=4, request_s=5, name="a server", direct=direct)
    yield server.port
    server.stop()


def answers(port, *pieces, count=1):
    """Return the bodies of so many answers, or the first line of one that is no success."""
    found = []
    with socket.create_connection(("127.0.0.1", port), 5) as client, client.makefile("rb") as stream:
        for piece in pieces:
            client.sendall(piece)
        while len(found) < count:
            line = stream.readline()
            headers = dict(each.lower().split(b": ") for each in iter(stream.readline, b"\r\n"))
            body = stream.read(int(headers[b"content-length"]))
            found.append(body if b" 200 " in line else line)
    return found


@pytest.mark.parametrize(
    ("pieces", "count"),
    [
        ((b"\r\n" + GET,), 1),
        ((b"\r\n\r\n\n" + POST,), 1),
        ((b"\r", b"\n", GET), 1),
        ((POST + b"\r\n" + GET + b"\r\n\r\n" + POST + b"\r\n",), 3),
        ((POST, b"\r\n", POST, b"\r\n" + GET), 3),
    ],
    ids=["before", "three before", "in pieces", "behind each", "behind each, in pieces"],
)
def test_empty_lines_around_requests_are_passed_over(port, pieces, count):
    assert answers(port, *pieces, count=count) == [SEEN] * count


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        (b"http://there:80/a%20b/?b=c", b"/a b/ /a%20b/ b=c there:80"),
        (b"HTTPS://there", b"/ /  there"),
        (b"http://there?x", b"/ / x there"),
        (b"http://me@there/a", b"http://me@there/a http://me@there/a  here"),
        (b"*", b"* *  here"),
    ],
)
def test_an_absolute_target_is_a_path_at_the_host_that_it_names(port, target, seen):
    assert answers(port, GET.replace(b"/a?b=c", target)) == [seen]


@pytest.mark.parametrize("version", [b"2.0", b"0.9"])
def test_another_version_of_http_is_named_as_the_reason(port, version):
    assert answers(port, GET.replace(b"1.1", version)) == [b"HTTP/1.1 505 HTTP Version Not Supported\r\n"]


def test_who_asks_for_another_protocol_is_answered_in_this_one_without_a_word_in_the_log(port, caplog):
    upgrade = b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert answers(port, GET.replace(b"\r\n\r\n", upgrade)) == [SEEN]
    assert not caplog.records
