"""Robustness: the chip under use."""

from harness.fixtures.oracle import Oracle
from harness.fixtures.types import Bench, Carrier, Chip, Scenario

SERIES = 32


def test_long_series(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """A long series of codes verifies, and no two are alike."""
    with scenario.step("ROB-01"):
        randoms = set()
        for number in range(SERIES):
            code = carrier.get_challenge_auth_code(f"{number:032X}")
            oracle.check_form(code, challenge=f"{number:032X}")
            randoms.add(code.split("~")[2])
            scenario.progress(number + 1, SERIES, "codes")
        assert len(randoms) == SERIES, f"{SERIES - len(randoms)} of {SERIES} device randoms repeat"


def test_alternating_commands(scenario: Scenario, chip: Chip, oracle: Oracle) -> None:
    """Each answer belongs to its command."""
    blocks = [bytes([number]) * oracle.block_size for number in range(6)]
    with scenario.step("ROB-02"):
        first = [chip.encrypt_blocks(oracle.ecb_algorithm, block) for block in blocks]
        assert len(set(first)) == len(blocks), "different blocks give equal answers"
        identity = chip.get_id()
        for block, answer in zip(reversed(blocks), reversed(first), strict=True):
            assert chip.encrypt_blocks(oracle.ecb_algorithm, block) == answer, (
                "the same block gives another answer later"
            )
            assert chip.get_id() == identity, "the answer to GetID changes between other commands"


def test_second_session(scenario: Scenario, bench: Bench, oracle: Oracle) -> None:
    """Closing and opening the session changes nothing."""
    block = bytes(range(oracle.block_size))
    with scenario.step("ROB-03"):
        answers = []
        for _ in range(2):
            chip = bench.reopened_chip()
            answers.append((chip.get_id(), chip.encrypt_blocks(oracle.ecb_algorithm, block)))
        assert answers[0] == answers[1], "the second session answers differently"
