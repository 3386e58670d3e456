"""Step 4: what the chip must refuse, and how."""

from fixtures.oracle import Oracle
from fixtures.types import Chip, ChipSession, IcaChip, Scenario


def _refusal(ica: IcaChip, command: str) -> str:
    answer = ica.session.send_raw(bytes.fromhex(command))
    assert not answer.data, (
        f"{command}: refused with {answer.sw:04X}, and yet {len(answer.data)} bytes of data came"
    )
    return f"{answer.sw:04X}"


def test_wrong_class(scenario: Scenario, ica: IcaChip) -> None:
    """A wrong class is refused."""
    with scenario.step("SE-SW-01"):
        for command in ("E0F8000000", "B0F6000100"):
            assert _refusal(ica, command) in ("6E00", "6900"), f"{command} was not refused as a wrong class"


def test_wrong_instruction(scenario: Scenario, ica: IcaChip) -> None:
    """An unknown instruction is refused."""
    with scenario.step("SE-SW-02"):
        for command in ("8002000000", "80FE000000"):
            assert _refusal(ica, command) == "6D00", f"{command} was not refused as an unknown instruction"


def test_wrong_parameters(scenario: Scenario, ica: IcaChip) -> None:
    """Wrong P1 or P2 is refused."""
    with scenario.step("SE-SW-03"):
        for command in ("80F8010000", "80F8000200", "80F87F7F00"):
            assert _refusal(ica, command) == "6A86", f"{command} was not refused for its P1 P2"


def test_wrong_length(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """A wrong length is refused."""
    mode_and_key = f"51{oracle.ecb_algorithm:02X}00"
    with scenario.step("SE-SW-04"):
        short = f"80F60001{5 + 8 - 1:02X}{mode_and_key}0010{'00' * 7}"
        for command in (f"80F6000103{mode_and_key}", short):
            assert _refusal(ica, command) == "6700", f"{command} was not refused for its length"


def test_unknown_algorithm_and_key(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """An algorithm or key that is not there is refused."""
    block = oracle.block_size
    with scenario.step("SE-SW-05"):
        sw = _refusal(ica, f"80F60001{5 + block:02X}517F00{block:04X}{'00' * block}")
        assert sw in ("9401", "6A81"), f"algorithm 7F was answered with {sw}"
    with scenario.step("SE-SW-06"):
        sw = _refusal(ica, f"80F60001{5 + block:02X}51{oracle.ecb_algorithm:02X}7E{block:04X}{'00' * block}")
        assert sw == "9403", f"key 7E was answered with {sw}"


def test_recovery(
    scenario: Scenario, session: ChipSession, chip: Chip, oracle: Oracle, refused_commands: list[bytes]
) -> None:
    """A refused command leaves nothing behind."""
    block = bytes(range(oracle.block_size))
    with scenario.step("SE-SW-07"):
        before = (chip.get_id(), chip.encrypt_blocks(oracle.ecb_algorithm, block))
        for command in refused_commands:
            answer = session.send_raw(command)
            assert not answer.ok, f"{command.hex().upper()} was not refused"
            after = (chip.get_id(), chip.encrypt_blocks(oracle.ecb_algorithm, block))
            assert after == before, f"after {command.hex().upper()} was refused, the chip answers differently"
