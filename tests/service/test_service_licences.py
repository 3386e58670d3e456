"""Licences over the API: what is used, in which order, when it ends, and that nothing is ever oversold."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from harness.errors import UsageError
from harness.service.errors import ServiceRefusal
from harness.service.mock import validity
from harness.service.mock.settings import Settings
from harness.service.mock.store.devices import DeviceState
from harness.service.mock.store.licences import OrderKind, Reason
from tests.service.service_bench import Device, new_device

DAY_MS = 24 * 3600 * 1000


def only(**changes):
    return pytest.mark.parametrize("own_bench", [Settings(**changes)], indirect=True)


def expired_device(bench, licences=1, days=366, **changes):
    """Return an activated device whose one year has just ended."""
    device = bench.device()
    product = bench.admin.create_product("lock", licences=licences, **changes)
    assert bench.verify(device, product)
    bench.admin.move_clock(timedelta(days=days))
    return device, product


def reasons(bench, product):
    return [entry.reason for entry in bench.admin.ledger(product.product_key)]


def test_an_expired_device_is_renewed_by_its_next_success(own_bench):
    device, product = expired_device(own_bench, licences=2)
    old_end = own_bench.admin.device(device.id2).expires_ms
    assert own_bench.admin.counters(product.product_key).used == 1
    assert own_bench.verify(device, product)
    assert own_bench.admin.device(device.id2).expires_ms == validity.end(old_end, 1)
    counters = own_bench.admin.counters(product.product_key)
    assert (counters.used, counters.unused, counters.expired) == (2, 0, 0)
    assert reasons(own_bench, product) == [Reason.RENEWAL, Reason.ACTIVATION]
    assert own_bench.verify(device, product)
    assert own_bench.admin.counters(product.product_key).used == 2, "renewed once, not at every call"


def test_a_failed_authentication_renews_nothing(own_bench):
    device, product = expired_device(own_bench, licences=2)
    own_bench.service.get_server_random(device.id2)
    with own_bench.refused(35):
        own_bench.service.verify(device.id2, product.product_key, device.answer("A" * 32))
    assert own_bench.admin.counters(product.product_key).used == 1


def test_renewal_switched_off(own_bench):
    device, product = expired_device(own_bench, licences=2)
    own_bench.admin.set_auto_renew(product.product_key, enabled=False)
    with own_bench.refused(50):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(own_bench.now_ms()))
    own_bench.admin.set_auto_renew(product.product_key, enabled=True)
    assert own_bench.verify(device, product)


def test_renewal_takes_the_product_before_the_account_and_short_before_long(own_bench):
    device, product = expired_device(own_bench)
    key = product.product_key
    account = [own_bench.admin.buy_account_licences(1, years) for years in (5, 1)]
    for years in (5, 3):
        own_bench.admin.buy_licences(key, 1, years)
    expected = [3, 5, 1, 5]
    for years in expected:
        before = own_bench.admin.device(device.id2).expires_ms
        own_bench.admin.move_clock(
            datetime.fromtimestamp(before / 1000, UTC) - own_bench.admin.now() + timedelta(hours=1)
        )
        assert own_bench.verify(device, product)
        assert own_bench.admin.device(device.id2).expires_ms == validity.end(before, years)
    pools = {order.id: order.used for order in own_bench.admin.orders() if order.product_key is None}
    assert pools == {order.id: 1 for order in account}


def test_account_licences_of_another_region_renew_nothing(own_bench):
    device, product = expired_device(own_bench)
    own_bench.admin.buy_account_licences(1, 1, region="ap-southeast-1")
    with own_bench.refused(50):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(own_bench.now_ms()))


@pytest.mark.parametrize(
    ("own_bench", "code"), [(Settings(), 18), (Settings(released_code=50), 50)], indirect=["own_bench"]
)
def test_data_is_released_15_days_after_the_end(own_bench, code):
    device, product = expired_device(own_bench, days=365 + 14)
    own_bench.admin.buy_licences(product.product_key, 1)
    assert own_bench.service.get_server_random(device.id2), "one day before, renewal is still possible"
    own_bench.admin.move_clock(timedelta(days=3))
    with own_bench.refused(code):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(own_bench.now_ms()))


def test_an_erased_device_uses_another_licence(own_bench):
    device, product = own_bench.active()
    own_bench.admin.erase_device(device.id2)
    assert own_bench.verify(device, product)
    assert own_bench.admin.counters(product.product_key).used == 2


def test_a_chip_brings_its_own_licence_of_five_years(own_bench):

    device, product = new_device(), own_bench.product(licences=0)
    own_bench.admin.add_device(device.id2, device.key, chip=True)
    assert own_bench.verify(device, product)
    (order,) = own_bench.admin.orders(product.product_key)
    assert (order.kind, order.years, order.quantity, order.used) == (OrderKind.CHIP, 5, 1, 1)
    own_bench.admin.erase_device(device.id2)
    with pytest.raises(ServiceRefusal, match="code 16"):
        own_bench.verify(device, product)


def test_counters_of_what_ends_soon(own_bench):
    product = own_bench.admin.create_product("lock", licences=3)
    for days in (0, 60, 60):
        own_bench.admin.move_clock(timedelta(days=days))
        assert own_bench.verify(own_bench.device(), product)
    own_bench.admin.move_clock(timedelta(days=365 - 120 - 10))
    counters = own_bench.admin.counters(product.product_key)
    assert (counters.expired, counters.expiring_1_month, counters.expiring_3_months) == (0, 1, 2)
    own_bench.admin.move_clock(timedelta(days=11))
    counters = own_bench.admin.counters(product.product_key)
    assert (counters.expired, counters.expiring_1_month, counters.expiring_3_months) == (1, 0, 1)


def test_assignment_moves_licences_from_the_pool_once(own_bench):
    product = own_bench.product(licences=0)
    pool = own_bench.admin.buy_account_licences(10, 3)
    own_bench.admin.assign_licences(pool.id, product.product_key, 7)
    with pytest.raises(UsageError, match="has 3 licences left"):
        own_bench.admin.assign_licences(pool.id, product.product_key, 4)
    assert own_bench.admin.counters(product.product_key).unused == 7
    assert own_bench.admin.counters().purchased == 10, "what is assigned is not bought a second time"
    device = own_bench.device()
    assert own_bench.verify(device, product)
    known = own_bench.admin.device(device.id2)
    assert known.expires_ms == validity.end(known.activated_ms, 3)


@pytest.mark.parametrize(("quantity", "says"), [(0, "1 to 10"), (-1, "1 to 10"), (11, "10 licences left")])
def test_assignments_that_cannot_be(bench, quantity, says):
    product, pool = bench.product(licences=0), bench.admin.buy_account_licences(10, 1)
    with pytest.raises(UsageError, match=says):
        bench.admin.assign_licences(pool.id, product.product_key, quantity)


def test_assignment_across_regions_and_from_a_product(bench):
    product, pool = bench.product(), bench.admin.buy_account_licences(10, 1, region="ap-southeast-1")
    with pytest.raises(UsageError, match="valid in ap-southeast-1"):
        bench.admin.assign_licences(pool.id, product.product_key, 1)
    with pytest.raises(UsageError, match="not one of the account's pool"):
        bench.admin.assign_licences(bench.admin.orders(product.product_key)[0].id, product.product_key, 1)


@only(assignment_max=1000)
def test_setting_most_of_one_assignment(own_bench):
    product, pool = own_bench.product(), own_bench.admin.buy_account_licences(2000, 1)
    with pytest.raises(UsageError, match="1 to 1000"):
        own_bench.admin.assign_licences(pool.id, product.product_key, 1001)


@only(same_validity_per_product=True)
def test_setting_same_validity(own_bench):
    product = own_bench.product()
    own_bench.admin.buy_licences(product.product_key, 1, 1)
    with pytest.raises(UsageError, match="valid for 1 years"):
        own_bench.admin.buy_licences(product.product_key, 1, 3)


def test_activate_uses_the_order_that_it_names(own_bench):
    product, device = own_bench.product(licences=1), own_bench.device()
    own_bench.admin.buy_licences(product.product_key, 1, 5)
    first, second = own_bench.admin.orders(product.product_key)
    given = {"Id2": device.id2, "License": second.code, "AuthCode": device.stamp(own_bench.now_ms())}
    assert own_bench.post("Activate", **given).json()["Data"] == "true"
    known = own_bench.admin.device(device.id2)
    assert (known.state, known.product_key, known.licence_id) == (
        DeviceState.BOUND,
        product.product_key,
        second.id,
    )
    other = own_bench.device()
    given = {"Id2": other.id2, "License": second.code, "AuthCode": other.stamp(own_bench.now_ms())}
    assert own_bench.post("Activate", **given).json()["Code"] == "16"
    assert own_bench.admin.orders(product.product_key)[0].used == first.used == 0
    assert second.code not in str(own_bench.admin.calls()), "a right to activate is no text for a log"


def test_basic_edition_ten_a_day(own_bench):
    device = own_bench.device()
    product = own_bench.admin.create_product("lock", licences=1, edition="basic")
    today = own_bench.admin.now().replace(hour=16, minute=0, second=30, microsecond=0)
    own_bench.admin.move_clock(today + timedelta(days=1) - own_bench.admin.now())
    for _ in range(10):
        assert own_bench.verify(device, product)
    with own_bench.refused(54):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(own_bench.now_ms()))
    own_bench.admin.move_clock(timedelta(hours=23))
    with own_bench.refused(54):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(own_bench.now_ms()))
    own_bench.admin.move_clock(timedelta(hours=1))
    assert own_bench.verify(device, product)


def test_debug_devices_use_nothing_and_are_bound_to_nothing(own_bench):
    made = own_bench.admin.make_debug_device("aes-128")
    assert made.id2.startswith("000FFFFF")

    device = Device(made.id2, made.key)
    for product in (own_bench.admin.debug_product(), own_bench.product(), own_bench.product()):
        assert own_bench.verify(device, product)
        assert own_bench.admin.counters(product.product_key).used == 0
    assert own_bench.admin.device(made.id2).product_key is None
    assert own_bench.admin.debug_product() not in own_bench.admin.products()


@only(debug_devices_free=False)
def test_setting_debug_devices_cost_too(own_bench):

    made, product = own_bench.admin.make_debug_device(), own_bench.product(licences=1)
    assert own_bench.verify(Device(made.id2, made.key), product)
    assert own_bench.admin.counters(product.product_key).used == 1


@only(key_type_must_match=True)
def test_setting_key_type_of_the_product(own_bench):
    device, product = own_bench.active()
    own_bench.admin.change_algorithm(product.product_key, "sm4-128")
    with own_bench.refused(14):
        own_bench.service.verify(device.id2, product.product_key, device.stamp(own_bench.now_ms()))


def test_concurrent_renewals_and_activations_on_the_last_licences(own_bench):
    product = own_bench.admin.create_product("lock", licences=4)
    old = [own_bench.device() for _ in range(4)]
    for device in old:
        assert own_bench.verify(device, product)
    own_bench.admin.move_clock(timedelta(days=366))
    own_bench.admin.buy_licences(product.product_key, 3)
    own_bench.admin.buy_account_licences(1, 1)
    wanting = old + [own_bench.device() for _ in range(4)]

    def attempt(device):
        with own_bench.mock.client() as service:
            try:
                return service.verify(device.id2, product.product_key, device.stamp(own_bench.now_ms()))
            except ServiceRefusal as refusal:
                return 0 if refusal.code in (16, 50) else 100

    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(attempt, wanting))
    spent = sum(order.used for order in own_bench.admin.orders())
    assert spent == 4 + done == len(own_bench.admin.ledger())
    assert 3 <= done <= 4
    assert all(order.used + order.assigned <= order.quantity for order in own_bench.admin.orders())
