"""Recorded devices, replayed: the same bytes, and a clear error where a run leaves the recording."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, HarnessError, UsageError
from harness.secret import Secret
from harness.transport.base import (
    Capability,
    CardReset,
    Exchange,
    I2cRead,
    I2cWrite,
    ReadLines,
    SendBreak,
    SetLines,
    SetSpeed,
    SpiTransfer,
    StreamRead,
    StreamWrite,
    Transport,
)
from harness.transport.errors import I2cNack
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.redaction import Redaction
from harness.transport.recording.replayed import Match, Replayed, Timing
from harness.transport.recording.steps import recording_of
from harness.transport.recording.writer import Recording
from tests.transport.recordings import lines, write_lines

NOW = StreamRead(100, 0.0)
ANSWERS = st.binary(max_size=20) | st.sampled_from([I2cNack("no acknowledge"), BenchError("hung")])
I2C = st.builds(I2cWrite, st.just(0x71), st.binary(min_size=1, max_size=9)) | st.builds(
    I2cRead, st.just(0x71), st.integers(1, 9)
)
OTHERS = (
    st.builds(Exchange, st.binary(min_size=1, max_size=9), st.just(1.0))
    | st.builds(SpiTransfer, st.binary(max_size=9), st.integers(0, 9))
    | st.builds(SetLines, st.none() | st.booleans(), st.none() | st.booleans())
    | st.builds(SetSpeed, st.none() | st.integers(50, 12_000_000))
    | st.builds(SendBreak, st.integers(0, 999))
    | st.just(ReadLines())
    | st.just(CardReset())
)


class Device(Transport):
    """Answers from a list, as long as each operation asks."""

    capabilities = frozenset(Capability)
    identity = "a device of a test"

    def __init__(self, answers=()):
        super().__init__("chip")
        self.answers = list(answers)

    def open(self):
        pass

    def close(self):
        pass

    def do(self, operation):
        answer = self.answers.pop(0) if self.answers else b""
        if isinstance(answer, Exception):
            raise answer
        if isinstance(operation, (StreamWrite, I2cWrite, SetLines, SendBreak, SetSpeed)):
            return b""
        if isinstance(operation, (I2cRead, SpiTransfer)):
            return answer[: operation.length].ljust(operation.length, b"\0")
        return answer


def cut_after(path, op):
    """Cut a recording after its last record of an operation, as when its writer was killed."""
    with read(path) as reading:
        end = max(reading.end for record in reading if record.op == op)
    os.truncate(path, end)


@pytest.mark.parametrize("match", list(Match))
def test_a_stream_past_the_end_of_a_cut_recording(tmp_path, match):
    path = tmp_path / "chip.jsonl"
    device = Device([b"", b"ok", b"", b""])
    with Recording(path, device) as recording, Recorded(device, recording) as recorded:
        for operation in (StreamWrite(b"ask"), NOW, StreamWrite(b"again"), NOW):
            recorded.do(operation)
    for is_cut in (False, True):
        if is_cut:
            cut_after(path, "write")
        with Replayed("chip", path, match=match) as replayed:
            replayed.do(StreamWrite(b"ask"))
            assert replayed.do(NOW) == b"ok"
            assert replayed.do(NOW) == b""  # the next write is still to come
            replayed.do(StreamWrite(b"again"))
            if not is_cut:
                assert replayed.do(NOW) == b""  # the device was silent, and the recording says so
                continue
            with pytest.raises(BenchError, match=r"the recording .*chip\.jsonl has ended"):
                replayed.do(NOW)


def outcome(transport, operation):
    try:
        return transport.do(operation)
    except HarnessError as error:
        return type(error), error.message


def record(folder, device, operations, name="chip.jsonl"):
    """Do the operations on a recorded device; return the recording and what came of each."""
    path = folder / name
    path.unlink(missing_ok=True)
    with Recording(path, device) as recording, Recorded(device, recording) as recorded:
        return path, [outcome(recorded, operation) for operation in operations]


def replay(path, **more):
    made = Replayed("chip", path, **more)
    made.open()
    return made


def differs(made, operation):
    with pytest.raises(BenchError) as caught:
        made.do(operation)
    assert caught.value.hint
    return caught.value.message


def left(made):
    """Return how many recorded requests have not been made yet."""
    return sum(step.op != "open" for step in made._steps[made._next :])


@settings(deadline=None)
@given(st.lists(I2C | OTHERS, max_size=25), st.lists(ANSWERS, max_size=25), st.sampled_from(Match))
def test_a_replay_gives_what_was_recorded(tmp_path_factory, operations, answers, match):
    folder = tmp_path_factory.getbasetemp()
    path, results = record(folder, Device(answers), operations)
    made = replay(path, match=match)
    assert [outcome(made, operation) for operation in operations] == results
    assert left(made) == 0


TALK = st.lists(
    st.tuples(st.just("say"), st.binary(min_size=1, max_size=9))
    | st.tuples(st.just("hear"), st.binary(max_size=9)),
    max_size=30,
)


@settings(deadline=None)
@given(TALK, st.integers(1, 10))
def test_a_stream_is_replayed_byte_for_byte(tmp_path_factory, talk, limit):
    answers = [data if kind == "hear" else b"" for kind, data in talk]
    operations = [NOW if kind == "hear" else StreamWrite(data) for kind, data in talk]
    path, _ = record(tmp_path_factory.getbasetemp(), Device(answers), operations, "stream.jsonl")
    made = replay(path)
    heard, expected = b"", b""
    for kind, data in talk:
        if kind == "say":
            for start in range(0, len(data), limit):  # cut otherwise than it was recorded
                made.do(StreamWrite(data[start : start + limit]))
        else:
            expected += data
            while len(heard) < len(expected):
                piece = made.do(StreamRead(limit, 0.0))
                assert 0 < len(piece) <= limit
                heard += piece
    assert heard == expected
    assert made.do(NOW) == b""
    assert left(made) == 0


def test_the_answer_of_a_stream_waits_for_its_question(tmp_path):
    path, _ = record(
        tmp_path, Device([b"hello", b"", b"yes"]), [NOW, StreamWrite(b"well?"), NOW], "stream.jsonl"
    )
    made = replay(path)
    assert [made.do(NOW), made.do(NOW)] == [b"hello", b""]
    made.do(StreamWrite(b"wel"))
    assert made.do(NOW) == b""
    made.do(StreamWrite(b"l?"))
    assert made.do(NOW) == b"yes"


def test_who_writes_first_still_hears_everything(tmp_path):
    path, _ = record(tmp_path, Device([b"hello", b"", b"yes"]), [NOW, StreamWrite(b"well?"), NOW])
    made = replay(path)
    made.do(StreamWrite(b"well?"))
    assert [made.do(NOW), made.do(NOW)] == [b"hello", b"yes"]


def test_a_waiting_reader_hears_the_answer(tmp_path):
    path, _ = record(tmp_path, Device([b"", b"yes"]), [StreamWrite(b"?"), NOW])
    made = replay(path)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(made.do(StreamRead(9, 60))))
    reader.start()
    made.do(StreamWrite(b"?"))
    reader.join(30)
    assert heard == [b"yes"]


def test_close_wakes_a_reader(tmp_path, later):
    path, _ = record(tmp_path, Device(), [StreamWrite(b"?")])
    made = replay(path)
    later(made.close)
    with pytest.raises(BenchError, match="not open"):
        made.do(StreamRead(9, 60))
    with pytest.raises(BenchError, match="not open"):
        made.do(StreamWrite(b"?"))


def test_another_request_names_the_record(tmp_path):
    path, _ = record(tmp_path, Device(), [I2cWrite(0x71, b"ab"), I2cWrite(0x71, b"cd")])
    made = replay(path)
    made.do(I2cWrite(0x71, b"ab"))
    message = differs(made, I2cWrite(0x71, b"xy"))
    assert message == (
        f"chip: the run does not follow the recording {path}:4: "
        "i2c-write at 0x71 78 79 instead of i2c-write at 0x71 63 64"
    )
    assert "i2c-write at 0x70" in differs(made, I2cWrite(0x70, b"cd"))
    made.do(I2cWrite(0x71, b"cd"))
    assert "it has ended, i2c-read at 0x71 of 4 bytes comes after it" in differs(made, I2cRead(0x71, 4))


def test_another_length_is_another_read(tmp_path):
    path, _ = record(tmp_path, Device([b"abcd"]), [I2cRead(0x71, 4)])
    assert "of 5 bytes instead of i2c-read at 0x71 of 4 bytes" in differs(replay(path), I2cRead(0x71, 5))


def test_another_text_on_a_stream_names_the_record(tmp_path):
    path, _ = record(tmp_path, Device(), [StreamWrite(b"abc"), SetLines(dtr=True)])
    made = replay(path)
    made.do(StreamWrite(b"ab"))
    assert f"{path}:3: write 78 instead of write 63" in differs(made, StreamWrite(b"x"))
    made.do(StreamWrite(b"c"))
    assert f"{path}:4: write 78 instead of set-lines 01 01" in differs(made, StreamWrite(b"x"))
    made.do(SetLines(dtr=True))
    assert "it has ended, write 78 comes after it" in differs(made, StreamWrite(b"x"))


def test_polls_may_be_fewer_or_more(tmp_path):
    busy, ask = I2cNack("busy"), I2cRead(0x71, 2)
    path, _ = record(tmp_path, Device([b"", busy, busy, b"ok", b""]), [I2cWrite(0x71, b"a"), ask, ask, ask])
    fewer = replay(path)
    fewer.do(I2cWrite(0x71, b"a"))
    assert outcome(fewer, ask) == (I2cNack, "busy")
    path, _ = record(
        tmp_path, Device([b"", busy, busy]), [I2cWrite(0x71, b"a"), ask, ask, I2cWrite(0x71, b"b")]
    )
    more = replay(path)
    more.do(I2cWrite(0x71, b"a"))
    assert [outcome(more, ask) for _ in range(9)] == [(I2cNack, "busy")] * 9
    more.do(I2cWrite(0x71, b"b"))
    less = replay(path)
    less.do(I2cWrite(0x71, b"a"))
    less.do(I2cWrite(0x71, b"b"))
    assert left(less) == 0


def test_matching_by_requests_takes_any_order(tmp_path):
    first, second = Exchange(b"\x01", 1), Exchange(b"\x02", 1)
    path, _ = record(tmp_path, Device([b"one", b"two", b"one again"]), [first, second, first])
    made = replay(path, match=Match.REQUESTS)
    assert [made.do(second), made.do(first), made.do(first), made.do(second)] == [
        b"two",
        b"one again",
        b"one",
        b"two",
    ]
    assert "it has no exchange 03" in differs(made, Exchange(b"\x03", 1))


def test_matching_by_requests_finds_a_stream_answer(tmp_path):
    path, _ = record(
        tmp_path, Device([b"", b"1", b"", b"2"]), [StreamWrite(b"a"), NOW, StreamWrite(b"b"), NOW]
    )
    made = replay(path, match=Match.REQUESTS)
    for question, answer in ((b"b", b"2"), (b"a", b"1"), (b"b", b"2")):
        made.do(StreamWrite(question))
        assert made.do(NOW) == answer


def test_it_may_be_opened_as_often_as_it_was(tmp_path):
    path = tmp_path / "chip.jsonl"
    with Recording(path, Device()) as recording:
        recorded = Recorded(Device([b"1", b"2"]), recording)
        for _ in range(2):
            with recorded:
                recorded.do(Exchange(b"?", 1))
    made = Replayed("chip", path)
    for answer in (b"1", b"2"):
        with made:
            assert made.do(Exchange(b"?", 1)) == answer
    with pytest.raises(BenchError, match="it has ended, another opening"):
        made.open()


def test_an_opening_before_its_time(tmp_path):
    path, _ = record(tmp_path, Device([b"1"]), [Exchange(b"?", 1)])
    made = replay(path)
    with pytest.raises(BenchError, match="open already"):
        made.open()
    made.close()
    with pytest.raises(BenchError, match=":3: an opening instead of exchange 3f"):
        made.open()


def test_an_opening_that_failed_fails_again(tmp_path):
    class Absent(Device):
        def open(self):
            raise BenchError("there is no such device")

    path = tmp_path / "chip.jsonl"
    with Recording(path, Absent()) as recording, pytest.raises(BenchError):
        Recorded(Absent(), recording).open()
    with pytest.raises(BenchError, match="there is no such device"):
        Replayed("chip", path).open()


def test_identity_and_capabilities_are_the_recorded_ones(tmp_path):
    path, _ = record(tmp_path, Device(), [])
    made = replay(path)
    assert made.identity == "a device of a test, replayed from chip.jsonl"
    assert made.capabilities == frozenset(Capability)


def test_what_the_recorded_bus_does_not_carry_is_refused(tmp_path, memory):
    path = tmp_path / "chip.jsonl"
    device = memory("chip", capabilities=frozenset({Capability.I2C}))
    with Recording(path, device) as recording, Recorded(device, recording):
        pass
    with pytest.raises(UsageError, match="Exchange needs apdu"):
        replay(path).do(Exchange(b"?", 1))


def test_long_data_is_put_together(tmp_path):
    command, answer = bytes(65536) + b"end", bytes(65536) + b"a" * 65536
    path, _ = record(tmp_path, Device([answer, b"x"]), [Exchange(command, 1), Exchange(b"?", 1)])
    made = replay(path)
    assert made.do(Exchange(command, 1)) == answer
    assert made.do(Exchange(b"?", 1)) == b"x"


def test_a_recording_that_was_cut(tmp_path):
    path, _ = record(tmp_path, Device([b"1"]), [Exchange(b"?", 1)])
    cut_after(path, "exchange")  # the answer
    os.truncate(path, path.stat().st_size - 1)
    assert "ends before the answer" in differs(replay(path), Exchange(b"?", 1))


def test_original_timing_holds_answers_back(tmp_path):
    path, _ = record(tmp_path, Device([b"1"]), [Exchange(b"?", 1)])
    recorded = lines(path)
    for number, line in enumerate(recorded[1:]):
        line["t"] = 10**12 + number * 1000 * 10**9  # the answer comes after 2000 s
    write_lines(path, recorded)
    now = [50.0]

    def clock():
        now[0] += 7.0  # each look at the clock takes a while
        return now[0]

    waits = []
    made = Replayed("chip", path, timing=Timing.ORIGINAL, clock=clock)
    made._changed = Waits(waits)
    made.open()
    assert made.do(Exchange(b"?", 1)) == b"1"
    assert waits
    assert now[0] >= 2000
    at_once = replay(path)
    at_once._changed = Waits(waits := [])
    assert at_once.do(Exchange(b"?", 1)) == b"1"
    assert not waits


class Waits(threading.Condition):
    """Counts waits in place of waiting."""

    def __init__(self, waits):
        super().__init__()
        self.waits = waits

    def wait(self, timeout=None):
        self.waits.append(timeout)
        return True


def test_the_recording_of_a_run(tmp_path):
    (tmp_path / "transport").mkdir()
    with pytest.raises(UsageError, match="there is none at all"):
        recording_of(tmp_path, "chip")
    path = tmp_path / "transport" / "chip.jsonl"
    path.touch()
    assert recording_of(tmp_path, "chip") == path
    assert recording_of(path, "whatever") == path
    with pytest.raises(UsageError, match="there are: chip"):
        recording_of(tmp_path, "console")
    with pytest.raises(UsageError, match="empty"):
        Replayed("chip", path)
    with pytest.raises(BenchError, match="cannot be read"):
        Replayed("chip", Path("/nonexistent/chip.jsonl"))


@pytest.mark.parametrize("match", list(Match))
@pytest.mark.parametrize("operation", [StreamWrite, lambda data: I2cWrite(0x71, data)])
def test_a_secret_is_compared_as_it_is_recorded_and_never_told(tmp_path, match, operation):
    redaction = Redaction()
    redaction.add(Secret(b"PIN-4711"))
    path = tmp_path / "chip.jsonl"
    device = Device()
    with Recording(path, device, redaction) as recording, Recorded(device, recording) as recorded:
        recorded.do(operation(b"<PIN-4711>"))
    replay(path, match=match, redaction=redaction).do(operation(b"<PIN-4711>"))
    message = differs(replay(path, match=match, redaction=redaction), operation(b"(PIN-4711)"))
    assert b"PIN".hex(" ") not in message
