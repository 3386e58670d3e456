import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import authcode, published, servercode
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.id2.signing import sign

AES = published.KEYS[KeyType.AES_128]
SM4 = published.PublishedKey("00DBBC60A12BC016BA187800", KeyType.SM4_128, "E89731A5A5D7F12E316EBD7BB9110F56")
devices = st.sampled_from([AES, SM4, published.KEYS[KeyType.DES3_112]])
challenges = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7D), min_size=1, max_size=128)
extras = st.binary(max_size=512)


@given(devices, challenges, extras)
@settings(deadline=None)
def test_round_trip(device, challenge, extra):
    code = servercode.build(device.key, device.id2, challenge, extra)
    assert code.type == (11 if extra else 10)
    assert authcode.parse(code.text) == code
    servercode.verify(device.key, device.id2, code, challenge, extra)
    assert (
        servercode.check(
            code.text, key=device.key, id2=device.id2, device_random=challenge, server_extra=extra
        )
        == ()
    )
    assert servercode.check(code.text, key_type=device.key.key_type, device_random=challenge) == ()


@given(devices, st.text("0123456789ABCDEF", min_size=16, max_size=128), st.binary(max_size=40), st.data())
@settings(max_examples=60, deadline=None)
def test_any_changed_character_is_found_and_its_field_named(device, challenge, extra, data):
    code = servercode.build(device.key, device.id2, challenge, extra)
    position = data.draw(st.integers(0, len(code.text) - 1))
    letter = data.draw(st.sampled_from(sorted(set("0123456789ABCDEFaz~+/=") - {code.text[position]})))
    text = code.text[:position] + letter + code.text[position + 1 :]
    problems = servercode.check(
        text, key=device.key, id2=device.id2, device_random=challenge, server_extra=extra
    )
    assert problems
    names = [name for name in ("type", "hash", "device_random", "sign") if position >= code.start_of(name)]
    if "~" not in (code.text[position], text[position]):
        assert names[-1] in {problem.field for problem in problems}


def test_each_wrong_value_is_named():
    code = servercode.build(AES.key, AES.id2, "CHALLENGE", b"extra")
    cases = [
        ({"device_random": "CHALLENGF"}, "device_random", "is not the device challenge"),
        ({"device_random": "CHALLENGE1"}, "device_random", "is not the device challenge"),
        ({"server_extra": b""}, "type", "which makes type 10"),
        ({"server_extra": b"extrb"}, "device_random", "over other data"),
        ({"id2": "2122232425262728292A2B2D"}, "device_random", "over other data"),
        ({"key": published.KEYS[KeyType.AES_192].key}, "sign", "another key"),
        ({"key": SM4.key}, "hash", "goes with SM3"),
    ]
    for change, field, words in cases:
        values = {
            "key": AES.key,
            "id2": AES.id2,
            "device_random": "CHALLENGE",
            "server_extra": b"extra",
        } | change
        problems = servercode.check(code.text, **values)
        assert (problems[0].field, words in problems[0].message) == (field, True), problems
        with pytest.raises(authcode.Mismatch, match=words):
            servercode.verify(
                values["key"], values["id2"], code, values["device_random"], values["server_extra"]
            )


def test_the_id_must_be_inverted():
    plain = sign(AES.key, (AES.id2 + "CHALLENGE").encode())
    code = authcode.AuthCode(authcode.AuthCodeType.SERVER, AES.key.key_type.hash, "CHALLENGE", "", plain)
    with pytest.raises(authcode.Mismatch, match="inverted ID"):
        servercode.verify(AES.key, AES.id2, code, "CHALLENGE")


def test_a_device_code_is_no_server_code():
    code = authcode.build(AES.key, AES.id2, challenge="CHALLENGE")
    assert [p.field for p in servercode.check(code.text)] == ["type"]
    with pytest.raises(authcode.Mismatch, match="the service gives 10 and 11"):
        servercode.verify(AES.key, AES.id2, code, "CHALLENGE")


def test_without_a_key_only_the_shape_is_judged():
    code = servercode.build(AES.key, AES.id2, "CHALLENGE", b"extra").text
    assert servercode.check(code) == ()
    assert [p.field for p in servercode.check(code, device_random="OTHER")] == ["device_random"]
    assert [p.field for p in servercode.check(code, key_type=KeyType.SM4_128)] == ["hash"]
    assert [p.field for p in servercode.check("10~2~A~B~AAAA")] == ["device_random"]
    ten = servercode.build(AES.key, AES.id2, "CHALLENGE").text
    assert [p.field for p in servercode.check(ten, server_extra=b"extra")] == ["type"]


@pytest.mark.parametrize(
    ("key", "challenge", "extra", "words"),
    [
        (AES.key, "", b"", "0 characters"),
        (AES.key, "A" * 129, b"", "129 characters"),
        (AES.key, "A~B", b"", "character 1"),
        (AES.key, "Aé", b"", "character 1"),
        (AES.key, "A", bytes(513), "server extra has 513"),
        (Key.parse(KeyType.SM2_256, "11" * 32), "A", b"", "asymmetric"),
        (Key.parse(KeyType.SM1_128, "11" * 16), "A", b"", "unpublished"),
    ],
)
def test_limits(key, challenge, extra, words):
    with pytest.raises(Id2Error, match=words):
        servercode.build(key, AES.id2, challenge, extra)


def test_callers_mistakes_are_raised():
    code = servercode.build(AES.key, AES.id2, "A").text
    with pytest.raises(Id2Error, match="needs the ID"):
        servercode.check(code, key=AES.key)
    with pytest.raises(Id2Error, match="was asked for"):
        servercode.check(code, key=AES.key, id2=AES.id2, key_type=KeyType.AES_256)


@given(st.text(max_size=200) | st.text(st.sampled_from("1023~ABCDEF+/="), max_size=300))
def test_arbitrary_text_raises_nothing(text):
    for arguments in ({}, {"key": AES.key, "id2": AES.id2, "device_random": "A"}):
        for problem in servercode.check(text, **arguments):
            assert str(problem).isprintable()
