import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.id2 import codes, defects
from harness.id2.codes import (
    CryptoHalCode,
    ItlsAlert,
    KmCode,
    ResultCode,
    ServiceCode,
    StatusWord,
    StorageHalCode,
)
from harness.id2.errors import Id2Error, quoted

TABLES = [ResultCode, KmCode, CryptoHalCode, StorageHalCode, StatusWord, ServiceCode, ItlsAlert]


def test_every_number_of_the_sources():
    assert {int(code) for code in ResultCode} == {0, *range(-5, 0), *range(-13, -6)}
    assert {int(code) for code in KmCode} == {0, *range(0xFFFF0000, 0xFFFF000C)}
    assert {int(code) for code in CryptoHalCode} == {0, *range(0xFFFF0000, 0xFFFF0009)}
    assert {int(code) for code in StorageHalCode} == {0, *range(0xFFFF0000, 0xFFFF0007)}
    words = (
        "9000 6281 6283 6310 6400 6581 6700 6900 6901 6981 6982 6983 6984 6985 6986 6987 6988 6A80 6A81 6A82 "
        "6A83 6A84 6A86 6B00 6D00 6E00 6E01 6E02 6F00 9303 9401 9402 9403 9404 9405 9406"
    )
    assert {int(code) for code in StatusWord} == {int(word, 16) for word in words.split()}
    assert {int(code) for code in ServiceCode} == {
        200, 500, 700, 12, 13, 14, 15, 16, 18, 21, *range(32, 58), 63
    }  # fmt: skip
    assert {int(code) for code in ItlsAlert} == {
        0,
        10,
        20,
        22,
        40,
        47,
        50,
        51,
        70,
        80,
        90,
        110,
        *range(160, 179),
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_code_has_a_meaning_and_a_hint(table):
    for code in table:
        assert code.meaning
        success = code.name in ("SUCCESS", "OK")
        assert bool(code.hint) is not success
        assert table(int(code)) is code


@pytest.mark.parametrize(
    ("describe", "code", "text", "name"),
    [
        (codes.describe_result, -3, "-3", "SHORT_BUFFER"),
        (codes.describe_result, 0xFFFFFFFD, "-3", "SHORT_BUFFER"),
        (codes.describe_km, 0xFFFF0003, "0xFFFF0003", "NOT_SUPPORTED"),
        (codes.describe_km, 0xFFFF0003 - (1 << 32), "0xFFFF0003", "NOT_SUPPORTED"),
        (codes.describe_crypto_hal, 0xFFFF0008, "0xFFFF0008", "INVALID_AUTHENTICATION"),
        (codes.describe_storage_hal, 0xFFFF0001, "0xFFFF0001", "ITEM_NOT_FOUND"),
        (codes.describe_service, 16, "16", "NO_QUOTA"),
        (codes.describe_alert, 161, "161", "NO_QUOTA"),
        (codes.describe_status, 0x6A80, "6A80", "WRONG_DATA"),
    ],
)
def test_known_codes(describe, code, text, name):
    found = describe(code)
    assert (found.text, found.name, found.known) == (text, name, True)
    assert str(found) == f"{found.family} {text}: {found.meaning}"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x610F, "15 bytes of answer"),
        (0x6100, "256 bytes of answer"),
        (0x6C10, "16 bytes are available"),
        (0x63C2, "2 tries left"),
        (0x63C0, "0 tries left"),
        (0x9520, "32 bytes are still"),
        (0x9F11, "17 bytes of answer are waiting \\(MTK"),
    ],
)
def test_families_of_status_words(code, words):
    found = codes.describe_status(code)
    assert found.known
    assert found.name == ""
    assert re.search(words, found.meaning)


@given(st.integers(-(1 << 31), (1 << 32) - 1))
def test_unknown_codes_stay_printable(code):
    for describe in (
        codes.describe_result,
        codes.describe_km,
        codes.describe_crypto_hal,
        codes.describe_storage_hal,
        codes.describe_service,
        codes.describe_alert,
    ):
        found = describe(code)
        assert str(found).isprintable()
        assert found.known is bool(found.name)


@given(st.integers(0, 0xFFFF))
def test_every_status_word_is_printable(code):
    found = codes.describe_status(code)
    assert found.text == f"{code:04X}"
    assert str(found).isprintable()


def test_minus_six_does_not_exist():
    assert not codes.describe_result(-6).known
    assert "unknown result code" in str(codes.describe_result(-6))


def test_the_known_defects():
    assert [defect.id for defect in defects.DEFECTS] == [
        *(f"k.{n}" for n in range(1, 13)),
        "e.2",
        "e.3",
        "f.1",
        "h.2",
        "i.3",
    ]
    for defect in defects.DEFECTS:
        assert defect.title
        assert defect.meaning.endswith(".")
        page = "device-protocol.md "
        assert defect.reference.startswith((page + defect.id, f"{page}{defect.id[0]}; "))
        assert defects.get(defect.id) is defect
    with pytest.raises(Id2Error, match=r"k\.1, k\.2"):
        defects.get("k.99")


@given(st.text(max_size=100))
def test_quoting_makes_any_text_safe(text):
    shown = quoted(text)
    assert shown.isascii() or "…" in shown
    assert shown.isprintable()
    assert shown.startswith("'")
    assert len(shown) < 700


def test_quoting_keeps_plain_text():
    assert quoted("plain text") == "'plain text'"
    assert quoted("a'b\x1b[31m\n") == "'a\\x27b\\x1b[31m\\n'"
    assert quoted("x" * 60, 10) == "'xxxxxxxxxx…' (60 characters)"
