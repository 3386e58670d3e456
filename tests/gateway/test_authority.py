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
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.service.mock.store.devices import DeviceState
from harness.service.mock.store.products import Edition
from harness.service.mock.store.store import Store
from tests.gateway.gateway_bench import Caller, GatewayBench, blank, other_key, running_bench
from tests.service.service_bench import SYMMETRIC, Device, new_device


@pytest.fixture(scope="module")
def bench() -> Iterator[GatewayBench]:
    with running_bench() as made:
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


def no_secret_of_this_product(bench: GatewayBench) -> Caller:
    product, other = bench.product(), bench.product()
    return bench.call(product, blank(other))


def no_provisioning_code(bench: GatewayBench) -> Caller:
    class Noise(KeyIdentity):
        def otp_code(self) -> bytes:
            return bytes(100)

    return bench.call(bench.product(), Noise(None, None))


def no_quota(bench: GatewayBench) -> Caller:
    return bench.call(bench.product(licences=0), bench.device())


def no_quota_to_provision(bench: GatewayBench) -> Caller:
    product = bench.product(licences=0)
    return bench.call(product, blank(product))


def expired(bench: GatewayBench) -> Caller:
    device = bench.device()
    bench.admin.set_device_state(device.id2, DeviceState.EXPIRED)
    return bench.call(bench.product(), device)


def unknown_device(bench: GatewayBench) -> Caller:
    return bench.call(bench.product(), new_device())


def wrong_key(bench: GatewayBench) -> Caller:
    return bench.call(bench.product(), other_key(bench.device()))


def no_auth_code_at_all(bench: GatewayBench) -> Caller:
    return bench.call(bench.product(), Says(bench.device(), lambda _device, _challenge: "hello"))


def code_of_a_server(bench: GatewayBench) -> Caller:
    says = Says(bench.device(), lambda device, challenge: f"10~2~{challenge}~{'AAAA' * 16}")
    return bench.call(bench.product(), says)


def burning(bench: GatewayBench) -> Caller:
    device = bench.device()
    bench.admin.set_device_state(device.id2, DeviceState.BURNING)
    return bench.call(bench.product(), device)


def old_timestamp(bench: GatewayBench) -> Caller:
    then = round(bench.admin.now().timestamp() * 1000) - 11 * 60 * 1000
    return bench.call(bench.product(), Says(bench.device(), lambda device, _challenge: device.stamp(then)))


def another_challenge(bench: GatewayBench) -> Caller:
    return bench.call(bench.product(), Says(bench.device(), lambda device, _: device.answer("0" * 32)))


def provisioning_off(bench: GatewayBench) -> Caller:
    product = bench.product()
    bench.admin.set_otp(product.product_key, enabled=False)
    return bench.call(product, blank(product))


def in_state(state: DeviceState) -> Callable[[GatewayBench], Caller]:
    def situation(bench: GatewayBench) -> Caller:
        device = bench.device()
        bench.admin.set_device_state(device.id2, state)
        return bench.call(bench.product(), device)

    return situation


def bound_elsewhere(bench: GatewayBench) -> Caller:
    device = bench.device()
    bench.established(bench.product(), device).close()
    return bench.call(bench.product(), device)


def malformed_product_key(bench: GatewayBench) -> Caller:
    return bench.call("a1!", bench.device())


def unknown_product(bench: GatewayBench) -> Caller:
    return bench.call("a1AAAAAAAAA", bench.device())


def eleventh_of_the_day(bench: GatewayBench) -> Caller:
    device, product = bench.device(), bench.product(edition=Edition.BASIC)
    for _ in range(10):
        bench.established(product, device).close()
    return bench.call(product, device)


def short_random(bench: GatewayBench) -> Caller:
    return bench.call(bench.product(), Says(bench.device(), lambda device, said: device.answer(said[:31])))


def wrong_hash(bench: GatewayBench) -> Caller:
    says = Says(bench.device(), lambda device, said: field_changed(device, said, hash=HashType.SM3))
    return bench.call(bench.product(), says)


def unknown_hash(bench: GatewayBench) -> Caller:
    says = Says(bench.device(), lambda device, said: device.answer(said).replace("0~2~", "0~7~", 1))
    return bench.call(bench.product(), says)


def key_inside_a_chip(bench: GatewayBench) -> Caller:
    device = bench.device(KeyType.SM1_128)
    stand_in = Device(device.id2, new_device(KeyType.SM4_128).key)
    return bench.call(bench.product(), stand_in)


def key_type_of_another_product(bench: GatewayBench) -> Caller:
    product = bench.product()
    given = product.product_secret.reveal().decode()
    # The device's firmware has the secret from before the algorithm was changed in the console.
    bench.admin.change_algorithm(product.product_key, KeyType.SM4_128)
    return bench.call(product, blank(product, secret=given))


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
def test_each_situation_gets_the_alert_that_names_it(bench, alert, situation):
    caller = situation(bench)
    number = bench.last()
    assert refused(caller) == alert
    record = bench.gateway.wait_for(lambda one: one.stage == "closed", 5, after=number - 1)
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
    with running_bench(mock_settings=settings) as bench:
        product = bench.product()
        if alert != 174:
            bench.call(product, blank(product, fingerprint=b"sixteen letters!")).shake_hands().close()
        constant = b"\xff" * 8 if alert == 174 else b"sixteen letters!"
        assert refused(bench.call(product, blank(product, fingerprint=constant))) == alert


def test_a_device_that_was_never_activated_when_the_gateway_does_not_activate():
    with running_bench(GatewaySettings(activates=False)) as bench:
        device, product = bench.device(), bench.product()
        assert refused(bench.call(product, device)) == ItlsAlert.NOT_ACTIVATED
        with bench.mock.client() as service:
            challenge = service.get_server_random(device.id2)
            assert service.verify(device.id2, product.product_key, device.answer(challenge))
        bench.established(product, device).close()


def test_key_type_of_the_product_by_setting():
    with running_bench(mock_settings=Settings(key_type_must_match=True)) as bench:
        product = bench.product(algorithm=KeyType.SM4_128)
        assert refused(bench.call(product, bench.device(KeyType.AES_128))) == ItlsAlert.KEY_TYPE


def test_a_product_of_another_region_does_not_exist_here():
    with running_bench(GatewaySettings(region="cn-shanghai")) as bench:
        away = bench.product(region="ap-southeast-1")
        assert refused(bench.call(away, bench.device())) == ItlsAlert.NO_PRODUCT
        assert refused(bench.call(away, blank(away))) == ItlsAlert.NO_PRODUCT
        bench.established(bench.product(), bench.device()).close()


def test_too_many_handshakes_of_one_product_are_busy_and_others_are_not():
    with running_bench(GatewaySettings(handshakes_per_second=1)) as bench:
        product, device = bench.product(), bench.device()
        alerts = set()
        for _ in range(20):
            caller = bench.call(product, device).shake_hands()
            alerts.add(caller.alert)
            caller.close()
        assert ItlsAlert.BUSY in alerts
        bench.established(bench.product(), bench.device()).close()


def test_a_store_that_another_process_holds_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.service.mock.store.store._BUSY_MS", 50)
    with MockService(tmp_path / "service.db") as mock, Gateway(mock) as gateway:
        bench = GatewayBench(mock, gateway)
        device, product = bench.device(), bench.product()
        other = Store(tmp_path / "service.db")
        with other.transaction():
            assert refused(bench.call(product, device)) == ItlsAlert.BUSY
        other.close()
        bench.established(product, device).close()


def test_no_key_group_before_the_id_is_a_wrong_key_type(bench):
    class OtherGroup(ClientConnection):
        def take(self) -> bytes:
            return super().take().replace(bytes.fromhex("00100010"), bytes.fromhex("00200010"))

    caller = bench.call(bench.product(), bench.device(), kind=OtherGroup)
    assert refused(caller) == ItlsAlert.KEY_TYPE


@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_devices_of_every_symmetric_key_come_in_and_are_activated_once(bench, key_type):
    device, product = bench.device(key_type), bench.product(licences=1)
    for _ in range(2):
        caller = bench.established(product, device)
        caller.close()
    stored = bench.admin.device(device.id2)
    assert stored.state is DeviceState.BOUND
    assert stored.product_key == product.product_key
    assert stored.activated_ms is not None


@pytest.mark.parametrize("algorithm", [KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128])
def test_a_blank_device_is_provisioned_and_comes_in_on_one_connection_with_one_licence(bench, algorithm):
    product = bench.product(licences=1, algorithm=algorithm)
    identity = blank(product)
    caller = bench.call(product, identity).shake_hands()
    assert caller.connection.established
    caller.close()
    record = bench.gateway.wait_for(lambda one: one.stage == "closed" and one.id2 == identity.id2, 5)
    assert (record.provisioned, record.reached) == (identity.id2, "established")
    stored = bench.admin.device(identity.id2)
    assert (stored.key.key_type, stored.state) == (algorithm, DeviceState.BOUND)


def test_a_timestamp_code_needs_no_challenge_and_is_good_once(bench):
    device, product = bench.device(), bench.product()
    now = round(bench.admin.now().timestamp() * 1000)
    stamped = device.stamp(now)
    bench.call(product, Says(device, lambda _device, _challenge: stamped)).shake_hands().close()
    assert bench.admin.device(device.id2).state is DeviceState.BOUND
    assert refused(bench.call(product, Says(device, lambda _d, _c: stamped))) == ItlsAlert.AUTH_CODE


def test_a_recorded_code_does_not_open_a_second_connection(bench):
    device, product = bench.device(), bench.product()
    said = []
    first = bench.call(
        product, Says(device, lambda one, challenge: said.append(one.answer(challenge)) or said[0])
    )
    assert first.shake_hands().connection.established
    first.close()
    assert refused(bench.call(product, Says(device, lambda _one, _challenge: said[0]))) == ItlsAlert.CHALLENGE


def test_a_challenge_of_another_connection_is_not_answered_here(bench):
    device = bench.device()
    with bench.mock.client() as service:
        elsewhere = service.get_server_random(device.id2)
    says = Says(device, lambda one, _challenge: one.answer(elsewhere))
    assert refused(bench.call(bench.product(), says)) == ItlsAlert.CHALLENGE


def test_a_code_with_extra_is_refused(bench):
    says = Says(bench.device(), lambda device, challenge: device.answer(challenge, "extra"))
    assert refused(bench.call(bench.product(), says)) == ItlsAlert.AUTH_CODE


def test_the_clock_of_the_mock_decides():
    with running_bench() as bench:
        product, device = bench.product(licences=1), bench.device()
        bench.established(product, device).close()
        bench.admin.move_clock(timedelta(days=366))
        assert refused(bench.call(product, device)) == ItlsAlert.NO_QUOTA


def test_refusals_change_nothing_and_stand_in_the_call_log(bench):
    device, product = bench.device(), bench.product(licences=1)
    assert refused(bench.call(product, other_key(device))) == ItlsAlert.AUTH_CODE
    assert bench.admin.device(device.id2).state is DeviceState.BURNT
    assert bench.admin.counters(product.product_key).unused == 1
    asked, judged = bench.admin.calls(id2=device.id2)
    assert (asked.operation, asked.code) == ("itls:challenge", "200")
    assert (judged.operation, judged.code) == ("itls:admit", "alert 163")
    assert judged.parameters["ProductKey"] == product.product_key


def test_no_key_is_in_the_call_log(bench):
    product = bench.product()
    identity = blank(product)
    bench.call(product, identity).shake_hands().close()
    shown = str(bench.admin.calls()).upper()
    assert bench.admin.device(identity.id2).key.reveal().hex().upper() not in shown
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
