"""The refusal matrix: each code by the situation it names, and nothing changed by it."""

import base64
from datetime import timedelta

import pytest

from harness.id2 import authcode
from harness.id2.codes import ServiceCode
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.mock.settings import Settings
from harness.service.mock.store.devices import DeviceState
from tests.service.service_bench import SYMMETRIC, Device, new_device

MINUTE_MS = 60_000
STATES = [
    (DeviceState.SUSPENDED, 45),
    (DeviceState.DISCARDED, 46),
    (DeviceState.EXPIRED, 50),
    (DeviceState.UNKNOWN, 18),
]


def test_zero_quota(bench):
    device, product = bench.device(), bench.product(licences=0)
    code = device.answer(bench.service.get_server_random(device.id2))
    with bench.refused(16):
        bench.service.verify(device.id2, product.product_key, code)
    assert bench.admin.device(device.id2).state is DeviceState.BURNT
    bench.admin.buy_licences(product.product_key, 1)
    assert bench.service.verify(device.id2, product.product_key, code), (
        "the refusal did not spend the challenge"
    )


def test_last_licence_goes_to_one_device_only(bench):
    first, second, product = bench.device(), bench.device(), bench.product(licences=1)
    assert bench.verify(first, product)
    with pytest.raises(Exception, match="code 16"):
        bench.verify(second, product)
    assert bench.verify(first, product), "the device that has its licence goes on"
    counters = bench.admin.counters(product.product_key)
    assert (counters.purchased, counters.used, counters.unused) == (1, 1, 0)


def test_bound_to_another_product(bench):
    device, _ = bench.active()
    other = bench.product()
    code = device.answer(bench.service.get_server_random(device.id2))
    with bench.refused(12):
        bench.service.verify(device.id2, other.product_key, code)


def test_unknown_id(bench):
    device, product = new_device(), bench.product()
    with bench.refused(18):
        bench.service.get_server_random(device.id2)
    with bench.refused(18):
        bench.service.verify(device.id2, product.product_key, device.stamp(bench.now_ms()))


def test_product_missing(bench):
    device = bench.device()
    with bench.refused(51):
        bench.service.verify(device.id2, "a1nosuchone", device.stamp(bench.now_ms()))


@pytest.mark.parametrize(("state", "code"), STATES)
def test_states(bench, state, code):
    device, product = bench.active()
    auth_code = device.answer(bench.service.get_server_random(device.id2))
    bench.admin.set_device_state(device.id2, state)
    with bench.refused(code):
        bench.service.verify(device.id2, product.product_key, auth_code)
    with bench.refused(code):
        bench.service.get_server_random(device.id2)
    bench.admin.set_device_state(device.id2, DeviceState.BOUND)
    assert bench.service.verify(device.id2, product.product_key, auth_code)


@pytest.mark.parametrize("years", [1, 3, 5])
def test_validity_ends_years_after_first_use(own_bench, years):
    device = own_bench.device()
    product = own_bench.admin.create_product("lock", licences=1, years=years)
    own_bench.admin.move_clock(timedelta(days=1000))
    assert own_bench.verify(device, product)
    own_bench.admin.move_clock(timedelta(days=365 * years - 1))
    assert own_bench.verify(device, product)
    own_bench.admin.move_clock(timedelta(days=3))
    with own_bench.refused(50):
        own_bench.service.get_server_random(device.id2)
    assert own_bench.admin.counters(product.product_key).expired == 1


# --- the auth code


@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_a_changed_character_anywhere_in_the_signature(bench, key_type):
    device, product = bench.active(key_type)
    challenge = bench.service.get_server_random(device.id2)
    good = device.answer(challenge)
    start = good.rindex("~") + 1
    for position in range(start, len(good), 1 if key_type is KeyType.AES_128 else 5):
        changed = "A" if good[position] != "A" else "B"
        with bench.refused(21):
            bench.service.verify(
                device.id2, product.product_key, good[:position] + changed + good[position + 1 :]
            )
    assert bench.service.verify(device.id2, product.product_key, good)


def test_changed_device_random_hash_and_type(bench):
    device, product = bench.active()
    challenge = bench.service.get_server_random(device.id2)
    kind, hash_number, device_random, random, sign = device.answer(challenge).split("~")
    other = "0" * 16
    for fields in (
        (kind, hash_number, other, random, sign),
        (kind, "3", device_random, random, sign),
        (kind, "1", device_random, random, sign),
        ("4", hash_number, device_random, random, sign),
        ("10", hash_number, device_random, sign),
        (kind, hash_number, device_random.lower() + "g", random, sign),
        (kind, hash_number, device_random, random),
    ):
        with bench.refused(21):
            bench.service.verify(device.id2, product.product_key, "~".join(fields))


@pytest.mark.parametrize(
    "text", ["~~~~", "nonsense", "0~2~~~", "99~AAAA", "0" * 2000, "\x00~\udcff~<script>"]
)
def test_garbage_as_auth_code(bench, text):
    device, product = bench.active()
    with bench.refused(21):
        bench.service.verify(device.id2, product.product_key, text)


def test_another_devices_key(bench):
    device, product = bench.active()
    code = Device(device.id2, new_device().key).answer(bench.service.get_server_random(device.id2))
    with bench.refused(21):
        bench.service.verify(device.id2, product.product_key, code)


def test_another_devices_code(bench):
    device, product = bench.active()
    other = bench.device()
    challenge = bench.service.get_server_random(device.id2)
    with bench.refused(21):
        bench.service.verify(device.id2, product.product_key, other.answer(challenge))


def test_challenge_that_was_never_issued(bench):
    device, product = bench.active()
    with bench.refused(35):
        bench.service.verify(
            device.id2, product.product_key, device.answer("55B83408399FA660F05C82E4F25333DC")
        )


def test_challenge_of_another_device(bench):
    device, product = bench.active()
    other = bench.device()
    challenge = bench.service.get_server_random(other.id2)
    with bench.refused(35):
        bench.service.verify(device.id2, product.product_key, device.answer(challenge))


def test_challenge_used_before(bench):
    device, product = bench.device(), bench.product()
    challenge = bench.service.get_server_random(device.id2)
    code = device.answer(challenge)
    assert bench.service.verify(device.id2, product.product_key, code)
    for replayed in (code, device.answer(challenge), device.answer(challenge, "other extra")):
        extra = "other extra" if replayed[0] == "2" else ""
        with bench.refused(35):
            bench.service.verify(device.id2, product.product_key, replayed, extra)
        with bench.refused(35):
            bench.service.verify_and_encrypt(device.id2, product.product_key, replayed, "data", extra)


def test_challenge_too_old(own_bench):
    device, product = own_bench.active()
    code = device.answer(own_bench.service.get_server_random(device.id2))
    own_bench.admin.move_clock(timedelta(seconds=own_bench.mock.settings.challenge_lifetime_s + 1))
    with own_bench.refused(35):
        own_bench.service.verify(device.id2, product.product_key, code)


@pytest.mark.parametrize("minutes", [-9.9, 9.9])
def test_timestamp_inside_the_window(bench, minutes):
    device, product = bench.active()
    assert bench.service.verify(
        device.id2, product.product_key, device.stamp(bench.now_ms() + round(minutes * MINUTE_MS))
    )


@pytest.mark.parametrize("minutes", [-10.1, 10.1, -60 * 24 * 365])
def test_timestamp_outside_the_window(bench, minutes):
    device, product = bench.active()
    with bench.refused(33):
        bench.service.verify(
            device.id2, product.product_key, device.stamp(bench.now_ms() + round(minutes * MINUTE_MS))
        )


@pytest.mark.parametrize("text", ["yesterday", "-1", "1.5e12", "9" * 32, "٣"])
def test_timestamp_that_is_no_time(bench, text):
    device, product = bench.active()
    code = authcode.AuthCode(
        authcode.AuthCodeType.TIMESTAMP, device.key.key_type.hash, "AB" * 8, text, b"x" * 48
    )
    with bench.refused(33 if text.isascii() else 21):
        bench.service.verify(device.id2, product.product_key, code.text)


def test_timestamp_in_seconds(bench):
    device, product = bench.active()
    with bench.refused(33):
        bench.service.verify(device.id2, product.product_key, device.stamp(bench.now_ms() // 1000))


def test_timestamp_code_repeated(bench):
    device, product = bench.active()
    code = device.stamp(bench.now_ms())
    assert bench.service.verify(device.id2, product.product_key, code)
    with bench.refused(34):
        bench.service.verify(device.id2, product.product_key, code)


def test_two_codes_in_one_millisecond_are_two_codes(bench):
    device, product = bench.active()
    now = bench.now_ms()
    assert bench.service.verify(device.id2, product.product_key, device.stamp(now))
    assert bench.service.verify(device.id2, product.product_key, device.stamp(now))


# --- extra, data, challenge of the device


@pytest.mark.parametrize("key_type", [*SYMMETRIC, KeyType.ECC_K256])
@pytest.mark.parametrize(("signed", "given"), [("abcd1234", "abcd1235"), ("abcd1234", ""), ("", "abcd1234")])
def test_extra_does_not_fit(bench, key_type, signed, given):
    device, product = bench.active(key_type)
    code = device.answer(bench.service.get_server_random(device.id2), signed)
    with bench.refused(39):
        bench.service.verify(device.id2, product.product_key, code, given)


def test_extra_fits_but_the_signature_is_damaged(bench):
    device, product = bench.active()
    code = device.answer(bench.service.get_server_random(device.id2), "abcd1234")
    for position in (1, 30, -2):
        sign = code.rindex("~") + 1
        at = sign + position if position > 0 else len(code) + position
        changed = "A" if code[at] != "A" else "B"
        with bench.refused(21):
            bench.service.verify(
                device.id2, product.product_key, code[:at] + changed + code[at + 1 :], "abcd1234"
            )


def test_extra_of_512_bytes_and_more(bench):
    device, product = bench.active()
    assert bench.verify(device, product, "e" * 512)
    challenge = bench.service.get_server_random(device.id2)
    # A device refuses to sign so much; one that does not is refused here.
    sign = authcode.sign(device.key, authcode.message(device.id2, "AB" * 8, challenge, b"e" * 513))
    code = authcode.AuthCode(
        authcode.AuthCodeType.CHALLENGE_EXTRA, device.key.key_type.hash, "AB" * 8, challenge, sign
    )
    with bench.refused(39):
        bench.service.verify(device.id2, product.product_key, code.text, "e" * 513)


def test_not_activated_yet(bench):
    device, product = bench.device(), bench.product()
    challenge = bench.service.get_server_random(device.id2)
    with bench.refused(32):
        bench.service.get_server_auth_code_and_encrypt_data(
            device.id2, product.product_key, device.answer(challenge), "AB" * 16, "data"
        )


def test_data_too_long_for_a_device(bench):
    device, product = bench.active()
    longest = bench.service.verify_and_encrypt(
        device.id2,
        product.product_key,
        device.answer(bench.service.get_server_random(device.id2)),
        "d" * 1023,
    )
    assert len(longest) == 1024
    code = device.answer(bench.service.get_server_random(device.id2))
    with bench.refused(36):
        bench.service.verify_and_encrypt(device.id2, product.product_key, code, "d" * 1024)
    with bench.refused(36):
        bench.service.verify_and_encrypt(device.id2, product.product_key, code, "ü" * 512)


@pytest.mark.parametrize("challenge", ["A" * 129, "AB~CD", "AB\nCD", "ÄB"])
def test_device_challenge_out_of_form(bench, challenge):
    device, product = bench.active()
    code = device.answer(bench.service.get_server_random(device.id2))
    with bench.refused(40):
        bench.service.get_server_auth_code_and_encrypt_data(
            device.id2, product.product_key, code, challenge, "data"
        )


def test_server_extra_too_long(bench):
    device, product = bench.active()
    code = device.answer(bench.service.get_server_random(device.id2))
    with bench.refused(38):
        bench.service.get_server_auth_code_and_encrypt_data(
            device.id2, product.product_key, code, "AB" * 16, "data", server_extra="e" * 513
        )


def test_encryption_for_an_sm2_device(bench):
    device, product = bench.active(KeyType.SM2_256)
    code = device.answer(bench.service.get_server_random(device.id2))
    with bench.refused(42):
        bench.service.verify_and_encrypt(device.id2, product.product_key, code, "data")


def test_sm1_which_nobody_can_compute(bench):
    product, id2 = bench.product(), new_device().id2
    bench.admin.add_device(id2, Key(KeyType.SM1_128, Secret(bytes(16))))
    challenge = bench.service.get_server_random(id2)
    sign = base64.b64encode(bytes(48)).decode()
    with bench.refused(42):
        bench.service.verify(id2, product.product_key, f"0~3~{'AB' * 8}~{challenge}~{sign}")


# --- version, source, rights


@pytest.mark.parametrize(
    ("changes", "code"), [({"ApiVersion": "1.1.1"}, "37"), ({"ProductSource": "2"}, "500")]
)
def test_api_version_and_product_source(bench, changes, code):
    device, product = bench.active()
    answer = bench.post(
        "Verify",
        Id2=device.id2,
        ProductKey=product.product_key,
        AuthCode=device.stamp(bench.now_ms()),
        **changes,
    )
    assert answer.status_code == 200
    assert {name: answer.json().get(name) for name in ("Code", "Success", "Data")} == {
        "Code": code,
        "Success": "false",
        "Data": None,
    }


def test_rights(bench):
    device, product = bench.active()
    with bench.mock.client(bench.admin.create_access_key("read-only")) as service, bench.refused(63):
        service.get_server_random(device.id2)
    with bench.mock.client(bench.admin.create_access_key("verify")) as service:
        assert service.verify(device.id2, product.product_key, device.stamp(bench.now_ms()))
        with bench.refused(63):
            service.otp_get_id2(bytes(100))


def test_every_refusal_says_what_it_means_and_what_to_do(bench):
    with pytest.raises(Exception, match="GetServerRandom refused with code 18: ID² does not exist") as caught:
        bench.service.get_server_random(new_device().id2)
    assert caught.value.code is ServiceCode.NO_ID
    assert caught.value.hint == ServiceCode.NO_ID.hint
    assert caught.value.outcome == "failed"


# --- settings


def only(**changes):
    return pytest.mark.parametrize("own_bench", [Settings(**changes)], indirect=True)


@only(challenge_spent_by="attempt")
def test_setting_challenge_spent_by_attempt(own_bench):
    device, product = own_bench.active()
    challenge = own_bench.service.get_server_random(device.id2)
    bad = Device(device.id2, new_device().key).answer(challenge)
    with pytest.raises(Exception, match="code 21"):
        own_bench.service.verify(device.id2, product.product_key, bad)
    with own_bench.refused(35):
        own_bench.service.verify(device.id2, product.product_key, device.answer(challenge))


@only(timestamp_repeats="timestamp")
def test_setting_one_code_per_millisecond(own_bench):
    device, product = own_bench.active()
    now = own_bench.now_ms()
    assert own_bench.service.verify(device.id2, product.product_key, device.stamp(now))
    with own_bench.refused(34):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(now))
    with own_bench.refused(34):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(f"0{now}"))


@only(freshness_first=False)
def test_setting_signature_before_freshness(own_bench):
    device, product = own_bench.active()
    other_key = Device(device.id2, new_device().key)
    with own_bench.refused(21):
        own_bench.service.verify(device.id2, product.product_key, other_key.stamp(1))
    with own_bench.refused(33):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(1))


@only(wrong_extra_code=21)
def test_setting_wrong_extra_folded_into_21(own_bench):
    device, product = own_bench.active()
    code = device.answer(own_bench.service.get_server_random(device.id2), "one")
    with own_bench.refused(21):
        own_bench.service.verify(device.id2, product.product_key, code, "two")


@only(random_checks_state=False)
def test_setting_challenge_whatever_the_state(own_bench):
    device, _ = own_bench.active()
    own_bench.admin.set_device_state(device.id2, "suspended")
    assert own_bench.service.get_server_random(device.id2)


@only(activating_operations=frozenset({"GetServerAuthCodeAndEncryptData"}))
def test_setting_which_operations_activate(own_bench):
    device, product = own_bench.device(), own_bench.product()
    challenge = own_bench.service.get_server_random(device.id2)
    with own_bench.refused(32):
        own_bench.service.verify(device.id2, product.product_key, device.answer(challenge))
    own_bench.service.get_server_auth_code_and_encrypt_data(
        device.id2, product.product_key, device.answer(challenge), "AB" * 16, "data"
    )
    assert own_bench.admin.device(device.id2).state is DeviceState.BOUND
