"""paho-mqtt through a tunnel of iTLS and the gateway to mosquitto, as a device and a cloud application would."""

import queue
import threading

import paho.mqtt.client as paho
import pytest

from harness.errors import HarnessError
from harness.gateway.mqtt.broker import Broker
from harness.gateway.settings import GatewaySettings
from harness.itls.device_identity import KeyIdentity
from harness.itls.socket_client import connect
from harness.itls.tunnel import Tunnel
from tests.gateway.gateway_bench import GatewayBench, blank, running_bench
from tests.gateway.test_mqtt import SUFFIX, packet

pytestmark = pytest.mark.link
PATIENCE_S = 30


@pytest.fixture(scope="module")
def broker():
    with Broker() as made:
        yield made


@pytest.fixture
def bench(broker):
    with running_bench(GatewaySettings(), broker=broker.address) as made:
        yield made


def tunnel_of(bench: GatewayBench, product, identity) -> Tunnel:
    host, port = bench.gateway.address
    return Tunnel(lambda: connect(host, port, identity, product.product_key))


class Application:
    """An MQTT client that waits for what comes."""

    def __init__(self, client_id: str, user: str = "", *, will: str | None = None) -> None:
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv311)
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.connected: queue.Queue[int] = queue.Queue()
        self._subscribed = threading.Event()
        if user:
            self.client.username_pw_set(user, "any")
        if will is not None:
            self.client.will_set(will, b"gone", qos=1)
        self.client.on_message = lambda _client, _data, message: self.messages.put(
            (message.topic, message.payload)
        )
        self.client.on_connect = lambda _client, _data, _flags, reason, _more: self.connected.put(
            reason.value
        )
        self.client.on_subscribe = lambda *_: self._subscribed.set()

    def start(self, address: tuple[str, int]) -> int:
        self.client.connect(*address, keepalive=5)
        self.client.loop_start()
        return self.connected.get(timeout=PATIENCE_S)

    def subscribe(self, topic: str) -> None:
        self._subscribed.clear()
        self.client.subscribe(topic, qos=1)
        assert self._subscribed.wait(PATIENCE_S)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def device_app(product, name: str = "lamp", **how) -> Application:
    return Application(f"{name}|{SUFFIX}|", f"{name}&{product.product_key}", **how)


@pytest.fixture
def cloud(broker):
    made = Application("cloud")
    assert made.start(broker.address) == 0
    yield made
    made.stop()


def test_publish_and_subscribe_through_the_whole_link(bench, cloud):
    product = bench.admin.create_product("lamp", console="iot-platform", licences=5)
    cloud.subscribe(f"/{product.product_key}/lamp/up/#")
    with tunnel_of(bench, product, blank(product)) as tunnel:
        device = device_app(product)
        assert device.start(tunnel.address) == 0
        up, down = (f"/{product.product_key}/lamp/{way}/data" for way in ("up", "down"))
        device.subscribe(f"/{product.product_key}/lamp/down/#")
        for size in (1, 1023, 1024, 1025, 16 * 1024, 100_000):
            payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
            device.client.publish(up, payload, qos=1)
            assert cloud.messages.get(timeout=PATIENCE_S) == (up, payload)
            cloud.client.publish(down, payload, qos=1)
            assert device.messages.get(timeout=PATIENCE_S) == (down, payload)
        record = bench.gateway.wait_for(lambda one: one.mqtt_device_name == "lamp", PATIENCE_S)
        assert record.mqtt_client_id == f"lamp|{SUFFIX}|"
        assert record.provisioned == record.id2
        assert up.encode() in record.received
        assert up.encode() not in record.wire_in
        device.stop()
        assert tunnel.errors == ()
    assert bench.gateway.wait_for(lambda one: one.stage == "closed", PATIENCE_S).ended in ("clean", "cut")


def test_a_device_that_is_cut_off_is_missed_by_its_will(bench, cloud):
    product, device = bench.product(), bench.device()
    will = f"/{product.product_key}/lamp/will"
    cloud.subscribe(will)
    with tunnel_of(bench, product, KeyIdentity(device.id2, device.key)) as tunnel:
        app = device_app(product, will=will)
        assert app.start(tunnel.address) == 0
        app.client.loop_stop()
        bench.gateway.disconnect(clean=False)
        assert cloud.messages.get(timeout=PATIENCE_S) == (will, b"gone")


def test_many_devices_at_once_each_get_their_own(bench, cloud):
    product = bench.admin.create_product("lamp", console="iot-platform", licences=20)
    cloud.subscribe(f"/{product.product_key}/+/from")

    def topic(number, way):
        return f"/{product.product_key}/lamp{number}/{way}"

    tunnels, apps = [], []
    try:
        for number in range(8):
            tunnel = tunnel_of(bench, product, blank(product, fingerprint=f"device {number}".encode()))
            tunnel.open()
            tunnels.append(tunnel)
            app = device_app(product, f"lamp{number}")
            assert app.start(tunnel.address) == 0
            apps.append(app)
            app.subscribe(topic(number, "to"))
        for number, app in enumerate(apps):
            app.client.publish(topic(number, "from"), str(number).encode(), qos=1)
            cloud.client.publish(topic(number, "to"), str(number).encode(), qos=1)
        got = {cloud.messages.get(timeout=PATIENCE_S) for _ in apps}
        assert got == {(topic(number, "from"), str(number).encode()) for number in range(8)}
        for number, app in enumerate(apps):
            assert app.messages.get(timeout=PATIENCE_S) == (topic(number, "to"), str(number).encode())
            assert app.messages.empty()
    finally:
        for app in apps:
            app.stop()
        for tunnel in tunnels:
            tunnel.close()


def test_a_device_off_the_whitelist_hears_not_authorised(bench):
    product = bench.admin.create_product("lamp", console="iot-platform", licences=5)
    bench.admin.set_registration(product.product_key, "whitelist", confirmed=True)
    with tunnel_of(bench, product, blank(product)) as tunnel:
        app = device_app(product)
        refused = app.start(tunnel.address)
        app.client.loop_stop()
        app.client.disconnect()
    assert refused == 135, "paho's own number for not authorised"


def test_a_device_without_a_licence_never_reaches_the_broker(bench):
    product = bench.product(licences=0)
    device = bench.device()
    host, port = bench.gateway.address
    with pytest.raises(HarnessError, match="161"):
        connect(host, port, KeyIdentity(device.id2, device.key), product.product_key)


def test_a_device_that_connects_again_replaces_its_older_connection(bench):
    product = bench.admin.create_product("lamp", console="iot-platform", licences=5)
    identity = blank(product)
    callers = []
    for prefix in ("first", "second"):
        caller = bench.call(product, identity).shake_hands()
        callers.append(caller)
        caller.send(packet(f"{prefix}|{SUFFIX}|", f"lamp&{product.product_key}"))
        assert caller.read(4) == b"\x20\x02\x00\x00"
    older, newer = callers
    older.read_to_end()
    assert older.ended_cleanly
    newer.send(b"\xc0\x00")
    assert newer.read(6)[4:] == b"\xd0\x00"


def test_two_devices_with_one_client_id_stay_both(bench):
    product = bench.admin.create_product("lamp", console="iot-platform", licences=5)
    callers = []
    for name in ("lamp", "door"):
        caller = bench.call(product, blank(product, fingerprint=name.encode())).shake_hands()
        callers.append(caller)
        caller.send(packet(f"12345|{SUFFIX}|", f"{name}&{product.product_key}"))
        assert caller.read(4) == b"\x20\x02\x00\x00"
    for caller in callers:
        caller.send(b"\xc0\x00")
        assert caller.read(6)[4:] == b"\xd0\x00"


def told(answers):
    return lambda _client, _data, _number, codes, _more: answers.put({code.value for code in codes})


def test_devices_on_one_broker_read_and_write_nothing_of_each_other(bench, cloud):
    product = bench.admin.create_product("lamp", console="iot-platform", licences=5)
    other = bench.admin.create_product("door", console="iot-platform", licences=5)
    pk = product.product_key
    cloud.subscribe(f"/{pk}/#")
    cloud.client.publish(f"/{pk}/lamp/user/get", b"kept for the lamp", qos=1, retain=True).wait_for_publish(
        30
    )
    assert cloud.messages.get(timeout=PATIENCE_S) == (f"/{pk}/lamp/user/get", b"kept for the lamp")
    with (
        tunnel_of(bench, product, blank(product, fingerprint=b"spy")) as spying,
        tunnel_of(bench, product, blank(product, fingerprint=b"lamp")) as tunnel,
        tunnel_of(bench, other, blank(other, fingerprint=b"door")) as elsewhere,
    ):
        spy, lamp, door = (
            device_app(product, "spyy"),
            device_app(product, will=f"/{pk}/lamp/will"),
            device_app(other, "lamp"),
        )
        answers: queue.Queue[set[int]] = queue.Queue()
        for app, address in ((spy, spying.address), (door, elsewhere.address), (lamp, tunnel.address)):
            assert app.start(address) == 0
        foreign = ["#", "+/#", "/+/+/#", "$SYS/#", f"/{pk}/#", f"/{pk}/lamp/#", f"/{pk}/+/user/get"]
        for app in (spy, door):
            granted, app.client.on_subscribe = app.client.on_subscribe, told(answers)
            app.client.subscribe([(one, 1) for one in foreign])
            for one in foreign:
                app.client.subscribe(one, qos=1)
            assert [answers.get(timeout=PATIENCE_S) for _ in range(len(foreign) + 1)] == [{0x80}] * 8
            app.client.on_subscribe = granted
        lamp.subscribe(f"/{pk}/lamp/#")
        assert lamp.messages.get(timeout=PATIENCE_S) == (f"/{pk}/lamp/user/get", b"kept for the lamp")
        lamp.client.publish(f"/{pk}/lamp/user/update", b"mine alone", qos=1, retain=True)
        assert lamp.messages.get(timeout=PATIENCE_S) == (f"/{pk}/lamp/user/update", b"mine alone")
        spy.client.publish(f"/{pk}/lamp/user/get", b"forged", qos=0, retain=True)
        ended = bench.gateway.wait_for(
            lambda one: one.mqtt_device_name == "spyy" and one.closed_ns is not None, PATIENCE_S
        )
        assert "no topic of this device" in ended.error
        # What a device gave away without a right would have come before its own message.
        door.subscribe(f"/{other.product_key}/lamp/#")
        door.client.publish(f"/{other.product_key}/lamp/own", b"own", qos=1)
        assert door.messages.get(timeout=PATIENCE_S) == (f"/{other.product_key}/lamp/own", b"own")
        assert spy.messages.empty()
        heard = [cloud.messages.get(timeout=PATIENCE_S)]
        assert heard == [(f"/{pk}/lamp/user/update", b"mine alone")]
        cloud.client.publish(f"/{pk}/lamp/user/get", b"", qos=1, retain=True)
        cloud.client.publish(f"/{pk}/lamp/user/update", b"", qos=1, retain=True).wait_for_publish(30)
        for app in (spy, door, lamp):
            app.stop()
