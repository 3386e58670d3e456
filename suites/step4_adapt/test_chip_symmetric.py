"""Step 4: the chip's symmetric cipher, with the ID² key."""

import pytest

from harness.fixtures.answers import accepts_mac
from harness.fixtures.chip import Mode, algorithm_named
from harness.fixtures.oracle import Oracle
from harness.fixtures.types import Chip, IcaChip, Scenario

COMMAND = 0xF0
"""Data bytes that one command carries at the most."""

CBC = [
    pytest.param(name, marks=pytest.mark.applies(f"algorithm={name} and {cipher}"), id=name)
    for name, cipher in (
        ("aes-cbc", "(key_type=aes-128 or key_type=aes-192 or key_type=aes-256)"),
        ("des-cbc", "(key_type=3des-112 or key_type=3des-168)"),
        ("sm4-cbc", "key_type=sm4-128"),
    )
]
MACS = [
    pytest.param(name, marks=pytest.mark.applies(f"algorithm={name}"), id=name)
    for name in ("aes-mac-m1", "aes-mac-m2", "des-mac-m1", "des-mac-m2", "sm4-mac-m1", "sm4-mac-m2")
]


def _pattern(length: int) -> bytes:
    return bytes(number * 7 % 256 for number in range(length))


def test_known_answers(scenario: Scenario, chip: Chip, oracle: Oracle) -> None:
    """Encryption gives the known answers."""
    with scenario.step("SE-SYM-01"):
        for data in (bytes(oracle.block_size), b"\xff" * oracle.block_size, _pattern(3 * oracle.block_size)):
            got = chip.encrypt_blocks(oracle.ecb_algorithm, data)
            assert got == oracle.encrypt_blocks(data), f"{data.hex()} encrypts to {got.hex()}"


def test_round_trip(scenario: Scenario, chip: Chip, oracle: Oracle) -> None:
    """Decryption undoes encryption, block by block."""
    block = oracle.block_size
    with scenario.step("SE-SYM-02"):
        for length in (block, 2 * block, 5 * block):
            # The last block is padding, because a chip of the MTK set checks it.
            data = _pattern(length - block) + bytes([block]) * block
            sealed = chip.encrypt_blocks(oracle.ecb_algorithm, data)
            assert sealed != data, "the chip gives the data back unencrypted"
            assert chip.decrypt_blocks(oracle.ecb_algorithm, sealed) == data, (
                f"{length} bytes do not come back"
            )
    with scenario.step("SE-SYM-03"):
        one, other = bytes(block), b"\x5a" * block
        answer = chip.encrypt_blocks(oracle.ecb_algorithm, one + other + one)
        assert answer[:block] == answer[2 * block :], "equal blocks encrypt differently: this is not ECB"
        assert answer[:block] == chip.encrypt_blocks(oracle.ecb_algorithm, one), (
            "a block depends on its neighbours"
        )


def test_padding_is_the_hosts(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """A whole block of padding stays."""
    block = oracle.block_size
    with scenario.step("SE-SYM-06"):
        padding = bytes([block]) * block
        sealed = ica.encrypt_blocks(oracle.ecb_algorithm, padding)
        assert ica.decrypt_blocks(oracle.ecb_algorithm, sealed) == padding, (
            "the chip removes padding by itself"
        )


def test_block_boundary(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """Long data is cut at the right place."""
    block = oracle.block_size
    alone: dict[bytes, bytes] = {}
    with scenario.step("SE-SYM-04"):
        for length in (
            COMMAND - block,
            COMMAND,
            COMMAND + block,
            2 * COMMAND,
            2 * COMMAND + block,
            768,
            1024,
        ):
            data = _pattern(length)
            whole = ica.encrypt_blocks(oracle.ecb_algorithm, data)
            for start in range(0, length, block):
                piece = data[start : start + block]
                alone[piece] = alone.get(piece) or ica.encrypt_blocks(oracle.ecb_algorithm, piece)
            pieces = b"".join(alone[data[start : start + block]] for start in range(0, length, block))
            assert whole == pieces, f"{length} bytes: block {_first_difference(whole, pieces, block)} differs"
            assert ica.decrypt_blocks(oracle.ecb_algorithm, whole) == data, f"{length} bytes do not come back"


@pytest.mark.parametrize("name", CBC)
def test_cbc(scenario: Scenario, ica: IcaChip, oracle: Oracle, name: str) -> None:
    """CBC chains through the whole message."""
    algorithm, block = algorithm_named(name), oracle.block_size
    with scenario.step("SE-SYM-05"):
        for length in (block, 3 * block, COMMAND, COMMAND + block, 2 * COMMAND + block):
            data, iv = _pattern(length), bytes(range(block))
            expected = oracle.cbc_by_blocks(ica, iv, data)
            got = ica.symmetric(Mode.ENCRYPT, algorithm, data, iv=iv)
            assert got == expected, f"{length} bytes: block {_first_difference(got, expected, block)} differs"
            assert ica.symmetric(Mode.DECRYPT, algorithm, got, iv=iv) == data, (
                f"{length} bytes do not come back"
            )


@pytest.mark.parametrize("name", MACS)
def test_mac(scenario: Scenario, ica: IcaChip, name: str) -> None:
    """A MAC is over all of the data, and only the right one is accepted."""
    algorithm = algorithm_named(name)
    data = _pattern(100)
    with scenario.step("SE-MAC-01"):
        mac = ica.generate_mac(algorithm, data)
        assert accepts_mac(ica, algorithm, data, mac), "the chip refuses its own MAC"
        assert not accepts_mac(ica, algorithm, data, bytes([mac[0] ^ 1]) + mac[1:]), (
            "the chip accepts a changed MAC"
        )
    with scenario.step("SE-MAC-02"):
        for place in (0, 50, 99):
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            assert ica.generate_mac(algorithm, changed) != mac, (
                f"byte {place} of the data does not change the MAC"
            )


def _first_difference(left: bytes, right: bytes, block: int) -> int:
    return (
        next(
            (place for place in range(0, len(left), block) if left[place:][:block] != right[place:][:block]),
            0,
        )
        // block
    )
