"""Products by the rules of both consoles, the whitelist, algorithms, and stores of older versions."""

import contextlib
import sqlite3
from datetime import timedelta

import pytest

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.service.mock.store import housekeeping, schema
from harness.service.mock.store.devices import DeviceState
from harness.service.mock.store.products import Console, NodeType, Registration
from tests.service.service_bench import Bench
from tests.service.test_service_otp import device_code


@pytest.fixture
def admin():
    mock = MockService()
    yield mock.admin
    mock.close()


@pytest.mark.parametrize("name", ["lock", "门锁", "a_b1", "L" * 30, "锁" * 15, "智能门锁_v2"])
@pytest.mark.parametrize("console", list(Console))
def test_good_names(admin, console, name):
    assert admin.create_product(name, console=console).name == name


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("abc", "3 positions"),
        ("门a", "3 positions"),
        ("L" * 31, "31 positions"),
        ("锁" * 16, "32 positions"),
        ("door lock", "' '"),
        ("door-lock", "'-'"),
        ("türe", "letters A-Z"),
        ("<b>xy", "'<'"),
        ("", "0 positions"),
    ],
)
@pytest.mark.parametrize("console", list(Console))
def test_bad_names(admin, console, name, says):
    with pytest.raises(UsageError, match=says):
        admin.create_product(name, console=console)


@pytest.mark.parametrize("licences", [0, 1])
def test_a_validity_that_is_not_sold(admin, licences):
    with pytest.raises(UsageError, match="2 years is not sold"):
        admin.create_product("lock", licences=licences, years=2)
    assert admin.products() == ()


def test_setting_free_names_in_the_id2_console():
    mock = MockService(settings=Settings(id2_console_name_rule=False))
    assert mock.admin.create_product("My lock - 1").name == "My lock - 1"
    with pytest.raises(UsageError):
        mock.admin.create_product("My lock - 1", console="iot-platform")
    mock.close()


@pytest.mark.parametrize(("unique", "allowed"), [("never", True), ("always", False), ("iot-platform", True)])
def test_setting_unique_names(unique, allowed):
    mock = MockService(settings=Settings(unique_product_names=unique))
    mock.admin.create_product("lock")
    mock.admin.create_product("lock", console="iot-platform")
    with contextlib.nullcontext() if allowed else pytest.raises(UsageError, match="already"):
        mock.admin.create_product("lock")
    mock.close()


def test_what_the_iot_platform_adds(admin):
    plain = admin.create_product("lock", console="iot-platform")
    assert (plain.node_type, plain.instance_id) == (NodeType.DEVICE, "-")
    made = admin.create_product(
        "lock", console="iot-platform", node_type="gateway", instance_id="iot-0600a1b2"
    )
    assert admin.product(made.product_key) == made
    assert (made.node_type, made.instance_id) == (NodeType.GATEWAY, "iot-0600a1b2")


@pytest.mark.parametrize(
    "changes", [{"node_type": "device"}, {"instance_id": "-"}, {"registration": "whitelist"}]
)
def test_what_the_id2_console_does_not_have(admin, changes):
    with pytest.raises(UsageError, match="IoT Platform console"):
        admin.create_product("lock", **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"region": "Shanghai"},
        {"edition": "gold"},
        {"algorithm": "rot13"},
        {"console": "moon"},
        {"licences": 1, "years": 2},
        {"licences": -1},
        {"product_key": "b1234567890"},
        {"console": "iot-platform", "node_type": "camera"},
        {"console": "iot-platform", "instance_id": "<x>"},
    ],
)
def test_values_outside_their_form(admin, changes):
    with pytest.raises(UsageError):
        admin.create_product("lock", **changes)
    assert admin.products() == ()


def test_whitelist(admin):
    key = admin.create_product("lock", console="iot-platform").product_key
    admin.whitelist_add(key, ["door1", "door2", "door1"])
    with pytest.raises(UsageError, match="confirm"):
        admin.set_registration(key, "whitelist", confirmed=False)
    assert admin.product(key).registration is Registration.AUTO
    admin.set_registration(key, "whitelist", confirmed=True)
    assert admin.whitelist(key) == ("door1", "door2")
    admin.whitelist_remove(key, ["door2", "nobody"])
    assert admin.whitelist(key) == ("door1",)
    with pytest.raises(UsageError, match="DeviceName"):
        admin.whitelist_add(key, ["no spaces here"])


def test_a_change_of_algorithm_changes_what_is_provisioned(own_bench):
    product = own_bench.product()
    old_code, _ = device_code(product)
    changed = own_bench.admin.change_algorithm(product.product_key, "sm4-128")
    with own_bench.refused(42):
        own_bench.service.otp_get_id2(old_code)
    answer = own_bench.service.otp_get_id2(device_code(changed)[0])
    assert answer.provision_data[0] == KeyType.SM4_128.otp_number


def test_devices_of_the_former_algorithm_go_on(own_bench):
    device, product = own_bench.active()
    own_bench.admin.change_algorithm(product.product_key, "sm4-128")
    assert own_bench.verify(device, product)


def test_search_and_pages(admin):
    for number in range(7):
        made = admin.make_debug_device()
        if number < 2:
            admin.set_device_state(made.id2, "suspended")
    page = admin.devices(limit=3, offset=6)
    assert (len(page.devices), page.total) == (1, 7)
    assert admin.devices(state="suspended").total == 2
    assert admin.devices(search=made.id2[:20].lower()).total == 1
    assert admin.devices(search="FFF").total == 0
    assert [device.id2 for device in admin.devices().devices] == sorted(
        device.id2 for device in admin.devices().devices
    )


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_store_of_an_older_version_goes_on(tmp_path, version, bench):
    db = tmp_path / "service.db"
    product, device = bench.product(), bench.device()
    old_end = bench.now_ms() + 1000 * 3600
    with contextlib.closing(sqlite3.connect(db)) as old:
        for script in schema.MIGRATIONS[:version]:
            old.executescript(script)
        old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {version}")
        old.execute(
            "INSERT INTO access_key (id, secret, policy, created_ms) VALUES ('OLDKEY', 'OLDSECRET', 'full', 1)"
        )
        old.execute(
            "INSERT INTO product (product_key, product_secret, provision_id, name, console, algorithm, created_ms)"
            " VALUES (?, ?, x'00', 'old lock', 'iot-platform', 'aes-128', 5)",
            (product.product_key, product.product_secret.reveal().decode()),
        )
        more = ", 'main', 'cn-shanghai', 'purchase', 'LIC1'" if version > 2 else ""
        columns = ", account, region, kind, code" if version > 2 else ""
        old.execute(
            f"INSERT INTO licence (id, product_key, years, quantity, used, bought_ms{columns})"
            f" VALUES (7, ?, 3, 10, 1, 5{more})",
            (product.product_key,),
        )
        old.execute(
            "INSERT INTO device (id2, key_type, secret, public, state, product_key, licence_id, created_ms,"
            " activated_ms, expires_ms) VALUES (?, 'aes-128', ?, x'', 'bound', ?, 7, 5, 6, ?)",
            (device.id2, device.key.reveal(), product.product_key, old_end),
        )
        old.execute(
            "INSERT INTO ledger (at_ms, product_key, id2, licence_id, reason) VALUES (6, ?, ?, 7, 'activation')",
            (product.product_key, device.id2),
        )
        old.commit()
    for _ in range(2):
        with MockService(db) as mock, mock.client() as service:
            opened = Bench(mock, service)
            assert mock.admin.default_access_key()[0].id == "OLDKEY"
            (order,) = mock.admin.orders(product.product_key)
            assert (order.id, order.years, order.quantity, order.used) == (7, 3, 10, 1)
            assert mock.admin.ledger()[0].order_id == 7
            known = mock.admin.device(device.id2)
            assert (known.state, known.expires_ms) == (DeviceState.BOUND, old_end)
            assert opened.verify(device, product)
            with mock._store.reading() as connection:
                assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
                assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def rows(bench):
    with bench.mock._store.reading() as db:
        return {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("nonce", "challenge", "used_code", "call")
        }


@pytest.mark.parametrize("own_bench", [Settings(call_log_max=100)], indirect=True)
def test_growth_is_bounded_and_nothing_is_forgotten_too_early(own_bench, monkeypatch):
    device, product = own_bench.active()
    stamp = device.stamp(own_bench.now_ms())
    assert own_bench.service.verify(device.id2, product.product_key, stamp)
    challenge = device.answer(own_bench.service.get_server_random(device.id2))
    assert own_bench.service.verify(device.id2, product.product_key, challenge)
    for _ in range(3 * housekeeping.EVERY):
        own_bench.service.get_server_random(device.id2)
    for code, refused in ((stamp, 34), (challenge, 35)):
        with own_bench.refused(refused):
            own_bench.service.verify(device.id2, product.product_key, code)
    assert rows(own_bench)["call"] <= 100 + housekeeping.EVERY
    assert rows(own_bench)["nonce"] > 3 * housekeeping.EVERY

    own_bench.admin.move_clock(timedelta(hours=2))
    for _ in range(housekeeping.EVERY):
        own_bench.service.get_server_random(device.id2)
    assert rows(own_bench)["nonce"] > 3 * housekeeping.EVERY, "a moved clock alone forgets nothing"
    own_bench.admin.move_clock(timedelta(hours=-2))
    with own_bench.refused(34):
        own_bench.service.verify(device.id2, product.product_key, stamp)

    wall = own_bench.mock._core.clock
    later = wall.floor_ms() + 2 * 3600 * 1000
    monkeypatch.setattr(type(wall), "floor_ms", lambda _: later)
    for _ in range(3 * housekeeping.EVERY):
        own_bench.service.get_server_random(device.id2)
    left = rows(own_bench)
    assert left["nonce"] <= 2 * housekeeping.EVERY, "those dated two hours ahead are kept"
    assert left["challenge"] <= 2 * housekeeping.EVERY
    assert left["used_code"] == 0
