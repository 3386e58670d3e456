import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.id2 import ciphers, otp
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

TOKEN = "i110123456789ABCDEFxxxxxxxxxxxxx"
SESSION = bytes(range(16))
kinds = st.sampled_from([KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128])
keys = kinds.flatmap(
    lambda kind: st.binary(min_size=kind.key_size, max_size=kind.key_size).map(
        lambda value: Key.parse(kind, value.hex())
    )
)
hex_ids = st.text("0123456789ABCDEF", min_size=24, max_size=24)
session_keys = st.binary(min_size=16, max_size=16)


def token(number=1):
    return otp.parse_token(f"i1{number}" + TOKEN[3:])


@given(session_keys, st.binary(min_size=1, max_size=128), st.sampled_from([1, 2, 3, 9]))
@settings(max_examples=50)
def test_device_code_round_trip(session_key, fingerprint, number):
    code = otp.build_device_code(token(number), session_key, fingerprint)
    assert len(code.data) <= otp.CODE_MAX
    assert otp.parse_device_code(code.data) == code
    report = otp.open_device_code(token(number), code)
    assert (report.session_key.reveal(), report.fingerprint) == (session_key, fingerprint)
    assert report.key_type.otp_number == number


@given(session_keys, hex_ids, keys)
@settings(max_examples=50)
def test_data_round_trip(session_key, id2, key):
    sent = otp.build_data(session_key, id2, key)
    received = otp.parse_data(sent.data)
    assert received == sent
    assert otp.open_data(received, session_key) == key


@given(st.integers(0, 88), st.integers(1, 255))
@settings(max_examples=60)
def test_any_changed_byte_of_the_data_is_found(position, change):
    sent = bytearray(
        otp.build_data(SESSION, "00FFFFFFDB1D8DC78DDCB800", Key.parse(KeyType.AES_128, "11" * 16)).data
    )
    sent[position] ^= change
    with pytest.raises(Id2Error):
        otp.open_data(otp.parse_data(bytes(sent)), SESSION)


@given(st.integers(0, 99), st.integers(1, 255))
@settings(max_examples=60)
def test_any_changed_byte_of_the_device_code_is_found(position, change):
    sent = bytearray(otp.build_device_code(token(), SESSION, b"demo-uid").data)
    assert len(sent) == 100
    sent[position] ^= change
    with pytest.raises(Id2Error):
        otp.open_device_code(token(), otp.parse_device_code(bytes(sent)))


def test_what_is_wrong_is_named():
    good = otp.build_device_code(token(), SESSION, b"demo-uid")
    other = otp.parse_token("i11" + "Z" * 29)
    data = otp.build_data(SESSION, "00FFFFFFDB1D8DC78DDCB800", Key.parse(KeyType.AES_128, "11" * 16))
    cases = [
        (lambda: otp.open_device_code(other, good), "provisioning_id"),
        (lambda: otp.open_device_code(token(2), good), "key_type"),
        (lambda: otp.parse_device_code(b"\x01" + good.data[1:]), "version"),
        (lambda: otp.parse_device_code(good.data[:-1]), "code"),
        (lambda: otp.parse_device_code(good.data + bytes(160)), "code"),
        (lambda: otp.open_data(data, bytes(16)), "key"),
        (lambda: otp.open_data(data, bytes(15)), "session_key"),
        (lambda: otp.parse_data(b""), "key_type"),
        (lambda: otp.parse_data(b"\x0b" + data.data[1:]), "key_type"),
        (lambda: otp.parse_data(b"\x04" + data.data[1:]), "key_type"),
        (lambda: otp.parse_data(data.data[:-1]), "data"),
        (lambda: otp.parse_data(data.data[:1] + b"x" + data.data[2:]), "id"),
        (lambda: otp.build_data(bytes(15), data.id2, Key.parse(KeyType.AES_128, "11" * 16)), "session_key"),
        (lambda: otp.build_data(SESSION, data.id2, Key.parse(KeyType.DES3_112, "11" * 16)), "key_type"),
        (lambda: otp.build_device_code(token(), bytes(15), b"x"), "session_key"),
        (lambda: otp.build_device_code(token(), SESSION, b""), "fingerprint"),
        (lambda: otp.build_device_code(token(), SESSION, bytes(129)), "fingerprint"),
    ]
    for call, field in cases:
        with pytest.raises(Id2Error) as caught:
            call()
        assert caught.value.field == field


def test_a_wrong_check_value_is_refused():
    """The device answers -1 and stays without an ID."""
    key = Key.parse(KeyType.AES_128, "11" * 16)
    data = otp.build_data(SESSION, "00FFFFFFDB1D8DC78DDCB800", key)
    wrong = ciphers.encrypt(key, b"00FFFFFFDB1D8DC78DDCB801")
    with pytest.raises(Id2Error, match="check value"):
        otp.open_data(otp.OtpData(data.key_type, data.id2, data.key, wrong), SESSION)


def test_tokens():
    first = otp.parse_token(TOKEN)
    assert (first.magic, first.usage, first.key_type) == ("i", 1, KeyType.AES_128)
    second = otp.parse_token("x2300000" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
    assert (second.magic, second.usage, second.key_type) == ("x", 2, KeyType.AES_256)
    assert second.provisioning_key.reveal() == bytes(range(24))
    assert "0123456789" not in repr(first)
    for text, position in (
        ("a" + TOKEN[1:], 0),
        ("i3" + TOKEN[2:], 1),
        ("i10" + TOKEN[3:], 2),
        ("i21" + "!" * 29, 8),
        ("i2100000" + "AAEC" * 6 + "AA==", 8),
        (TOKEN[:31], None),
        ("é" * 32, None),
    ):
        with pytest.raises(Id2Error) as caught:
            otp.parse_token(text)
        assert caught.value.position == position
        assert text not in str(caught.value)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_only_the_documented_error(error_of, data):
    for read in (otp.parse_device_code, otp.parse_data, lambda raw: otp.parse_token(raw.decode("latin-1"))):
        error = error_of(read, data)
        assert error is None or str(error).isprintable()
