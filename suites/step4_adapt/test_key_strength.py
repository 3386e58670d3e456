"""Step 4: the ID² key is one that cannot be guessed, and its cipher is one."""

import pytest

from harness.fixtures.key_strength import KeyStrength
from harness.fixtures.types import Scenario

NOT_SM1 = pytest.mark.applies("not key_type=sm1-128")


@NOT_SM1
def test_guessable_key(scenario: Scenario, key_strength: KeyStrength) -> None:
    """The ID² key is none that anybody can guess."""
    with scenario.step("KEY-01"):
        judged = key_strength.judged()
        if judged.how and judged.declared:
            scenario.finding(
                "guessable-key",
                severity="critical",
                title="the ID² key is a published debug key, as the board file declares: for tests alone",
                detail=judged.how,
            )
        else:
            assert not judged.how, f"the ID² key can be guessed: it is {judged.how}"


def test_block_cipher(scenario: Scenario, key_strength: KeyStrength) -> None:
    """What the chip encrypts with is a block cipher."""
    with scenario.step("KEY-02"):
        problems = key_strength.no_cipher()
        assert not problems, f"the chip does not encrypt with a block cipher: {'; '.join(problems[:4])}"
