"""Each alert from 160 to 178, from the situation that it names, over real sockets."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from harness.errors import UsageError
from harness.gateway.authority_alerts import ALERTS, PROVISIONING_ALERTS
from harness.gateway.gateway import Gateway
from harness.gateway.settings import GatewaySettings
from harness.id2 import codetext
from harness.id2.codes import ItlsAlert, ServiceCode
from harness.id2.hashes import HashType
from harness.id2.keys import KeyType
from harness.itls.client import ClientConnection
from harness.itls.device_identity import KeyIdentity
from harness.service.mock.devices import DeviceState
from harness.service.mock.products import Edition
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.service.mock.store import Store
from tests.gateway.gateway_bench import Caller, Shop, blank, other_key, shop
from tests.service.service_bench import SYMMETRIC, Device, new_device


@pytest.fixture(scope="module")
def far_end() -> Iterator[Shop]:
    with shop() as made:
        yield made


class Says(KeyIdentity):
    """A device whose auth code is made otherwise."""

    def __init__(self, device: Device, code: Callable[[Device, str], str]) -> None:
        super().__init__(device.id2, device.key)
        self._device = device
        self._code = code

    def auth_code(self, challenge: str) -> str:
        return self._code(self._device, challenge)


def field_changed(device: Device, challenge: str, **fields: object) -> str:
    return dataclasses.replace(codetext.parse(device.answer(challenge)), **fields).text


def refused(caller: Caller) -> ItlsAlert | None:
    caller.shake_hands()
    caller.read_to_end()
    caller.close()
    assert not caller.connection.established
    return caller.alert


def no_secret_of_this_product(far_end: Shop) -> Caller:
    product, other = far_end.product(), far_end.product()
    return far_end.call(product, blank(other))


def no_provisioning_code(far_end: Shop) -> Caller:
    class Noise(KeyIdentity):
        def otp_code(self) -> bytes:
            return bytes(100)

    return far_end.call(far_end.product(), Noise(None, None))


def no_quota(far_end: Shop) -> Caller:
    return far_end.call(far_end.product(licences=0), far_end.device())


def no_quota_to_provision(far_end: Shop) -> Caller:
    product = far_end.product(licences=0)
    return far_end.call(product, blank(product))


def expired(far_end: Shop) -> Caller:
    device = far_end.device()
    far_end.admin.set_device_state(device.id2, DeviceState.EXPIRED)
    return far_end.call(far_end.product(), device)


def unknown_device(far_end: Shop) -> Caller:
    return far_end.call(far_end.product(), new_device())


def wrong_key(far_end: Shop) -> Caller:
    return far_end.call(far_end.product(), other_key(far_end.device()))


def no_auth_code_at_all(far_end: Shop) -> Caller:
    return far_end.call(far_end.product(), Says(far_end.device(), lambda _device, _challenge: "hello"))


def code_of_a_server(far_end: Shop) -> Caller:
    says = Says(far_end.device(), lambda device, challenge: f"10~2~{challenge}~{'AAAA' * 16}")
    return far_end.call(far_end.product(), says)


def burning(far_end: Shop) -> Caller:
    device = far_end.device()
    far_end.admin.set_device_state(device.id2, DeviceState.BURNING)
    return far_end.call(far_end.product(), device)


def old_timestamp(far_end: Shop) -> Caller:
    then = round(far_end.admin.now().timestamp() * 1000) - 11 * 60 * 1000
    return far_end.call(
        far_end.product(), Says(far_end.device(), lambda device, _challenge: device.stamp(then))
    )


def another_challenge(far_end: Shop) -> Caller:
    return far_end.call(far_end.product(), Says(far_end.device(), lambda device, _: device.answer("0" * 32)))


def provisioning_off(far_end: Shop) -> Caller:
    product = far_end.product()
    far_end.admin.set_otp(product.product_key, enabled=False)
    return far_end.call(product, blank(product))


def in_state(state: DeviceState) -> Callable[[Shop], Caller]:
    def situation(far_end: Shop) -> Caller:
        device = far_end.device()
        far_end.admin.set_device_state(device.id2, state)
        return far_end.call(far_end.product(), device)

    return situation


def bound_elsewhere(far_end: Shop) -> Caller:
    device = far_end.device()
    far_end.established(far_end.product(), device).close()
    return far_end.call(far_end.product(), device)


def malformed_product_key(far_end: Shop) -> Caller:
    return far_end.call("a1!", far_end.device())


def unknown_product(far_end: Shop) -> Caller:
    return far_end.call("a1AAAAAAAAA", far_end.device())


def eleventh_of_the_day(far_end: Shop) -> Caller:
    device, product = far_end.device(), far_end.product(edition=Edition.BASIC)
    for _ in range(10):
        far_end.established(product, device).close()
    return far_end.call(product, device)


def short_random(far_end: Shop) -> Caller:
    return far_end.call(
        far_end.product(), Says(far_end.device(), lambda device, said: device.answer(said[:31]))
    )


def wrong_hash(far_end: Shop) -> Caller:
    says = Says(far_end.device(), lambda device, said: field_changed(device, said, hash=HashType.SM3))
    return far_end.call(far_end.product(), says)


def unknown_hash(far_end: Shop) -> Caller:
    says = Says(far_end.device(), lambda device, said: device.answer(said).replace("0~2~", "0~7~", 1))
    return far_end.call(far_end.product(), says)


def key_inside_a_chip(far_end: Shop) -> Caller:
    device = far_end.device(KeyType.SM1_128)
    stand_in = Device(device.id2, new_device(KeyType.SM4_128).key)
    return far_end.call(far_end.product(), stand_in)


def key_type_of_another_product(far_end: Shop) -> Caller:
    product = far_end.product()
    given = product.product_secret.reveal().decode()
    # The device's firmware has the secret from before the algorithm was changed in the console.
    far_end.admin.change_algorithm(product.product_key, KeyType.SM4_128)
    return far_end.call(product, blank(product, secret=given))


SITUATIONS = [
    (160, no_secret_of_this_product),
    (160, no_provisioning_code),
    (161, no_quota),
    (161, no_quota_to_provision),
    (161, expired),
    (162, unknown_device),
    (162, in_state(DeviceState.UNKNOWN)),
    (163, wrong_key),
    (163, no_auth_code_at_all),
    (163, code_of_a_server),
    (164, burning),
    (165, old_timestamp),
    (166, another_challenge),
    (167, provisioning_off),
    (168, in_state(DeviceState.SUSPENDED)),
    (169, in_state(DeviceState.DISCARDED)),
    (170, bound_elsewhere),
    (171, malformed_product_key),
    (172, unknown_product),
    (173, eleventh_of_the_day),
    (176, short_random),
    (177, wrong_hash),
    (177, unknown_hash),
    (178, key_inside_a_chip),
    (178, key_type_of_another_product),
]


@pytest.mark.parametrize(
    ("alert", "situation"), SITUATIONS, ids=[f"{alert}-{made.__name__}" for alert, made in SITUATIONS]
)
def test_each_situation_gets_the_alert_that_names_it(far_end, alert, situation):
    caller = situation(far_end)
    number = far_end.last()
    assert refused(caller) == alert
    record = far_end.gateway.wait_for(lambda one: one.stage == "closed", 5, after=number - 1)
    assert (record.alert_sent.number, record.ended) == (alert, "alert")
    assert record.error


@pytest.mark.parametrize(
    ("alert", "settings"),
    [
        (174, Settings(constant_fingerprint="refuse")),
        (175, Settings(repeated_fingerprint="refuse")),
        (161, Settings(downloads_per_product=1)),
    ],
)
def test_fingerprints_and_downloads_by_the_settings_of_the_mock(alert, settings):
    with shop(mock_settings=settings) as far_end:
        product = far_end.product()
        if alert != 174:
            far_end.call(product, blank(product, fingerprint=b"sixteen letters!")).shake_hands().close()
        constant = b"\xff" * 8 if alert == 174 else b"sixteen letters!"
        assert refused(far_end.call(product, blank(product, fingerprint=constant))) == alert


def test_a_device_that_was_never_activated_when_the_gateway_does_not_activate():
    with shop(GatewaySettings(activates=False)) as far_end:
        device, product = far_end.device(), far_end.product()
        assert refused(far_end.call(product, device)) == ItlsAlert.NOT_ACTIVATED
        with far_end.mock.client() as service:
            challenge = service.get_server_random(device.id2)
            assert service.verify(device.id2, product.product_key, device.answer(challenge))
        far_end.established(product, device).close()


def test_key_type_of_the_product_by_setting():
    with shop(mock_settings=Settings(key_type_must_match=True)) as far_end:
        product = far_end.product(algorithm=KeyType.SM4_128)
        assert refused(far_end.call(product, far_end.device(KeyType.AES_128))) == ItlsAlert.KEY_TYPE


def test_a_product_of_another_region_does_not_exist_here():
    with shop(GatewaySettings(region="cn-shanghai")) as far_end:
        away = far_end.product(region="ap-southeast-1")
        assert refused(far_end.call(away, far_end.device())) == ItlsAlert.NO_PRODUCT
        assert refused(far_end.call(away, blank(away))) == ItlsAlert.NO_PRODUCT
        far_end.established(far_end.product(), far_end.device()).close()


def test_too_many_handshakes_of_one_product_are_busy_and_others_are_not():
    with shop(GatewaySettings(handshakes_per_second=1)) as far_end:
        product, device = far_end.product(), far_end.device()
        alerts = set()
        for _ in range(20):
            caller = far_end.call(product, device).shake_hands()
            alerts.add(caller.alert)
            caller.close()
        assert ItlsAlert.BUSY in alerts
        far_end.established(far_end.product(), far_end.device()).close()


def test_a_store_that_another_process_holds_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.service.mock.store._BUSY_MS", 50)
    with MockService(tmp_path / "service.db") as mock, Gateway(mock) as gateway:
        far_end = Shop(mock, gateway)
        device, product = far_end.device(), far_end.product()
        other = Store(tmp_path / "service.db")
        with other.transaction():
            assert refused(far_end.call(product, device)) == ItlsAlert.BUSY
        other.close()
        far_end.established(product, device).close()


def test_no_key_group_before_the_id_is_a_wrong_key_type(far_end):
    class OtherGroup(ClientConnection):
        def take(self) -> bytes:
            return super().take().replace(bytes.fromhex("00100010"), bytes.fromhex("00200010"))

    caller = far_end.call(far_end.product(), far_end.device(), kind=OtherGroup)
    assert refused(caller) == ItlsAlert.KEY_TYPE


@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_devices_of_every_symmetric_key_come_in_and_are_activated_once(far_end, key_type):
    device, product = far_end.device(key_type), far_end.product(licences=1)
    for _ in range(2):
        caller = far_end.established(product, device)
        caller.close()
    stored = far_end.admin.device(device.id2)
    assert stored.state is DeviceState.BOUND
    assert stored.product_key == product.product_key
    assert stored.activated_ms is not None


@pytest.mark.parametrize("algorithm", [KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128])
def test_a_blank_device_is_provisioned_and_comes_in_on_one_connection_with_one_licence(far_end, algorithm):
    product = far_end.product(licences=1, algorithm=algorithm)
    identity = blank(product)
    caller = far_end.call(product, identity).shake_hands()
    assert caller.connection.established
    caller.close()
    record = far_end.gateway.wait_for(lambda one: one.stage == "closed" and one.id2 == identity.id2, 5)
    assert (record.provisioned, record.reached) == (identity.id2, "established")
    stored = far_end.admin.device(identity.id2)
    assert (stored.key.key_type, stored.state) == (algorithm, DeviceState.BOUND)


def test_a_timestamp_code_needs_no_challenge_and_is_good_once(far_end):
    device, product = far_end.device(), far_end.product()
    now = round(far_end.admin.now().timestamp() * 1000)
    stamped = device.stamp(now)
    far_end.call(product, Says(device, lambda _device, _challenge: stamped)).shake_hands().close()
    assert far_end.admin.device(device.id2).state is DeviceState.BOUND
    assert refused(far_end.call(product, Says(device, lambda _d, _c: stamped))) == ItlsAlert.AUTH_CODE


def test_a_recorded_code_does_not_open_a_second_connection(far_end):
    device, product = far_end.device(), far_end.product()
    said = []
    first = far_end.call(
        product, Says(device, lambda one, challenge: said.append(one.answer(challenge)) or said[0])
    )
    assert first.shake_hands().connection.established
    first.close()
    assert (
        refused(far_end.call(product, Says(device, lambda _one, _challenge: said[0]))) == ItlsAlert.CHALLENGE
    )


def test_a_challenge_of_another_connection_is_not_answered_here(far_end):
    device = far_end.device()
    with far_end.mock.client() as service:
        elsewhere = service.get_server_random(device.id2)
    says = Says(device, lambda one, _challenge: one.answer(elsewhere))
    assert refused(far_end.call(far_end.product(), says)) == ItlsAlert.CHALLENGE


def test_a_code_with_extra_is_refused(far_end):
    says = Says(far_end.device(), lambda device, challenge: device.answer(challenge, "extra"))
    assert refused(far_end.call(far_end.product(), says)) == ItlsAlert.AUTH_CODE


def test_the_clock_of_the_mock_decides():
    with shop() as far_end:
        product, device = far_end.product(licences=1), far_end.device()
        far_end.established(product, device).close()
        far_end.admin.move_clock(timedelta(days=366))
        assert refused(far_end.call(product, device)) == ItlsAlert.NO_QUOTA


def test_refusals_change_nothing_and_stand_in_the_call_log(far_end):
    device, product = far_end.device(), far_end.product(licences=1)
    assert refused(far_end.call(product, other_key(device))) == ItlsAlert.AUTH_CODE
    assert far_end.admin.device(device.id2).state is DeviceState.BURNT
    assert far_end.admin.counters(product.product_key).unused == 1
    asked, judged = far_end.admin.calls(id2=device.id2)
    assert (asked.operation, asked.code) == ("itls:challenge", "200")
    assert (judged.operation, judged.code) == ("itls:admit", "alert 163")
    assert judged.parameters["ProductKey"] == product.product_key


def test_no_key_is_in_the_call_log(far_end):
    product = far_end.product()
    identity = blank(product)
    far_end.call(product, identity).shake_hands().close()
    shown = str(far_end.admin.calls()).upper()
    assert far_end.admin.device(identity.id2).key.reveal().hex().upper() not in shown
    assert product.product_secret.reveal().decode().upper() not in shown


def test_every_code_of_the_service_has_its_alert():
    codes = set(ServiceCode) - {ServiceCode.SUCCESS}
    assert set(ALERTS) == set(PROVISIONING_ALERTS) == codes
    assert {alert for alert in ALERTS.values() if alert < 160} == set()


def test_a_limit_below_one_is_refused():
    with pytest.raises(UsageError, match="handshakes_per_second"):
        GatewaySettings(handshakes_per_second=0)


def test_every_alert_of_id2_has_a_situation():
    elsewhere = {174, 175}
    assert {alert for alert, _ in SITUATIONS} | elsewhere == set(range(160, 179))
