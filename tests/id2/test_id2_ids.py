import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.id2 import ids
from harness.id2.errors import Id2Error
from harness.id2.ids import IdForm

PUF = "050000000100001D0123456789ABCDEF-XIDT-ECC_256"
uids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=29, max_size=32)


def test_a_hex_id():
    found = ids.parse("00FFFFFFDB1D8DC78DDCB800")
    assert (found.form, found.provisioned, str(found)) == (IdForm.HEX24, True, "00FFFFFFDB1D8DC78DDCB800")


def test_a_puf_id_in_its_fields():
    found = ids.parse(PUF)
    assert (found.form, found.vendor, found.reserved) == (IdForm.PUF, "00000001", "0000")
    assert found.uid == "0123456789ABCDEF-XIDT-ECC_256"
    assert found.provisioned


@pytest.mark.parametrize("count", [24, 48])
def test_all_f_means_not_provisioned(count):
    found = ids.parse("F" * count)
    assert found.form is IdForm.UNPROVISIONED
    assert not found.provisioned


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("2122232425262728292a2B2C", 19, "not an upper-case hex digit"),
        ("2122232425262728292A2B2G", 23, "not an upper-case hex digit"),
        ("2122232425262728292A2B2", None, "23 characters"),
        ("2122232425262728292A2B2C0", None, "25 characters"),
        ("", None, "0 characters"),
        ("06" + PUF[2:], 0, "starts with '05'"),
        (PUF[:14] + "1E" + PUF[16:], 14, "says 30 characters, 29 follow"),
        (PUF[:5] + "x" + PUF[6:], 5, "not an upper-case hex digit"),
        (PUF[:-1] + "\n", 44, "uid holds"),
        ("F" * 47, 0, "starts with '05'"),
        ("\uff12" * 24, 0, "not an upper-case hex digit"),
    ],
)
def test_wrong_ids_are_named(text, position, words):
    with pytest.raises(Id2Error, match=words) as caught:
        ids.parse(text)
    assert caught.value.position == position
    assert caught.value.field.startswith("id")
    assert str(caught.value).isprintable()


@given(st.binary(min_size=12, max_size=12))
def test_chip_bytes_round_trip(data):
    text = ids.from_chip(data)
    assert ids.to_chip(text) == data
    assert ids.parse(text).text == text


@given(st.text("0123456789ABCDEF", min_size=24, max_size=24))
def test_inverting_twice_gives_the_id_back(text):
    once = ids.inverted(text)
    assert ids.inverted(once) == text
    assert all(int(a, 16) + int(b, 16) == 15 for a, b in zip(text, once, strict=True))


def test_inverting_leaves_other_characters_alone():
    assert ids.inverted("0F-ab_Z") == "F0-54_Z"


@given(uids, st.text("0123456789ABCDEF", min_size=12, max_size=12))
def test_puf_round_trip(uid, middle):
    text = f"05{middle}{len(uid):02X}{uid}"
    found = ids.parse(text)
    assert f"05{found.vendor}{found.reserved}{len(found.uid):02X}{found.uid}" == text


@given(st.binary(max_size=20).filter(lambda data: len(data) != 12))
def test_chips_with_another_length_are_refused(data):
    with pytest.raises(Id2Error, match="exactly 12"):
        ids.from_chip(data)


@given(st.text(max_size=60))
def test_arbitrary_text_raises_only_the_documented_error(error_of, text):
    for read in (ids.parse, ids.to_chip):
        error = error_of(read, text)
        assert error is None or str(error).isprintable()
    ids.inverted(text)
