"""Step 4: what a chip must not put up with."""

from harness.fixtures.hidden import ask
from harness.fixtures.oracle import Oracle
from harness.fixtures.tolerance import (
    AID,
    altered_names,
    commands_of,
    crypt_chain,
    digest_chain,
    fixed_answers,
    partial_names,
    with_key_number,
    with_mtk_key_number,
)
from harness.fixtures.types import Bench, Chip, ChipSession, IcaChip, Scenario

WRONG = (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x7F, 0xFF)
_CHAINING = (
    0x10,
    0x90,
)  # ISO/IEC 7816-4, command chaining: a platform may take the command and wait for the rest
CLASSES = tuple(cla for cla in range(0xFF) if cla & 0xF0 not in _CHAINING)


def test_every_class(scenario: Scenario, ica: IcaChip, oracle: Oracle, bench: Bench) -> None:
    """Each command is refused under a class that is not its own."""
    with scenario.step("SE-TOL-01"):
        for name, command in commands_of(oracle, bench.declared_commands).items():
            for cla in CLASSES:
                if cla != command[0]:
                    _refused(ica.session, bytes((cla,)) + command[1:], f"{name} under class {cla:02X}")
            ica.start()


def test_every_parameter(scenario: Scenario, ica: IcaChip, oracle: Oracle, bench: Bench) -> None:
    """Each command is refused with P1 or P2 that it does not have."""
    with scenario.step("SE-TOL-02"):
        for name, command in commands_of(oracle, bench.declared_commands).items():
            chained = name in ("SymmetricCrypt", "ComputeDigest")
            for wrong in WRONG:
                p1, p2 = command[2:4]
                # In P1 a chain has the number of the block: none is open here that another one could go on with.
                other = command[:2] + bytes((p1 ^ wrong, p2)) + command[4:]
                _refused(ica.session, other, f"{name} with P1 {p1 ^ wrong:02X}")
                if not (chained and p2 ^ wrong in (0x00, 0x01)):
                    other = command[:3] + bytes((p2 ^ wrong,)) + command[4:]
                    _refused(ica.session, other, f"{name} with P2 {p2 ^ wrong:02X}")
            ica.start()


def test_key_number(scenario: Scenario, ica: IcaChip, oracle: Oracle) -> None:
    """No other key number is the ID² key."""
    session = ica.session
    with scenario.step("SE-TOL-03"):
        right = session.send(with_key_number(oracle, 0))
        assert right.ok, f"key 00 was refused with {right.sw:04X}"
        for number in range(1, 0x100):
            answer = session.send(with_key_number(oracle, number))
            assert not (answer.ok and answer.data == right.data), (
                f"key {number:02X} answers what the ID² key answers: the key number is not looked at"
            )


def test_mtk_key_number(scenario: Scenario, chip: Chip, session: ChipSession) -> None:
    """No other key number of the MTK set is the ID² key."""
    with scenario.step("SE-TOL-04"):
        right = _mtk_answer(chip, session, 0x12)
        assert right, "key 12 was refused"
        for number in range(0x100):
            if number != 0x12:
                assert _mtk_answer(chip, session, number) != right, (
                    f"key {number:02X} answers what the ID² key answers: the key number is not looked at"
                )


def test_select_by_other_names(scenario: Scenario, ica: IcaChip) -> None:
    """SELECT takes the AID of ID² and no other name."""
    session = ica.session
    with scenario.step("SE-TOL-05"):
        for name in altered_names():
            answer = session.send_raw(bytes((0x00, 0xA4, 0x04, 0x00, len(name))) + name)
            assert not _accepted(answer.sw, answer.data), (
                f"SELECT of {name.hex().upper()} is answered with {answer.sw:04X}: it is not the AID of ID²"
            )
        taken = []
        for name in partial_names():
            answer = session.send_raw(bytes((0x00, 0xA4, 0x04, 0x00, len(name))) + name)
            if _accepted(answer.sw, answer.data):
                taken.append(len(name))
        if taken:
            scenario.finding(
                "select-by-partial-name",
                severity="info",
                title="SELECT takes the beginning of the AID",
                detail=f"The first {', '.join(map(str, taken))} of {len(AID)} bytes select. ISO/IEC 7816-4 allows a "
                "name that is cut at its end.",
            )
        ica.select()
        ica.get_id()


def test_chain_ends_with_select(scenario: Scenario, ica: IcaChip, oracle: Oracle, bench: Bench) -> None:
    """SELECT ends a chain that was begun before it."""
    session = ica.session
    chains = {"SymmetricCrypt": crypt_chain(oracle)}
    if "compute-digest" in bench.declared_commands:
        chains["ComputeDigest"] = digest_chain()
    with scenario.step("SE-TOL-06"):
        for name, (first, second) in chains.items():
            session.expect_ok(first)
            ica.select()
            answer = session.send(second)
            assert not answer.ok, f"{name}: block 1 is taken, though SELECT came after block 0"
    with scenario.step("SE-TOL-07"):
        first, second = chains["SymmetricCrypt"]
        whole = session.expect_ok(first).data + session.expect_ok(second).data
        head = session.expect_ok(first).data
        ica.get_id()
        answer = session.send(second)
        assert not answer.ok or head + answer.data == whole, (
            "a chain with GetID inside goes on, and its second answer is another one"
        )
        ica.select()


def test_wanted_length(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """The Le that is right is honoured, and a larger one brings nothing more."""
    session = ica.session
    with scenario.step("SE-TOL-08"):
        for name, head in fixed_answers(bench.declared_commands).items():
            whole = ask(session, head + b"\x00")  # with T=0 the first answer may be 6Cxx alone
            right = whole.data
            size = len(right)
            exact = session.send_raw(head + bytes((size,)))
            assert right, f"{name} with Le 00 answers {whole}"
            assert _fetched(session, exact.data, exact.sw) == right, (
                f"{name} with Le {size:02X} answers {exact}"
            )
            for le in (size + 1, size + 16, 0xFF):
                answer = session.send_raw(head + bytes((le,)))
                if answer.sw >> 8 == 0x6C:
                    assert (answer.sw & 0xFF, answer.data) == (size, b""), (
                        f"{name} with Le {le:02X} is answered with {answer}; 6C{size:02X} would be right"
                    )
                elif _accepted(answer.sw, answer.data):
                    got = _fetched(session, answer.data, answer.sw)
                    assert got == right, (
                        f"{name} with Le {le:02X} brings {len(got)} bytes, and not the {size} of its answer"
                    )


def test_data_that_does_not_belong(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """A command that takes no data is refused with some."""
    with scenario.step("SE-TOL-09"):
        for name, head in fixed_answers(bench.declared_commands).items():
            for data in (b"\x00", bytes(8)):
                _refused(
                    ica.session, head + bytes((len(data),)) + data, f"{name} with {len(data)} bytes of data"
                )
                _refused(ica.session, head + bytes((len(data),)) + data + b"\x00", f"{name} with data and Le")


def _refused(session: ChipSession, command: bytes, what: str) -> None:
    answer = session.send_raw(command)
    assert not _accepted(answer.sw, answer.data), (
        f"{what} is not refused: {answer.sw:04X}, {len(answer.data)} bytes"
    )


def _accepted(sw: int, data: bytes) -> bool:
    return sw == 0x9000 or sw >> 8 in (0x61, 0x9F) or bool(data)


def _fetched(session: ChipSession, data: bytes, sw: int) -> bytes:
    if sw >> 8 == 0x61:
        return data + session.send_raw(bytes((0x00, 0xC0, 0x00, 0x00, sw & 0xFF))).data
    return data


def _mtk_answer(chip: Chip, session: ChipSession, number: int) -> bytes:
    chip.select()
    answer = session.send(with_mtk_key_number(number))
    if answer.sw1 == 0x9F:
        return session.send_raw(bytes((0x00, 0xB2, 0xFF, 0xFF, answer.sw2))).data
    return answer.data
