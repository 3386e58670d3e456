import threading
import time

import pytest

from harness.console import turn as module
from harness.console.turn import Turn


@pytest.fixture
def lock():
    return threading.Lock()


@pytest.fixture
def turn(lock):
    made = Turn(lock)
    yield made
    with lock:
        made.end()


@pytest.fixture
def rest(turn, lock):
    """Let the background thread offer its turn and rest; the test waits for it to come back."""
    threads = []

    def start():
        with lock:
            turn.offer()
        thread = threading.Thread(target=turn.rest, daemon=True)
        threads.append(thread)
        thread.start()
        return thread

    yield start
    with lock:
        turn.end()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def long_grace(monkeypatch):
    monkeypatch.setattr(module, "GRACE", 60.0)


def ended(thread, seconds=5.0):
    thread.join(seconds)
    return not thread.is_alive()


def test_nothing_to_take_while_the_background_reads(turn, lock):
    with lock:
        assert turn.take() is False


def test_an_offered_turn_is_taken_again_and_again(turn, lock, rest, long_grace):
    rest()
    for _ in range(3):
        with lock:
            assert turn.take() is True
            turn.give_back()


def test_a_turn_that_nobody_takes_goes_back_after_the_grace(turn, lock, rest):
    started = time.monotonic()
    assert ended(rest())
    assert time.monotonic() - started >= module.GRACE
    with lock:
        assert turn.take() is False


def test_no_rest_while_the_caller_reads(turn, lock, rest):
    thread = rest()
    with lock:
        taken = turn.take()
    if taken:
        assert not ended(thread, 30 * module.GRACE)
        with lock:
            turn.give_back()
    assert ended(thread)


def test_the_caller_who_comes_back_in_time_keeps_the_turn(turn, lock, rest, long_grace):
    thread = rest()
    for _ in range(3):
        with lock:
            assert turn.take()
        with lock:
            turn.give_back()
    assert not ended(thread, 0.02)


def test_the_background_thread_sleeps_while_the_caller_reads(turn, lock, rest, long_grace, monkeypatch):
    waits = []
    bell = turn._bell

    class Counted:
        locked, release = bell.locked, bell.release

        def acquire(self, timeout):
            waits.append(timeout)
            return bell.acquire(timeout=timeout)

    turn._bell = Counted()
    with lock:
        turn.offer()
        assert turn.take()
    thread = threading.Thread(target=turn.rest, daemon=True)
    thread.start()
    time.sleep(0.05)
    assert waits == [-1]
    monkeypatch.setattr(module, "GRACE", 0.0)
    with lock:
        turn.give_back()
    assert ended(thread)
    assert waits == [-1]


@pytest.mark.parametrize("reading", [True, False])
def test_the_end_wakes_a_rest_at_once(turn, lock, rest, long_grace, reading):
    thread = rest()
    with lock:
        assert turn.take()
        if not reading:
            turn.give_back()
    with lock:
        turn.end()
        turn.end()
    assert ended(thread)
    with lock:
        assert turn.take() is False


def test_after_the_end_there_is_no_rest(turn, lock, rest, long_grace):
    with lock:
        turn.end()
    assert ended(rest())


def test_many_turns_under_load(turn, lock, monkeypatch):
    """Both sides as fast as they can: no deadlock, no double reading, no lost wake-up."""
    monkeypatch.setattr(module, "GRACE", 0.0002)
    reads = {"background": 0, "caller": 0}
    reading = []
    stop = threading.Event()

    def read(who):
        reading.append(who)
        assert reading == [who]
        reads[who] += 1
        reading.pop()

    def background():
        while not stop.is_set():
            read("background")
            with lock:
                turn.offer()
            turn.rest()

    thread = threading.Thread(target=background, daemon=True)
    thread.start()
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline or not all(reads.values()):
        with lock:
            mine = turn.take()
        if mine:
            try:
                read("caller")
            finally:
                with lock:
                    turn.give_back()
        if reads["caller"] % 7 == 0:
            time.sleep(0.0003)
        assert time.monotonic() < deadline + 5
    stop.set()
    with lock:
        turn.end()
    assert ended(thread)
    assert all(reads.values())
