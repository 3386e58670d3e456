import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import authcode, kpm, published, report, reportcheck
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.id2.report import Layout
from harness.id2.reportcheck import Inputs

AES = published.KEYS[KeyType.AES_128]
SE_KEY = Key.parse(KeyType.DES3_168, "1005F0D5333978630AD5D02EA777DC548FA94C5263EA071E")
plain_text = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'), max_size=40
)
SAMPLES = {"id2_app-3.1.0-aes128": AES.key, "id2_app-3.1.0-se-3des168": SE_KEY}


def codes(key=AES.key, id2=AES.id2, extra=b"abcd1234"):
    return (
        authcode.build(key, id2, challenge=report.CHALLENGE, extra=extra, device_random="AB" * 8).text,
        authcode.build(key, id2, timestamp=report.TIMESTAMP, extra=extra, device_random="CD" * 8).text,
    )


def four_items(inner=None):
    inner = inner or authcode.build(AES.key, AES.id2, challenge=report.TIMESTAMP, device_random="EF" * 8)
    code = kpm.build_code(AES.id2, 1, kpm.KeyInfo.AES_128, inner)
    return report.build(AES.id2, *codes(), kpm_code=code.text)


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_vendors_text_byte_for_byte(sample, name):
    text = report.find(sample(name))
    found = report.parse(text)
    again = report.build(found.id2, found.items[1].result, found.items[2].result, date=found.date)
    assert again == text
    assert report.on_console(again) in sample(name)
    assert reportcheck.check(found) == ()
    assert reportcheck.check(found, key=SAMPLES[name], id2=found.id2) == ()
    assert reportcheck.check(found, key_type=SAMPLES[name].key_type) == ()


def test_the_layout_of_version_2():
    text = report.build("I", "C", "T", sdk_version="2.0.0", date="D", layout=Layout.V2)
    assert text.split("\n") == [
        "{",
        '    "reportVersion": "1.0.0",',
        '    "sdkVersion": "2.0.0",',
        '    "date": "D",',
        '    "testContent": [',
        "        {",
        '            "api": "id2_client_get_id",',
        '            "args": {',
        "            },",
        '            "result": "I"',
        "        }, {",
        '            "api": "id2_client_get_challenge_auth_code",',
        '            "args": {',
        '                "challenge": "55B83408399FA660F05C82E4F25333DC",',
        '                "extra":     "abcd1234"',
        "            },",
        '            "result": "C"',
        "        }, {",
        '            "api": "id2_client_get_timestamp_auth_code",',
        '            "args": {',
        '                "timestamp": "1512022279204",',
        '                "extra":     "abcd1234"',
        "            },",
        '            "result": "T"',
        "        }",
        "    ]",
        "}",
    ]


def test_the_blank_after_the_second_item_stands_in_reports_of_three_only():
    three, four = report.build(AES.id2, *codes()), four_items()
    assert [line for line in three.split("\n") if line.endswith(" ")] == ["        }, "]
    assert [line for line in four.split("\n") if line.endswith(" ")] == []
    assert four.endswith("        }\n    ]\n}")
    assert json.loads(four)["testContent"][3]["args"] == {"timestamp": report.TIMESTAMP}


@given(plain_text, plain_text, plain_text, st.none() | plain_text, st.sampled_from(list(Layout)))
def test_round_trip(id2, challenge_code, timestamp_code, kpm_code, layout):
    if layout is Layout.V2:
        kpm_code = None
    text = report.build(id2, challenge_code, timestamp_code, kpm_code=kpm_code, layout=layout, extra="e")
    found = report.parse(text)
    assert found.id2 == id2
    results = [challenge_code, timestamp_code, *([] if kpm_code is None else [kpm_code])]
    assert [item.result for item in found.items[1:]] == results
    assert found.items[1].args == (("challenge", report.CHALLENGE), ("extra", "e"))
    noise = f"boot {{\n{report.on_console(text)}<LS_LOG> x {{}} }}\n"
    assert report.find(noise) == text
    assert report.find(noise.replace("\n", "\r\n")).replace("\r", "") == text


def test_cutting_out_of_a_console():
    text = report.build(AES.id2, *codes())
    banner = report.BANNER
    assert report.find("") is None
    assert report.find(banner) is None
    assert report.find(text[:-1]) is None
    assert report.find(f"{banner}\n{text[:-2]}") is None
    assert report.find(f"noise }}{{ {text[20:]}") is None
    assert report.find(f"cut beginning of a line\n{text} tail") == text
    cut = f"{banner}\n{text}\n{banner}\n{text[:40]}\n{banner} {text}"
    assert report.find_all(cut) == (text, text)
    two = f"{banner}\n{text}\nmore\n[12:00] {banner}\r\n{text}"
    assert report.find_all(two) == (text, text)
    assert report.find(f'{banner}{{"a": "}}", "b": "\\"}}"}} }}') == '{"a": "}", "b": "\\"}"}'
    assert report.find(banner + "{" * 100_000) is None
    assert report.find(banner + "\n" * 5000 + text) is None


@given(st.text(max_size=200), st.text(max_size=50))
def test_arbitrary_consoles_raise_nothing(before, after):
    for text in (before, f"{before}{report.BANNER}{after}", f'{{{before}"reportVersion"{after}'):
        for found in report.find_all(text):
            assert found.startswith("{")
            assert found.endswith("}")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values.map(json.dumps) | st.text(max_size=100))
def test_arbitrary_json_raises_only_the_documented_error(error_of, text):
    error = error_of(report.parse, text)
    assert error is None or str(error).isprintable()


def kpm_head_differs(found, sound):
    try:
        ours, theirs = (kpm.parse_code(one.items[3].result) for one in (found, sound))
    except Id2Error:
        return False
    return (ours.index, ours.info) != (theirs.index, theirs.info)


@given(st.data())
@settings(max_examples=150)
def test_a_damaged_report_is_refused_or_judged(error_of, data):
    text = four_items()
    position = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
    spoiled = text[:position] + letter + text[position + 1 :]
    error = error_of(report.parse, spoiled)
    if error:
        assert error.field
        return
    found, sound = report.parse(spoiled), report.parse(text)
    if found.items[:3] == sound.items[:3] and kpm_head_differs(found, sound):
        return  # index and kind of the business key stand outside of what is signed
    same = (found.sdk_version, found.date) == (
        sound.sdk_version,
        sound.date,
    )  # any release, any date is right
    if found != sound and same:
        problems = reportcheck.check(found, key=AES.key, id2=AES.id2)
        assert problems
        assert all(problem.field and str(problem).isprintable() for problem in problems)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"reportVersion": "1.0.0"', '"reportVersion": 1', "reportVersion"),
        ('"sdkVersion"', '"sdkversion"', "report.sdkVersion"),
        ('"date"', '"extra": "", "date"', "report"),
        ('"date"', '"sdkVersion": "", "date"', "report"),
        ('"result": "2122', '"result": null, "x": "2122', "testContent[0]"),
        ('"api": "id2_client_get_id"', '"api": ["id2_client_get_id"]', "testContent[0].api"),
        ('"extra":     "abcd1234"', '"extra":     NaN', "report"),
        ('"extra":     "abcd1234"', '"extra":     5', "testContent[1].args.'extra'"),
        ('"testContent": [', '"testContent": [7, ', "testContent[0]"),
        ('"testContent": [', '"testContent": {"a": [', "report"),
        ("{", "[" * 20_000 + "{", "report"),
        ('"1.0.0"', '"' + "x" * 5000 + '"', "reportVersion"),
        ('"1.0.0"', '"' + "x" * 70_000 + '"', "report"),
        ('"1.0.0"', "1" * 5000, "report"),
    ],
)
def test_wrong_parts_are_named_by_their_path(old, new, field):
    text = four_items()
    assert old in text
    with pytest.raises(Id2Error) as caught:
        report.parse(text.replace(old, new, 1))
    assert caught.value.field == field


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"testContent": []}', "{" * 3])
def test_other_json_is_no_report(text):
    with pytest.raises(Id2Error):
        report.parse(text)


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ("1.0.0", "1.0.1", ["reportVersion"]),
        ('"3.1.0"', '"3.1.9"', ["sdkVersion"]),
        ("Nov 22 2026", "Nov 42 2026", ["date"]),
        ("Nov 22 2026", "nov 22 2026", ["date"]),
        ("get_id", "get_ID", ["testContent[0].api"]),
        ('"2122', '"2123', None),
        ('"212223', '"21222g', None),
        ('55B83408399FA660F05C82E4F25333DC",', '65B83408399FA660F05C82E4F25333DC",', None),
        ('"challenge": "', '"challengf": "', ["testContent[1].args"]),
        ('1512022279204",', '1512022279205",', None),
        ("abcd1234", "abcd1235", None),
        ('"2~2~ABAB', '"2~2~ABAC', ["testContent[1].result.device_random"]),
        ('"3~2~CDCD', '"1~2~CDCD', ["testContent[2].result.type"]),
        ('"SwEB', '"SwEA', ["testContent[3].result"]),
    ],
)
def test_every_changed_value_is_named(old, new, fields):
    text = four_items()
    assert text.count(old) >= 1
    problems = reportcheck.check(report.parse(text.replace(old, new, 1)), key=AES.key, id2=AES.id2)
    found = [problem.field for problem in problems]
    assert found
    if fields:
        assert found[: len(fields)] == fields


def test_build_refuses_what_would_break_its_json():
    for change in ({"extra": 'a"b'}, {"extra": "a\\b"}, {"date": "a\nb"}):
        with pytest.raises(Id2Error, match="breaks its JSON"):
            report.build("I", "C", "T", **change)
    with pytest.raises(Id2Error, match="no KPM item"):
        report.build("I", "C", "T", kpm_code="K", layout=Layout.V2)


def test_without_a_key_codes_of_two_keys_are_told_apart():
    one, _ = codes()
    _, other = codes(Key.parse(KeyType.AES_128, "99" * 16))
    found = report.parse(report.build(AES.id2, one, other))
    assert [problem.field for problem in reportcheck.check(found)] == ["testContent"]
    assert "different cipher blocks" in reportcheck.check(found, key_type=KeyType.AES_128)[0].message


def test_the_kpm_item_and_its_known_defect():
    vendor = report.parse(four_items())
    assert reportcheck.check(vendor, key=AES.key) == ()
    assert reportcheck.kpm_is_mislabelled(vendor)
    timed = authcode.build(AES.key, AES.id2, timestamp=report.TIMESTAMP)
    right = report.parse(four_items(timed))
    assert reportcheck.check(right, key=AES.key) == ()
    assert not reportcheck.kpm_is_mislabelled(right)
    assert not reportcheck.kpm_is_mislabelled(report.parse(report.build(AES.id2, *codes())))
    other = kpm.build_code("00FFFFFFDB1D8DC78DDCB800", 1, kpm.KeyInfo.AES_128, timed).text
    moved = report.parse(report.build(AES.id2, *codes(), kpm_code=other))
    assert "ID inside is" in reportcheck.check(moved)[0].message
    stale = report.parse(four_items(authcode.build(AES.key, AES.id2, timestamp="1")))
    assert [problem.field for problem in reportcheck.check(stale, key=AES.key)] == ["testContent[3].result"]


def test_inputs_of_another_program():
    other = Inputs(challenge="C", timestamps=("1", "2"), extra="E")
    first = authcode.build(AES.key, AES.id2, challenge="C", extra=b"E").text
    second = authcode.build(AES.key, AES.id2, timestamp="2", extra=b"E").text
    found = report.parse(report.build(AES.id2, first, second, challenge="C", timestamp="2", extra="E"))
    assert reportcheck.check(found, key=AES.key, inputs=other) == ()
    assert reportcheck.check(found, key=AES.key, inputs=None) == ()
    assert len(reportcheck.check(found, key=AES.key)) == 4


def test_a_report_without_an_id_or_of_an_empty_device():
    problems = reportcheck.check(report.parse(report.build("F" * 24, *codes())))
    assert [problem.field for problem in problems] == ["testContent[0].result"]
    text = report.build(AES.id2, *codes())
    found = report.parse(text)
    short = report.ValidationReport("1.0.0", "3.1.0", found.date, found.items[1:])
    assert short.id2 == ""
    assert "testContent" in [problem.field for problem in reportcheck.check(short)]
    problems = reportcheck.check(found, id2="00FFFFFFDB1D8DC78DDCB800")
    assert [(problem.field, problem.position) for problem in problems] == [("testContent[0].result", 0)]
