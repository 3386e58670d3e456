import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.id2 import authcode, published, servercode
from harness.id2.explain import explain
from harness.id2.keys import Key, KeyType

AES = published.KEYS[KeyType.AES_128]


def titles(word):
    return [found.title for found in explain(word)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("-3", ["result code -3 (SHORT_BUFFER)"]),
        ("4294967293", ["result code -3 (SHORT_BUFFER)"]),
        ("0xFFFFFFFD", ["result code -3 (SHORT_BUFFER)"]),
        ("16", ["service code 16 (NO_QUOTA)"]),
        ("161", ["iTLS alert 161 (NO_QUOTA)"]),
        ("50", ["service code 50 (EXPIRED)", "iTLS alert 50 (DECODE_ERROR)"]),
        ("6A80", ["status word 6A80 (WRONG_DATA)"]),
        ("0x6a80", ["status word 6A80 (WRONG_DATA)"]),
        ("61 0F", ["status word 610F"]),
        ("0x6A 0x80", ["status word 6A80 (WRONG_DATA)"]),
        ("9000", ["status word 9000 (OK)"]),
        ("63C2", ["status word 63C2"]),
        ("0", ["result code 0 (SUCCESS)", "iTLS alert 0 (CLOSE_NOTIFY)"]),
        ("k.2", ["known defect k.2: decryption accepts the padding byte 0x00"]),
        ("IROT_ERROR_EXCESS_DATA", ["result code -4 (EXCESS_DATA)"]),
        ("KM_ERR_CORRUPT_KEY", ["KM code 0xFFFF0009 (CORRUPT_KEY)"]),
        ("no_quota", ["service code 16 (NO_QUOTA)", "iTLS alert 161 (NO_QUOTA)"]),
    ],
)
def test_words(word, expected):
    assert titles(word) == expected
    assert titles(f"  {word}\n") == expected


def test_a_km_number_has_the_readings_of_all_layers():
    assert titles("0xFFFF0003") == [
        "KM code 0xFFFF0003 (NOT_SUPPORTED)",
        "crypto HAL code 0xFFFF0003 (INVALID_CONTEXT)",
        "storage HAL code 0xFFFF0003 (BAD_PARAMETERS)",
    ]


@pytest.mark.parametrize(
    "word", ["", " ", "-6", "hello", "1234", "99", "0x", "--", "12 34", "1" * 5000, "k.99"]
)
def test_words_that_nothing_is_known_about(word):
    assert explain(word) == ()


def test_identifiers():
    (found,) = explain(AES.id2)
    lines = dict(found.lines)
    assert found.title == "ID² of 24 hex digits"
    assert "DEDDDCDBDAD9D8D7D6D5D4D3" in lines["meaning"]
    assert "published aes-128 debug ID" in lines["published"]
    (found,) = explain("00DBBC60A12BC016BA187800")
    assert "published" not in dict(found.lines)
    (found,) = explain(published.KEYS[KeyType.ECC_K256].id2)
    assert dict(found.lines)["vendor"] == "00000001"
    (found,) = explain("F" * 48)
    assert "not provisioned" in found.title
    (found,) = explain(AES.id2.lower())
    assert "position 19" in dict(found.lines)["problem"]


def test_a_code_made_with_a_published_key_is_recognised():
    code = authcode.build(AES.key, AES.id2, challenge="55B83408399FA660F05C82E4F25333DC", extra=b"abcd1234")
    (found,) = explain(code.text)
    lines = dict(found.lines)
    assert found.title == "auth code, 118 characters"
    assert lines["type"] == "2: device code over a challenge, with extra"
    assert lines["hash"] == "2: SHA256"
    assert lines["device random"] == code.device_random
    assert lines["challenge"] == code.random
    assert lines["sign"] == "48 bytes: aes-128, aes-192, aes-256, ecc-k192"
    assert lines["last block"].startswith("979C0D67B77AFDEEF3E2D419E1E9F175")
    assert "published aes-128 debug key" in lines["published key"]
    assert "with extra abcd1234" in lines["published key"]
    other_id = authcode.build(AES.key, "00DBBC60A12BC016BA187800", challenge="C")
    (found,) = explain(other_id.text)
    assert dict(found.lines)["published key"].endswith("it protects nothing")


@pytest.mark.parametrize("kind", list(published.KEYS))
def test_every_published_key_is_recognised(kind):
    debug = published.KEYS[kind]
    (found,) = explain(authcode.build(debug.key, debug.id2, timestamp="1512022279204").text)
    lines = dict(found.lines)
    assert f"published {kind} debug key" in lines["published key"]
    assert debug.id2 in lines["published key"]
    assert lines["timestamp"] == "1512022279204 (2017-11-30 06:11:19 UTC)"


def test_other_codes():
    private = Key.parse(KeyType.AES_128, "42" * 16)
    (found,) = explain(authcode.build(private, AES.id2, timestamp="999999999999999999").text)
    lines = dict(found.lines)
    assert "published key" not in lines
    assert lines["timestamp"] == "999999999999999999"
    (found,) = explain(servercode.build(private, AES.id2, "CHALLENGE").text)
    lines = dict(found.lines)
    assert (lines["type"], lines["device challenge"]) == (
        "10: server code for the device, no extra",
        "CHALLENGE",
    )
    (found,) = explain(authcode.harden(private, "0~2~AB"))
    assert "hardened" in found.title


def test_a_damaged_code_shows_its_fields_and_what_is_wrong():
    (found,) = explain("0~2~ABABABABABABABaB~C~!")
    assert found.title == "damaged auth code, 24 characters"
    assert ("device random", "'ABABABABABABABaB'") in found.lines
    problems = [text for name, text in found.lines if name == "problem"]
    assert problems == [
        "device_random at position 18: 'a' is not an upper-case hex digit",
        "sign at position 23: '!' is not a base64 character",
    ]
    code = authcode.build(AES.key, AES.id2, challenge="a~b").text
    (found,) = explain(code)
    assert "ambiguous" in dict(found.lines)["problem"]


@given(st.text(max_size=200) | st.text(st.sampled_from("0123456789ABCDEFx~- +/="), max_size=80))
def test_any_word_is_explained_safely(word):
    for found in explain(word):
        assert found.title.isprintable()
        for name, text in found.lines:
            assert name.isprintable()
            assert text.isprintable()


@pytest.mark.parametrize("word", ["61xx", "6Cxx", "63Cx", "95XX", "0x61xx"])
def test_status_word_families_as_the_specification_writes_them(word):
    (one,) = explain(word)
    assert one.title.startswith("status words")
