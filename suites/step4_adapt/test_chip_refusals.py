"""Step 4: what the chip must refuse, and how."""

from harness.fixtures.oracle import Oracle
from harness.fixtures.types import Chip, ChipSession, IcaChip, Scenario

# Source: ICA, status words (6E01, 6E02 and 69XX are its own); ISO/IEC 7816-4, table of SW1 SW2, for a chip whose
# platform refuses before the application is asked. Which word goes with which command is nowhere laid down.
NO_CLASS = frozenset(("6E00", "6E01", "6E02", "6900", "6901", "6881", "6882", "6D00"))
NO_INSTRUCTION = frozenset(("6D00", "6E00"))
NO_PARAMETERS = frozenset(("6A86", "6B00", "6A81", "6A87"))
NO_LENGTH = frozenset(("6700", "6A80", "6A85", "6A87"))
NO_ALGORITHM = frozenset(("9401", "9402", "6A80", "6A81", "6A86", "6985"))
NO_KEY = frozenset(("9403", "9402", "6A80", "6A82", "6A83", "6A88", "6985"))


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
            sw = _refusal(ica, command)
            assert sw in NO_CLASS, f"{command} was not refused as a wrong class, but answered with {sw}"


def test_wrong_instruction(scenario: Scenario, ica: IcaChip) -> None:
    """An unknown instruction is refused."""
    with scenario.step("SE-SW-02"):
        for command in ("8002000000", "80FE000000"):
            sw = _refusal(ica, command)
            assert sw in NO_INSTRUCTION, (
                f"{command} was not refused as an unknown instruction, but answered with {sw}"
            )


def test_wrong_parameters(scenario: Scenario, ica: IcaChip) -> None:
    """Wrong P1 or P2 is refused."""
    with scenario.step("SE-SW-03"):
        for command in ("80F8010000", "80F8000200", "80F87F7F00"):
            sw = _refusal(ica, command)
            assert sw in NO_PARAMETERS, f"{command} was not refused for its P1 P2, but answered with {sw}"


def test_wrong_length(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """A wrong length is refused."""
    mode_and_key = f"51{oracle.ecb_algorithm:02X}00"
    with scenario.step("SE-SW-04"):
        short = f"80F60001{5 + 8 - 1:02X}{mode_and_key}0010{'00' * 7}"
        for command in (f"80F6000103{mode_and_key}", short):
            sw = _refusal(ica, command)
            assert sw in NO_LENGTH, f"{command} was not refused for its length, but answered with {sw}"


def test_unknown_algorithm_and_key(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """An algorithm or key that is not there is refused."""
    block = oracle.block_size
    with scenario.step("SE-SW-05"):
        sw = _refusal(ica, f"80F60001{5 + block:02X}517F00{block:04X}{'00' * block}")
        assert sw in NO_ALGORITHM, f"algorithm 7F was answered with {sw}"
    with scenario.step("SE-SW-06"):
        sw = _refusal(ica, f"80F60001{5 + block:02X}51{oracle.ecb_algorithm:02X}7E{block:04X}{'00' * block}")
        assert sw in NO_KEY, f"key 7E was answered with {sw}"


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
