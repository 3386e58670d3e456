"""Devices that share a broker: none reads, writes, keeps or leaves behind anything on another's topics."""

import pytest

from harness.gateway.mqtt.isolation import Isolation
from harness.gateway.mqtt.packets import ConnAck, MqttError
from harness.gateway.mqtt.topics import OwnTopics
from harness.gateway.settings import GatewaySettings
from tests.gateway.gateway_bench import PATIENCE_S, running_bench
from tests.gateway.test_mqtt_forward import Sink, connect_of, forwarded, on_platform, read

PK, NAME, OTHER = "a1TESTabcde", "lamp", "door"
OWN = OwnTopics(PK, NAME)
MOST = 4096

OWN_TOPICS = [
    f"/{PK}/{NAME}",
    f"/{PK}/{NAME}/user/get",
    f"/sys/{PK}/{NAME}/thing/event/property/post",
    f"/ota/device/inform/{PK}/{NAME}",
    f"/ext/ntp/{PK}/{NAME}/request",
    f"/shadow/update/{PK}/{NAME}",
]
OWN_FILTERS = [
    f"/{PK}/{NAME}/#",
    f"/{PK}/{NAME}/user/+",
    f"/sys/{PK}/{NAME}/#",
    f"/ext/session/{PK}/{NAME}/+/+",
]
FOREIGN = [
    "",
    "/",
    NAME,
    "$SYS/broker/clients/total",
    f"/{PK}/{OTHER}/user/get",
    f"/a1OTHERxxxx/{NAME}/user/get",
    f"/sys/{PK}/{OTHER}/thing/event/property/post",
    f"{PK}/{NAME}/user/get",
    f"/{PK}/{NAME}x/user/get",
    f"/{PK}/{OTHER}/{PK}/{NAME}",
    f"/sys/{PK}/{OTHER}/{PK}/{NAME}",
    f"/ext/{PK}/{NAME}",
    f"//{PK}/{NAME}",
    f"/{PK.lower()}/{NAME}/user/get",
]
FOREIGN_FILTERS = [
    "#",
    "/#",
    "+/#",
    "/+/+/user/get",
    f"/{PK}/#",
    f"/{PK}/+/user/get",
    f"/+/{NAME}/user/get",
    f"/{PK}/+",
    f"/sys/{PK}/+/#",
    f"/sys/+/{NAME}/#",
    f"/+/{PK}/{NAME}/#",
    f"/ext/+/{PK}/{NAME}/#",
    f"/ota/device/+/{PK}/{NAME}",
    f"/ota/+/inform/{PK}/{NAME}",
    f"/{PK}/{NAME}#",
    "$SYS/#",
    "+/broker/#",
    f"$share/all//{PK}/{NAME}/#",
    f"$share/all//{PK}/{OTHER}/#",
    "/broadcast/a1OTHERxxxx/news",
    "/broadcast/+/news",
    "/broadcast/#",
]


def field(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return len(data).to_bytes(2, "big") + data


def mqtt(head: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes((head, *length, size)) + body


def publish(topic: str | bytes, payload: bytes = b"x", head: int = 0x30) -> bytes:
    return mqtt(head, field(topic) + (b"\x00\x07" if head & 6 else b"") + payload)


def subscribe(*filters: str | bytes, number: int = 7) -> bytes:
    return mqtt(0x82, number.to_bytes(2, "big") + b"".join(field(one) + b"\x01" for one in filters))


def suback(*codes: int, number: int = 7) -> bytes:
    return mqtt(0x90, number.to_bytes(2, "big") + bytes(codes))


@pytest.mark.parametrize("topic", OWN_TOPICS)
def test_own_topics(topic):
    assert OWN.may_publish(topic)
    assert OWN.may_subscribe(topic)


@pytest.mark.parametrize("topic", FOREIGN)
def test_foreign_topics(topic):
    assert not OWN.may_publish(topic)
    assert not OWN.may_subscribe(topic)


@pytest.mark.parametrize("topic_filter", OWN_FILTERS)
def test_own_filters_are_no_topics(topic_filter):
    assert OWN.may_subscribe(topic_filter)
    assert not OWN.may_publish(topic_filter)


@pytest.mark.parametrize("topic_filter", FOREIGN_FILTERS)
def test_foreign_filters(topic_filter):
    assert not OWN.may_subscribe(topic_filter)


def test_broadcasts_to_the_product_are_heard_and_not_spoken():
    assert OWN.may_subscribe(f"/broadcast/{PK}/news")
    assert not OWN.may_publish(f"/broadcast/{PK}/news")


def test_no_topic_is_two_devices_own():
    other = OwnTopics(PK, OTHER)
    for topic in OWN_TOPICS:
        for tail in ("", f"/{PK}/{OTHER}", f"/sys/{PK}/{OTHER}"):
            assert not other.may_publish(topic + tail)


@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_what_is_its_own_goes_through_unchanged(pieces):
    stream = (
        subscribe(*OWN_FILTERS)
        + publish(OWN_TOPICS[1], bytes(300))
        + publish(OWN_TOPICS[2], head=0x33)
        + b"\xc0\x00"
        + mqtt(0xA2, b"\x00\x09" + field("#"))
        + b"\xe0\x00"
    )
    guard = Isolation(OWN, MOST)
    got = [guard.from_device(stream[at : at + pieces]) for at in range(0, len(stream), pieces)]
    assert b"".join(on for on, _ in got) == stream
    assert b"".join(back for _, back in got) == b""


@pytest.mark.parametrize("topic", FOREIGN)
@pytest.mark.parametrize("head", [0x30, 0x31, 0x33, 0x35])
def test_a_message_to_another_is_not_let_through_retained_or_not(topic, head):
    with pytest.raises(MqttError, match="no topic of this device"):
        Isolation(OWN, MOST).from_device(publish(topic, head=head))


@pytest.mark.parametrize("topic_filter", FOREIGN_FILTERS)
def test_a_filter_that_reaches_further_gets_0x80_and_the_broker_hears_nothing(topic_filter):
    assert Isolation(OWN, MOST).from_device(subscribe(topic_filter)) == (b"", suback(0x80))


def test_of_several_filters_the_ones_that_may_be_are_asked_for():
    guard = Isolation(OWN, MOST)
    asked = subscribe("#", OWN_FILTERS[0], "$SYS/#", OWN_FILTERS[1], number=9)
    assert guard.from_device(asked) == (subscribe(OWN_FILTERS[0], OWN_FILTERS[1], number=9), b"")
    assert guard.from_broker(suback(1, 0, number=9)) == suback(0x80, 1, 0x80, 0, number=9)
    assert guard.from_broker(suback(1, number=9)) == suback(1, number=9), "once only"


def test_what_the_broker_sends_of_others_never_arrives():
    guard = Isolation(OWN, MOST)
    mine = publish(OWN_TOPICS[1], b"mine")
    assert guard.from_broker(publish(FOREIGN[4], b"theirs") + mine[:3]) == b""
    assert guard.from_broker(mine[3:] + b"\xd0\x00") == mine + b"\xd0\x00"
    with pytest.raises(MqttError, match="for the device"):
        guard.from_broker(publish("$SYS/broker/uptime", head=0x32))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (mqtt(0x10, field("MQTT") + b"\x04\x02\x00\x3c" + field("other")), "a second CONNECT"),
        (b"\x00\x00", "type 0"),
        (b"\xf0\x00", "type 15"),
        (b"\x30\xff\xff\xff\xff\x01", "more than 4 bytes"),
        (b"\x30\xff\xff\x7f", "packet_bytes"),
        (mqtt(0x30, b"\x00"), "inside its topic"),
        (mqtt(0x30, b"\x00\x09abc"), "inside its topic"),
        (publish(b"\xff\xfe"), "no UTF-8"),
        (publish(f"/{PK}/{NAME}/\0"), "NUL"),
        (mqtt(0x82, b"\x00\x07"), "without a filter"),
        (mqtt(0x82, b"\x00\x07\x00\x09abc"), "inside its filter"),
    ],
)
def test_what_cannot_be_read_ends_the_session(data, why):
    with pytest.raises(MqttError, match=why):
        Isolation(OWN, MOST).from_device(data)


def test_held_back_answers_are_bounded():
    guard = Isolation(OWN, MOST)
    flood = b"".join(subscribe("#", OWN_FILTERS[0], number=number) for number in range(1, 3000))
    with pytest.raises(MqttError, match="wait for their answer"):
        guard.from_device(flood)


# ---- in the gateway


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def bench(sink):
    with running_bench(broker=sink.address) as made:
        yield made


def test_through_the_gateway_the_broker_gets_what_is_the_devices_own(bench, sink):
    product = on_platform(bench)
    own = f"/{product.product_key}/{NAME}/user/update"
    caller = bench.established(product)
    # Together with the CONNECT, before the broker is there: that must be read as well.
    caller.send(connect_of(product, will=(own, "gone")) + subscribe("#") + publish(own, b"one"))
    expected = forwarded(product, will=(own, "gone")) + publish(own, b"one")
    assert read(sink.accept(), len(expected)) == expected
    assert caller.read(len(suback(0x80))) == suback(0x80)
    caller.send(publish(f"/{product.product_key}/{OTHER}/user/update", b"two"))
    record = bench.gateway.wait_for(lambda one: one.closed_ns is not None, PATIENCE_S)
    assert "no topic of this device" in record.error
    caller.close()


def test_a_will_on_anothers_topic_is_not_authorised(bench):
    product = on_platform(bench)
    caller = bench.established(product)
    caller.send(connect_of(product, will=(f"/{product.product_key}/{OTHER}/user/update", "gone")))
    assert caller.read(5) == ConnAck.NOT_AUTHORIZED.packet
    caller.close()


def test_one_device_cannot_take_the_names_of_others(bench, sink):
    product = on_platform(bench)
    device = bench.device()
    caller = bench.established(product, device)
    caller.send(connect_of(product))
    sink.accept()
    caller.close()
    again = bench.established(product, device)
    again.send(connect_of(product, name=OTHER))
    assert again.read(5) == ConnAck.NOT_AUTHORIZED.packet
    again.close()
    under_its_name = bench.established(product, device)
    under_its_name.send(connect_of(product))
    sink.accept()
    stranger = bench.established(product)
    stranger.send(connect_of(product, name=OTHER))
    expected = forwarded(product, name=OTHER)
    assert read(sink.accept(), len(expected)) == expected
    under_its_name.close()
    stranger.close()


def test_more_names_are_a_setting(sink):
    with running_bench(GatewaySettings(names_per_id2=2), broker=sink.address) as bench:
        product = on_platform(bench)
        device = bench.device()
        for name in (NAME, OTHER):
            caller = bench.established(product, device)
            caller.send(connect_of(product, name=name))
            expected = forwarded(product, name=name)
            assert read(sink.accept(), len(expected)) == expected
            caller.close()
        third = bench.established(product, device)
        third.send(connect_of(product, name="wall"))
        assert third.read(5) == ConnAck.NOT_AUTHORIZED.packet
        third.close()
