"""Calls that come at once share a transaction, and whole requests are answered without a task of their own."""

import itertools
import re
import socket
import time
from urllib.parse import urlsplit

import pytest
import uvicorn

from harness.service.mock.core import Core
from harness.service.mock.http import app, incoming
from harness.service.mock.server import MockService

CALL = b"GET /?Format=JSON&Version=2017-07-07&Action=%s HTTP/1.1\r\nHost: a\r\n%s\r\n"


@pytest.fixture(scope="module")
def mock():
    with MockService() as made:
        yield made


def connected(mock):
    where = urlsplit(mock.endpoint)
    return socket.create_connection((where.hostname, where.port), timeout=60)


def answers(connection, count):
    """Return the statuses of so many answers."""
    return read_answers(connection.makefile("rb"), count)


def read_answers(file, count):
    statuses = []
    for _ in range(count):
        statuses.append(int(file.readline().split()[1]))
        length = 0
        while (line := file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert b"RequestId" in file.read(length)
    return statuses


def call(name):
    return incoming.of("GET", {}, b"Format=JSON&Version=2017-07-07&Action=" + name, b"")


@pytest.mark.parametrize("connections", [1, 2])
def test_many_requests_in_one_piece_are_answered_one_after_the_other(mock, connections):
    held = [connected(mock) for _ in range(connections)]
    requests = [CALL % (b"Verify", b""), CALL % (b"None", b"")] * 750
    before = len(mock.admin.calls())
    held[0].sendall(b"".join(requests))
    assert answers(held[0], len(requests)) == [400, 404] * 750
    assert len(mock.admin.calls()) - before == len(requests)
    for each in held:
        each.close()


def test_each_connection_gets_its_own_answer(mock):
    held = [connected(mock) for _ in range(8)]
    for number, each in enumerate(held):
        each.sendall(CALL % ((b"Verify", b"None")[number % 2], b""))
    assert [answers(each, 1)[0] for each in held] == [400, 404] * 4
    for each in held:
        each.close()


POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n%sContent-Length: %d\r\n\r\n"
FORM = b"Format=JSON&Action=None&Version=2017-07-07"


def test_what_needs_more_of_the_protocol_goes_the_usual_way(mock):
    with connected(mock) as connection:
        connection.sendall(POST % (b"", len(FORM)) + FORM[:7])
        connection.sendall(FORM[7:] + POST % (b"", len(FORM)) + FORM)
        assert answers(connection, 2) == [404, 404]
        connection.sendall(CALL % (b"None", b"Connection: close\r\n"))
        assert answers(connection, 1) == [404]
        assert connection.recv(1) == b""
    with connected(mock) as connection:
        connection.sendall(CALL % (b"None", b"") + b"rubbish\r\n\r\n")
        file = connection.makefile("rb")
        assert read_answers(file, 1) == [404]
        assert file.readline().startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("connections", [1, 2])
@pytest.mark.parametrize("cuts", [(), (150,), (150, 160), (20,)], ids=str)
def test_a_call_may_come_in_pieces(mock, connections, cuts, monkeypatch):
    usual = []
    monkeypatch.setattr(app, "_runtime", lambda *_, runtime=app._runtime: usual.append(1) or runtime(*_))
    whole = POST % (b"X-Filling: %s\r\n" % (b"x" * 40), len(FORM)) + FORM
    assert whole.index(b"\r\n\r\n") < 150
    held = [connected(mock) for _ in range(connections)]
    for _ in range(2):
        for begin, end in itertools.pairwise((0, *cuts, len(whole))):
            held[0].sendall(whole[begin:end])
            time.sleep(0.01)
        assert answers(held[0], 1) == [404]
    for each in held:
        each.close()
    if cuts in [(), (150,)]:
        assert usual == [], "head and body, each whole, need no task of their own"


def test_an_answer_is_the_same_whoever_has_read_the_request(mock):
    seen = []
    for asked in (b"keep-alive", b"Keep-Alive"):  # as it is written usually, and as only h11 reads it
        with connected(mock) as connection:
            connection.sendall(CALL % (b"None", b"Connection: %s\r\n" % asked))
            seen.append(re.sub(rb"[0-9A-F-]{36}", b"#", connection.recv(65536)))
    assert seen[0] == seen[1]
    assert seen[0].count(b"#") == 3


def test_a_connection_is_kept_as_long_as_it_is_used(monkeypatch):
    made = uvicorn.Config.__init__
    monkeypatch.setattr(
        uvicorn.Config, "__init__", lambda *given, **named: made(*given, **named, timeout_keep_alive=0.2)
    )
    with MockService() as short, connected(short) as connection:
        for _ in range(5):
            connection.sendall(CALL % (b"None", b""))
            assert answers(connection, 1) == [404]
            time.sleep(0.1)
        assert connection.recv(1) == b"", "and closed when it is not"


def test_one_call_that_cannot_be_kept_spoils_no_other(mock, monkeypatch):
    kept = Core._kept

    def breaks(core, db, each, fault, request_id):
        made = kept(core, db, each, fault, request_id)
        if each.operation == "Broken":
            raise ZeroDivisionError
        return made

    monkeypatch.setattr(Core, "_kept", breaks)
    before = len(mock.admin.calls())
    replies = mock.core.handle_all([call(name) for name in (b"Verify", b"Broken", b"None")])
    assert [reply.status for reply in replies] == [400, 500, 404]
    assert [each.operation for each in mock.admin.calls()[before:]] == ["Verify", "None"]
    assert len({reply.request_id for reply in replies}) == 3


def test_calls_at_once_are_one_transaction(mock, monkeypatch):
    begun = []
    transaction = mock.core.store.transaction
    monkeypatch.setattr(type(mock.core.store), "transaction", lambda _: begun.append(1) or transaction())
    assert [reply.status for reply in mock.core.handle_all([call(b"None")] * 5)] == [404] * 5
    assert len(begun) == 1
