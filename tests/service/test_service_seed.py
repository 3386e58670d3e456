"""Seed files: the documented one, and everything that can be wrong with one, named by file and field."""

import pytest

from harness.errors import UsageError
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.mock.admin.admin import Admin
from harness.service.mock.seed import load, plant
from harness.service.mock.server import MockService
from harness.service.mock.store.access import Policy
from harness.service.mock.store.products import Console

GOOD = """\
access_keys:
  - {id: TESTKEY, secret: TESTSECRET, policy: full}        # full | read-only | verify
products:
  - {product_key: a1TESTabcde, product_secret: i11TESTTESTTESTTESTTESTTESTTESTT, name: lock, console: id2,
     algorithm: aes-128, licences: 5}
devices:
  - {id: 2122232425262728292A2B2C, key_type: aes-128, key: 2122232425262728292A2B2C2D2E2F30}
  - {id: 010203040506070809101112, key_type: 3des-112, key: 01020304050607080910111213141516}
"""


@pytest.fixture
def admin() -> Admin:
    mock = MockService()
    yield mock.admin
    mock.close()


def seeded(path, admin, text=GOOD):
    path.write_text(text, encoding="utf-8")
    plant(load(path), admin, path)


def test_the_documented_seed(tmp_path, admin):
    seeded(tmp_path / "seed.yaml", admin)
    assert admin.access_key("TESTKEY") == (AccessKey("TESTKEY", Secret("TESTSECRET")), Policy.FULL)
    product = admin.product("a1TESTabcde")
    assert (product.name, product.console, product.algorithm) == ("lock", Console.ID2, KeyType.AES_128)
    assert product.product_secret == Secret("i11TESTTESTTESTTESTTESTTESTTESTT")
    assert admin.counters("a1TESTabcde").purchased == 5
    assert admin.device("2122232425262728292A2B2C").key == Key.parse(
        KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30"
    )


def test_digits_only_stay_text(tmp_path, admin):
    """To YAML itself this identifier and this key are numbers, and their leading zeros are gone."""
    seeded(tmp_path / "seed.yaml", admin)
    assert admin.device("010203040506070809101112").key == Key.parse(
        KeyType.DES3_112, "01020304050607080910111213141516"
    )


def test_planting_twice_changes_nothing(tmp_path, admin):
    seeded(tmp_path / "seed.yaml", admin)
    admin.buy_licences("a1TESTabcde", 2)
    seeded(tmp_path / "seed.yaml", admin)
    assert admin.counters("a1TESTabcde").purchased == 7


@pytest.mark.parametrize("text", ["", "{}", "devices: []", "# nothing\n"])
def test_empty_seeds(tmp_path, admin, text):
    seeded(tmp_path / "seed.yaml", admin, text)
    assert admin.calls() == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("policy: full", "policy: root", r"access_keys\[0\]\.policy: .*'full', 'read-only' or 'verify'"),
        ("secret: TESTSECRET, ", "", r"access_keys\[0\]\.secret: it is missing"),
        ("console: id2", "console: moon", r"products\[0\]\.console"),
        ("algorithm: aes-128", "algorithm: aes-129", r"products\[0\]\.algorithm: .*'aes-128'"),
        ("licences: 5", "licences: many", r"products\[0\]\.licences: .*whole number"),
        ("licences: 5", "licences: -1", r"products\[0\]\.licences"),
        ("a1TESTabcde", "b1TESTabcde", r"products\[0\]: ProductKey must be 'a1'"),
        ("a1TESTabcde", "a1TEST", r"products\[0\]: ProductKey must be"),
        (
            "i11TESTTEST",
            "q11TESTTEST",
            r"products\[0\]: product_secret: ProductSecret has not the form of a provisioning token",
        ),
        ("name: lock", "name: ''", r"products\[0\]: product name"),
        ("key_type: aes-128", "key_type: aes", r"devices\[0\]\.key_type"),
        ("key: 2122", "key: 21", r"devices\[0\]: key of type aes-128 must be 32 hex digits"),
        ("id: 2122232425262728292A2B2C", "id: 2122", r"devices\[0\]: device: ID"),
        ("id: 2122232425262728292A2B2C", "id: FFFFFFFFFFFFFFFFFFFFFFFF", r"devices\[0\]: .*without an ID"),
        ("devices:", "device:", r"device: there is no such field"),
        ("name: lock", "name: lock, colour: red", r"products\[0\]\.colour"),
        (GOOD, "[1, 2]", "the whole file"),
        (GOOD, "just text", "the whole file"),
        (GOOD, "devices: 7", "devices: "),
        (GOOD, "a: b: c", r"seed\.yaml:1:5: not valid YAML"),
        (
            GOOD,
            "devices:\n  - {id: !!python/object:os.system x}",
            r"seed\.yaml:2:10: a seed file uses no tags",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, admin, old, new, says):
    assert old in GOOD
    with pytest.raises(UsageError, match=says) as caught:
        seeded(tmp_path / "seed.yaml", admin, GOOD.replace(old, new, 1))
    assert "seed.yaml" in caught.value.message
    for secret in ("TESTSECRET", "TESTTESTTEST", "2D2E2F30"):
        assert secret not in caught.value.message + caught.value.hint


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        load(tmp_path / "seed.yaml")
    (tmp_path / "seed.yaml").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(UsageError, match="is a binary file"):
        load(tmp_path / "seed.yaml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "secret: TESTSECRET",
            "secret: OTHERSECRET",
            "AccessKey TESTKEY is in the store already, with another secret$",
        ),
        ("policy: full", "policy: verify", "AccessKey TESTKEY is in the store already, with another policy$"),
        ("name: lock", "name: door", "product a1TESTabcde is in the store already, with another name$"),
        ("i11TEST", "i11REST", "product a1TESTabcde is in the store already, with another product_secret$"),
        (
            "lock, console: id2",
            "door, console: iot-platform",
            "product a1TESTabcde is in the store already, with another name and another console$",
        ),
        (
            "key: 2122",
            "key: 2123",
            "device 2122232425262728292A2B2C is in the store already, with another key$",
        ),
    ],
)
def test_a_store_that_holds_something_else(tmp_path, admin, old, new, says):
    seeded(tmp_path / "seed.yaml", admin)
    with pytest.raises(UsageError, match=says) as caught:
        seeded(tmp_path / "seed.yaml", admin, GOOD.replace(old, new, 1))
    assert "leave --seed out" in caught.value.hint


def test_an_algorithm_that_the_console_changed_is_the_stores_own(tmp_path, admin):
    seeded(tmp_path / "seed.yaml", admin)
    changed = admin.change_algorithm("a1TESTabcde", KeyType.AES_256)
    assert changed.product_secret != Secret("i11TESTTESTTESTTESTTESTTESTTESTT")
    seeded(tmp_path / "seed.yaml", admin)
    assert admin.product("a1TESTabcde") == changed


def test_every_field_of_a_product_and_the_state_of_a_device(tmp_path, admin):
    """What a seed says beyond the least, a product of the IoT Platform shows."""
    seeded(
        tmp_path / "seed.yaml",
        admin,
        """\
products:
  - {product_key: a1TESTabcde, product_secret: i19TESTTESTTESTTESTTESTTESTTESTT, name: 智能门锁, console: iot-platform,
     algorithm: sm4-128, licences: 3, years: 5, auto_renew: false, region: ap-southeast-1, edition: basic,
     node_type: gateway, instance_id: iot-0a1b, registration: whitelist}
devices:
  - {id: 2122232425262728292A2B2C, key_type: aes-128, key: 2122232425262728292A2B2C2D2E2F30, state: suspended}
""",
    )
    product = admin.product("a1TESTabcde")
    assert (product.name, product.region, product.edition) == ("智能门锁", "ap-southeast-1", "basic")
    assert (product.node_type, product.instance_id) == ("gateway", "iot-0a1b")
    assert (product.registration, product.auto_renew) == ("whitelist", False)
    (order,) = admin.orders("a1TESTabcde")
    assert (order.quantity, order.years, order.region) == (3, 5, "ap-southeast-1")
    assert admin.device("2122232425262728292A2B2C").state == "suspended"
