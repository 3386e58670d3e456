"""What id2_app prints in a verification with rebuild: the wrong device fails, what the bench may have done blocks."""

import hashlib
from dataclasses import replace

import pytest

from harness.board.models import BuiltIn
from harness.board.opening.firmware import Firmware
from harness.errors import BenchError
from harness.fixtures.rebuild import judging
from harness.fixtures.rebuild.judging import Known
from harness.fixtures.rebuild.makers import Image, text_in
from harness.fixtures.rebuild.start import Start
from harness.fixtures.rebuild.values import BuildValues
from harness.id2 import authcode, ciphers, published
from harness.id2 import report as id2report
from harness.id2.keys import Key, KeyType
from harness.id2.report import CHALLENGE, TIMESTAMP
from harness.operator.errors import AnswerDoubted

ID, OTHER_ID = "2122232425262728292A2B2C", "00112233445566778899AABB"
KEY = Key.parse(KeyType.AES_128, "6B1F5CE0924D83A7B2C9D10E47F6583A")
OTHER_KEY = Key.parse(KeyType.AES_128, "00" * 15 + "01")
CIPHERTEXT = ciphers.encrypt(KEY, ID.encode()).hex().upper()
FRESH, NOW = "0123456789ABCDEF0123456789ABCDEF", "1780000000000"
OLD_DATE, NEW_DATE = "Nov 28 2026 10:00:00", "Nov 29 2026 11:22:33"
PASS, FAIL = "ID2 Client Test Decrypt Pass.", "ID2 Client Test Decrypt Fail."
ACCEPTED = "=====>ID2 Client Verify Server  AuthCode End."
REFUSED = "=====>ID2 Client Verify Server AuthCode Fail."
BY_FILE = Known(ID, "the board file", same_console=False, key=KEY)
BY_PROBE = replace(BY_FILE, source="its client", same_console=True)


def start(
    *lines,
    id2=ID,
    reported=None,
    key=KEY,
    signed=None,
    challenge=CHALLENGE,
    timestamp=TIMESTAMP,
    date=OLD_DATE,
):
    """Return a start of id2_app; `lines` come behind its report."""
    reported = reported or id2

    def code(**over):
        return authcode.build(key, signed or reported, extra=b"abcd1234", **over).text

    report = id2report.build(
        reported,
        code(challenge=challenge),
        code(timestamp=timestamp),
        challenge=challenge,
        timestamp=timestamp,
        date=date,
    )
    text = (
        "<LS_LOG> id2_client_init 10: ID2 Client Version: 0x00030100\n"
        f"<LS_LOG> test_get_id 20: ID2: {id2}\n"
        f"<LS_LOG> id2_client_generate_authcode 30: {id2report.on_console(report)}"
        "<LS_LOG> id2_client_generate_authcode 40: =====>ID2 Client Generate AuthCode End.\n"
    )
    return Start((text + "".join(f"<LS_LOG> id2_client_test 50: {line}\n" for line in lines)).encode())


@pytest.fixture
def image(tmp_path):
    """Return a function that makes an image with these values, and these texts in its file."""

    def make(*texts, **values):
        path = tmp_path / "firmware.bin"
        path.write_bytes(b"\0".join(text.encode() for text in texts))
        return Image(
            BuildValues("of the test", **values),
            Firmware(path, hashlib.sha256(path.read_bytes()).hexdigest()),
        )

    return make


# ---- identity
def test_a_start_that_shows_the_device_s_id():
    assert judging.require_identity(start(), BY_FILE, "x") == ID
    assert judging.require_identity(start(id2=OTHER_ID), replace(BY_FILE, id2=""), "x") == OTHER_ID


def test_a_report_of_another_id_than_the_one_that_was_printed_fails():
    with pytest.raises(AssertionError, match="shows several IDs"):
        judging.require_identity(start(reported=OTHER_ID), BY_FILE, "x")


def test_the_console_of_another_board_blocks():
    with pytest.raises(BenchError, match="may be another one"):
        judging.require_identity(start(id2=OTHER_ID, key=OTHER_KEY), BY_FILE, "x")


@pytest.mark.parametrize("signed", [ID, OTHER_ID])
def test_this_device_under_another_id_fails(signed):
    with pytest.raises(AssertionError, match="its auth codes are of this device's key"):
        judging.require_identity(start(id2=OTHER_ID, signed=signed), BY_FILE, "x")


def test_a_key_that_the_vendor_published_tells_no_board_from_another():
    key = published.KEYS[KeyType.AES_128].key
    known = replace(BY_FILE, key=key)
    with pytest.raises(BenchError, match="may be another one"):
        judging.require_identity(start(id2=OTHER_ID, key=key), known, "x")
    with pytest.raises(BenchError, match="nothing is flashed into another board"):
        judging.require_this_board(start(id2=OTHER_ID, key=key), known)


def test_another_id_than_the_client_of_the_same_firmware_gives_fails():
    with pytest.raises(AssertionError, match=f"shows ID {OTHER_ID}, and its client says {ID}"):
        judging.require_identity(start(id2=OTHER_ID, key=OTHER_KEY), BY_PROBE, "x")


def test_no_id_blocks():
    with pytest.raises(BenchError, match="shows no ID"):
        judging.require_identity(Start(b"hello\n"), BY_FILE, "x")


# ---- who is there before anything is written
@pytest.mark.parametrize(
    ("found", "known", "told"),
    [
        (start(), BY_FILE, ID),
        (start(), replace(BY_FILE, id2=""), ID),
        (Start(b""), BY_FILE, ID),
        (Start(b"hello\n"), replace(BY_FILE, id2=""), ""),
        (start(reported=OTHER_ID), replace(BY_FILE, id2=""), ""),
        (start(reported=OTHER_ID), BY_FILE, ID),
        (start(id2=OTHER_ID), BY_FILE, ID),
        (start(id2=OTHER_ID, key=OTHER_KEY), BY_PROBE, ID),
    ],
    ids=["it", "not known", "silent", "says nothing", "two", "it and another", "its key", "its probe"],
)
def test_a_board_that_is_not_shown_to_be_another_one(found, known, told):
    assert judging.require_this_board(found, known) == told


def test_another_board_is_not_flashed():
    with pytest.raises(BenchError, match="nothing is flashed into another board"):
        judging.require_this_board(start(id2=OTHER_ID, key=OTHER_KEY), BY_FILE)


# ---- which firmware speaks
def test_a_report_that_was_printed_before_fails():
    first = start()
    judging.require_other_codes(start(), [first])
    with pytest.raises(AssertionError, match="letter for letter"):
        judging.require_other_codes(Start(b"x" + first.data), [start(), first])


def test_the_firmware_before_the_flash_blocks(image):
    with pytest.raises(BenchError, match="the firmware before the flash still speaks"):
        judging.require_new(start(), start(), image("Nov 29 2026", "11:22:33"))
    judging.require_new(start(), start(), image("10:00:00"))  # a build that always gives the same date
    judging.require_new(start(date=NEW_DATE), start(), image())


# ---- the right ciphertext
def test_a_decryption_that_passed(image):
    made = image(cipher_data=CIPHERTEXT)
    judging.require_decryption(start(f"out_data: {ID}", PASS), made, ID, copied=False)
    judging.require_decryption(start(PASS), made, ID, copied=True)


def test_a_firmware_without_the_ciphertext_blocks(image):
    with pytest.raises(BenchError, match="prints no decryption"):
        judging.require_decryption(start(), image(cipher_data=CIPHERTEXT), ID, copied=False)


@pytest.mark.parametrize("why", ["id2 client decrypt fail, -1", "plaintext data is error", "anything"])
def test_a_device_that_refuses_the_right_ciphertext_fails_where_it_is_seen_in_the_image(image, why):
    refusing = start("====> ID2 Client Test Decrypt Start.", why, FAIL)
    with pytest.raises(AssertionError, match="has the service's ciphertext and"):
        judging.require_decryption(
            refusing, image(CIPHERTEXT.lower(), cipher_data=CIPHERTEXT), ID, copied=False
        )
    with pytest.raises(BenchError, match="whether the value was built in whole cannot be seen"):
        judging.require_decryption(refusing, image("packed", cipher_data=CIPHERTEXT), ID, copied=False)
    with pytest.raises(AnswerDoubted, match="was the ciphertext copied whole"):
        judging.require_decryption(refusing, image(CIPHERTEXT, cipher_data=CIPHERTEXT), ID, copied=True)


def test_a_pass_over_another_plaintext_fails(image):
    with pytest.raises(AssertionError, match="shows another plaintext"):
        judging.require_decryption(
            start(f"out_data: {OTHER_ID}", PASS), image(cipher_data=CIPHERTEXT), ID, copied=False
        )


@pytest.mark.parametrize(
    "lines",
    [("====> ID2 Client Test Decrypt Start.",), ("string to hex fail", FAIL)],
    ids=["torn", "not hex"],
)
def test_a_torn_console_and_a_torn_value_block(image, lines):
    with pytest.raises(BenchError, match="cannot be judged"):
        judging.require_decryption(start(*lines), image(CIPHERTEXT, cipher_data=CIPHERTEXT), ID, copied=False)


def test_a_unit_test_that_fails_before_the_decryption_fails(image):
    with pytest.raises(AssertionError, match="Derive Key failed"):
        judging.require_decryption(
            start("ID2 Client Test Derive Key Fail."), image(cipher_data=CIPHERTEXT), ID, copied=False
        )


# ---- the ciphertext of another device
FOREIGN = "AB" * 32


def test_a_device_that_refuses_it(image):
    judging.require_refused_ciphertext(
        start("id2 client decrypt fail, -1", FAIL), start(PASS), image(cipher_data=FOREIGN), ID
    )


def test_a_firmware_that_passes_with_it_fails_when_it_is_sure_to_speak(image):
    made = image(cipher_data=FOREIGN, challenge=FRESH, timestamp=NOW)
    with pytest.raises(AssertionError, match="says Pass to a ciphertext of another device"):
        judging.require_refused_ciphertext(start(PASS, challenge=FRESH), start(PASS), made, ID)
    with pytest.raises(AssertionError, match="says Pass to a ciphertext of another device"):
        judging.require_refused_ciphertext(
            start(PASS, date=NEW_DATE), start(PASS), image(FOREIGN, cipher_data=FOREIGN), ID
        )


def test_a_pass_that_may_be_of_the_firmware_before_blocks(image):
    made = image(cipher_data=FOREIGN, challenge=FRESH, timestamp=NOW)
    with pytest.raises(BenchError, match="the firmware before the flash still speaks"):
        judging.require_refused_ciphertext(start(PASS), start(PASS), made, ID)
    with pytest.raises(BenchError, match="does not judge the ciphertext"):
        judging.require_refused_ciphertext(start(challenge=FRESH), start(PASS), made, ID)


# ---- server codes
def test_server_codes(image):
    code = "10~2~5555~" + "A" * 44
    judging.require_server_code(start(ACCEPTED), image(auth_code=code))
    with pytest.raises(BenchError, match="looks at no server code"):
        judging.require_server_code(start(), image(auth_code=code))
    with pytest.raises(AssertionError, match="refuses the server code"):
        judging.require_server_code(start(REFUSED), image(code, auth_code=code))
    with pytest.raises(BenchError, match="cannot be seen"):
        judging.require_server_code(start(REFUSED), image(auth_code=code))


def test_server_codes_over_another_challenge(image):
    code = "10~2~5555~" + "A" * 44
    judging.require_refused_server_code(start(REFUSED), start(), image(auth_code=code))
    with pytest.raises(AssertionError, match="takes a server code over another challenge"):
        judging.require_refused_server_code(
            start(ACCEPTED, date=NEW_DATE), start(), image(code, auth_code=code)
        )
    for made, printed in ((image(code, auth_code=code), start(ACCEPTED)), (image(auth_code=code), start())):
        with pytest.raises(BenchError):
            judging.require_refused_server_code(printed, start(), made)


# ---- a fresh challenge
def test_codes_over_the_challenge_that_was_built_in(image):
    made = image(challenge=FRESH, timestamp=NOW)
    judging.require_fresh(start(challenge=FRESH, timestamp=NOW), made, BY_FILE)
    with pytest.raises(BenchError, match="the build does not use ID2_CHALLENGE"):
        judging.require_fresh(start(timestamp=NOW), made, BY_FILE)
    with pytest.raises(BenchError, match="the build does not use ID2_TIMESTAMP"):
        judging.require_fresh(start(challenge=FRESH), made, BY_FILE)
    with pytest.raises(AssertionError):
        judging.require_fresh(start(challenge=FRESH, timestamp=NOW, key=OTHER_KEY), made, BY_FILE)
    with pytest.raises(BenchError, match="no whole validation report"):
        judging.require_fresh(Start(b""), made, BY_FILE)


def test_a_build_that_leaves_the_sdk_s_constants_blocks(image):
    """Nobody has said of it that it takes none: a misspelt variable looks the same."""
    fresh = {"challenge": FRESH, "timestamp": NOW}
    with pytest.raises(BenchError, match="does not take ID2_CHALLENGE") as blocked:
        judging.require_fresh(start(), image(CHALLENGE, TIMESTAMP, **fresh), BY_FILE)
    assert "declaration.build_without" in str(blocked.value.hint)
    vendors = image(FRESH, TIMESTAMP, **fresh)
    with pytest.raises(BenchError, match="does not take ID2_TIMESTAMP"):
        judging.require_fresh(start(challenge=FRESH), vendors, BY_FILE)
    for shown in ((FRESH, NOW, CHALLENGE), ("packed",)):
        with pytest.raises(BenchError, match="does not use ID2_CHALLENGE, or another firmware"):
            judging.require_fresh(start(), image(*shown, **fresh), BY_FILE)


def test_a_timestamp_that_the_build_does_not_take_leaves_the_codes_to_be_judged(image):
    made = image(FRESH, TIMESTAMP, challenge=FRESH, timestamp=NOW)
    judging.require_fresh(start(challenge=FRESH), made, BY_FILE, (BuiltIn.TIMESTAMP,))
    with pytest.raises(AssertionError):
        judging.require_fresh(start(challenge=FRESH, key=OTHER_KEY), made, BY_FILE, (BuiltIn.TIMESTAMP,))


def test_a_build_without_a_server_code_blocks(image):
    code = "10~2~5555~" + "A" * 44
    for require in (
        judging.require_server_code,
        lambda begun, made: judging.require_refused_server_code(begun, start(), made),
    ):
        with pytest.raises(BenchError, match="does not take ID2_AUTH_CODE") as blocked:
            require(start(PASS), image(CHALLENGE, auth_code=code))
        assert "declaration.build_without" in str(blocked.value.hint)
        for shown in (("packed",), (CHALLENGE, code)):
            with pytest.raises(BenchError, match=r"looks at no server code, with [^:]*$"):
                require(start(PASS), image(*shown, auth_code=code))
        with pytest.raises(AssertionError, match="ends before the server code"):
            require(start("ID2 Client Test Derive Key Fail."), image(CHALLENGE, auth_code=code))


def test_a_text_in_intel_hex(tmp_path):
    data = b"...." + FRESH.encode() + b"...."
    records = [data[at : at + 16] for at in range(0, len(data), 16)]
    file = tmp_path / "firmware.hex"
    file.write_text(
        "".join(f":{len(each):02X}{16 * at:04X}00{each.hex().upper()}00\n" for at, each in enumerate(records))
        + ":00000001FF\n"
    )
    assert text_in(file, FRESH)
    assert not text_in(file, "0" + FRESH)


def test_what_was_found_in_an_image_is_kept_for_a_replay(image, tmp_path):
    kept = []

    def number(_purpose, now):
        kept.append(now())
        return kept[-1]

    made = replace(image(CHALLENGE), number=number)
    assert (made.holds(CHALLENGE), made.holds(FRESH)) == (True, False)
    gone = Firmware(tmp_path / "gone", made.firmware.sha256)
    again = replace(made, firmware=gone, number=lambda *_: kept.pop(0))
    assert (again.holds(CHALLENGE), again.holds(FRESH)) == (True, False)


def test_a_product_secret_is_in_no_text_for_a_person():
    from harness.secret import Secret

    values = BuildValues("x", product_key="a1", product_secret=Secret(b"i1secretsecret"))
    assert "ID2_PRODUCT_KEY" in values.shown()
    assert "secretsecret" not in values.shown() + repr(values)
