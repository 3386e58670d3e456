import os
import random
import re
import threading
import time
import tty

import pytest

from harness.console import reader
from harness.console.reader import Console, ConsoleTimeoutError
from harness.errors import BenchError, DeviceError, ToolError, UsageError
from harness.hostload import HostOverloadedError, Span
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording
from harness.transport.serial.port import SerialTransport


class Board:
    """The board's end of a pseudo-terminal."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def say(self, data):
        os.write(self.master, data)

    def hear(self, count):
        data = b""
        while len(data) < count:
            data += os.read(self.master, count - len(data))
        return data

    def unplug(self):
        for end in (self.slave, self.master):
            if end >= 0:
                os.close(end)
        self.slave = self.master = -1


@pytest.fixture
def board():
    made = Board()
    yield made
    made.unplug()


@pytest.fixture
def console(board):
    with Console(SerialTransport("console", board.path)) as opened:
        yield opened


@pytest.fixture
def later():
    threads = []

    def start(function, delay=0.05):
        timer = threading.Timer(delay, function)
        threads.append(timer)
        timer.start()

    yield start
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Script(Transport):
    """A stream that gives a list of chunks, then waits to be closed."""

    capabilities = frozenset({Capability.STREAM})
    identity = "script"

    def __init__(self, *chunks):
        super().__init__("script")
        self.chunks = list(chunks)
        self.closed = threading.Event()

    def open(self):
        self.closed.clear()

    def close(self):
        self.closed.set()

    def do(self, operation):
        if isinstance(operation, StreamWrite):
            return b""
        if self.chunks:
            chunk = self.chunks.pop(0)
            if isinstance(chunk, Exception):
                raise chunk
            return chunk
        if self.closed.wait(operation.timeout):
            raise BenchError("closed")
        return b""


def test_a_question_and_its_answer(board, console, later):
    later(lambda: board.hear(4) == b"id2\n" and board.say(b"ID2: 2122\r\n# "), 0.0)
    console.send("id2\n")
    match = console.expect(re.compile(r"ID2: (\w+)\r\n"))
    assert match.group(1) == "2122"
    assert console.expect(b"# ").before == b""


def test_output_between_two_calls_is_not_lost(board, console):
    board.say(b"one two three")
    assert console.expect(b"one").start == 0
    until(lambda: console.received == 13)
    time.sleep(0.01)
    assert console.expect(b"two").before == b" "
    assert console.expect(b"three").end == 13


def test_output_is_read_while_nobody_expects(board, console):
    board.say(b"boot")
    until(lambda: console.received == 4)
    board.say(b"ing")
    until(lambda: console.received == 7)
    assert console.since(0) == (b"booting", 7)
    assert console.position == 0
    assert console.expect(b"ting", timeout=60).end == console.position == 7


def test_reading_goes_on_after_an_answer(board, console):
    """After a match the background thread rests for a moment; it must not rest for ever."""
    for number in range(5):
        board.say(b"<%d>" % number)
        console.expect(b"<%d>" % number)
        received = console.received
        board.say(b"noise")
        until(lambda received=received: console.received == received + 5)


def test_success_or_failure_whatever_comes_first(board, console):
    board.say(b"starting\r\nASSERT at main.c:1\r\nready\r\n")
    with pytest.raises(DeviceError, match="the device printed ASSERT at main") as caught:
        console.expect(b"ready", failure=[b"panic", re.compile(rb"ASSERT [^\r]*")])
    assert caught.value.traffic == ("starting", "ASSERT at main.c:1")
    assert caught.value.transport == "console"
    assert console.expect(b"ready").before == b"\r\n"


def test_which_of_several(board, console):
    board.say(b"# ")
    assert console.expect([b"login: ", b"# "]).index == 1


def test_time_runs_out_on_a_silent_board_and_the_bench_is_asked(console):
    with pytest.raises(BenchError, match=r"no ready within 0.05 s; not one byte has come") as caught:
        console.expect(b"ready", timeout=0.05)
    for word in ("power", "cable", "baud"):
        assert word in caught.value.hint
    assert caught.value.outcome == "blocked"


def test_time_runs_out_on_a_talking_board_and_the_device_is_asked(board, console):
    board.say(b"".join(b"line %d \x1b[2J\r\n" % number for number in range(50)))
    with pytest.raises(DeviceError, match=r"no ready \(a\|b\) within 0\.1 s; \d+ bytes came") as caught:
        console.expect(re.compile("ready (a|b)"), timeout=0.1)
    assert caught.value.traffic[-1] == r"line 49 \e[2J"
    assert len(caught.value.traffic) == 20
    assert caught.value.outcome == "failed"
    assert console.position == 0


def test_a_wrong_baud_rate_is_guessed_from_garbage(board, console):
    board.say(bytes([0xF8, 0x00, 0x80, 0x1C, 0xE0]) * 20)
    with pytest.raises(DeviceError) as caught:
        console.expect(b"ready", timeout=0.1)
    assert "baud rate" in caught.value.hint
    assert all(line.isprintable() for line in caught.value.traffic)


def test_silence_is_counted_from_the_last_opening(board):
    console = Console(SerialTransport("console", board.path))
    with console:
        board.say(b"hello")
        console.expect(b"hello")
    with console, pytest.raises(BenchError, match="not one byte"):
        console.expect(b"again", timeout=0.05)


def test_what_fell_out_of_the_window_is_counted():
    console = Console(Script(*[b"x" * 1000] * 50), window=2000)
    with console:
        until(lambda: console.received == 50_000)
        with pytest.raises(DeviceError, match=r"(\d+) bytes were dropped from the window") as caught:
            console.expect(b"never", timeout=0.01)
    dropped = int(re.search(r"(\d+) bytes were dropped", caught.value.message)[1])
    assert 46_000 <= dropped <= 48_000


def test_memory_is_bounded():
    console = Console(Script(*[b"x" * 60_000] * 100), window=10_000)
    with console:
        until(lambda: console.received == 6_000_000)
        assert len(console._window.data) <= 120_000


def test_an_unplugged_device_ends_the_waiting(board, console, later):
    board.say(b"half an ans")
    later(board.unplug, 0.1)
    with pytest.raises(BenchError, match="the device is gone") as caught:
        console.expect(b"answer", timeout=60)
    assert caught.value.traffic == ("half an ans",)
    assert "cable" in caught.value.hint
    with pytest.raises(BenchError, match="the device is gone"):
        console.expect(b"answer", timeout=60)
    with pytest.raises(BenchError):
        console.send(b"x")


def test_an_unplugged_device_in_the_middle_of_a_conversation(board, console, later):
    for number in range(20):
        board.say(b"<%d>" % number)
        console.expect(b"<%d>" % number)
    later(board.unplug)
    with pytest.raises(BenchError, match="the device is gone"):
        console.expect(b"more", timeout=60)


def test_the_last_words_before_the_end_still_match():
    with Console(Script(b"all", b" done", BenchError("gone"))) as console:
        assert console.expect(b"all done").start == 0
        with pytest.raises(BenchError, match="gone"):
            console.expect(b"more")


def test_close_wakes_a_waiting_expect(console, later):
    later(console.close)
    with pytest.raises(BenchError, match="closed"):
        console.expect(b"never", timeout=60)
    with pytest.raises(BenchError, match="closed"):
        console.expect(b"never", timeout=60)


def test_close_wakes_an_expect_that_reads_for_itself(board, console, later):
    for number in range(20):
        board.say(b"<%d>" % number)
        console.expect(b"<%d>" % number)
    later(console.close)
    with pytest.raises(BenchError, match="closed"):
        console.expect(b"never", timeout=60)


def test_close_ends_the_reader_and_may_be_repeated(board):
    console = Console(SerialTransport("console", board.path))
    console.close()
    console.open()
    thread = console._thread
    assert thread.is_alive()
    console.close()
    console.close()
    assert not thread.is_alive()


def test_close_right_after_an_answer(board):
    for number in range(30):
        with Console(SerialTransport("console", board.path)) as console:
            board.say(b"<%d>" % number)
            console.expect(b"<%d>" % number)
            thread = console._thread
        assert not thread.is_alive()


def test_a_transport_that_keeps_its_reader_is_told_of(monkeypatch):
    monkeypatch.setattr("harness.console.reader._JOIN", 0.05)
    leave = threading.Event()

    class Stuck(Script):
        def do(self, operation):
            leave.wait(20)
            raise BenchError("at last")

    console = Console(Stuck())
    console.open()
    with pytest.raises(ToolError, match="did not wake the reader"):
        console.close()
    leave.set()


def test_it_may_be_opened_again_and_offsets_go_on(board):
    console = Console(SerialTransport("console", board.path))
    for word in (b"one", b"two"):
        with console:
            board.say(word)
            console.expect(word)
    assert console.received == 6
    with console, pytest.raises(UsageError, match="opened twice"):
        console.open()


def test_a_port_that_cannot_be_opened():
    console = Console(SerialTransport("console", "/dev/ttyNOWHERE9"))
    with pytest.raises(BenchError, match="no such device"):
        console.open()
    console.close()
    with pytest.raises(BenchError, match="closed"):
        console.expect(b"x")


def test_a_defect_of_a_transport_is_the_tools():
    with Console(Script(b"x", ZeroDivisionError("oops"))) as console, pytest.raises(ToolError, match="oops"):
        console.expect(b"never", timeout=60)


def test_two_threads_cannot_expect_at_once(console, later):
    problems = []

    def second():
        try:
            console.expect(b"y", timeout=0.1)
        except ToolError as error:
            problems.append(error)

    later(second)
    with pytest.raises(BenchError):
        console.expect(b"x", timeout=0.3)
    assert "two threads" in problems[0].message


@pytest.mark.parametrize("pattern", [b"", [""], re.compile("\\u1234")])
def test_impossible_patterns(console, pattern):
    with pytest.raises(UsageError):
        console.expect(pattern)


def test_a_transport_without_a_stream():
    class Bus(Script):
        capabilities = frozenset({Capability.I2C})

    with pytest.raises(UsageError, match="needed stream, supplied i2c"):
        Console(Bus())


def test_no_time_means_what_is_there(board, console):
    board.say(b"here")
    until(lambda: console.received == 4)
    assert console.expect(b"here", timeout=0).end == 4
    with pytest.raises(DeviceError):
        console.expect(b"there", timeout=0)
    with pytest.raises(DeviceError):
        console.expect(b"there", timeout=-1)


def test_all_the_time_in_the_world(board, console, later):
    later(lambda: board.say(b"at last"))
    assert console.expect(b"at last", timeout=float("inf")).start == 0


def test_an_interrupted_wait_leaves_nothing_behind(board, console, monkeypatch):
    class Impatient:
        def __init__(self, lock):
            self.lock = lock

        def acquire(self, blocking=True, timeout=-1):
            if blocking:
                raise KeyboardInterrupt
            return self.lock.acquire(blocking=False)

        def release(self):
            self.lock.release()

    patient = console._woken
    monkeypatch.setattr(console, "_woken", Impatient(patient))
    with pytest.raises(KeyboardInterrupt):
        console.expect(b"first")
    monkeypatch.setattr(console, "_woken", patient)
    board.say(b"first second")
    until(lambda: console.received == 12)
    assert console.expect(b"second").start == 6


def test_slices_are_what_came_inside(board, console):
    board.say(b"before")
    console.expect(b"fore")
    board.say(b" late")
    until(lambda: console.received == 11)
    with console.slice() as part:
        board.say(b"inside\xff")
        console.expect(b"inside")
        until(lambda: console.received == 18)
        assert part.text == r"inside\xff"
    board.say(b"after")
    console.expect(b"after")
    assert (part.start, part.end, part.data, part.dropped) == (11, 18, b"inside\xff", 0)


def test_an_empty_slice(console):
    with console.slice() as part:
        pass
    assert (part.text, part.dropped, part.end) == ("", 0, 0)


def test_a_slice_larger_than_the_window_says_what_is_missing():
    console = Console(Script(*[b"x" * 500] * 20), window=1000)
    with console.slice() as inside, console:
        until(lambda: console.received == 10_000)
    assert inside.end == 10_000
    assert inside.dropped + len(inside.data) == 10_000
    assert inside.dropped >= 8000


@pytest.fixture
def own_reading(board, monkeypatch):
    """A console in the middle of a conversation: whoever expects also reads, until the console is closed."""
    monkeypatch.setattr("harness.console.turn.GRACE", 60.0)
    with Console(SerialTransport("console", board.path)) as console:
        while not console._turn._resting:  # until an answer comes while somebody waits for it
            threading.Timer(0.02, board.say, [b"go"]).start()
            console.expect(b"go")
        readers = []
        do = console.transport.do

        def watched(operation):
            readers.append(threading.get_ident())
            return do(operation)

        monkeypatch.setattr(console.transport, "do", watched)
        yield console
        thread = console._thread
        if thread is not None:  # not closed by the test: closing lets the background thread look once more
            assert set(readers) == {threading.get_ident()}
    assert thread is None or not thread.is_alive()


class TestReadingForOneself:
    def test_an_answer(self, board, own_reading):
        for number in range(10):
            own_reading.send(b"?")
            assert board.hear(1) == b"?"
            board.say(b"<%d>" % number)
            match = own_reading.expect(b"<%d>" % number)
            assert match.before == b""
            assert match.stamp <= time.monotonic_ns()
        assert own_reading.position == own_reading.received

    def test_an_answer_in_pieces(self, board, own_reading, later):
        later(lambda: board.say(b"nswer"), 0.1)
        board.say(b"a")
        assert own_reading.expect(b"answer", timeout=20).data == b"answer"

    def test_a_failure(self, board, own_reading):
        board.say(b"PANIC ok")
        with pytest.raises(DeviceError, match="printed PANIC"):
            own_reading.expect(b"ok", failure=b"PANIC")
        own_reading.expect(b"ok")

    @pytest.mark.parametrize("timeout", [0.05, 0, -1])
    def test_the_time_runs_out(self, own_reading, timeout):
        with pytest.raises(DeviceError, match="0 bytes came meanwhile"):
            own_reading.expect(b"never", timeout=timeout)

    def test_no_time_means_what_is_there(self, board, own_reading):
        board.say(b"here")
        assert own_reading.expect(b"here", timeout=0).data == b"here"

    def test_a_flood(self, board, own_reading, later):
        later(lambda: board.say(b"y" * 1_000_000 + b"DONE"), 0.0)
        match = own_reading.expect(b"DONE", timeout=20)
        assert match.end - match.start + len(match.before) == 1_000_004

    def test_a_needle_that_ends_a_full_chunk(self, board, own_reading, later):
        for size in (2048, 4095, 8190, 65536):
            later(lambda size=size: board.say(b"x" * (size - 4) + b"DONE"), 0.0)
            own_reading.expect(b"DONE", timeout=20)

    def test_the_device_goes(self, board, own_reading, later):
        later(board.unplug)
        with pytest.raises(BenchError, match="the device is gone"):
            own_reading.expect(b"never", timeout=60)
        with pytest.raises(BenchError, match="the device is gone"):
            own_reading.expect(b"never", timeout=60)

    def test_it_is_closed(self, own_reading, later):
        later(own_reading.close)
        with pytest.raises(BenchError, match="closed"):
            own_reading.expect(b"never", timeout=60)


def test_time_that_runs_out_in_a_flood_while_reading_for_oneself(monkeypatch):
    monkeypatch.setattr("harness.console.turn.GRACE", 60.0)
    chunks = [b"go"]

    class Flood(Script):
        def do(self, operation):
            if self.closed.is_set():
                raise BenchError("closed")
            time.sleep(0.001)
            return chunks.pop() if chunks else b"y" * 3000

    with Console(Flood()) as console:
        console.expect(b"go")
        with pytest.raises(DeviceError, match="never"):
            console.expect(b"never", timeout=0.05)


def test_stamps_tell_when_the_match_came(board, console, later):
    later(lambda: board.say(b"now"), 0.1)
    before = time.monotonic_ns()
    match = console.expect(b"now")
    assert before + 50_000_000 < match.stamp <= time.monotonic_ns()


def test_a_flood_with_a_needle_at_its_end(board, console, later):
    line = b"<LS_LOG> nobody waits for this line of the log\r\n"

    def flood():
        for _ in range(40):
            board.say(line * 500)
        board.say(b"the end!")

    later(flood, 0.0)
    match = console.expect(re.compile(rb"the (\w+)!"), failure=b"ASSERT", timeout=20)
    assert match.start == len(line) * 500 * 40


def test_a_needle_that_ends_a_full_chunk_needs_no_more_output(board, console, later):
    """The search waits for a pause in a flood; the pause after a full chunk must be noticed."""
    for size in (2048, 4095, 4096, 8190, 65536):
        data = b"x" * (size - 4) + b"DONE"
        later(lambda data=data: board.say(data), 0.0)
        assert console.expect(b"DONE", timeout=60).end == console.received


def test_time_that_runs_out_in_a_flood_still_finds_what_has_come():
    class Flood(Script):
        def do(self, operation):
            if self.closed.is_set():
                raise BenchError("closed")
            time.sleep(0.001)
            return b"y" * 3000 + b"needle" if isinstance(operation, StreamRead) else b""

    with Console(Flood()) as console:
        assert console.expect(b"needle", timeout=0.03).data == b"needle"


def test_everything_is_recorded_whether_expected_or_not(board, tmp_path):
    rng = random.Random(7)
    transport = SerialTransport("console", board.path)
    sent = bytearray()
    heard = bytearray()

    def talk():
        for number in range(200):
            noise = bytes(rng.randrange(97, 123) for _ in range(rng.randrange(0, 300)))
            data = noise + b"<%d>" % number
            sent.extend(data)
            board.say(data)
            heard.extend(board.hear(len(b"ack %d\n" % number)))
            if rng.random() < 0.2:
                time.sleep(rng.random() * 0.006)

    with (
        Recording(tmp_path / "c.jsonl", transport) as recording,
        Console(Recorded(transport, recording)) as console,
    ):
        thread = threading.Thread(target=talk)
        thread.start()
        for number in range(200):
            match = console.expect(b"<%d>" % number, failure=b"NEVER", timeout=60)
            assert match.end <= console.received
            console.send(b"ack %d\n" % number)
            if rng.random() < 0.2:
                time.sleep(rng.random() * 0.006)
        thread.join(60)
    with read(tmp_path / "c.jsonl") as reading:
        records = list(reading)
    assert b"".join(record.data for record in records if record.direction == "<") == bytes(sent)
    assert b"".join(record.data for record in records if record.direction == ">") == bytes(heard)
    assert [record.t for record in records] == sorted(record.t for record in records)


def test_sending_while_another_thread_waits(board, console):
    found = []
    waiter = threading.Thread(target=lambda: found.append(console.expect(b"pong", timeout=60)))
    waiter.start()
    console.send(b"ping")
    assert board.hear(4) == b"ping"
    board.say(b"pong")
    waiter.join(60)
    assert found[0].data == b"pong"


def test_words_stand_for_a_pattern(console):
    with pytest.raises(BenchError, match="no first line of id2_app within 0 s; not one byte") as caught:
        console.expect(re.compile(rb"[^\s]"), timeout=0, what="first line of id2_app")
    assert "[^" not in caught.value.message


class LateHost:
    """A host that is late for a while, and then on time."""

    def __init__(self, late):
        self.late = late
        self.asked = 0

    def glance(self):
        return time.monotonic()

    def since(self, begin):
        self.asked += 1
        elapsed = time.monotonic() - begin
        return Span(elapsed, min(elapsed, self.late))


def test_what_the_host_was_late_by_is_the_devices_to_have(console, board, later, monkeypatch):
    machine = LateHost(0.3)
    monkeypatch.setattr(reader, "host", lambda: machine)
    board.say(b"boot\n")
    later(lambda: board.say(b"ready\n"), 0.35)
    assert console.expect(b"ready", timeout=0.2).data == b"ready"
    assert machine.asked >= 1


def test_a_host_that_is_late_all_the_while_judges_nobody(console, board, monkeypatch):
    machine = LateHost(1e9)
    machine.since = lambda begin: Span(124.0, 123.0) if machine.late else None
    monkeypatch.setattr(reader, "host", lambda: machine)
    board.say(b"boot\n")
    with pytest.raises(
        HostOverloadedError, match=r"took 124\.0 s, allowed 0\.1 s, and this machine is overloaded"
    ):
        console.expect(b"ready", timeout=0.1)


def test_a_console_that_is_slow_on_a_good_host_is_the_devices(console, board):
    board.say(b"boot\n")
    console.expect(b"boot", timeout=60)
    with pytest.raises(ConsoleTimeoutError, match=r"no end of id2_app within 0\.1 s"):
        console.expect(b"ready", timeout=0.1, what="end of id2_app")
