"""Between a session and an MQTT broker: the CONNECT is checked, and from then on what is the device's own goes through.

Without `isolate` every byte does.

In the CONNECT itself only the client identifier changes. Devices choose theirs freely, and of two clients with the same
one a broker cuts the older off; the platform tells devices apart by ProductKey and DeviceName, and so must the broker.

Source: MQTT Version 3.1.1 (OASIS standard) 3.1.4.
"""

import asyncio
import logging
from collections.abc import Callable

from harness.gateway.mqtt.identity import MqttIdentity, Registry
from harness.gateway.mqtt.isolation import Isolation
from harness.gateway.mqtt.packets import (
    ConnAck,
    ConnectPacket,
    MqttError,
    parse_connect,
    take_connect,
    with_client_id,
)
from harness.gateway.mqtt.topics import OwnTopics
from harness.gateway.session import Session
from harness.gateway.settings import GatewaySettings

_LOG = logging.getLogger(__name__)
_CONNECT_S = 10.0
_SHOWN = 80


class MqttUpstream:
    """The upstream of a session that speaks MQTT: an MQTT broker."""

    def __init__(
        self,
        session: Session,
        registry: Registry,
        broker: tuple[str, int],
        settings: GatewaySettings,
        sides: "BrokerSides",
    ) -> None:
        self._session = session
        self._registry = registry
        self._address = broker
        self._settings = settings
        self._sides = sides
        self._head = bytearray()
        self._connect_packet = b""
        self._isolation: Isolation | None = None
        self._broker: _BrokerSide | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def established(self) -> None:
        """Wait for the CONNECT, for a while."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._settings.connect_s, self._too_slow)

    def data(self, data: bytes) -> None:
        """Take what the device says: the CONNECT first, then whatever there is for the broker."""
        if self._broker is not None:
            self._to_broker(self._broker, data)
            return
        self._head += data
        if self._connecting is not None:
            return
        try:
            packet = take_connect(self._head, self._settings.connect_bytes)
            if packet is None:
                return
            connect = parse_connect(packet)
            product_key, id2 = self._session.device
            log = self._session.log
            log.mqtt_client_id = connect.client_id
            identity = self._registry.admit(connect, product_key, id2)
            log.mqtt_device_name = identity.device_name
            self._keep_apart(identity, connect)
        except MqttError as error:
            self._refuse(error.answer, error.message)
            return
        self._connect_packet = with_client_id(packet, broker_client_id(identity))
        # What comes before the broker is there would store up here.
        self._session.hold("broker", yes=True)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def full(self, *, yes: bool) -> None:
        """Read from the broker only what the device reads from us."""
        if self._broker is not None:
            self._broker.hold(yes=yes)

    def over(self) -> None:
        """End the broker's side; without a DISCONNECT before it, the broker publishes the device's will."""
        if self._timer is not None:
            self._timer.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        if self._broker is not None:
            self._broker.close()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, side = await loop.create_connection(
                    lambda: _BrokerSide(self._session, self._from_broker, self._sides), *self._address
                )
        except (OSError, TimeoutError) as error:
            host, port = self._address
            reason = getattr(error, "strerror", None) or "no answer"
            _LOG.warning("the MQTT broker %s:%d cannot be reached: %s", host, port, reason)
            self._refuse(
                ConnAck.UNAVAILABLE, f"the MQTT broker {host}:{port} cannot be reached: {str(reason)[:200]}"
            )
            return
        if self._session.over:
            side.close()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._broker = side
        side.write(self._connect_packet)
        early = bytes(self._head)
        self._head.clear()
        self._session.hold("broker", yes=False)
        self._to_broker(side, early)

    def _keep_apart(self, identity: MqttIdentity, connect: ConnectPacket) -> None:
        if not self._settings.isolate:
            return
        own = OwnTopics(identity.product_key, identity.device_name)
        will = connect.will_topic
        if will is not None and not own.may_publish(will):
            raise MqttError(
                f"a will for {will[:_SHOWN]!a}, which is no topic of this device", ConnAck.NOT_AUTHORIZED
            )
        self._isolation = Isolation(own, self._settings.packet_bytes)

    def _to_broker(self, side: "_BrokerSide", data: bytes) -> None:
        if self._isolation is None:
            side.write(data)
            return
        try:
            on, back = self._isolation.from_device(data)
        except MqttError as error:
            self._refuse(None, error.message)
            return
        side.write(on)
        if back:
            self._session.send(back)

    def _from_broker(self, data: bytes) -> None:
        if self._isolation is not None:
            try:
                data = self._isolation.from_broker(data)
            except MqttError as error:
                self._refuse(None, error.message)
                return
        self._session.send(data)

    def _refuse(self, answer: ConnAck | None, why: str) -> None:
        if answer is not None:
            self._session.send(answer.packet)
        self._session.finish("clean", f"MQTT: {why}")

    def _too_slow(self) -> None:
        self._session.finish("timeout", f"connect_s: no MQTT CONNECT within {self._settings.connect_s:g} s")


def broker_client_id(identity: MqttIdentity) -> str:
    """Return the client identifier of a device towards the broker: `a1TESTabcde.lamp`."""
    return f"{identity.product_key}.{identity.device_name}"


class BrokerSides:
    """The connections of a gateway to its broker: one may outlast its session, as long as the broker does not read."""

    def __init__(self) -> None:
        self._open: set[asyncio.Transport] = set()

    def came(self, transport: asyncio.Transport) -> None:
        """Take in a connection that was made."""
        self._open.add(transport)

    def went(self, transport: asyncio.Transport) -> None:
        """Forget a connection that is lost."""
        self._open.discard(transport)

    def abort(self) -> None:
        """End them all, whatever the broker has not taken yet."""
        for transport in self._open:
            transport.abort()


class _BrokerSide(asyncio.Protocol):
    """The connection to the broker for one device."""

    def __init__(self, session: Session, forward: Callable[[bytes], None], sides: BrokerSides) -> None:
        self._session = session
        self._forward = forward
        self._sides = sides
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sides.came(transport)

    def data_received(self, data: bytes) -> None:
        self._forward(data)

    def pause_writing(self) -> None:
        self._session.hold("broker", yes=True)

    def resume_writing(self) -> None:
        self._session.hold("broker", yes=False)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._transport is not None:
            self._sides.went(self._transport)
        self._session.finish("clean", "the MQTT broker closed the connection")

    def write(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def hold(self, *, yes: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if yes:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
