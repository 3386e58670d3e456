"""Step 4: the chip's cipher and digests over every value and length that can go wrong alone."""

import pytest

from harness.fixtures.answers import ALL_VALUES, digest_in_pieces, host_decrypt, host_encrypt, xor
from harness.fixtures.chip import DIGESTS, Mode, algorithm_named, digest_of, digest_on_chip
from harness.fixtures.oracle import Oracle
from harness.fixtures.session import HarnessSession
from harness.fixtures.types import Chip, IcaChip, Scenario

COMMAND = 0xF0
RANDOM_BLOCKS = 4 * COMMAND

CBC = [
    pytest.param(name, marks=pytest.mark.applies(f"algorithm={name} and {cipher}"), id=name)
    for name, cipher in (
        ("aes-cbc", "(key_type=aes-128 or key_type=aes-192 or key_type=aes-256)"),
        ("des-cbc", "(key_type=3des-112 or key_type=3des-168)"),
        ("sm4-cbc", "key_type=sm4-128"),
    )
]
LENGTHS = (0, 1, 54, 55, 56, 57, 63, 64, 65, 111, 112, 113, 119, 120, 121, 127, 128, 129, 191, 192, 193)
LONG = (239, 240, 241, 255, 256, 257, 479, 480, 481, 512, 960, 1024)


@pytest.fixture
def blocks(oracle: Oracle, harness_session: HarnessSession) -> bytes:
    """Blocks with every byte value at every position, and some that nobody can know beforehand."""
    return ALL_VALUES[oracle.block_size] + harness_session.inputs.random("blocks", RANDOM_BLOCKS)


def test_every_value_encrypted(scenario: Scenario, chip: Chip, oracle: Oracle, blocks: bytes) -> None:
    """Every byte value at every position of a block encrypts rightly."""
    block = oracle.block_size
    with scenario.step("SE-SYM-07"):
        sealed = b"".join(
            chip.encrypt_blocks(oracle.ecb_algorithm, piece) for piece in _pieces(blocks, COMMAND)
        )
        right = host_encrypt(oracle, blocks)
        _compare(sealed, right, block, "encrypts")
        _one_to_one(blocks, sealed, block, "encrypt")
        for place in range(0, len(blocks), COMMAND - block):
            # The last block is padding, because a chip of the MTK set checks it.
            piece = blocks[place : place + COMMAND - block] + bytes([block]) * block
            again = chip.decrypt_blocks(
                oracle.ecb_algorithm, chip.encrypt_blocks(oracle.ecb_algorithm, piece)
            )
            _compare(again, piece, block, "does not come back: it decrypts")


def test_every_value_decrypted(scenario: Scenario, chip: Chip, oracle: Oracle, blocks: bytes) -> None:
    """Every byte value at every position of a block decrypts rightly."""
    block = oracle.block_size
    with scenario.step("SE-SYM-08"):
        padding = chip.encrypt_blocks(oracle.ecb_algorithm, bytes([block]) * block)
        plain = b""
        for piece in _pieces(blocks, COMMAND - block):
            plain += chip.decrypt_blocks(oracle.ecb_algorithm, piece + padding)[:-block]
        _compare(plain, host_decrypt(oracle, blocks), block, "decrypts")
        _one_to_one(blocks, plain, block, "decrypt")
        sealed = b"".join(
            chip.encrypt_blocks(oracle.ecb_algorithm, piece) for piece in _pieces(plain, COMMAND)
        )
        _compare(sealed, blocks, block, "decrypted and encrypted again becomes")


@pytest.mark.parametrize("name", CBC)
def test_every_iv(scenario: Scenario, ica: IcaChip, oracle: Oracle, blocks: bytes, name: str) -> None:
    """CBC uses every byte of the IV, and only the IV that came with the command."""
    algorithm, block = algorithm_named(name), oracle.block_size
    ivs = [blocks[place : place + block] for place in range(0, 24 * block, block)]
    ivs += [bytes([value]) * block for value in (0x00, 0xFF)]
    ivs += [bytes(place) + b"\x01" + bytes(block - place - 1) for place in range(block)]
    data = blocks[-3 * block :]
    with scenario.step("SE-SYM-09"):
        firsts = [xor(iv, data[:block]) for iv in ivs]
        expected = ica.encrypt_blocks(oracle.ecb_algorithm, b"".join(firsts))
        for number, iv in enumerate(ivs):
            got = ica.symmetric(Mode.ENCRYPT, algorithm, data, iv=iv)
            assert got[:block] == expected[number * block :][:block], (
                f"IV {iv.hex().upper()}: the first block is not the ECB of IV and data"
            )
            assert ica.symmetric(Mode.DECRYPT, algorithm, got, iv=iv) == data, (
                f"IV {iv.hex().upper()}: the data does not come back"
            )
        whole = ica.symmetric(Mode.ENCRYPT, algorithm, blocks, iv=ivs[0])
        chained = [
            xor(whole[place - block : place], blocks[place:][:block]) for place in range(block, 512, block)
        ]
        alone = ica.encrypt_blocks(oracle.ecb_algorithm, b"".join(chained))
        _compare(whole[block:512], alone, block, "in CBC becomes")
        assert ica.symmetric(Mode.DECRYPT, algorithm, whole, iv=ivs[0]) == blocks, (
            f"{len(blocks)} bytes do not come back"
        )


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.applies(f"option={name}"), id=name) for name in DIGESTS]
)
def test_digest_lengths(scenario: Scenario, ica: IcaChip, name: str, harness_session: HarnessSession) -> None:
    """The digest is right at every length at which an implementation may break, however the data is cut."""
    data = harness_session.inputs.random("digest", max(LONG)) + ALL_VALUES[16][:256]
    with scenario.step("SE-DIG-02"):
        for length in (*LENGTHS[1:], *LONG, len(data)):
            got = digest_on_chip(ica, name, data[:length])
            assert got == digest_of(name, data[:length]), f"{name} of {length} bytes is {got.hex().upper()}"
        empty = digest_in_pieces(ica, name, (b"",))
        assert empty in (None, digest_of(name, b"")), f"{name} of no data is {(empty or b'').hex().upper()}"
    with scenario.step("SE-DIG-03"):
        refused = 0
        for length in (2, 56, 64, 65, 112, 128, 129, 240, 256):
            for cut in (1, 55, 63, 64, 65, 100, 127, 128):
                if cut < length:
                    pieces = (
                        _pieces(data[:length], cut) if length <= 64 * cut else [data[:cut], data[cut:length]]
                    )
                    if max(map(len, pieces)) > COMMAND or len(pieces) > 8:
                        continue
                    got_so = digest_in_pieces(ica, name, pieces)
                    refused += got_so is None
                    assert got_so in (None, digest_of(name, data[:length])), (
                        f"{name} of {length} bytes, {cut} in each command, is {(got_so or b'').hex().upper()}"
                    )
        if refused:
            scenario.note(f"{name}: {refused} ways to cut the data were refused, and are not judged")


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _compare(got: bytes, right: bytes | None, block: int, does: str) -> None:
    """Compare block by block and name the first that differs; nothing when the right answer is not known."""
    if right is None or got == right:
        return
    place = next(at for at in range(0, len(right), block) if got[at : at + block] != right[at : at + block])
    raise AssertionError(
        f"block {place // block} {does} to {got[place : place + block].hex().upper()} instead of "
        f"{right[place : place + block].hex().upper()}"
    )


def _one_to_one(given: bytes, got: bytes, block: int, verb: str) -> None:
    before, after = (len(set(_pieces(data, block))) for data in (given, got))
    assert before == after, (
        f"{before} different blocks {verb} to {after} different ones: this is no block cipher"
    )
