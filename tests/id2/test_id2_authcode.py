import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import authcode, ciphers, codetext, published
from harness.id2.authcode import AuthCode, AuthCodeType, Mismatch
from harness.id2.errors import Id2Error
from harness.id2.hashes import HashType
from harness.id2.keys import Key, KeyType

CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
RANDOM = "ABABABABABABABAB"
AES = published.KEYS[KeyType.AES_128]
SM2 = Key.parse(KeyType.SM2_256, "33" * 32)
HEX_ID = "2122232425262728292A2B2C"

symmetric_keys = st.sampled_from(
    [kind for kind in KeyType if kind.symmetric and kind is not KeyType.SM1_128]
).flatmap(
    lambda kind: st.binary(min_size=kind.key_size, max_size=kind.key_size).map(
        lambda value: Key.parse(kind, value.hex())
    )
)
asymmetric_keys = st.sampled_from(
    [SM2, published.KEYS[KeyType.RSA_1024].key, published.KEYS[KeyType.ECC_K256].key]
)
printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=32)
clear = st.text(st.sampled_from("0123456789ABCDEFabcdef xyz-"), min_size=1, max_size=32)
hex_ids = st.text("0123456789ABCDEF", min_size=24, max_size=24)
randoms = st.text("0123456789ABCDEF", min_size=16, max_size=16)
extras = st.binary(max_size=64)


@given(symmetric_keys | asymmetric_keys, hex_ids, st.booleans(), printable, extras, randoms)
@settings(max_examples=60, deadline=None)
def test_build_parse_verify_round_trip(key, id2, timed, random, extra, device_random):
    given_random = {"timestamp" if timed else "challenge": random}
    code = authcode.build(key, id2, extra=extra, device_random=device_random, **given_random)
    assert code.type == timed + 2 * bool(extra)
    assert len(code.text) == authcode.code_length(key.key_type, len(random), code.type)
    assert authcode.parse(code.text) == code
    authcode.verify(key, id2, code, extra)
    problems = authcode.check(code.text, key=key, id2=id2, extra=extra, **given_random)
    assert [problem.field for problem in problems] == (["random"] if "~" in random else [])


def field_at(code, position):
    for name in ("sign", "random", "device_random", "hash", "type"):
        if position >= code.start_of(name):
            return name
    raise AssertionError


def changed(text, position, draw):
    alphabet = sorted(set("0123456789ABCDEFabcdefgZ~+/=") - {text[position]})
    return text[:position] + draw(st.sampled_from(alphabet)) + text[position + 1 :]


@given(
    symmetric_keys | st.just(published.KEYS[KeyType.RSA_1024].key), st.booleans(), clear, extras, st.data()
)
@settings(max_examples=80, deadline=None)
def test_any_changed_character_is_found_and_its_field_named(key, timed, random, extra, data):
    given_random = {"timestamp" if timed else "challenge": random}
    code = authcode.build(key, HEX_ID, extra=extra, device_random=RANDOM, **given_random)
    position = data.draw(st.integers(0, len(code.text) - 1))
    text = changed(code.text, position, data.draw)
    problems = authcode.check(text, key=key, id2=HEX_ID, extra=extra, **given_random)
    assert problems
    if "~" not in (code.text[position], text[position]):
        assert field_at(code, position) in {problem.field for problem in problems}


@given(st.sampled_from([SM2, published.KEYS[KeyType.ECC_K256].key]), extras, st.data())
@settings(max_examples=12, deadline=None)
@pytest.mark.slow
def test_any_changed_character_of_a_curve_signature_is_found(key, extra, data):
    code = authcode.build(key, HEX_ID, challenge=CHALLENGE, extra=extra, device_random=RANDOM)
    position = data.draw(st.integers(0, len(code.text) - 1))
    text = changed(code.text, position, data.draw)
    assert authcode.check(text, key=key, id2=HEX_ID, extra=extra, challenge=CHALLENGE)


@given(st.sampled_from("0123456789ABCDEF"), st.integers(0, 23))
@settings(max_examples=30, deadline=None)
def test_a_changed_id_or_extra_or_key_is_found(digit, position):
    code = authcode.build(AES.key, AES.id2, challenge=CHALLENGE, extra=b"abcd1234")
    other = AES.id2[:position] + digit + AES.id2[position + 1 :]
    if other != AES.id2:
        with pytest.raises(Mismatch, match=r"id differs|id or"):
            authcode.verify(AES.key, other, code, b"abcd1234")
    with pytest.raises(Mismatch):
        authcode.verify(AES.key, AES.id2, code, b"abcd1235")
    with pytest.raises(Mismatch, match="type is 2; no extra was given, which makes type 0"):
        authcode.verify(AES.key, AES.id2, code)
    with pytest.raises(Mismatch, match="another key"):
        authcode.verify(published.KEYS[KeyType.AES_192].key, AES.id2, code, b"abcd1234")


@given(st.text(max_size=200) | st.text(st.sampled_from("0123~ABCDEF+/=\x00é"), max_size=600))
@settings(max_examples=150)
def test_arbitrary_text_raises_only_the_documented_error(error_of, text):
    error = error_of(authcode.parse, text)
    if error:
        assert str(error).isprintable()
        assert authcode.check(text)
    else:
        assert authcode.parse(text).text == text
    for problem in authcode.check(
        text, key=AES.key, id2=AES.id2, extra=b"x", challenge="abc"
    ) + authcode.check(text, key_type=KeyType.SM2_256, timestamp="1"):
        assert str(problem).isprintable()


@pytest.mark.parametrize(
    ("text", "field", "position"),
    [
        ("", "code", None),
        ("4~2~ABABABABABABABAB~C~AAAA", "type", 0),
        ("00~2~ABABABABABABABAB~C~AAAA", "type", 0),
        (" 0~2~ABABABABABABABAB~C~AAAA", "type", 0),
        ("0~4~ABABABABABABABAB~C~AAAA", "hash", 2),
        ("0~2~ABABABABABABABA~C~AAAA", "device_random", 4),
        ("0~2~ABABABABABABABaB~C~AAAA", "device_random", 18),
        ("0~2~ABABABABABABABAB~~AAAA", "random", 21),
        ("0~2~ABABABABABABABAB~" + "C" * 33 + "~AAAA", "random", 21),
        ("0~2~ABABABABABABABAB~C\n~AAAA", "random", 22),
        ("0~2~ABABABABABABABAB~C~", "sign", 23),
        ("0~2~ABABABABABABABAB~C~AAA", "sign", 25),
        ("0~2~ABABABABABABABAB~C~AAAA\n", "sign", 27),
        ("0~2~ABABABABABABABAB~C~AA A", "sign", 25),
        ("0~2~ABABABABABABABAB~C~AB==", "sign", 24),
        ("0~2~ABABABABABABABAB~C~AA==A", "sign", 25),
        ("0~2~ABABABABABABABAB~AAAA", "code", None),
        ("99~AAAA", "type", 0),
        ("0" * 513, "code", 512),
    ],
)
def test_damaged_text_is_named_with_its_position(text, field, position):
    with pytest.raises(Id2Error) as caught:
        authcode.parse(text)
    assert (caught.value.field, caught.value.position) == (field, position)
    assert authcode.check(text)[0].field == field


def test_all_problems_are_collected():
    problems = authcode.check("7~9~abab~~???")
    assert [problem.field for problem in problems] == ["type", "hash", "device_random", "random", "sign"]


def test_a_challenge_with_the_separator_is_read_and_called_ambiguous():
    code = authcode.build(AES.key, AES.id2, challenge="a~b")
    again = authcode.parse(code.text)
    assert again.random == "a~b"
    authcode.verify(AES.key, AES.id2, again)
    found = authcode.ambiguity(again)
    assert found is not None
    assert (found.field, found.position) == ("random", 22)
    assert authcode.check(code.text, key=AES.key, id2=AES.id2) == (found,)


def test_a_timestamp_code_needs_digits_when_nothing_is_expected():
    code = authcode.build(AES.key, AES.id2, timestamp="15120222abcd")
    assert [problem.field for problem in authcode.check(code.text)] == ["random"]
    assert authcode.check(code.text, timestamp="15120222abcd") == ()


def test_challenge_and_timestamp_expectations():
    code = authcode.build(AES.key, AES.id2, challenge=CHALLENGE).text
    assert [problem.field for problem in authcode.check(code, timestamp=CHALLENGE)] == ["type"]
    wrong = authcode.check(code, challenge=CHALLENGE[:5] + "_" + CHALLENGE[6:])
    assert [(problem.field, problem.position) for problem in wrong] == [("random", 26)]
    shorter = authcode.check(code, challenge=CHALLENGE[:-1])
    assert [(problem.field, problem.position) for problem in shorter] == [("random", 52)]


def test_key_type_makes_hash_and_length_exact():
    code = authcode.build(AES.key, AES.id2, challenge=CHALLENGE).text
    assert authcode.check(code, key_type=KeyType.AES_256) == ()
    assert [p.field for p in authcode.check(code, key_type=KeyType.SM4_128)] == ["hash"]
    assert [p.field for p in authcode.check(code, key_type=KeyType.DES3_112)] == ["sign"]
    assert [p.field for p in authcode.check(code, key_type=KeyType.SM2_256)] == ["hash", "sign"]


def test_without_anything_known_the_length_of_sign_must_be_one_that_exists():
    for size, good in (
        (40, True),
        (48, True),
        (64, True),
        (128, True),
        (256, True),
        (32, False),
        (33, False),
    ):
        text = AuthCode(AuthCodeType.CHALLENGE, HashType.SHA256, RANDOM, "C", bytes(size)).text
        assert (authcode.check(text) == ()) is good, size


def test_a_server_code_is_no_device_code():
    text = AuthCode(AuthCodeType.SERVER, HashType.SHA256, RANDOM, "", bytes(48)).text
    assert [p.field for p in authcode.check(text)] == ["type"]
    with pytest.raises(Mismatch, match="a device gives 0 to 3"):
        authcode.verify(AES.key, AES.id2, authcode.parse(text))


def test_callers_mistakes_are_raised():
    for arguments in (
        {"key": AES.key},
        {"key": AES.key, "id2": AES.id2, "key_type": KeyType.AES_256},
        {"challenge": "a", "timestamp": "1"},
        {"key": Key.parse(KeyType.SM1_128, "00" * 16), "id2": AES.id2},
    ):
        code = AuthCode(AuthCodeType.CHALLENGE, HashType.SM3, RANDOM, "a", bytes(48))
        with pytest.raises(Id2Error):
            authcode.check(code.text, **arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "exactly one of challenge and timestamp"),
        ({"challenge": "a", "timestamp": "1"}, "exactly one"),
        ({"challenge": ""}, "challenge has 0 characters"),
        ({"challenge": "a" * 33}, "challenge has 33 characters"),
        ({"timestamp": "1" * 33}, "timestamp has 33 characters"),
        ({"challenge": "é"}, "not printable ASCII"),
        ({"challenge": "a", "extra": bytes(513)}, "extra has 513 bytes; the limit is 512"),
        ({"challenge": "a", "device_random": "abababababababab"}, "upper-case hex"),
        ({"challenge": "a", "device_random": "AB"}, "device random has 2"),
    ],
)
def test_limits_of_building(arguments, words):
    with pytest.raises(Id2Error, match=words):
        authcode.build(AES.key, AES.id2, **arguments)


def test_building_needs_an_id():
    with pytest.raises(Id2Error, match="ID"):
        authcode.build(AES.key, "nonsense", challenge="a")


def test_limits_that_are_allowed():
    for arguments in ({"challenge": "a"}, {"challenge": "a" * 32, "extra": bytes(512)}):
        authcode.build(AES.key, AES.id2, **arguments)


def test_device_randoms_are_random_by_default():
    codes = [authcode.build(AES.key, AES.id2, challenge="a") for _ in range(50)]
    assert authcode.repeated_randoms(codes) == ()
    assert authcode.repeated_randoms([*codes, codes[7], codes[3], codes[3]]) == (
        codes[3].device_random,
        codes[7].device_random,
    )


@given(symmetric_keys, hex_ids, clear, clear)
@settings(deadline=None)
def test_the_last_block_is_constant(key, id2, first, second):
    tails = {
        authcode.constant_tail(authcode.build(key, id2, challenge=random), key.key_type)
        for random in (first, second)
    }
    assert tails == {authcode.tail_of_key(key)}


def test_the_tail_of_the_published_aes_key():
    """Source: device-protocol.md b.3: every code of that key ends XnA1nt3r97vPi1Bnh6fF1."""
    assert authcode.build(AES.key, AES.id2, timestamp="1").text.endswith("XnA1nt3r97vPi1Bnh6fF1")


def test_tails_need_blocks():
    code = AuthCode(AuthCodeType.CHALLENGE, HashType.SHA256, RANDOM, "C", bytes(47))
    with pytest.raises(Id2Error, match="multiple of 16"):
        authcode.constant_tail(code, KeyType.AES_128)
    with pytest.raises(Id2Error, match="no constant last block"):
        authcode.constant_tail(code, KeyType.RSA_1024)


def test_sign_input_is_what_a_chip_encrypts():
    """Source: device-protocol.md b.5."""
    message = authcode.message(AES.id2, RANDOM, CHALLENGE)
    assert len(message) == 72
    padded = authcode.sign_input(KeyType.AES_128, message)
    assert padded.hex().upper() == (
        "920EAACDADE8AF10B7154173C2F92E697B2B7C0C6A4A923E6097A823D3B0D9CD" + "10" * 16
    )
    assert len(authcode.sign_input(KeyType.DES3_112, message)) == 40
    assert authcode.sign(AES.key, message) == ciphers.ecb_encrypt(AES.key, padded)
    sign = authcode.chip_signer(KeyType.AES_128, lambda data: ciphers.ecb_encrypt(AES.key, data))
    built = authcode.build_with(sign, HashType.SHA256, AES.id2, challenge=CHALLENGE, device_random=RANDOM)
    assert built == authcode.build(AES.key, AES.id2, challenge=CHALLENGE, device_random=RANDOM)


@pytest.mark.parametrize(
    ("kind", "challenge_length", "timestamp_length"),
    [
        (KeyType.DES3_112, 110, 91),
        (KeyType.DES3_168, 110, 91),
        (KeyType.AES_256, 118, 99),
        (KeyType.SM4_128, 118, 99),
        (KeyType.SM1_128, 118, 99),
        (KeyType.RSA_1024, 226, 207),
        (KeyType.SM2_256, 142, 123),
        (KeyType.ECC_K256, 142, 123),
    ],
)
def test_code_lengths(kind, challenge_length, timestamp_length):
    """Source: device-protocol.md b.4."""
    assert authcode.code_length(kind, 32) == challenge_length
    assert authcode.code_length(kind, 13) == timestamp_length


def test_the_hardened_form():
    code = authcode.build(AES.key, AES.id2, challenge=CHALLENGE).text
    hard = authcode.harden(AES.key, code)
    assert authcode.is_hardened(hard)
    assert not authcode.is_hardened(code)
    assert authcode.unharden(AES.key, hard) == code
    for key, text, words in (
        (AES.key, code, "starts with '99~'"),
        (AES.key, "99~!!", "cannot be opened"),
        (published.KEYS[KeyType.AES_192].key, hard, "cannot be opened"),
        (SM2, hard, "no hardened codes"),
    ):
        with pytest.raises(Id2Error, match=words):
            authcode.unharden(key, text)


def test_positions_of_fields():
    code = authcode.build(AES.key, AES.id2, challenge=CHALLENGE)
    starts = {name: code.start_of(name) for name in ("type", "hash", "device_random", "random", "sign")}
    assert starts == {"type": 0, "hash": 2, "device_random": 4, "random": 21, "sign": 54}
    server = AuthCode(AuthCodeType.SERVER, HashType.SHA256, "ABCD", "", bytes(48))
    assert (server.start_of("device_random"), server.start_of("sign")) == (5, 10)
    assert server.text[10:] == "A" * 64
    with pytest.raises(Id2Error, match="no field random"):
        server.start_of("random")


def test_every_type_says_what_it_is():
    assert {kind: (kind.from_server, kind.timestamp, kind.with_extra) for kind in AuthCodeType} == {
        AuthCodeType.CHALLENGE: (False, False, False),
        AuthCodeType.TIMESTAMP: (False, True, False),
        AuthCodeType.CHALLENGE_EXTRA: (False, False, True),
        AuthCodeType.TIMESTAMP_EXTRA: (False, True, True),
        AuthCodeType.SERVER: (True, False, False),
        AuthCodeType.SERVER_EXTRA: (True, False, True),
    }
    assert len({kind.meaning for kind in AuthCodeType}) == 6


@settings(deadline=None)
@given(
    st.sampled_from("0123"),
    st.sampled_from("0123x"),
    st.sampled_from(["0123456789ABCDEF", "0123456789abcdef", "0123", "0123456789ABCDEF\n"]),
    st.text(st.sampled_from("Az09~ !\x1f\x7fü"), max_size=34),
    st.sampled_from(
        ["AAAA", "AAA=", "AAB=", "AA==", "AB==", "A===", "", "AA", "AAAA\n", "A~AA", "====", "AAAA="]
    ),
    st.sampled_from(["", " ", "\n", "~"]),
)
def test_the_quick_way_reads_what_the_thorough_way_reads(kind, hash_type, device_random, random, sign, tail):
    text = f"{kind}~{hash_type}~{device_random}~{random}~{sign}{tail}"
    quick = codetext.read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codetext, "_read_good", lambda _text: None)
        assert codetext.read(text) == quick
