import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import authcode, kpm, published, totp
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType

AES = published.KEYS[KeyType.AES_128]
infos = st.sampled_from(list(kpm.KeyInfo))


@given(st.integers(1, 254), infos)
@settings(max_examples=30)
def test_kpm_code_round_trip(index, info):
    code = authcode.build(AES.key, AES.id2, timestamp="1512022279204")
    built = kpm.build_code(AES.id2, index, info, code)
    assert kpm.parse_code(built.text) == built
    assert base64.b64decode(built.text)[:4] == bytes([0x4B, 1, index, info])


def test_what_is_wrong_is_named():
    code = authcode.build(AES.key, AES.id2, challenge="c")
    extra = authcode.build(AES.key, AES.id2, challenge="c", extra=b"x")
    good = base64.b64decode(kpm.build_code(AES.id2, 1, kpm.KeyInfo.AES_128, code).text)

    def read(data):
        return lambda: kpm.parse_code(base64.b64encode(data).decode())

    cases = [
        (lambda: kpm.build_code(AES.id2, 0, kpm.KeyInfo.AES_128, code), "index"),
        (lambda: kpm.build_code(AES.id2, 255, kpm.KeyInfo.AES_128, code), "index"),
        (lambda: kpm.build_code(AES.id2, 1, kpm.KeyInfo.AES_128, extra), "code.type"),
        (lambda: kpm.parse_code("!"), "code"),
        (lambda: kpm.parse_code("A" * 5000), "code"),
        (lambda: kpm.parse_code("SwE="), "code"),
        (lambda: kpm.parse_code("SwF="), "code"),
        (read(b"\x4c" + good[1:]), "magic"),
        (read(good[:2] + b"\x00" + good[3:]), "index"),
        (read(good[:3] + b"\x05" + good[4:]), "info"),
        (read(good[:5] + b"\xff" + good[6:]), "code"),
        (read(good[:-1]), "code"),
        (read(good + b"x"), "code"),
        (read(good[:6] + b"\xff" + good[7:]), "code"),
        (read(good.replace(b"0~2~", b"8~2~")), "type"),
    ]
    for call, field in cases:
        with pytest.raises(Id2Error) as caught:
            call()
        assert caught.value.field == field, str(caught.value)


@given(
    st.text(max_size=100)
    | st.binary(max_size=60).map(lambda data: base64.b64encode(b"\x4b\x01" + data).decode())
)
def test_arbitrary_text_raises_only_the_documented_error(error_of, text):
    error = error_of(kpm.parse_code, text)
    if error:
        assert str(error).isprintable()
    else:
        assert kpm.parse_code(text).text == text


@given(st.integers(1, 1 << 40), st.integers(0, 99), st.integers(180, 1800), st.integers(6, 16))
def test_totp(timestamp, index, step, length):
    password = totp.build(AES.key, AES.id2, timestamp=timestamp, index=index, step=step, length=length)
    assert len(password) == length
    assert password.isdigit()
    assert totp.recover_index(password) == index
    start = timestamp - timestamp % step
    for same in (max(start, 1), start + step - 1):
        again = totp.build(AES.key, AES.id2, timestamp=same, index=index, step=step, length=length)
        assert again == password


def test_totp_changes_with_the_step_and_shorter_ones_are_its_tail():
    first, second = (
        totp.build(AES.key, AES.id2, timestamp=180 * n, index=7, length=16) for n in (1000, 1001)
    )
    assert first != second
    assert totp.build(AES.key, AES.id2, timestamp=180_000, index=7, length=6)[:4] == first[10:14]
    assert totp.build(AES.key, AES.id2, timestamp=180_000, index=7, step=0, length=16) == first


@pytest.mark.parametrize(
    "change",
    [{"timestamp": 0}, {"timestamp": 1 << 64}, {"index": 100}, {"index": -1}, {"step": 179}, {"step": 1801},
     {"length": 5}, {"length": 17}],
)  # fmt: skip
def test_limits_of_totp(change):
    with pytest.raises(Id2Error) as caught:
        totp.build(AES.key, AES.id2, **({"timestamp": 1, "index": 1} | change))
    assert caught.value.field == next(iter(change))


@pytest.mark.parametrize("text", ["12345", "1" * 17, "12345x", "", "\uff11" * 6])
def test_passwords_that_are_none(text):
    with pytest.raises(Id2Error):
        totp.recover_index(text)
    with pytest.raises(Id2Error, match="64 hex digits"):
        totp.build_from_secret(text, timestamp=1, index=1)


def test_the_password_of_the_sample(sample):
    password = re.search(r"Generated TOTP: (\d+)", sample("id2_app-3.1.0-aes128"))[1]
    assert 0 <= totp.recover_index(password) <= 99
