"""Step 4: the chip's other commands."""

import pytest

from harness.fixtures.chip import DIGESTS, OPTIONAL_COMMANDS, digest_of, digest_on_chip, generate_sm2_key_pair
from harness.fixtures.oracle import Oracle
from harness.fixtures.types import Bench, Carrier, Chip, IcaChip, Scenario

CHALLENGES = 16
UNKNOWN_INSTRUCTION = 0x6D00


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.applies(f"option={name}"), id=name) for name in DIGESTS]
)
def test_digest(scenario: Scenario, ica: IcaChip, name: str) -> None:
    """The digest of the chip is the published one."""
    with scenario.step("SE-DIG-01"):
        for data in (b"abc", b"\x00", b"x" * 239, b"x" * 240, b"x" * 241, b"y" * 500):
            got = digest_on_chip(ica, name, data)
            assert got == digest_of(name, data), f"{name} of {len(data)} bytes is {got.hex()}"


def test_challenge(scenario: Scenario, ica: IcaChip) -> None:
    """Challenges have the length asked for and do not repeat."""
    with scenario.step("SE-RND-01"):
        for size in (4, 8, 16):
            assert len(ica.get_challenge(size)) == size
        seen = {ica.get_challenge(16) for _ in range(CHALLENGES)}
        assert len(seen) == CHALLENGES, f"{CHALLENGES - len(seen)} of {CHALLENGES} challenges repeat"
        for place in range(16):
            assert len({challenge[place] for challenge in seen}) > 1, (
                f"byte {place} is the same in every challenge"
            )


def test_undeclared_commands(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """What is not declared is not there."""
    with scenario.step("SE-OPT-01"):
        for name, raw in OPTIONAL_COMMANDS.items():
            if name not in bench.declared_commands:
                answer = ica.session.send_raw(raw)
                assert answer.sw == UNKNOWN_INSTRUCTION, (
                    f"{name} is not declared, and answered with {answer.sw:04X}"
                )


@pytest.mark.destructive
def test_key_pair(scenario: Scenario, ica: IcaChip) -> None:
    """A key pair is made in the chip."""
    with scenario.step("SE-KEY-01"):
        x, y = generate_sm2_key_pair(ica)
        assert len(x) == len(y) == 32, f"the public key has {len(x)} and {len(y)} bytes"


def test_signature_of_chip(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The chip signs with its asymmetric key."""
    with scenario.step("SE-ASY-01"):
        oracle.verify(carrier.get_challenge_auth_code("0123456789"))


def test_two_transmissions(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """The vendor's adapter could talk to this chip."""
    session = ica.session
    with scenario.step("SE-T0-01"):
        for name, command in (
            ("SELECT", ica.select),
            ("GetID", ica.get_id),
            ("SymmetricCrypt", lambda: ica.encrypt_blocks(oracle.ecb_algorithm, bytes(oracle.block_size))),
        ):
            command()
            assert session.last.sdk_could, f"{name} took {session.last.transmissions} transmissions" + (
                ", and a 61xx or 6Cxx answer carried data" if session.last.data_before_end else ""
            )


def test_answer_time(scenario: Scenario, chip: Chip, bench: Bench, oracle: Oracle) -> None:
    """The chip answers in time."""
    with scenario.step("SE-TIM-01"):
        limit = bench.limits.apdu_s
        scenario.measure("GetID", bench.slowest(chip.get_id), unit="s", high=limit)
        block = bytes(oracle.block_size)
        encrypt = bench.slowest(lambda: chip.encrypt_blocks(oracle.ecb_algorithm, block))
        scenario.measure("SymmetricCrypt, one block", encrypt, unit="s", high=limit)
