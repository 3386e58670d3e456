"""CONNECT and who may send it: the packet read byte by byte, and the platform's rules for names."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gateway.mqtt.identity import Registry, read_identity
from harness.gateway.mqtt.packets import (
    ConnAck,
    ConnectPacket,
    MqttError,
    MqttPacket,
    extent,
    parse_connect,
    take_connect,
    with_client_id,
)
from harness.id2.keys import Key, KeyType
from harness.service.mock.server import MockService
from harness.service.mock.store.devices import Device, DeviceState, insert
from harness.service.mock.store.store import Store

SUFFIX = "securemode=8,signmethod=hmacsha1,timestamp=2524608000000,authtype=id2"
LIMIT = 4096


def text(data: str | bytes) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return len(raw).to_bytes(2, "big") + raw


def packet(
    client_id: str | bytes = f"lamp|{SUFFIX}|",
    user: str | bytes | None = "lamp&a1TESTabcde",
    password: str | None = "anything",
    *,
    head: bytes = b"\x00\x04MQTT\x04",
    flags: int | None = None,
    will: tuple[str, str] | None = None,
    keep_alive: int = 60,
    more: bytes = b"",
) -> bytes:
    """Return a CONNECT of our own making."""
    found = 2 | (4 if will else 0) | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    body = (
        head + bytes((found if flags is None else flags,)) + keep_alive.to_bytes(2, "big") + text(client_id)
    )
    for part in (*(will or ()), user, password):
        body += b"" if part is None else text(part)
    body += more
    length, left = b"", len(body)
    while left > 127:
        length += bytes((left & 0x7F | 0x80,))
        left >>= 7
    return b"\x10" + length + bytes((left,)) + body


def read_connect(data: bytes, limit: int) -> ConnectPacket | None:
    found = take_connect(bytearray(data), limit)
    return None if found is None else parse_connect(found)


def whole(data: bytes) -> MqttPacket:
    return MqttPacket(data, extent(data)[0])


def test_both_versions_are_read_with_all_that_is_optional():
    data = packet(will=("a/topic", "gone"))
    stream = bytearray(data + b"more")
    connect = parse_connect(take_connect(stream, LIMIT))
    expected = ConnectPacket("3.1.1", f"lamp|{SUFFIX}|", "lamp&a1TESTabcde", 60, True, "a/topic", b"anything")
    assert (connect, stream) == (expected, b"more")
    old = read_connect(packet(user=None, password=None, head=b"\x00\x06MQIsdp\x03", keep_alive=0), LIMIT)
    assert (old.version, old.user_name, old.keep_alive_s) == ("3.1", None, 0)


@given(st.integers(min_value=0, max_value=200))
def test_a_packet_in_any_portions_is_read_when_it_is_whole_and_not_before(at):
    data = packet(client_id="x" * 150 + f"|{SUFFIX}|")
    assert read_connect(data[: min(at, len(data) - 1)], LIMIT) is None
    assert take_connect(bytearray(data), LIMIT).raw == data


@pytest.mark.parametrize(
    ("data", "answer", "why"),
    [
        (packet(head=b"\x00\x04MQTT\x05"), ConnAck.PROTOCOL, "3.1.1 and 3.1"),
        (packet(head=b"\x00\x06MQIsdp\x04"), ConnAck.PROTOCOL, "level 4"),
        (packet(head=b"\x00\x04HTTP\x04"), None, "HTTP"),
        (b"\x30\x02\x00\x00", None, "CONNECT, 0x10"),
        (b"\x10\xff\xff\xff\x7f", None, "4096 are the most"),
        (b"\x10\xff\xff\xff\xff\x01", None, "more than 4 bytes"),
        (packet(client_id="x" * 5000), None, "are the most"),
        (packet(flags=0xC3), None, "impossible flags"),
        (packet(flags=0xCA), None, "impossible flags"),
        (packet(flags=0x42), None, "impossible flags"),
        (packet(will=("a", "b"), flags=0xDE), None, "impossible flags"),
        (packet(flags=0xC6), None, "ends inside"),
        (packet(client_id=b"\xff\xfe"), None, "no UTF-8"),
        (packet(user=b"\xff"), None, "no UTF-8"),
        (packet(more=b"?"), None, "1 bytes too many"),
    ],
)
def test_what_is_no_good_connect_is_refused(data, answer, why):
    with pytest.raises(MqttError, match=why) as refused:
        read_connect(data, LIMIT)
    assert refused.value.answer is answer


def test_noise_is_refused_or_waited_for_and_never_anything_else():
    noise = random.Random(4)
    good = packet()
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(noise.randint(1, 4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        try:
            read_connect(bytes(data[: noise.randint(0, len(data))]), LIMIT)
        except MqttError:
            continue


@pytest.mark.parametrize("length", [1, 20, 60, 100, 127, 128, 16_400])
def test_another_client_id_leaves_the_rest_of_a_connect_as_it_was(length):
    for how in ({"will": ("a/topic", "gone")}, {"user": None, "password": None}, {"password": "p" * 90}):
        given, wanted = packet(**how), packet(client_id="x" * length, **how)
        assert with_client_id(whole(given), "x" * length) == wanted
        assert with_client_id(whole(wanted), f"lamp|{SUFFIX}|") == given


def test_the_answer_is_a_connack():
    assert ConnAck.NOT_AUTHORIZED.packet == b"\x20\x02\x00\x05"


def connect(client_id: str = f"lamp|{SUFFIX}|", user: str | None = "lamp&a1TESTabcde") -> ConnectPacket:
    found = read_connect(packet(client_id, user, None if user is None else "x"), LIMIT)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "client_id",
    [
        "lamp",
        "lamp|",
        "lamp||",
        f"lamp|{SUFFIX}",
        f"lamp|{SUFFIX}|x",
        f"lamp|{SUFFIX.replace('=8', '=2')}|",
        f"lamp|{SUFFIX.replace('hmacsha1', 'hmacsha256')}|",
        f"lamp|{SUFFIX.replace('2524608000000', '1')}|",
        f"lamp|{SUFFIX.replace('id2', 'secret')}|",
        f"lamp|{SUFFIX.replace(',authtype=id2', '')}|",
        f"lamp|{SUFFIX},securemode=8|",
        f"lamp|{SUFFIX},|",
        f"lamp|{SUFFIX},=x|",
    ],
)
def test_a_client_id_without_the_documented_suffix_is_refused(client_id):
    with pytest.raises(MqttError, match="client id") as refused:
        read_identity(connect(client_id))
    assert refused.value.answer is ConnAck.IDENTIFIER


@pytest.mark.parametrize(
    "user", [None, "", "lamp", "lamp&", "&a1TESTabcde", "la&a1TESTabcde", "a b c d&a1TESTabcde"]
)
def test_a_user_name_of_another_form_is_refused(user):
    with pytest.raises(MqttError, match=r"user name|DeviceName") as refused:
        read_identity(connect(user=user))
    assert refused.value.answer is ConnAck.CREDENTIALS


def test_further_names_may_stand_in_the_suffix_and_anything_before_it():
    found = read_identity(connect(f"|{SUFFIX},_v=sdk-c-3.0.1,lan=C|"))
    assert (found.device_name, found.product_key, found.suffix["lan"]) == ("lamp", "a1TESTabcde", "C")


@pytest.fixture
def platform():
    with MockService() as mock:
        yield mock


def registered(mock: MockService, asked: ConnectPacket, product_key: str, id2: str = "AA" * 12):
    return Registry(mock.core).admit(asked, product_key, id2)


def on_platform(mock: MockService, **how):
    return mock.admin.create_product("lamp", console="iot-platform", **how)


def test_a_device_name_belongs_to_the_first_id_that_uses_it(platform):
    registry, product = Registry(platform.core), on_platform(platform)
    asked = connect(user=f"lamp&{product.product_key}")
    registry.admit(asked, product.product_key, "AA" * 12)
    registry.admit(asked, product.product_key, "AA" * 12)
    with pytest.raises(MqttError, match="belongs to another ID²") as refused:
        registry.admit(asked, product.product_key, "BB" * 12)
    assert refused.value.answer is ConnAck.NOT_AUTHORIZED
    other = on_platform(platform)
    registry.admit(connect(user=f"lamp&{other.product_key}"), other.product_key, "BB" * 12)


def with_fingerprint(mock: MockService, product, id2: str, fingerprint: bytes | None, at_ms: int = 5) -> str:
    key = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
    made = Device(id2, key, DeviceState.BURNT, product.product_key)
    with mock.core.store.transaction() as db:
        insert(db, made, at_ms, fingerprint)
    return id2


def test_a_board_that_is_provisioned_again_keeps_its_name(platform):
    registry, product = Registry(platform.core), on_platform(platform)
    asked = connect(user=f"lamp&{product.product_key}")
    first = with_fingerprint(platform, product, "AA" * 12, b"board")
    registry.admit(asked, product.product_key, first)
    others = (
        with_fingerprint(platform, product, "BB" * 12, b"another board"),
        with_fingerprint(platform, product, "CC" * 12, None),
        with_fingerprint(platform, on_platform(platform), "DD" * 12, b"board"),
        with_fingerprint(platform, product, "EE" * 12, b"board", at_ms=4),
    )
    for other in others:
        with pytest.raises(MqttError, match="belongs to another ID²"):
            registry.admit(asked, product.product_key, other)
    again = with_fingerprint(platform, product, "FF" * 12, b"board")
    registry.admit(asked, product.product_key, again)
    registry.admit(asked, product.product_key, again)
    with pytest.raises(MqttError, match="belongs to another ID²"):
        registry.admit(asked, product.product_key, first)


def test_a_name_without_a_fingerprint_stays(platform):
    registry, product = Registry(platform.core), on_platform(platform)
    asked = connect(user=f"lamp&{product.product_key}")
    registry.admit(asked, product.product_key, with_fingerprint(platform, product, "AA" * 12, None))
    with pytest.raises(MqttError, match="belongs to another ID²"):
        registry.admit(
            asked, product.product_key, with_fingerprint(platform, product, "BB" * 12, None, at_ms=9)
        )


def test_the_product_is_that_of_the_handshake(platform):
    first, second = on_platform(platform), on_platform(platform)
    with pytest.raises(MqttError, match="the handshake was for") as refused:
        registered(platform, connect(user=f"lamp&{second.product_key}"), first.product_key)
    assert refused.value.answer is ConnAck.CREDENTIALS


def test_only_the_whitelist_registers_where_there_is_one(platform):
    product = on_platform(platform)
    platform.admin.whitelist_add(product.product_key, ["lamp"])
    platform.admin.set_registration(product.product_key, "whitelist", confirmed=True)
    registered(platform, connect(user=f"lamp&{product.product_key}"), product.product_key)
    with pytest.raises(MqttError, match="not on the ID² whitelist") as refused:
        registered(platform, connect(user=f"door&{product.product_key}"), product.product_key)
    assert refused.value.answer is ConnAck.NOT_AUTHORIZED


@pytest.mark.parametrize(
    ("instance", "given", "good"),
    [
        (None, "", True),
        (None, ",instanceId=-", False),
        (None, ",instanceId=iot-060a1234", False),
        ("iot-060a1234", ",instanceId=iot-060a1234", True),
        ("iot-060a1234", "", False),
        ("iot-060a1234", ",instanceId=iot-060a9999", False),
    ],
)
def test_an_instance_id_exactly_for_enterprise_instances(platform, instance, given, good):
    product = on_platform(platform, instance_id=instance)
    asked = connect(f"lamp|{SUFFIX}{given}|", f"lamp&{product.product_key}")
    if good:
        registered(platform, asked, product.product_key)
        return
    with pytest.raises(MqttError, match=r"instance") as refused:
        registered(platform, asked, product.product_key)
    assert refused.value.answer is ConnAck.IDENTIFIER


def test_each_connect_is_in_the_call_log(platform):
    product = on_platform(platform)
    registered(platform, connect(user=f"lamp&{product.product_key}"), product.product_key)
    with pytest.raises(MqttError):
        registered(platform, connect(user="lamp"), product.product_key)
    good, bad = platform.admin.calls(operation="mqtt:connect")
    assert (good.code, good.parameters["UserName"]) == ("200", f"lamp&{product.product_key}")
    assert (bad.code, bad.parameters["Id2"]) == ("connack 4", "AA" * 12)


def test_a_store_that_another_process_holds_is_no_server(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.service.mock.store.store._BUSY_MS", 50)
    with MockService(tmp_path / "service.db") as mock:
        product = on_platform(mock)
        other = Store(tmp_path / "service.db")
        with other.transaction(), pytest.raises(MqttError, match="locked") as refused:
            registered(mock, connect(user=f"lamp&{product.product_key}"), product.product_key)
        other.close()
    assert refused.value.answer is ConnAck.UNAVAILABLE
