"""What the gateway does when something runs out: places, descriptors, a reader's time, memory, and its own loop."""

import asyncio
import contextlib
import errno
import logging
import os
import resource
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.errors import UsageError
from harness.gateway.gateway import Gateway
from harness.gateway.session_log import SessionStore
from harness.gateway.session_record import SessionTimeoutError
from harness.gateway.settings import GatewaySettings
from harness.itls.client import ClientConnection
from harness.itls.device_identity import KeyIdentity
from harness.web import acceptor as acceptor_module
from harness.web.acceptor import Acceptor
from harness.web.descriptors import connections_at_once
from tests.gateway.gateway_bench import PATIENCE_S, Caller, GatewayBench, running_bench


class DeafLoop:
    """A loop that is asked for something at the moment at which it ends."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def call_soon_threadsafe(self, *_: object) -> None:
        self.asked.set()


def begun(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Do some work in a thread that nobody has to wait for; say what came of it, an error too."""
    outcome: list[object] = []

    def doing() -> None:
        try:
            outcome.append(work())
        except UsageError as error:
            outcome.append(error)

    thread = threading.Thread(target=doing, daemon=True)
    thread.start()
    return thread, outcome


def test_a_call_that_the_loop_never_hears_ends_when_the_loop_does():
    with running_bench() as bench:
        running, deaf = bench.gateway._running, DeafLoop()
        real, running._loop = running._loop, deaf
        thread, outcome = begun(bench.gateway.disconnect)
        assert deaf.asked.wait(PATIENCE_S)
        running._loop = real
        bench.gateway.stop()
        thread.join(PATIENCE_S)
        assert [str(error) for error in outcome] == ["the gateway is not running; enter it with `with`"]
        with pytest.raises(UsageError, match="not running"):
            running.call(lambda _house: None)


def test_who_waits_for_a_session_is_woken_by_the_connection_alone():
    with running_bench() as bench:
        thread, outcome = begun(lambda: bench.gateway.wait_for(lambda _one: True, 3600))
        while not bench.gateway._store._changed._waiters:
            os.sched_yield()
        bench.plain()
        thread.join(PATIENCE_S)
        assert [record.number for record in outcome] == [0]


@pytest.mark.slow
def test_calls_and_stops_at_once_never_wait_for_each_other():
    with running_bench() as bench:
        done = threading.Event()

        def disconnecting() -> int:
            count = 0
            while not done.is_set():
                try:
                    bench.gateway.disconnect(clean=False)
                except UsageError:
                    count += 1
            return count

        with ThreadPoolExecutor(2) as pool:
            callers = [pool.submit(disconnecting) for _ in range(2)]
            try:
                for _ in range(15):
                    # One that is reset before its connect has returned was there all the same.
                    with contextlib.suppress(ConnectionResetError):
                        bench.plain()
                    bench.gateway.stop()
                    bench.gateway.start()
            finally:
                # The pool waits for its threads, whatever went wrong here.
                done.set()
            for caller in callers:
                caller.result(PATIENCE_S)
        bench.established().close()


class ShortOfDescriptors:
    """A listening socket that cannot accept for some seconds."""

    def __init__(self, listener: socket.socket, seconds: float) -> None:
        self._listener = listener
        self._until = time.monotonic() + seconds
        self.tried = 0

    def fileno(self) -> int:
        return self._listener.fileno()

    def setblocking(self, yes: bool) -> None:
        self._listener.setblocking(yes)

    def accept(self) -> tuple[socket.socket, object]:
        self.tried += 1
        if time.monotonic() < self._until:
            raise OSError(errno.EMFILE, "Too many open files")
        return self._listener.accept()


class Visitor(asyncio.Protocol):
    """Counts itself, and goes."""

    def __init__(self, came: asyncio.Event) -> None:
        self._came = came

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._came.set()
        transport.close()


class AnySessions:
    """Lets everybody in."""

    def __init__(self) -> None:
        self.came = asyncio.Event()

    def receive(self) -> Visitor:
        return Visitor(self.came)


def test_without_descriptors_the_acceptor_waits_says_it_once_and_goes_on(monkeypatch, caplog):
    monkeypatch.setattr(acceptor_module, "_PAUSE_S", 0.05)

    async def visited(listener: ShortOfDescriptors) -> None:
        sessions = AnySessions()
        acceptor = Acceptor(listener, sessions.receive, name="the gateway")
        await asyncio.wait_for(sessions.came.wait(), PATIENCE_S)
        await acceptor.close()

    with socket.create_server(("127.0.0.1", 0)) as real, socket.create_connection(real.getsockname()) as peer:
        listener = ShortOfDescriptors(real, seconds=0.3)
        asyncio.run(visited(listener))
        peer.settimeout(PATIENCE_S)
        assert peer.recv(1) == b""
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "the gateway accepts no connections for now: Too many open files"
    ]
    assert 2 <= listener.tried <= 10, "once for each pause, and not as often as it can"


def test_silent_peers_make_room_for_a_device_and_devices_do_not():
    with running_bench(GatewaySettings(connections=3)) as bench:
        product = bench.product()
        silent = [bench.plain() for _ in range(3)]
        bench.gateway.wait_for(lambda one: one.number == 2, PATIENCE_S)
        first = bench.established(product)
        oldest = bench.gateway.wait_for(lambda one: one.stage == "closed", PATIENCE_S)
        assert (oldest.number, oldest.ended) == (0, "reset")
        assert oldest.error == "connections: no handshake yet, and another one needs the place"
        with pytest.raises(ConnectionResetError):
            silent[0].recv(1)
        others = [bench.established(product) for _ in range(2)]
        refused = bench.plain()
        with contextlib.suppress(ConnectionError):
            assert refused.recv(1) == b""
        for caller in (first, *others):
            caller.close()
        assert bench.last() == 5, "one that is not let in leaves nothing"


@pytest.mark.parametrize(("limit", "each", "room"), [(128, 1, 88), (128, 2, 44), (1024, 1, 952), (20, 2, 1)])
def test_there_is_room_for_as_many_devices_as_descriptors_without_a_reserve(monkeypatch, limit, each, room):
    monkeypatch.setattr("harness.web.descriptors._used", lambda: 8)
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (limit, limit))
    assert connections_at_once(each) == room
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (resource.RLIM_INFINITY, limit))
    assert connections_at_once(each) is None


def test_the_limit_of_descriptors_lowers_that_of_connections_and_is_told_once(monkeypatch, caplog):
    monkeypatch.setattr("harness.gateway.gateway.connections_at_once", lambda each: 4 // each)
    with running_bench() as bench:
        assert bench.gateway._within_descriptors().connections == 4
        bench.gateway.stop()
        bench.gateway.start()
        with Gateway(bench.mock, broker=("127.0.0.1", 1)) as other:
            assert other._within_descriptors().connections == 2
        with Gateway(bench.mock, settings=GatewaySettings(connections=3)):
            pass
    assert [record.getMessage() for record in caplog.records] == [
        f"the gateway takes {room} devices at once, not 8192: the limit of open files allows no more (ulimit -n)"
        for room in (4, 2)
    ]


def test_connections_beyond_the_descriptors_are_refused(monkeypatch):
    monkeypatch.setattr("harness.gateway.gateway.connections_at_once", lambda each: 2 // each)
    with running_bench() as bench:
        product = bench.product()
        callers = [bench.established(product) for _ in range(2)]
        refused = bench.call(product, bench.device())
        with contextlib.suppress(ConnectionError):
            refused.shake_hands()
        assert not refused.connection.established
        for caller in callers:
            caller.close()


def narrow(bench: GatewayBench) -> Caller:
    """A device in whose receive buffer there is little room from the first packet on."""
    made, device = socket.socket(), bench.device()
    bench.sockets.append(made)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    made.settimeout(PATIENCE_S)
    made.connect(bench.gateway.address)
    identity = KeyIdentity(device.id2, device.key)
    caller = Caller(ClientConnection(identity, bench.product().product_key), made).shake_hands()
    assert caller.connection.established
    return caller


def still_open(bench: GatewayBench, seconds: float) -> None:
    """Give a defect the time to show."""
    with pytest.raises(SessionTimeoutError):
        bench.gateway.wait_for(lambda one: one.stage == "closed", seconds)


@pytest.mark.slow
def test_a_device_that_reads_slowly_reads_nonetheless():
    with running_bench(GatewaySettings(stalled_s=1.5, write_buffer=64_000_000)) as bench:
        slow = narrow(bench)
        bench.gateway.send(bench.last(), bytes(8_000_000))
        for _ in range(30):
            slow.socket.recv(8192)
            still_open(bench, 0.1)


@pytest.mark.slow
def test_a_device_that_has_read_all_has_all_the_time_again():
    with running_bench(GatewaySettings(stalled_s=1, write_buffer=64_000_000)) as bench:
        caller = narrow(bench)
        bench.gateway.send(bench.last(), bytes(6_000_000))
        assert len(caller.read(6_000_000)) == 6_000_000
        still_open(bench, 1.8)


def test_no_more_is_kept_of_all_sessions_than_was_said():
    store = SessionStore(GatewaySettings(keep_total_bytes=1000))
    first, second = store.open("a", ""), store.open("b", "")
    with first:
        first.received(bytes(600))
    with second:
        second.received(bytes(600))
    kept = [len(log.snapshot().wire_in) for log in (first, second)]
    assert kept == [600, 0]
    assert [log.snapshot().truncated for log in (first, second)] == [False, True]
    with first:
        first.end("clean")
    with second:
        second.received(bytes(600))
    assert len(second.snapshot().wire_in) == 600
    assert [record.number for record in store.records()] == [1], "what has ended makes room"


@pytest.mark.parametrize("answers", [True, False])
def test_shorter_records_are_a_setting(answers):
    with running_bench(GatewaySettings(echo_max_fragment=answers, echo=True)) as bench:
        caller = bench.established()
        caller.send(bytes(1000))
        bench.gateway.send(bench.last(), bytes(5000))
        caller.read(6000)
        assert (max(map(len, caller.received)) > 1024) is not answers
        caller.close()
