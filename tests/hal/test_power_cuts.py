"""Power cuts: what they judge, and what they do when the power does not do what it should."""

import itertools
import os
import threading

import pytest
from fake_port import FakePort, FakeStarts
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError
from harness.fixtures.hal.partition import PartitionAreas
from harness.fixtures.hal.power_cuts import InFlight, PowerCuts
from harness.fixtures.hal.starts import PowerCut
from harness.probe.errors import CallLostError
from harness.probe.hal import Hal


def cuts_of(port, starts=None, fractions=None, clock=None):
    delays = iter(fractions or itertools.repeat(0.3))
    more = {} if clock is None else {"clock": clock}
    return PowerCuts(
        PartitionAreas(Hal(port)),
        starts or FakeStarts(port),
        lambda _: os.urandom(64),
        lambda: next(delays),
        **more,
    )


def cut_often(cuts):
    for _ in range(40):
        cuts.cut()


def test_each_cut_is_one_start():
    port = FakePort()
    cuts = cuts_of(port)
    cuts.begin()
    became = [cuts.cut() for _ in range(5)]
    assert port.starts == 5
    assert set(became) <= set(InFlight)
    assert cuts.told(became).startswith("5 power cuts during")


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_sound_storage_is_never_accused(fractions):
    cuts = cuts_of(FakePort(), fractions=fractions)
    cuts.begin()
    for _ in fractions:
        cuts.cut()


def test_what_is_in_flight_is_old_new_or_a_mixture():
    seen = set()
    port = FakePort()
    cuts = cuts_of(port, fractions=itertools.cycle([0.05, 0.11, 0.17, 0.23, 0.31, 0.37]))
    cuts.begin()
    for _ in range(40):
        seen.add(cuts.cut())
        if InFlight.MIXED in seen:
            break
    assert InFlight.MIXED in seen


def test_neighbour_that_is_gone_is_named():
    port = FakePort("partition-erases-first")
    cuts = cuts_of(port, fractions=itertools.cycle([0.05, 0.13, 0.21]))
    cuts.begin()
    with pytest.raises(
        AssertionError, match=r"the 64 bytes at offset \d+: the value that was acknowledged .* while"
    ):
        cut_often(cuts)


class Ineffective(FakeStarts):
    def power_cut(self, delay):
        return PowerCut(lambda: None, delay)


def test_switch_that_does_not_reach_the_board_blocks():
    ticks = itertools.count(0, 0.5)
    port = FakePort()
    cuts = cuts_of(port, Ineffective(port), clock=lambda: next(ticks))
    cuts.begin()
    with pytest.raises(BenchError, match="went on as if nothing had been"):
        cuts.cut()


class Broken(FakeStarts):
    def power_cut(self, delay):
        def cut():
            self._port.lose_power()
            raise BenchError("the relay does not answer")

        return PowerCut(cut, delay)


def test_switch_that_breaks_blocks():
    port = FakePort()
    cuts = cuts_of(port, Broken(port))
    cuts.begin()
    with pytest.raises(BenchError, match="the relay"):
        cuts.cut()


def test_board_that_starts_by_itself_blocks_and_leaves_no_cut_behind():
    port = FakePort()
    done = threading.Event()

    class Slow(FakeStarts):
        def power_cut(self, delay):
            return PowerCut(done.set, delay + 30)

    cuts = cuts_of(port, Slow(port))
    cuts.begin()
    port.gone.set()
    with pytest.raises(CallLostError):
        cuts.cut()
    assert not done.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "power cut"]


def test_refused_write_under_power_fails():
    class Refusing(FakePort):
        def pwr(self, **given):
            return self.answer(-1)

    port = Refusing()
    cuts = cuts_of(port)
    with pytest.raises(AssertionError, match="ls_hal_write_rsvd_part gives -1"):
        cuts.begin()


def test_storage_that_cannot_be_written_after_a_cut_fails():
    class Bricked(FakePort):
        def pwr(self, **given):
            return self.answer(-1) if self.starts else super().pwr(**given)

    port = Bricked()
    cuts = cuts_of(port)
    cuts.begin()
    with pytest.raises(AssertionError, match="cannot be written any more after the power cut"):
        cut_often(cuts)


def test_area_that_is_unreadable_until_it_is_written_again_is_allowed():
    class Torn(FakePort):
        torn = -1

        def pwr(self, *, m, **given):
            self.torn = m
            answer = super().pwr(m=m, **given)
            self.torn = -1
            return answer

        def prd(self, *, m, **given):
            return self.answer(-1) if m == self.torn else super().prd(m=m, **given)

    port = Torn()
    cuts = cuts_of(port, fractions=itertools.cycle([0.05, 0.11, 0.17, 0.23, 0.31, 0.37]))
    cuts.begin()
    became = set()
    for _ in range(40):
        became.add(cuts.cut())
        if InFlight.LOST in became:
            break
    assert InFlight.LOST in became
