"""The client API through a probe: what goes to the device as it is, and what of its answers is no answer of the API."""

import pytest

from harness.carrier.base import OPTIONAL_FUNCTIONS, AuthMode, CipherSuite, KpmKeyType, offered_by
from harness.carrier.errors import CarrierError
from harness.carrier.probe import ProbeCarrier
from harness.errors import DeviceError
from harness.id2.kpm import KeyInfo
from harness.probe.functions import FUNCTIONS, Group
from tests.probe.fake_probe import FakeProbe

CALLS = [
    ("init", (), "ini", "", None),
    ("cleanup", (), "cln", "", None),
    ("get_version", (), "ver", "o=4", 0x30100),
    ("get_id", (), "gid", "o=64", "text"),
    ("get_challenge_auth_code", ("abc",), "cac", "a=3,o=512", "text"),
    ("get_challenge_auth_code", ("abc", b""), "cac", "a=3,b=0,o=512", "text"),
    ("get_challenge_auth_code", ("", b"xy"), "cac", "a=0,b=2,o=512", "text"),
    ("get_timestamp_auth_code", ("15", b"x" * 513), "tac", "a=2,b=513,o=512", "text"),
    ("decrypt", (b"x" * 1040,), "dec", "a=1040,o=1024", b"text"),
    ("encrypt", (b"x" * 1024, "seed"), "enc", "a=1024,c=4,o=1040", b"text"),
    ("encrypt", (b"", ""), "enc", "a=0,c=0,o=16", b"text"),
    ("get_device_challenge", (0,), "dch", "o=0", ""),
    ("get_device_challenge", (200,), "dch", "o=200", "text"),
    ("verify_server", ("10~2~AB", "rand"), "vsv", "a=7,c=4", None),
    ("verify_server", ("10~2~AB", "rand", b""), "vsv", "a=7,b=0,c=4", None),
    ("get_secret", ("s" * 129,), "sec", "c=129,o=128", "text"),
    ("derive_key", ("seed", 33), "dky", "c=4,o=33", b"text"),
    ("get_prov_stat", (), "pst", "o=1", True),
    ("get_otp_auth_code", (b"t" * 32,), "oac", "a=32,o=512", b"text"),
    ("load_otp_data", (b"d" * 89,), "lod", "a=89", None),
    ("kpm_get_prov_stat", (3,), "kps", "o=1,k=3", True),
    ("kpm_get_key_type", (3,), "kpt", "o=4,k=3", KpmKeyType.AES),
    (
        "kpm_get_auth_code",
        (2, KeyInfo.AES_256, AuthMode.TIMESTAMP, "15"),
        "kpa",
        "a=2,o=512,k=2,m=3,n=1",
        "text",
    ),
    ("kpm_import_key", (2, "QUJD"), "kpi", "a=4,k=2", None),
    ("kpm_delete_key", (2,), "kpd", "k=2", None),
    ("kpm_export_pub_key", (2,), "kpx", "o=1024,k=2", "text"),
    ("kpm_sign", (2, b"message"), "kpg", "a=7,o=512,k=2", b"text"),
    ("kpm_verify", (2, b"message", b"sign"), "kpv", "a=7,b=4,k=2", None),
    ("dpm_get_totp", (1700000000, 7, 180, 12), "tot", "o=12,k=1700000000,m=7,n=180,p=12", "text"),
    ("dpm_get_index", ("123456789012",), "tix", "a=12,o=4", 0x30100),
]
NUMBERS = {"ver": bytes.fromhex("00030100"), "tix": bytes.fromhex("00030100"), "kpt": bytes((0, 0, 0, 81))}


def right(name):
    """Return a function that gives what the API would, as far as a buffer is offered."""

    def answer(asked):
        if asked.capacity is None:
            return 0, 0, b""
        data = NUMBERS.get(name) or (b"\x01" if asked.capacity == 1 else b"text")
        return 0, None, data[: asked.capacity]

    return answer


@pytest.fixture
def firmware():
    return FakeProbe(
        slots=(1056, 520, 136),
        functions={
            name: right(name)
            for name, one in FUNCTIONS.items()
            if one.group in {Group.CLIENT, Group.KPM, Group.DPM}
        },
    )


@pytest.mark.parametrize(("function", "arguments", "name", "words", "gives"), CALLS)
def test_arguments_go_over_as_they_are_and_results_come_back(
    connect, firmware, function, arguments, name, words, gives
):
    link, _ = connect(firmware)
    assert getattr(ProbeCarrier(link), function)(*arguments) == gives
    assert firmware.calls == {(name, words): 1}


@pytest.mark.parametrize(("pad", "padding"), [(True, ",n=2"), (False, "")])
@pytest.mark.parametrize(("iv", "vector"), [(b"", ""), (bytes(16), "c=16,")])
def test_business_ciphers_take_padding_and_vector(connect, firmware, pad, padding, iv, vector):
    link, _ = connect(firmware)
    carrier = ProbeCarrier(link)
    for function, name in (("kpm_encrypt", "kpe"), ("kpm_decrypt", "kpc")):
        assert getattr(carrier, function)(1, CipherSuite.SM4_CBC, b"plain", pad=pad, iv=iv) == b"text"
        assert firmware.calls[name, f"a=5,{vector}o=16,k=1,m=104{padding}"] == 1


def test_every_function_of_the_api_is_called():
    assert offered_by(ProbeCarrier) == OPTIONAL_FUNCTIONS
    assert {name for _, _, name, _, _ in CALLS} | {"kpe", "kpc", "prv", "sik"} == {
        name for name, one in FUNCTIONS.items() if one.group in {Group.CLIENT, Group.KPM, Group.DPM}
    }


@pytest.mark.parametrize("code", [-1, -2, -3, -4, -8, -11, -77, 5])
def test_the_result_code_of_the_device_is_told(connect, firmware, code):
    firmware.functions["gid"] = lambda _: (code, 0, b"")
    link, _ = connect(firmware)
    with pytest.raises(CarrierError) as caught:
        ProbeCarrier(link).get_id()
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "answer", "function", "words"),
    [
        ("gid", (0, None, b"\xff\x1b[2J"), "get_id", r"no ASCII text: \xff\e[2J"),
        ("gid", (0, 65, b"x" * 64), "get_id", "65 bytes into a buffer of 64"),
        ("pst", (0, None, b"\x02"), "get_prov_stat", "gave 2 for a bool"),
        ("pst", (0, 0, b""), "get_prov_stat", "0 bytes for a number of 1"),
        ("ver", (0, 2, b"\x00\x03"), "get_version", "2 bytes for a number of 4"),
    ],
)
def test_what_is_no_answer_of_the_api_is_the_devices_fault(connect, firmware, name, answer, function, words):
    firmware.functions[name] = lambda _: answer
    link, _ = connect(firmware)
    with pytest.raises(DeviceError) as caught:
        getattr(ProbeCarrier(link), function)()
    assert words in caught.value.message
    assert caught.value.message.isprintable()


def test_a_key_type_of_none_of_the_apis_is_told(connect, firmware):
    firmware.functions["kpt"] = lambda _: (0, None, bytes((0, 0, 0, 9)))
    link, _ = connect(firmware)
    with pytest.raises(DeviceError, match="none of the API's"):
        ProbeCarrier(link).kpm_get_key_type(1)


def test_bytes_behind_the_buffer_are_told(connect, firmware):
    link, _ = connect(firmware)
    _ = link.hello
    say = firmware._say
    firmware._say = lambda seq, kind, words="": say(seq, kind, words + (" w=3" if kind == "OK" else ""))
    with pytest.raises(DeviceError, match="3 bytes behind the end of its buffer"):
        ProbeCarrier(link).get_id()


def test_a_secret_that_is_no_text_is_not_shown(connect, firmware):
    firmware.functions["sec"] = lambda _: (0, None, b"\xff" + b"SECRET42" * 7)
    link, _ = connect(firmware)
    with pytest.raises(DeviceError) as caught:
        ProbeCarrier(link).get_secret("seed")
    assert "SECRET42" not in caught.value.message
