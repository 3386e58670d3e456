"""Step 4: what a chip answers that nobody has asked for: undocumented commands, and answers of before."""

import pytest

from harness.fixtures.hidden import (
    MANAGE_CHANNEL,
    answered,
    ask,
    close_channel,
    crypt_commands,
    described,
    harmless,
    writing,
)
from harness.fixtures.oracle import Oracle
from harness.fixtures.types import Bench, Chip, ChipSession, IcaChip, Scenario

SHOWN = 8


def test_undocumented_commands(scenario: Scenario, session: ChipSession, chip: Chip, bench: Bench) -> None:
    """A command that stands in no specification is answered by a refusal alone."""
    documented = bench.documented_commands
    commands = _undeclared(harmless(documented, cards=bench.is_card), bench)
    with scenario.step("SE-HID-01"):
        before = chip.get_id()
        scenario.note(
            f"{len(commands)} commands are asked, {len(writing(documented))} that some specification lets write "
            "are left out; --destructive asks them too"
        )
        _sweep(scenario, session, commands)
        chip.start()
        assert chip.get_id() == before, "after unknown commands the chip has another ID"


@pytest.mark.destructive
def test_undocumented_commands_that_write(
    scenario: Scenario, session: ChipSession, chip: Chip, bench: Bench
) -> None:
    """A command that writes elsewhere, and stands in no specification of ID², is answered by a refusal alone."""
    with scenario.step("SE-HID-02"):
        before = chip.get_id()
        _sweep(scenario, session, _undeclared(writing(bench.documented_commands), bench))
        chip.start()
        assert chip.get_id() == before, "after unknown commands the chip has another ID"


def test_nothing_to_fetch(scenario: Scenario, ica: IcaChip, oracle: Oracle, bench: Bench) -> None:
    """GET RESPONSE without an answer that waits brings nothing, least of all an old plaintext."""
    session = ica.session
    encrypt, decrypt = crypt_commands(oracle, ica)
    with scenario.step("SE-HID-03"):
        for what, command in (("an encryption", encrypt), ("a decryption", decrypt)):
            whole = ask(session, command)
            assert whole.data, f"{what} brought no data: {whole.sw:04X}"
            _nothing(session, f"after {what} whose answer was fetched")
            session.send_raw(bytes.fromhex("8002000000"))
            _nothing(session, f"after {what} and a refused command")
            ask(session, command)
            ica.select()
            _nothing(session, f"after {what} and SELECT")
            session.send_raw(command)
            ica.select()
            _nothing(session, f"after {what} whose answer was not fetched, and SELECT")
            session.send_raw(command)
            bench.reopened_chip()
            _nothing(bench.chip_session(), f"after {what}, in a new session")


def test_nothing_to_fetch_from_file(scenario: Scenario, chip: Chip, oracle: Oracle, bench: Bench) -> None:
    """The answer of an earlier session cannot be fetched from the file."""
    block = oracle.block_size
    with scenario.step("SE-HID-04"):
        sealed = chip.encrypt_blocks(oracle.ecb_algorithm, bytes([block]) * 2 * block)
        chip.decrypt_blocks(oracle.ecb_algorithm, sealed)
        bench.reopened_chip().select()
        for size in (0x00, block + 2, block):
            answer = bench.chip_session().send_raw(bytes((0x00, 0xB2, 0xFF, 0xFF, size)))
            assert not answer.data, (
                f"in a new session {len(answer.data)} bytes of an earlier answer are fetched"
            )
        _nothing(bench.chip_session(), "in a new session")


def _undeclared(commands: tuple[bytes, ...], bench: Bench) -> tuple[bytes, ...]:
    declared = bench.proprietary_commands
    return tuple(command for command in commands if command[:2] not in declared)


def _sweep(scenario: Scenario, session: ChipSession, commands: tuple[bytes, ...]) -> None:
    found = []
    for number, command in enumerate(commands):
        if number % 32 == 0:
            scenario.progress(number, len(commands), "commands")
        response = ask(session, command)
        if not answered(response):
            continue
        if tuple(command[:2]) == MANAGE_CHANNEL and len(response.data) <= 1:
            close_channel(session, response)
            scenario.finding(
                "platform-manage-channel",
                severity="info",
                title="The platform of the chip opens logical channels",
                detail="MANAGE CHANNEL (00 70) is answered, as on cards with several applications.",
            )
            continue
        found.append(described(command, response))
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    assert not found, (
        f"undocumented commands are answered: {'; '.join(found[:SHOWN])}{more} (the recording has them)"
    )


def _nothing(session: ChipSession, when: str) -> None:
    for size in (0x00, 0x08, 0x10):
        answer = session.send_raw(bytes((0x00, 0xC0, 0x00, 0x00, size)))
        assert not answer.data, f"GET RESPONSE brings {len(answer.data)} bytes {when}"
