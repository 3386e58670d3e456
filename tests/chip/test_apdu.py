import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chip.apdu import ApduError, Command, Response

BYTE = st.integers(0, 255)
COMMANDS = st.builds(
    Command, BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255), st.one_of(st.none(), st.integers(1, 256))
)


@pytest.mark.parametrize(
    ("text", "case", "data", "le"),
    [
        ("00A40400", 1, "", None),
        ("80F8000000", 2, "", 256),
        ("008400000A", 2, "", 10),
        ("00A4000C021D02", 3, "1D02", None),
        ("80F600010311223305", 4, "112233", 5),
        ("80F600010311223300", 4, "112233", 256),
        ("80F60001FF" + "5A" * 255, 3, "5A" * 255, None),
        ("80F60001FF" + "5A" * 255 + "00", 4, "5A" * 255, 256),
    ],
)
def test_the_four_cases(text, case, data, le):
    command = Command.parse(bytes.fromhex(text))
    assert (command.case, command.data.hex().upper(), command.le) == (case, data, le)
    assert command.to_bytes().hex().upper() == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "at least 4"),
        ("00A404", "at least 4"),
        ("80F60000000010" + "00" * 16, "extended"),
        ("80F8000000000000", "extended"),
        ("80F600010311", "Lc says 3"),
        ("80F6000103112233445566", "Lc says 3"),
    ],
)
def test_what_is_no_short_apdu(text, why):
    with pytest.raises(ApduError, match=why):
        Command.parse(bytes.fromhex(text))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((256, 0, 0, 0), "CLA"),
        ((0, -1, 0, 0), "INS"),
        ((0, 0, 999, 0), "P1"),
        ((0, 0, 0, 256), "P2"),
        ((0, 0, 0, 0, bytes(256)), "extended"),
        ((0, 0, 0, 0, b"", 0), "Le 0"),
        ((0, 0, 0, 0, b"", 257), "Le 257"),
    ],
)
def test_a_command_checks_its_fields(arguments, why):
    with pytest.raises(ApduError, match=why):
        Command(*arguments)


@given(COMMANDS)
def test_command_round_trip(command):
    assert Command.parse(command.to_bytes()) == command


@given(st.binary(max_size=600))
def test_any_bytes_are_a_command_or_an_apdu_error(raw):
    try:
        command = Command.parse(raw)
    except ApduError:
        return
    assert command.to_bytes() == raw


@given(st.binary(max_size=300))
def test_any_bytes_are_a_response_or_an_apdu_error(raw):
    try:
        response = Response.parse(raw)
    except ApduError:
        assert len(raw) < 2 or len(raw) > 258
        return
    assert 2 <= len(raw) <= 258
    assert response.to_bytes() == raw


def test_response_fields():
    response = Response.parse(bytes.fromhex("AABB61 0F"))
    assert (response.data, response.sw, response.sw1, response.sw2, response.ok) == (
        b"\xaa\xbb",
        0x610F,
        0x61,
        15,
        False,
    )
    assert Response.parse(b"\x90\x00").ok


def test_text_of_a_command_is_readable_bounded_and_hides_what_must_be_hidden():
    command = Command(0x80, 0xF6, 0, 1, bytes(range(200)), 16, name="SymmetricCrypt")
    assert str(command).startswith("SymmetricCrypt 80F60001 Lc=C8 0001020304")
    assert str(command).endswith("… (200 bytes) Le=10")
    assert len(str(command)) < 130
    pin = Command(0, 0x20, 0, 0, b"1234", name="Verify PIN", hidden=True)
    assert "31323334" not in f"{pin} {pin!r}"
    assert "4 bytes hidden" in str(pin)


def test_name_and_hiding_are_not_part_of_the_command():
    assert Command(0, 0x20, 0, 0, b"1", name="a", hidden=True) == Command(0, 0x20, 0, 0, b"1")


def test_text_of_a_response():
    assert str(Response(b"", 0x6A82)) == "6A82"
    assert str(Response(b"\x01\x02", 0x9000)) == "0102 9000"


@pytest.mark.parametrize("size", [0, 1, 259, 1000])
def test_lengths_that_no_response_has(size):
    with pytest.raises(ApduError, match=f"{size} bytes"):
        Response.parse(bytes(size))


def test_the_longest_response():
    assert len(Response.parse(bytes(256) + b"\x90\x00").data) == 256
