"""What is read at one stroke is what h11 reads, and what is not plain is left to it."""

import h11
import pytest

from harness.web import whole_request

POST = (
    b"POST /a?b=c HTTP/1.1\r\nHost: a:1\r\nAccept: x, y\r\nX-Empty:\r\nX-Two: 1\r\nx-two:  2 \r\n"
    b"Connection: keep-alive\r\nContent-Length: 5\r\n\r\nab\r\nc"
)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SPOILING = b"\x00\t\n\r :,;+59Aa\x7f\xff"
NOT_PLAIN = {
    "nothing": b"",
    "half a head": POST[:60],
    "another method": b"PUT" + GET[3:],
    "HTTP 1.0": GET.replace(b"1.1", b"1.0"),
    "no host": b"GET / HTTP/1.1\r\nA: b\r\n\r\n",
    "two hosts": GET[:-2] + b"host: a\r\n\r\n",
    "no headers": b"GET / HTTP/1.1\r\n\r\n",
    "a folded line": GET[:-2] + b" b\r\n\r\n",
    "bare line ends": GET.replace(b"\r\n", b"\n"),
    "two lengths": POST.replace(b"X-Empty:", b"Content-Length: 5"),
    "a list of lengths": POST.replace(b": 5", b": 5, 5"),
    "a signed length": POST.replace(b": 5", b": +5"),
    "a long length": POST.replace(b": 5", b": 500000"),
    "chunks": POST.replace(b"X-Empty:", b"Transfer-Encoding: chunked"),
    "an expectation": POST.replace(b"X-Empty:", b"Expect: 100-continue"),
    "an upgrade": POST.replace(b"X-Empty:", b"Upgrade: h2c"),
    "the last one": POST.replace(b"keep-alive", b"close"),
    "more follows": POST + b"G",
    "an empty line first": b"\r\n" + GET,
    "an empty line behind": GET + b"\r\n",
    "two spaces": GET.replace(b" HTTP", b"  HTTP"),
    "a target that is no ASCII": GET.replace(b"/ ", b"/\xe4 "),
    "a fragment that is no ASCII": GET.replace(b"/ ", b"/#\xe4 "),
    "no ASCII": POST.replace(b"x, y", b"\xe4"),
}


def as_h11_reads(data):
    """Return method, target, headers and body; what h11 refuses or waits for is an error."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    request, body = connection.next_event(), b""
    assert isinstance(request, h11.Request)
    while isinstance(event := connection.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert connection.trailing_data == (b"", False)
    headers = {}
    for name, value in request.headers:
        headers.setdefault(name.decode(), []).append(value.decode())
    return request.method.decode(), request.target.decode(), headers, body


@pytest.mark.parametrize("data", [POST, GET], ids=["POST", "GET"])
def test_a_plain_request_is_read_whole(data):
    found, missing = whole_request.read(data, 9999)
    assert (tuple(found), missing) == (as_h11_reads(data), 0)


def test_whatever_is_read_h11_reads_alike():
    agreed = 0
    for place in range(len(POST)):
        for byte in SPOILING:
            for rest in (POST[place + 1 :], POST[place:], POST[place:] + b"\r\n"):
                spoilt = POST[:place] + bytes([byte]) + rest
                found, _ = whole_request.read(spoilt, 9999)
                if found is not None:
                    assert tuple(found) == as_h11_reads(spoilt), spoilt
                    agreed += 1
    assert agreed > 800


@pytest.mark.parametrize("data", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain_is_left_to_h11(data):
    assert whole_request.read(data, 9999) == (None, 0)


def test_it_tells_how_much_of_the_body_is_still_to_come():
    head = POST.index(b"\r\n\r\n") + 4
    assert [whole_request.read(POST[:end], 5)[1] for end in range(head, len(POST))] == [5, 4, 3, 2, 1]


def test_a_body_that_is_too_long_is_not_waited_for():
    assert whole_request.read(POST[:-2], 5) == (None, 2)
    assert whole_request.read(POST[:-2], 4) == (None, 0)
