"""Step 1: the plan, before anything is touched."""

from harness.fixtures.types import Bench, Scenario


def test_plan_can_be_built(scenario: Scenario, bench: Bench) -> None:
    """The plan is a combination that can be built."""
    with scenario.step("PLAN-01"):
        for problem in bench.plan_problems:
            scenario.finding("plan", severity="minor", title=problem, detail="outside the table of plans")
    with scenario.step("PLAN-02"):
        bench.require_sound_plan()


def test_board_supplies_what_it_needs(scenario: Scenario, bench: Bench) -> None:
    """Every part of the board has a fitting transport."""
    with scenario.step("PLAN-03"):
        for part in bench.parts:
            scenario.note(part)
        assert bench.parts, "the board file names no part that could be driven"
        assert not bench.unmet_needs, "; ".join(bench.unmet_needs)


def test_declaration_covers_key_type(scenario: Scenario, bench: Bench) -> None:
    """The declaration covers the plan's key type."""
    with scenario.step("PLAN-04"):
        bench.require_declared(bench.ecb_algorithm)
