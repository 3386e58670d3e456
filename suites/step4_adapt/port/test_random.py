"""Step 4: the random source of the board's HAL."""

from harness.fixtures.hal.randoms import SIZES
from harness.fixtures.hal.under_test import POWER_CYCLES, RESETS
from harness.fixtures.types import HalUnderTest, Scenario, judge_stream, same_streams


def test_random_fills_its_buffer(scenario: Scenario, hal: HalUnderTest) -> None:
    """Random bytes come in any number, and no byte more."""
    with scenario.step("HAL-RND-01"):
        for size in SIZES:
            hal.random.draw(size)


def test_random_stream(scenario: Scenario, hal: HalUnderTest) -> None:
    """32 KiB of random bytes are random."""
    with scenario.step("HAL-RND-02"):
        data = hal.random.stream(scenario.progress)
        scenario.evidence(
            "random.bin", data, media_type="application/octet-stream", title="random bytes of the board"
        )
        problems = judge_stream(data)
        assert not problems, "; ".join(map(str, problems[:4]))


def test_random_over_resets(scenario: Scenario, hal: HalUnderTest) -> None:
    """No stream of random bytes begins as one after another reset."""
    with scenario.step("HAL-RND-03"):
        streams = hal.random.beginnings(hal.starts.reset, RESETS)
        repeated = same_streams(streams)
        assert not repeated, repeated[0]


def test_random_over_power_cycles(scenario: Scenario, hal: HalUnderTest) -> None:
    """No stream of random bytes begins as one after another loss of power."""
    with scenario.step("HAL-RND-04"):
        streams = hal.random.beginnings(hal.starts.power_cycle, POWER_CYCLES)
        repeated = same_streams(streams)
        assert not repeated, repeated[0]


def test_random_of_earlier_runs(scenario: Scenario, hal: HalUnderTest) -> None:
    """No random value of an earlier run comes again."""
    with scenario.step("HAL-RND-05"):
        again = hal.random.of_earlier_runs(hal.first_randoms())
        assert not again, again[0]


def test_seed_of_random(scenario: Scenario, hal: HalUnderTest) -> None:
    """A seed is taken."""
    with scenario.step("HAL-RND-06"):
        rc, follows = hal.random.follows_its_seed()
        assert rc == 0, f"ls_hal_set_seed gives {rc}; a port with a source of its own must give 0 as well"
        if follows:
            scenario.finding(
                "random-follows-seed",
                severity="major",
                title="the random follows from its seed alone",
                detail="After ls_hal_set_seed with the same seed the same bytes come again. SDK 3.1.0 sets the clock "
                "in milliseconds as seed before it draws for SM2, so such randoms can be guessed (known defect "
                "k.4). Let the seed be mixed in, and never be all there is.",
            )
