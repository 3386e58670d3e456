import itertools
import re

import pytest

from harness.errors import UsageError
from harness.transport.base import (
    Capability,
    I2cRead,
    Middleware,
    StreamRead,
    refuse,
    require,
)
from harness.transport.errors import I2cNack
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording
from tests.transport.callers import Stream


class Counting(Middleware):
    """The smallest middleware there can be."""

    def __init__(self, inner):
        super().__init__(inner)
        self.count = 0

    def do(self, operation):
        self.count += 1
        return super().do(operation)


class Shouting(Middleware):
    def do(self, operation):
        return super().do(operation).upper()


def test_require_passes_what_is_supplied(memory):
    require(memory(capabilities=frozenset({Capability.STREAM, Capability.I2C})), {Capability.I2C})


def test_require_says_needed_versus_supplied(memory):
    transport = memory("bus", capabilities=frozenset({Capability.I2C}))
    with pytest.raises(UsageError, match=re.escape("transport 'bus': needed stream, supplied i2c")) as caught:
        require(transport, {Capability.STREAM})
    assert caught.value.transport == "bus"
    assert transport.calls == []


def test_require_of_a_transport_that_carries_nothing(memory):
    with pytest.raises(UsageError, match="needed apdu, stream, supplied nothing"):
        require(memory(capabilities=frozenset()), {Capability.STREAM, Capability.APDU})


def test_refuse_names_the_operation(memory):
    error = refuse(memory(capabilities=frozenset({Capability.STREAM})), I2cRead(0x71, 3))
    assert "I2cRead needs i2c, supplied stream" in error.message


def test_context_manager_opens_and_closes(memory):
    with memory() as transport:
        assert transport.calls == ["open"]
    assert transport.calls == ["open", "close"]


def test_middleware_passes_everything_through(memory):
    inner = memory("x", answers=[b"abc"])
    outer = Middleware(inner)
    assert (outer.name, outer.identity, outer.capabilities) == ("x", inner.identity, inner.capabilities)
    with outer:
        assert outer.do(StreamRead(10, 1.0)) == b"abc"
    assert inner.calls == ["open", "close"]
    assert inner.asked == [StreamRead(10, 1.0)]


@pytest.mark.parametrize("order", list(itertools.permutations(["record", "count", "shout"])))
def test_middlewares_compose_in_any_order(memory, tmp_path, order):
    inner = memory("x", answers=[b"hello"])
    transport = inner
    with Recording(tmp_path / "x.jsonl", inner) as recording:
        for name in order:
            if name == "record":
                transport = Recorded(transport, recording)
            elif name == "count":
                counting = transport = Counting(transport)
            else:
                transport = Shouting(transport)
        with transport:
            assert Stream(transport).read(1.0) == b"HELLO"
            Stream(transport).write(b"out")
    assert counting.count == 2
    with read(tmp_path / "x.jsonl") as reading:
        data = [record.data for record in reading if record.data]
    shouted_inside = order.index("shout") < order.index("record")
    assert data == [b"HELLO" if shouted_inside else b"hello", b"out"]


def test_a_missing_acknowledge_is_a_blocked_bench():
    assert I2cNack("x").outcome == "blocked"
