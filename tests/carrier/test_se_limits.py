"""The limits of the API, its codes, and what the carrier does better than the SDK."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.carrier.base import OPTIONAL_FUNCTIONS, AuthMode, offered_by
from harness.carrier.errors import CarrierError
from harness.carrier.se import SDK_VERSION, SeCarrier
from harness.chip.apdu import Response
from harness.chip.errors import FramingError, StatusError
from harness.chip.mtk import MtkChip
from harness.errors import ToolError, UsageError
from harness.fixtures.impostor import Impostor
from harness.id2 import authcode, ciphers, servercode
from harness.id2.codes import ResultCode
from harness.id2.keys import Key, KeyType
from harness.id2.kpm import KeyInfo

AES_KEY = "2122232425262728292A2B2C2D2E2F30"
ID = "2122232425262728292A2B2C"
KEY = Key.parse(KeyType.AES_128, AES_KEY)
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"


@pytest.fixture
def carrier(computing):
    return computing("aes-128", AES_KEY)


def code_of(call):
    """Return the result code that the API would have returned."""
    try:
        call()
    except CarrierError as error:
        return error.code if error.code == error.result else f"{error.code} is not {error.result}"
    return 0


@pytest.mark.parametrize("name", ["get_challenge_auth_code", "get_timestamp_auth_code"])
@pytest.mark.parametrize(
    ("random", "extra", "code"),
    [
        ("", None, -2),
        ("1", None, 0),
        ("1" * 32, None, 0),
        ("1" * 33, None, -2),
        ("letters are not checked", None, 0),
        ("~", None, 0),
        ("\n", None, -2),
        ("é", None, -2),
        ("1", b"", -4),
        ("1", b"x", 0),
        ("1", b"x" * 512, 0),
        ("1", b"x" * 513, -4),
        ("", b"", -2),
    ],
)
def test_auth_code_limits(carrier, name, random, extra, code):
    assert code_of(lambda: getattr(carrier, name)(random, extra)) == code


@pytest.mark.parametrize(
    ("size", "code"), [(0, -2), (1, -2), (15, -2), (16, -1), (17, -2), (1024, -1), (1040, -4), (1025, -4)]
)
def test_decrypt_limits(carrier, size, code):
    assert (
        code_of(lambda: carrier.decrypt(bytes(size))) == code
    )  # zeros are no right ciphertext: -1 means taken


@pytest.mark.parametrize("size", [*range(34), 239, 240, 241, 1007, 1008, 1023])
def test_decrypt_takes_off_exactly_the_padding(carrier, size):
    plain = bytes(index % 256 for index in range(size))
    assert carrier.decrypt(ciphers.ecb_encrypt(KEY, ciphers.pad(plain, 16))) == plain


@pytest.mark.parametrize(
    "last",
    [
        b"\x00" * 16,
        b"\x11" * 16,
        b"x" * 13 + b"\x01\x02\x03",
        b"x" * 14 + b"\x03\x02",
        b"\xff" * 16,
        b"x" * 15 + b"\x00",
    ],
)
def test_wrong_padding_is_refused(carrier, last):
    cipher = ciphers.ecb_encrypt(KEY, bytes(16) + last)
    assert code_of(lambda: carrier.decrypt(cipher)) == -1


def test_like_the_sdk_padding_00_passes(computing):
    like = computing("aes-128", AES_KEY, like_sdk=True)
    padded = b"x" * 15 + b"\x00"
    assert like.decrypt(ciphers.ecb_encrypt(KEY, padded)) == padded
    assert code_of(lambda: like.decrypt(ciphers.ecb_encrypt(KEY, b"\x11" * 16))) == -1


def test_nul_bytes_in_extra_are_signed_as_they_are(computing, carrier):
    extra = b"ab\x00cd"
    code = carrier.get_challenge_auth_code(CHALLENGE, extra)
    assert authcode.check(code, id2=ID, key=KEY, extra=extra) == ()
    like = computing("aes-128", AES_KEY, like_sdk=True).get_challenge_auth_code(CHALLENGE, extra)
    assert authcode.check(like, id2=ID, key=KEY, extra=extra) != ()
    assert authcode.check(like, id2=ID, key=KEY, extra=b"ab\x00\x00\x00") == ()


@pytest.mark.parametrize(
    ("plain", "seed", "code"),
    [
        (b"", "", -2),
        (b"x", "", 0),
        (b"x" * 1024, "s" * 128, 0),
        (b"x" * 1025, "", -4),
        (b"x", "s" * 129, -4),
    ],
)
def test_encrypt_limits(carrier, plain, seed, code):
    assert code_of(lambda: carrier.encrypt(plain, seed)) == code


@pytest.mark.parametrize(
    ("seed", "code"), [("", -2), ("s", 0), ("s" * 128, 0), ("s" * 129, -4), ("\x00", -2)]
)
def test_secret_limits(carrier, seed, code):
    assert code_of(lambda: carrier.get_secret(seed)) == code


@pytest.mark.parametrize(
    ("seed", "length", "code"),
    [("", 1, 0), ("", 32, 0), ("", 0, -2), ("", 33, -2), ("s" * 129, 32, -4), ("é", 1, -2)],
)
def test_derived_key_limits(carrier, seed, length, code):
    assert code_of(lambda: carrier.derive_key(seed, length)) == code


@pytest.mark.parametrize(
    ("length", "got"), [(1, 1), (2, 2), (127, 127), (128, 128), (129, 128), (100000, 128)]
)
def test_device_challenge_lengths(carrier, length, got):
    text = carrier.get_device_challenge(length)
    assert text == ("AB" * 64)[:got]


@pytest.mark.parametrize("length", [0, -1])
def test_device_challenge_of_nothing(carrier, length):
    assert code_of(lambda: carrier.get_device_challenge(length)) == -2


def test_the_device_random_comes_from_the_system_by_default(carrier_on, computing, carrier):
    from harness.carrier.se import SeCarrier

    real = SeCarrier(carrier._chip, KeyType.AES_128)
    real.init()
    randoms = {authcode.parse(real.get_challenge_auth_code("1")).device_random for _ in range(20)}
    assert len(randoms) == 20


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 0),
        ({"auth_code": ""}, -2),
        ({"device_random": ""}, -2),
        ({"device_random": "A" * 129}, -4),
        ({"device_random": "é"}, -2),
        ({"device_random": CHALLENGE[:-1]}, -1),
        ({"device_random": CHALLENGE[::-1]}, -1),
        ({"server_extra": b""}, -4),
        ({"server_extra": b"x" * 513}, -4),
        ({"server_extra": b"x"}, -1),
        ({"auth_code": "nonsense"}, -1),
        ({"auth_code": "10~3~A~AAAA"}, -1),
        ({"auth_code": "\x00\xff~~~~"}, -1),
    ],
)
def test_verify_server(carrier, change, code):
    arguments = {
        "auth_code": servercode.build(KEY, ID, CHALLENGE).text,
        "device_random": CHALLENGE,
        "server_extra": None,
    } | change
    assert code_of(lambda: carrier.verify_server(**arguments)) == code


def test_verify_server_insists_on_type_and_extra(carrier):
    with_extra = servercode.build(KEY, ID, CHALLENGE, b"extra").text
    carrier.verify_server(with_extra, CHALLENGE, b"extra")
    for code, extra in (
        (with_extra, None),
        (with_extra, b"Extra"),
        (with_extra.replace("11~", "10~", 1), None),
    ):
        assert code_of(lambda code=code, extra=extra: carrier.verify_server(code, CHALLENGE, extra)) == -1
    relabelled = servercode.build(KEY, ID, CHALLENGE).text.replace("10~", "11~", 1)
    assert code_of(lambda: carrier.verify_server(relabelled, CHALLENGE)) == -1
    device_code = carrier.get_challenge_auth_code(CHALLENGE)
    assert code_of(lambda: carrier.verify_server(device_code, "AB" * 8)) == -1


@given(st.text(max_size=200))
def test_verify_server_survives_any_text(text):
    from harness.carrier.se import SeCarrier

    class Chip:
        largest_data = 1024

        def start(self):
            pass

        def get_id(self):
            raise AssertionError("the chip is asked only for a well-formed code")

    carrier = SeCarrier(Chip(), KeyType.AES_128)
    carrier.init()
    assert code_of(lambda: carrier.verify_server(text, CHALLENGE)) in (-1, -2)


@pytest.mark.parametrize(
    ("index", "info", "code"),
    [
        (0, KeyInfo.AES_128, -8),
        (1, KeyInfo.SM4_128, 0),
        (254, KeyInfo.AES_256, 0),
        (255, KeyInfo.AES_128, -2),
    ],
)
def test_kpm_code_limits(carrier, index, info, code):
    assert (
        code_of(lambda: carrier.kpm_get_auth_code(index, info, AuthMode.TIMESTAMP, "1512022279204")) == code
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((0, 1, 180, 12), -2),
        ((1, 100, 180, 12), -2),
        ((1, 99, 180, 12), 0),
        ((1, 0, 0, 6), 0),
        ((1, 0, 179, 6), -2),
        ((1, 0, 1800, 16), 0),
        ((1, 0, 1801, 16), -2),
        ((1, 0, 180, 5), -2),
        ((1, 0, 180, 17), -2),
    ],
)
def test_totp_limits(carrier, arguments, code):
    before = len(carrier._chip.session.channel.commands)
    assert code_of(lambda: carrier.dpm_get_totp(*arguments)) == code
    if code:
        assert len(carrier._chip.session.channel.commands) == before  # wrong arguments never reach the chip


def test_totp_index_of_nonsense(carrier):
    assert code_of(lambda: carrier.dpm_get_index("12345")) == -2
    assert code_of(lambda: carrier.dpm_get_index("12345x")) == -2


ALL = {
    "get_version": (),
    "get_id": (),
    "get_challenge_auth_code": ("1",),
    "get_timestamp_auth_code": ("1",),
    "decrypt": (bytes(16),),
    "encrypt": (b"1",),
    "get_device_challenge": (16,),
    "verify_server": ("1", "1"),
    "get_secret": ("1",),
    "derive_key": ("1", 1),
    "get_prov_stat": (),
    "kpm_get_auth_code": (1, KeyInfo.AES_128, AuthMode.CHALLENGE, "1"),
    "dpm_get_totp": (1, 1),
    "dpm_get_index": ("123456",),
}


@pytest.mark.parametrize("name", ALL)
def test_nothing_works_before_init_or_after_cleanup(computing, name):
    carrier = computing("aes-128", AES_KEY)
    carrier.cleanup()
    assert code_of(lambda: getattr(carrier, name)(*ALL[name])) == -1
    carrier.cleanup()  # one too many is no error
    carrier.init()
    assert code_of(carrier.get_id) == 0


def test_init_is_counted_and_starts_the_chip_once(computing):
    carrier = computing("aes-128", AES_KEY)
    channel = carrier._chip.session.channel
    carrier.init()
    carrier.cleanup()
    assert carrier.get_version() == SDK_VERSION
    assert [command.ins for command in channel.commands] == [0xA4]
    carrier.cleanup()
    assert code_of(carrier.get_version) == -1
    with carrier:
        assert carrier.get_id() == ID
    assert [command.ins for command in channel.commands] == [0xA4, 0xA4, 0xF8]


def test_the_id_is_read_once_and_prov_stat_asks_again(computing):
    carrier = computing("aes-128", AES_KEY)
    channel = carrier._chip.session.channel
    carrier.get_id()
    carrier.get_challenge_auth_code("1")
    assert [command.ins for command in channel.commands].count(0xF8) == 1
    assert carrier.get_prov_stat()
    assert [command.ins for command in channel.commands].count(0xF8) == 2


def test_a_new_init_reads_the_id_anew(computing):
    carrier = computing("aes-128", AES_KEY)
    assert carrier.get_id() == ID
    carrier.cleanup()
    carrier._chip.session.channel.id_text = "0102030405060708090A0B0C"
    carrier.init()
    assert carrier.get_id() == "0102030405060708090A0B0C"


@pytest.mark.parametrize("sw", [0x9403, 0x6A82, 0x6A83])
def test_a_chip_without_an_id(computing, sw):
    carrier = computing("aes-128", AES_KEY)
    carrier._chip.session.channel.status = sw
    assert carrier.get_prov_stat() is False
    assert code_of(carrier.get_id) == -11
    assert code_of(lambda: carrier.get_challenge_auth_code("1")) == -11


def test_any_other_status_is_minus_one_with_the_chips_own_words(computing):
    carrier = computing("aes-128", AES_KEY)
    channel = carrier._chip.session.channel
    channel.status = 0x6F00
    with pytest.raises(CarrierError) as caught:
        carrier.get_prov_stat()
    error = caught.value
    assert (error.result, error.operation) == (ResultCode.GENERIC, "get_prov_stat")
    assert "GetID" in error.message
    assert "6F00" in error.message
    assert error.traffic[-1] == "< 6F00"
    assert error.transport == "test"
    assert isinstance(error.__cause__, StatusError)


def test_a_missing_key_is_not_a_missing_id(computing):
    carrier = computing("aes-128", AES_KEY)
    carrier.get_id()
    carrier._chip.session.channel.status = 0x9403
    assert code_of(lambda: carrier.get_challenge_auth_code("1")) == -1


def test_a_wrong_answer_is_minus_one_and_a_broken_frame_stays_what_it_is(computing):
    carrier = computing("aes-128", AES_KEY)
    channel = carrier._chip.session.channel
    channel.transmit = lambda _: Response(b"\x81\x80\x0b" + bytes(11), 0x9000).to_bytes()
    assert code_of(carrier.get_id) == -1

    def broken(_):
        raise FramingError("driver error 14", code=14)

    channel.transmit = broken
    with pytest.raises(FramingError):
        carrier.get_id()


def test_a_failed_start_is_no_init(computing, carrier_on):
    carrier = computing("aes-128", AES_KEY)
    carrier.cleanup()
    carrier._chip.session.channel.status = 0x6A82
    assert code_of(carrier.init) == -1
    assert code_of(carrier.get_version) == -1


NOT_OFFERED = {
    "get_otp_auth_code": (b"",),
    "load_otp_data": (b"",),
    "kpm_get_prov_stat": (1,),
    "kpm_get_key_type": (1,),
    "kpm_import_key": (1, ""),
    "kpm_delete_key": (1,),
    "kpm_export_pub_key": (1,),
    "kpm_encrypt": (1, 101, b""),
    "kpm_decrypt": (1, 101, b""),
    "kpm_sign": (1, b""),
    "kpm_verify": (1, b"", b""),
}


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_what_an_se_does_not_offer(carrier, name):
    assert code_of(lambda: getattr(carrier, name)(*NOT_OFFERED[name])) == -8


def test_mtk_decrypts_no_more_than_its_command_carries(computing):
    carrier = computing("3des-168", "11" * 8 + "22" * 8 + "33" * 8, chip=MtkChip)
    with pytest.raises(CarrierError, match="at most 240 bytes, not 248"):
        carrier.decrypt(bytes(248))


def test_an_asymmetric_key_needs_a_chip_that_signs(carrier_on):
    with pytest.raises(UsageError, match="AsymmetricCrypt"):
        carrier_on(None, "sm2-256", chip=MtkChip)


def test_what_a_carrier_leaves_out_cannot_be_called_and_says_nothing_of_the_device():
    assert set(OPTIONAL_FUNCTIONS) == {*offered_by(SeCarrier), *NOT_OFFERED}
    assert offered_by(Impostor) == ("decrypt", "get_device_challenge", "verify_server")
    with pytest.raises(ToolError, match="the carrier 'impostor' cannot call get_secret") as raised:
        Impostor(KeyType.AES_128).get_secret("x")
    assert "client=get_secret" in raised.value.hint
