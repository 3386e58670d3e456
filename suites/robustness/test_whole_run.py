"""Robustness: the same device from the first session to the last, and random values that are random."""

import pytest

from harness.fixtures.endurance import Endurance
from harness.fixtures.types import Bench, Chip, Scenario
from harness.fixtures.whole_run import WholeRun


@pytest.mark.endurance
def test_endurance(scenario: Scenario, endurance: Endurance) -> None:
    """Thousands of commands in a hundred sessions change nothing."""
    with scenario.step("ROB-04"):
        whole = endurance.run(scenario)
        endurance.measure(scenario)
        if not whole:
            pytest.skip(
                f"the board is slow: {endurance.bound_s:g} s were over after {endurance.done} commands, "
                "which all agreed; the rest is not run"
            )


@pytest.mark.last
@pytest.mark.applies("command=get-challenge")
def test_challenges_of_the_chip(scenario: Scenario, bench: Bench, whole_run: WholeRun) -> None:
    """The chip makes challenges in several sessions, for the judgement of the run."""
    with scenario.step("RND-01"):
        whole_run.challenges(bench)


@pytest.mark.last
def test_randoms(scenario: Scenario, whole_run: WholeRun) -> None:
    """The random values of the device are random."""
    whole_run.from_console()
    scenario.evidence(
        "randoms.jsonl", whole_run.randoms.lines().encode(), title="random values that the device made"
    )
    with scenario.step("RND-02"):
        judgements = whole_run.judgements()
        if not judgements:
            pytest.skip("no random value of the device was seen")
        for one in judgements:
            scenario.note(str(one))
        broken = [str(one) for one in judgements if one.problems]
        assert not broken, "; ".join(broken)
        for text in whole_run.too_few(judgements):
            scenario.finding(
                "randoms-too-few",
                severity="info",
                title="too few random values to judge their source",
                detail=f"{text}. Nothing wrong was seen, which proves little.",
            )


@pytest.mark.last
def test_randoms_of_earlier_runs(scenario: Scenario, whole_run: WholeRun) -> None:
    """No random value of an earlier run comes again."""
    with scenario.step("RND-03"):
        again = whole_run.of_earlier_runs()
        assert not again, "; ".join(
            f"{draw.kind} {draw.value[:16].hex().upper()} was seen in run {run} as well"
            for draw, run in again[:4]
        )


@pytest.mark.last
def test_same_device_to_the_end(scenario: Scenario, chip: Chip, bench: Bench, whole_run: WholeRun) -> None:
    """The chip is still who it was."""
    del chip
    with scenario.step("ROB-05"):
        bench.reopened_chip()
        watch = whole_run.sessions
        scenario.note(f"{watch.sessions} sessions were compared with the first one")
        assert not watch.number, watch.told
