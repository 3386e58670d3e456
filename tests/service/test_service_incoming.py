"""What the mock reads from the wire and what it writes: parameters as the standard library reads them, whole answers."""

import json
import re
import socket
import uuid
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.service.mock.core import new_request_id
from harness.service.mock.http.incoming import MAX_FIELDS, _fields
from harness.service.mock.request import GatewayRefused

UNHURRIED = settings(deadline=None)
PIECES = st.sampled_from(
    ["a", "b", "Id2", "=", "&", "+", "%", "%2B", "%26", "%C3%BC", "%C3", "%ff", "%zz", "ü", ";", "\x00"]
)


def by_the_library(raw: bytes) -> dict[str, str] | None:
    """Return the parameters; None where they are refused."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        return None
    return dict(pairs) if len(dict(pairs)) == len(pairs) else None


@UNHURRIED
@given(st.lists(PIECES, max_size=24).map("".join).map(str.encode) | st.binary(max_size=12))
def test_parameters_are_what_the_library_reads(raw):
    wanted = by_the_library(raw)
    if wanted is None:
        with pytest.raises(GatewayRefused):
            _fields(raw)
    else:
        assert _fields(raw) == wanted


@pytest.mark.parametrize("count", [MAX_FIELDS, MAX_FIELDS + 1])
def test_the_number_of_parameters_is_bounded(count):
    raw = "&".join(f"p{number}=1" for number in range(count)).encode()
    if count > MAX_FIELDS:
        with pytest.raises(GatewayRefused, match="InvalidParameter"):
            _fields(raw)
    else:
        assert len(_fields(raw)) == count


def test_each_call_has_a_random_name_of_its_own():
    names = {new_request_id() for _ in range(500)}
    assert len(names) == 500
    for name in names:
        read = uuid.UUID(name)
        assert (str(read).upper(), read.version, read.variant) == (name, 4, uuid.RFC_4122)
    assert {name[19] for name in names} == set("89AB")


ASKED = "POST /?Format=JSON HTTP/1.{minor}\r\nHost: x\r\n{more}Content-Length: 0\r\n\r\n"


def exchange(bench, sent: str) -> bytes:
    """Send bytes, then listen until the server hangs up or has nothing more to say."""
    port = int(bench.mock.endpoint.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent.encode())
        connection.shutdown(socket.SHUT_WR)
        heard = bytearray()
        while data := connection.recv(65536):
            heard += data
    return bytes(heard)


def answers(heard: bytes) -> list[tuple[bytes, dict[str, str]]]:
    """Cut what came at the lengths that the heads tell: head and body of each answer, and nothing between."""
    found = []
    while heard:
        head, empty_line, heard = heard.partition(b"\r\n\r\n")
        assert empty_line
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        found.append((head, json.loads(heard[:length])))
        heard = heard[length:]
    return found


@pytest.mark.parametrize(
    ("sent", "count", "closes"),
    [
        (ASKED.format(minor=1, more=""), 1, False),
        (ASKED.format(minor=1, more="") * 3, 3, False),
        (ASKED.format(minor=1, more="Connection: close\r\n"), 1, True),
        (ASKED.format(minor=0, more=""), 1, True),
    ],
    ids=["one", "three at once", "close", "HTTP/1.0"],
)
def test_answers_are_whole_and_carry_the_name_of_their_call(bench, sent, count, closes):
    heard = answers(exchange(bench, sent))
    assert len(heard) == count
    for head, body in heard:
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert body["Code"] == "InvalidVersion"
        assert re.search(rb"(?im)^x-acs-request-id: (\S+)\r?$", head)[1].decode() == body["RequestId"]
        assert (b"connection: close" in head.lower()) is closes
