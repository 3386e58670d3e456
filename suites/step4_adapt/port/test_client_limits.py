"""Step 4: the limits of the id2_client API on the board, by its bare C functions."""

from harness.fixtures.known_defects import name_defect
from harness.fixtures.oracle import Oracle
from harness.fixtures.port.client import (
    BAD_PARAMETERS,
    CHALLENGE_CODE,
    DERIVED_KEY,
    DEVICE_CHALLENGE,
    EMPTY_EXTRA,
    EXCESS_DATA,
    GENERIC,
    GET_ID,
    NULL_CALLS,
    SECRET,
    SHORT_BUFFER,
    TIMESTAMP_CODE,
    VERIFY_SERVER,
    answering,
    decrypting,
    seeded,
)
from harness.fixtures.published import CHALLENGE
from harness.fixtures.types import Carrier, ClientUnderTest, Scenario

CODE_ROOM = (256, 257, 512)
"""Sizes of buffers that the SDK takes for a code, and one that is just larger. Source: device-protocol.md a.2."""

LONGEST_TEXT = 128
"""Characters of the longest seed and the longest device random. Source: device-protocol.md a.1."""

TOO_SMALL = f"more than {LONGEST_TEXT} characters were not tried: the probe is built with too small a slot c"


def test_short_buffers(scenario: Scenario, client: ClientUnderTest) -> None:
    """A buffer that is too short for the answer is refused."""
    with scenario.step("API-BUF-01"):
        for call, length in client.sized():
            for size in (0, 1, length - 1):
                client.refuses(call.into(size), SHORT_BUFFER)
            client.succeeds(call)


def test_reported_lengths(scenario: Scenario, client: ClientUnderTest) -> None:
    """A refused buffer is answered with a length that suffices."""
    if not client.reports_lengths:
        scenario.does_not_apply("API-BUF-02", f"nothing says so of this SDK ({client.sdk})")
        return
    with scenario.step("API-BUF-02"):
        for call, length in client.sized():
            told = client.refuses(call.into(length - 1), SHORT_BUFFER).length
            assert told >= length, f"{call}: {told} bytes are asked for, and the answer has {length}"
            if told > client.calls.room:
                scenario.note(f"{call}: {told} bytes are asked for, which the probe is too small for")
                continue
            client.succeeds(call.into(told))
        shortest = len(client.succeeds(GET_ID).data)
        answer = client.calls.make(GET_ID.into(shortest))
        if answer.rc == SHORT_BUFFER:
            name_defect(
                scenario,
                "k.5",
                f"an ID of {shortest} characters does not go into {shortest} bytes, {answer.length} are asked for",
            )


def test_nothing_behind_the_buffer(scenario: Scenario, client: ClientUnderTest) -> None:
    """No call writes behind the buffer that it was given."""
    with scenario.step("API-BUF-03"):
        length = len(client.succeeds(GET_ID).data)
        sizes = {
            GET_ID: (length, length + 1, 47, 48, 49),
            CHALLENGE_CODE: CODE_ROOM,
            TIMESTAMP_CODE: CODE_ROOM,
            DEVICE_CHALLENGE: (1, 2, 15, 16, 17, 127, 128, 129, 200),
            SECRET: (64, 65),
            DERIVED_KEY: (1, 2, 15, 16, 17, 31, 32),
        }
        for call in client.offered(sizes):
            for size in (size for size in sizes[call] if size <= client.calls.room):
                client.keeps_to_buffer(call.into(size), client.calls.make(call.into(size)))


def test_decrypt_buffer(
    scenario: Scenario, carrier: Carrier, client: ClientUnderTest, oracle: Oracle
) -> None:
    """Decrypt needs as many bytes as come out, and no more."""
    del carrier  # gives the ID to the oracle; first, for the stub of a module must not be initialised twice
    if lacking := client.lacks("dec"):
        scenario.does_not_apply("API-BUF-04", lacking)
        return
    with scenario.step("API-BUF-04"):
        for length in (1, oracle.block_size, 100):
            plain = bytes(number * 7 % 251 for number in range(length))  # no key is such a row
            call = decrypting(oracle.encrypt_padded(plain))
            assert client.succeeds(call.into(length)).data == plain, (
                f"{length} bytes do not come back into {length} bytes"
            )
            for size in {0, length - 1}:
                client.refuses(call.into(size), SHORT_BUFFER)


def test_null_pointers(scenario: Scenario, client: ClientUnderTest) -> None:
    """A NULL pointer where there must be one is refused, and does no harm."""
    if not client.is_release_3:
        scenario.does_not_apply("API-NUL-01", f"nothing says so of this SDK ({client.sdk})")
        return
    with scenario.step("API-NUL-01"):
        before = client.succeeds(GET_ID).data
        for call in client.offered(NULL_CALLS):
            client.withstands(call, BAD_PARAMETERS)
        assert client.succeeds(GET_ID).data == before, "after the NULL pointers the ID is another one"


def test_empty_extra(scenario: Scenario, client: ClientUnderTest) -> None:
    """A pointer to an extra of length 0 is refused, or is no extra."""
    with scenario.step("API-EXT-01"):
        answer = client.calls.make(EMPTY_EXTRA)
        client.keeps_to_buffer(EMPTY_EXTRA, answer)
        if answer.rc == EXCESS_DATA:
            name_defect(scenario, "k.8", f"{EMPTY_EXTRA} gave -4")
        else:
            code = client.succeeds(EMPTY_EXTRA).data
            assert code[:2] in (b"0~", b"2~"), f"{EMPTY_EXTRA}: the code is of another type: {code[:4]!r}"


def test_extra_with_nul(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """An extra is signed whole, whatever bytes are in it."""
    with scenario.step("API-EXT-02"):
        for extra in (b"a\x00b", b"\x00", b"\x00" * 3 + b"end", bytes(range(256))):
            code = carrier.get_challenge_auth_code(CHALLENGE, extra)
            cut, _, _ = extra.partition(b"\x00")
            zeros = cut.ljust(len(extra), b"\x00")
            if oracle.signs(code, extra):
                continue
            named = ""
            if oracle.signs(code, zeros):
                named = ": " + name_defect(
                    scenario, "k.3", f"an extra of {extra[:8].hex()} is signed as {zeros[:8].hex()}"
                )
            raise AssertionError(
                f"an extra of {len(extra)} bytes with NUL in it is not what is signed{named}"
            )


def test_device_challenge(scenario: Scenario, client: ClientUnderTest) -> None:
    """The device challenge has as many characters as were asked for, up to 128."""
    if lacking := client.lacks("dch"):
        scenario.does_not_apply("API-LIM-03", lacking)
        return
    if not client.is_release_3:
        scenario.does_not_apply("API-LIM-03", f"nothing says so of this SDK ({client.sdk})")
        return
    with scenario.step("API-LIM-03"):
        for size, due in ((1, 1), (16, 16), (127, 127), (128, 128), (129, 128), (200, 128)):
            answer = client.succeeds(DEVICE_CHALLENGE.into(size))
            assert answer.length == due, f"{size} characters were asked for, {answer.length} are reported"
            strange = answer.data.strip(b"0123456789ABCDEF")
            assert not strange, f"a challenge of {size} characters is no upper-case hex: {answer.data[:16]!r}"
        client.refuses(DEVICE_CHALLENGE.into(0), BAD_PARAMETERS)


def test_seeds(scenario: Scenario, client: ClientUnderTest) -> None:
    """Seeds keep to 128 characters."""
    if not (calls := client.offered((SECRET, DERIVED_KEY))):
        scenario.does_not_apply("API-LIM-04", client.lacks("sec"))
        if client.lacks_derivation_by_defect:
            name_defect(scenario, "k.11", client.lacks("sec"))
        return
    with scenario.step("API-LIM-04"):
        for call in calls:
            for length in (1, LONGEST_TEXT):
                client.succeeds(seeded(call, length))
            if client.calls.text_room > LONGEST_TEXT:
                client.refuses(seeded(call, LONGEST_TEXT + 1), EXCESS_DATA)
        if client.calls.text_room <= LONGEST_TEXT:
            scenario.note(TOO_SMALL)
        if SECRET in calls and not client.is_module:
            client.refuses(seeded(SECRET, 0), BAD_PARAMETERS)


def test_derived_lengths(scenario: Scenario, client: ClientUnderTest) -> None:
    """Derived keys have 1 to 32 bytes, and a shorter one begins as the longer one does."""
    if lacking := client.lacks("dky"):
        scenario.does_not_apply("API-LIM-05", lacking)
        return
    with scenario.step("API-LIM-05"):
        longest = client.succeeds(DERIVED_KEY.into(32)).data
        for size in (1, 16, 31):
            shorter = client.succeeds(DERIVED_KEY.into(size)).data
            assert shorter == longest[:size], f"a key of {size} bytes does not begin as that of 32 bytes"
        for size in (0, 33):
            client.refuses(DERIVED_KEY.into(size), BAD_PARAMETERS)


def test_server_code_limits(scenario: Scenario, client: ClientUnderTest) -> None:
    """A device random of up to 128 characters is looked at, and a code that nobody signed is refused."""
    if lacking := client.lacks("vsv"):
        scenario.does_not_apply("API-LIM-06", lacking)
        return
    with scenario.step("API-LIM-06"):
        client.refuses(VERIFY_SERVER, GENERIC)
        client.refuses(answering(VERIFY_SERVER, LONGEST_TEXT), GENERIC)
        if client.calls.text_room > LONGEST_TEXT:
            codes = (EXCESS_DATA,) if client.is_release_3 else (EXCESS_DATA, GENERIC)
            client.refuses(answering(VERIFY_SERVER, LONGEST_TEXT + 1), *codes)
        else:
            scenario.note(TOO_SMALL)
