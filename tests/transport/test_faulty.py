"""Fault plans carried out on every kind of transport."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError
from harness.transport.base import (
    Exchange,
    I2cRead,
    I2cWrite,
    SetLines,
    SpiTransfer,
    StreamRead,
    StreamWrite,
)
from harness.transport.errors import I2cNack
from harness.transport.faults.faulty import Faulty
from harness.transport.faults.syntax import parse

READ = StreamRead(100, 0.0)
SENT, ASKED = I2cWrite(0x71, b"abc"), I2cRead(0x71, 4)
APDU = Exchange(b"\x00\xa4\x04\x00", 1.5)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def faulty(memory):
    """Make a faulty transport over answers; what has struck is in `struck`."""

    def make(plan, *answers, clock=None):
        struck = []
        made = Faulty(memory("chip", answers), parse(plan), on_strike=struck.append, clock=clock or Clock())
        made.struck = struck
        made.open()
        return made

    return make


def test_nothing_struck_passes_everything_on(faulty):
    made = faulty("nak after=9", b"one", b"two")
    assert [made.do(ASKED), made.do(APDU)] == [b"one", b"two"]
    assert made.inner.asked == [ASKED, APDU]
    assert made.struck == []


def test_nak_does_not_reach_the_device(faulty):
    made = faulty("nak after=1", b"one", b"two")
    assert made.do(ASKED) == b"one"
    with pytest.raises(I2cNack, match="i2c-read of 4 bytes at address 0x71: not acknowledged"):
        made.do(ASKED)
    assert made.do(ASKED) == b"two"
    assert made.inner.asked == [ASKED, ASKED]
    (strike,) = made.struck
    assert str(strike) == "fault nak after=1 struck the i2c-read of 4 bytes at address 0x71, after 1"
    assert strike.transport == "chip"


@pytest.mark.parametrize("operation", [APDU, StreamWrite(b"x"), SpiTransfer(b"x", 1), SetLines(dtr=True)])
def test_nak_elsewhere_is_a_refusal(faulty, operation):
    made = faulty("nak")
    with pytest.raises(BenchError, match="did not take the request"):
        made.do(operation)
    assert made.inner.asked == []


def test_nak_leaves_stream_reads_alone(faulty):
    made = faulty("nak", b"text")
    assert made.do(READ) == b"text"


def test_timeout_loses_the_answer(faulty):
    made = faulty("timeout", b"lost", b"kept")
    with pytest.raises(BenchError, match=r"no answer within 1.5 s"):
        made.do(APDU)
    assert made.do(APDU) == b"kept"
    assert made.inner.asked == [APDU, APDU]


def test_timeout_loses_the_whole_answer_of_a_stream(faulty):
    made = faulty("timeout after=1", b"one", b"", b"on", b"e", b"", b"three")
    assert made.do(READ) == b"one"
    made.do(StreamWrite(b"?"))
    assert [made.do(READ), made.do(READ)] == [b"", b""]
    made.do(StreamWrite(b"?"))
    assert made.do(READ) == b"three"
    assert len(made.struck) == 1


def test_flip_turns_one_bit(faulty):
    made = faulty("flip bit=9", b"\x00\x00\x00")
    assert made.do(ASKED) == b"\x00\x02\x00"
    assert str(made.struck[0]).endswith("after 0: bit 9 of 3 bytes")


def test_flip_in_a_short_answer_wraps(faulty):
    assert faulty("flip bit=17", b"\x00").do(ASKED) == b"\x02"
    assert faulty("flip", b"").do(APDU) == b""


@pytest.mark.parametrize("pieces", [[b"\0\0\0\0"], [b"\0", b"\0\0", b"\0"], [b"\0\0", b"\0\0"]])
def test_flip_in_a_stream_does_not_depend_on_pieces(faulty, pieces):
    made = faulty("flip bit=18", *pieces)
    assert b"".join(made.do(READ) for _ in pieces) == b"\0\0\x04\0"
    assert len(made.struck) == 1


@pytest.mark.parametrize("pieces", [[b"abcd"], [b"a", b"bc", b"d"]])
def test_truncate_in_a_stream(faulty, pieces):
    made = faulty("truncate keep=2", *pieces, b"", b"more")
    assert b"".join(made.do(READ) for _ in pieces) == b"ab"
    made.do(StreamWrite(b"?"))
    assert made.do(READ) == b"more"
    assert len(made.struck) == 1


@pytest.mark.parametrize("seed", range(20))
def test_what_is_drawn_strikes_the_shortest_status_word_of_a_line(faulty, seed):
    assert len(faulty(f"seed {seed}; truncate", b"9000").do(READ)) < 4
    assert faulty(f"seed {seed}; flip", b"9000").do(READ) != b"9000"


def test_truncate(faulty):
    assert faulty("truncate keep=2", b"abcd").do(APDU) == b"ab"
    assert faulty("truncate keep=2", b"abcd").do(ASKED) == b"ab\xff\xff"
    assert len(faulty("truncate", b"abcd").do(APDU)) < 4


@pytest.mark.parametrize("plan", ["flip bit=0", "truncate keep=0"])
def test_a_transfer_that_brings_nothing_is_no_answer(faulty, plan):
    made = faulty(plan, b"", b"\x01")
    made.do(SpiTransfer(b"\x02\x00", 0))
    assert made.struck == []
    assert made.do(SpiTransfer(b"\x05", 1)) != b"\x01"
    assert len(made.struck) == 1


def test_duplicate_reaches_the_device_twice(faulty):
    made = faulty("duplicate", b"one", b"two")
    assert made.do(APDU) == b"two"
    assert made.inner.asked == [APDU, APDU]
    assert faulty("duplicate", b"one").do(ASKED) == b"one"  # a read requests nothing


def test_disconnect_lasts_until_it_is_opened_again(faulty):
    made = faulty("disconnect", b"text")
    for operation in (SENT, ASKED, READ):
        with pytest.raises(BenchError, match="chip: the device is gone"):
            made.do(operation)
    assert made.inner.asked == []
    assert made.inner.calls == ["open", "close"]
    made.open()
    assert made.do(ASKED) == b"text"


def test_brownout_is_over_after_its_time_and_the_device_starts_anew(faulty):
    clock = Clock()
    made = faulty("brownout ms=300", b"text", clock=clock)
    with pytest.raises(I2cNack):
        made.do(SENT)
    clock.now += 0.29
    with pytest.raises(I2cNack):
        made.do(ASKED)
    with pytest.raises(BenchError, match="no answer"):
        made.do(APDU)
    assert made.do(StreamWrite(b"lost")) == b""
    assert made.do(READ) == b""
    assert made.inner.asked == []
    clock.now += 0.02
    assert made.do(ASKED) == b"text"
    assert made.inner.calls == ["open", "close", "open"]
    assert len(made.struck) == 1


def test_a_brownout_that_the_caller_closes_is_not_opened_behind_its_back(faulty):
    clock = Clock()
    made = faulty("brownout ms=300", clock=clock)
    with pytest.raises(I2cNack):
        made.do(SENT)
    made.close()
    clock.now += 1
    made.do(SENT)
    assert made.inner.calls == ["open", "close", "close"]


def test_delay_waits_and_close_ends_it(faulty, later):
    made = faulty("delay ms=600000", b"text")
    later(made.close)
    assert made.do(ASKED) == b"text"
    assert len(made.struck) == 1


def test_delay_in_a_stream_strikes_once(faulty):
    made = faulty("delay ms=1", b"a", b"b")
    assert [made.do(READ), made.do(READ)] == [b"a", b"b"]
    assert len(made.struck) == 1


def test_a_reader_sees_the_brownout_that_a_writer_meets(memory):
    class Line(memory):
        def __init__(self):
            super().__init__()
            self.entered, self.closed = threading.Event(), threading.Event()

        def close(self):
            self.closed.set()

        def do(self, operation):
            if isinstance(operation, StreamRead):
                self.entered.set()
                assert self.closed.wait(30)
                raise BenchError("line: closed")
            return b""

    line = Line()
    made = Faulty(line, parse("brownout ms=60000"), clock=Clock())
    made.open()
    seen = []
    reader = threading.Thread(target=lambda: seen.append(made.do(StreamRead(1, 60))))
    reader.start()
    assert line.entered.wait(30)
    made.do(StreamWrite(b"x"))
    reader.join(30)
    assert seen == [b""]


def test_times_every_and_after(faulty):
    made = faulty("nak after=2 every=3 times=2", *[b"%d" % n for n in range(20)])
    refused = []
    for number in range(15):
        try:
            made.do(ASKED)
        except I2cNack:
            refused.append(number)
    assert refused == [2, 5]


def test_sides_count_for_themselves(faulty):
    made = faulty("nak after=1 side=answer; nak after=2 side=request", b"", b"a", b"")
    results = []
    for operation in (SENT, ASKED, SENT, ASKED, SENT):
        try:
            results.append(made.do(operation))
        except I2cNack as error:
            results.append(str(error).split(": ")[1])
    assert results == [
        b"",
        b"a",
        b"",
        "the i2c-read of 4 bytes at address 0x71",
        "the i2c-write of 61 62 63 at address 0x71",
    ]


def test_polls_of_a_busy_device_move_nothing(faulty):
    made = faulty("flip bit=0 after=1", I2cNack("busy"), b"\0", I2cNack("busy"), I2cNack("busy"), b"\0")
    got = []
    while len(got) < 2:
        try:
            got.append(made.do(ASKED))
        except I2cNack:
            assert not made.struck
    assert got == [b"\0", b"\x01"]


def test_of_two_faults_the_first_strikes(faulty):
    made = faulty("flip bit=0; flip bit=1", b"\0", b"\0")
    assert [made.do(ASKED), made.do(ASKED)] == [b"\x01", b"\x02"]


PLAN_TEXT = st.sampled_from(
    [
        "seed 5; flip chance=40 times=always",
        "seed 6; truncate chance=30 times=always; nak chance=20 times=3",
        "seed 9; nak chance=50 times=always side=request; flip bit=3 every=4",
    ]
)


@settings(deadline=None)
@given(PLAN_TEXT, st.lists(st.sampled_from([SENT, ASKED, APDU]), max_size=30))
def test_the_same_plan_strikes_the_same_places(plan, operations):
    def run():
        struck = []
        made = Faulty(Echo(), parse(plan), on_strike=lambda strike: struck.append(str(strike)))
        results = []
        for operation in operations:
            try:
                results.append(made.do(operation))
            except BenchError as error:
                results.append(str(error))
        return results, struck

    assert run() == run()


class Echo(Faulty):
    """A device that answers the same to everything."""

    def __init__(self):
        self.name = "echo"

    def do(self, operation):
        del operation
        return bytes(range(16))
