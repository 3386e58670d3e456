"""What the mock puts up with: half-sent requests, too many connections, the end in the middle of all that."""

import asyncio
import contextlib
import gc
import logging
import random
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from harness.errors import UsageError
from harness.service.mock import validity
from harness.service.mock.clock import Clock
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.web.connection_limit import ConnectionLimit
from harness.web.log_repeats import RepeatFilter
from harness.web.tls import Tls
from tests.service.test_service_command import RUN

HALF = {
    "nothing": b"",
    "half a head": b"POST / HTTP/1.1\r\nHost: a\r\nX-Long: ",
    "half a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nabc",
    "half a second request": b"GET /no HTTP/1.1\r\nHost: a\r\n\r\nGET / HT",
}


def half_open(endpoint, sent):
    host, port = endpoint.rpartition("//")[2].split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    try:
        connection.sendall(sent)
    except OSError:
        connection.close()
        raise
    return connection


def gone(connection):
    """Whether the server closes this connection, after whatever answer."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("sent", HALF.values(), ids=HALF)
@pytest.mark.slow
def test_a_request_that_does_not_come_whole_is_given_up(sent):
    with MockService(settings=Settings(request_s=1)) as mock, half_open(mock.endpoint, sent) as slow:
        assert gone(slow)
        assert httpx.get(f"{mock.endpoint}/no").status_code == 404


def test_a_request_in_drops_has_no_more_time_than_one_at_a_stroke():
    with (
        MockService(settings=Settings(request_s=1)) as mock,
        half_open(mock.endpoint, b"GET / HTTP/1.1\r\n") as slow,
    ):
        for _ in range(100):
            try:
                slow.sendall(b"X: y\r\n")
            except OSError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("five seconds of drops, and the connection is there")


def test_for_a_connection_too_many_the_one_goes_that_waited_longest():
    with MockService(settings=Settings(connections=3)) as mock, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(half_open(mock.endpoint, b"GET ")) for _ in range(3)]
        assert httpx.get(f"{mock.endpoint}/no").status_code == 404
        assert gone(silent[0])
        silent[1].settimeout(0.2)
        assert not gone(silent[1])


def test_a_crowd_of_busy_connections_lets_nobody_in():
    async def crowded():
        limit, went = ConnectionLimit(2, 60), []
        for name in ("a", "b"):
            limit.enter(name, lambda name=name: went.append(name))
            limit.busy(name)
        limit.enter("c", lambda: went.append("c"))
        limit.leave("a")
        limit.enter("d", lambda: went.append("d"))
        limit.leave("b")
        limit.leave("d")
        return went

    assert asyncio.run(crowded()) == ["c"]


def test_each_request_has_the_whole_time():
    async def used():
        limit, went = ConnectionLimit(2, 0.1), []
        limit.enter("a", lambda: went.append("a"))
        for _ in range(4):
            await asyncio.sleep(0.05)
            limit.busy("a")
            limit.wait("a", lambda: went.append("a"))
        assert went == []
        await asyncio.sleep(0.2)
        return went

    assert asyncio.run(used()) == ["a"]


@pytest.mark.service
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_1100_half_open_requests_do_not_stop_a_service_of_1024_descriptors(tmp_path, tls):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 1400:
        pytest.skip(f"this test itself needs 1,400 open files, and may have {hard}")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    code = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)); {RUN}"
    errors = tmp_path / "stderr"
    ca = tmp_path / "ca.pem"
    arguments = ["--tls", "--tls-ca", str(ca)] if tls else []
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (1400, hard))
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", code, *arguments],
                stdout=subprocess.PIPE,
                stderr=stack.enter_context(errors.open("wb")),
                text=True,
            )
        )
        stack.callback(process.kill)
        endpoint = process.stdout.readline().removeprefix("listening on ").strip()
        for number in range(1100):
            stack.enter_context(half_open(endpoint, (b"GET / HT", b"\x16\x03\x01")[number % 2]))
        with httpx.Client(verify=ssl.create_default_context(cafile=ca) if tls else True) as client:
            for _ in range(20):
                assert client.get(f"{endpoint}/no").status_code == 404
    assert errors.stat().st_size < 4096


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.service)])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_service_that_ends_under_load_leaves_no_connection_unclosed(tls, rounds, monkeypatch):
    unclosed = []
    monkeypatch.setattr(sys, "unraisablehook", lambda seen: unclosed.append(str(seen.exc_value)))
    certificate = Tls.made("127.0.0.1") if tls else None
    for _ in range(rounds):
        mock, stop = MockService(tls=certificate), threading.Event()
        mock.start()
        callers = [threading.Thread(target=pester, args=(mock.endpoint, stop)) for _ in range(4)]
        for caller in callers:
            caller.start()
        time.sleep(random.random() * 0.03)
        mock.close()
        stop.set()
        for caller in callers:
            caller.join()
        gc.collect()
    assert unclosed == []


def pester(endpoint, stop):
    with contextlib.ExitStack() as stack:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                stack.enter_context(
                    half_open(
                        endpoint, random.choice([*HALF.values(), b"GET /no HTTP/1.1\r\nHost: a\r\n\r\n"])
                    )
                )
            time.sleep(random.random() * 0.002)


def test_the_same_line_is_written_once_a_minute(monkeypatch, caplog):
    now = [1000.0]
    monkeypatch.setattr("harness.web.log_repeats.time.monotonic", lambda: now[0])
    log = logging.getLogger("test of repeats lines")
    repeats = RepeatFilter()
    log.addFilter(repeats)
    for _ in range(500):
        log.warning("Invalid HTTP request received.")
    log.warning("Something else.")
    now[0] += 61
    log.warning("Invalid HTTP request received.")
    assert [record.getMessage() for record in caplog.records] == [
        "Invalid HTTP request received.",
        "Something else.",
        "Invalid HTTP request received. (and 499 times more)",
    ]


def test_rubbish_does_not_fill_the_log(caplog):
    with MockService() as mock:
        for _ in range(50):
            with half_open(mock.endpoint, b"\x00rubbish\r\n\r\n") as rubbish:
                assert gone(rubbish)
    assert len(caplog.records) <= 1


@pytest.mark.parametrize(
    "by", [timedelta(days=3_000_000), timedelta(days=-30_000), timedelta.max, timedelta.min], ids=str
)
def test_the_clock_stays_within_the_years_that_have_dates(by):
    clock = Clock()
    with pytest.raises(UsageError, match="would leave the years 1970 to 8999"):
        clock.move(by)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_service_answers_at_the_end_of_its_time(own_bench):
    ten_years = {"move_s": 315_360_000}
    with MockService(web=True) as mock, httpx.Client(base_url=mock.endpoint) as client:
        mock.admin.move_clock(datetime(8985, 1, 1, tzinfo=UTC) - mock.admin.now())
        seen = [client.post("/admin/clock", json=ten_years).status_code for _ in range(3)]
        assert seen == [200, 409, 409]
        for page in ("/console", "/console/clock", "/admin/clock", "/admin/calls"):
            assert client.get(page, follow_redirects=True).status_code == 200
        key = mock.admin.create_product("late_lock", licences=1, years=5)
        assert client.get(f"/console/products/{key.product_key}").status_code == 200
    own_bench.admin.move_clock(datetime(8999, 12, 1, tzinfo=UTC) - own_bench.admin.now())
    device, product = own_bench.active()
    assert own_bench.verify(device, product)


def test_no_validity_ends_after_the_last_year_there_is():
    late = round(datetime(9998, 6, 1, tzinfo=UTC).timestamp() * 1000)
    end = datetime.fromtimestamp(validity.end(late, 5) / 1000, UTC)
    assert (end.year, end.month) == (9999, 12)
