"""Exploring by chance: faults are found and shrunk, seeds repeat, and what does not come again accuses nobody."""

import pytest

from harness.errors import BenchError
from harness.explore.driver import Driver
from harness.explore.explorer import Explorer, Limits
from tests.explore import sequences, stand_in

QUICK = ("code-after-cleanup", "old-key", "second-init", "state-after-otp", "dies-after-three")


LONG_S = 600
"""Seconds at most; an exploration ends when its fault is found. Far more than it takes, as machines may be busy."""


def found(fault):
    return stand_in.explorer(stand_in.Board(fault), seed=1).run(Limits(LONG_S))


LONGER = 2
"""Steps that a sequence found by chance may have more than the shortest: of another way to show the fault none can go."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", QUICK)
def test_fault_is_found_and_shrunk(fault):
    outcome = found(fault)
    assert outcome.found is not None
    assert len(outcome.found) <= len(sequences.SHORTEST[fault]) + LONGER
    assert len(outcome.found) <= outcome.drawn


@pytest.mark.slow
@pytest.mark.parametrize("fault", [name for name in stand_in.FAULTS if name not in QUICK])
def test_each_other_fault_is_found_and_shrunk(fault):
    outcome = found(fault)
    assert outcome.found is not None
    assert len(outcome.found) <= len(sequences.SHORTEST[fault]) + LONGER


def drawn(seed, steps=300):
    board = stand_in.Board()
    driver = Driver(board, stand_in.world(board))
    seen = []
    take = driver.take
    driver.take = lambda step: (seen.append(step), take(step))[1]
    Explorer(driver, board, seed).run(Limits(60, steps))
    return seen


def test_same_seed_draws_the_same_sequences_and_another_seed_others():
    assert drawn(11) == drawn(11)
    assert drawn(11) != drawn(12)


def test_exploring_stops_at_its_limits():
    board = stand_in.Board()
    assert stand_in.explorer(board, 1).run(Limits(60, 50)).steps == 50
    assert stand_in.explorer(board, 1).run(Limits(0.2)).seconds < 20


class Flickering(stand_in.Client):
    """Tells another ID once, the 40th time that it is asked for."""

    calls = 0

    def get_id(self):
        type(self).calls += 1
        return "F" * 24 if type(self).calls == 40 else super().get_id()


@pytest.mark.slow
def test_contradiction_that_does_not_come_again_is_kept_and_is_none():
    Flickering.calls = 0

    class Board(stand_in.Board):
        def happen(self, event):
            self.client = Flickering(self)

    outcome = stand_in.explorer(Board(), 3).run(Limits(60, 6000))
    assert outcome.found is None
    (once,) = outcome.once  # whichever step needed the ID just then
    assert once[-1].problem


def test_board_out_of_reach_ends_the_exploration_as_the_bench():
    class Board(stand_in.Board):
        def happen(self, event):
            raise BenchError("no answer")

    with pytest.raises(BenchError, match="no answer"):
        stand_in.explorer(Board(), 1).run(Limits(60))


def test_client_that_stays_open_without_a_reset_is_the_bench():
    class Open(stand_in.Client):
        def get_version(self):
            return 0x00030100

    board = stand_in.Board(events=frozenset())
    board.client = Open(board)
    with pytest.raises(BenchError, match="still open after 512"):
        stand_in.explorer(board, 1).run(Limits(60))


def test_identity_is_given_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    board = stand_in.Board()
    explorer = stand_in.explorer(board, 2)
    explorer.run(Limits(60, 400))
    driver = Driver(board, stand_in.world(board))
    driver.world.identity = board.identity
    assert list(tmp_path.iterdir()) == [], "hypothesis leaves nothing in the user's folder"
