"""What runs inside the session of a firmware: MQTT with an echo, or just an echo.

Each method takes the time (seconds, monotonic) and returns the application data to send.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from harness.simulator.link import mqtt
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.link.log import LiveLog
from harness.simulator.link.mqtt import BoardPacket, Login, NoMqttError, PacketBuffer, PacketType

_FINAL_CODES = frozenset(
    {1, 2, 4, 5}
)  # refusals of a CONNACK that stay: protocol, client id, password, right
_PING_AFTER = 0.75  # of the keep-alive time, so that a slow ping is in time too
_SUBSCRIPTION_REFUSED = 0x80


class LoginRefusedError(Exception):
    """The broker refused.

    Attributes:
        final: Whether it will do so again.
    """

    def __init__(self, text: str, *, final: bool) -> None:
        super().__init__(text)
        self.final = final


class BrokerSilentError(Exception):
    """The broker does not answer any more."""


class Traffic(ABC):
    """What runs inside one session.

    Attributes:
        up: It came so far that the session does what it is for.
    """

    up = False

    @abstractmethod
    def begin(self, now: float) -> bytes:
        """Begin: the handshake is complete."""

    @abstractmethod
    def receive(self, data: bytes, now: float) -> bytes:
        """Act on data that came.

        Raises:
            LoginRefusedError: The broker says no.
        """

    def patience(self, now: float) -> float | None:
        """Return the seconds until `idle` is due; None for never."""
        del now
        return None

    def idle(self, now: float) -> bytes:
        """Act when nothing came for the time that `patience` said.

        Raises:
            BrokerSilentError: The server counts as gone.
        """
        del now
        return b""


class RawEcho(Traffic):
    """Sends back what comes."""

    def __init__(self, hooks: LinkHooks, beside: Callable[[bytes], None]) -> None:
        self._hooks = hooks
        self._beside = beside

    def begin(self, now: float) -> bytes:
        """Wait for data."""
        del now
        self.up = True
        return b""

    def receive(self, data: bytes, now: float) -> bytes:
        """Send it back."""
        del now
        self._beside(self._hooks.beside_with(data))
        return self._hooks.payload(data)


class MqttEcho(Traffic):
    """Logs in, subscribes, and publishes what comes.

    Args:
        login: Who the device is.
        keepalive: Seconds.
        topics: What it subscribes to and what it publishes on; None for neither.
        answer: Seconds that the broker has for an answer.
        log: Where it prints.
        hooks: Where a fault takes hold.
        beside: Sends data in clear beside the link.
    """

    def __init__(
        self,
        login: Login,
        keepalive: int,
        topics: tuple[str, str] | None,
        *,
        answer: float,
        log: LiveLog,
        hooks: LinkHooks,
        beside: Callable[[bytes], None],
    ) -> None:
        self._login = login
        self._keepalive = keepalive
        self._topics = topics
        self._answer = answer
        self._log = log
        self._hooks = hooks
        self._beside = beside
        self._packets = PacketBuffer()
        self._waits_since: float | None = None
        self._said_at = 0.0

    def begin(self, now: float) -> bytes:
        """Log in."""
        return self._ask(mqtt.connect(self._login, self._keepalive), now)

    def receive(self, data: bytes, now: float) -> bytes:
        """Answer what comes.

        Raises:
            LoginRefusedError: The broker says no, or something that is no MQTT.
        """
        answers = b""
        try:
            for packet in self._packets.add(data):
                answers += self._answer_to(packet, now)
        except NoMqttError as error:
            raise LoginRefusedError(f"mqtt: {error}", final=False) from None
        if answers:
            self._said_at = now
        return answers

    def patience(self, now: float) -> float | None:
        """Return the seconds until a ping is due, or until an answer is overdue."""
        if self._waits_since is not None:
            return max(self._waits_since + self._answer - now, 0.0)
        if not self._hooks.pings:
            return None
        return max(self._said_at + _PING_AFTER * self._keepalive - now, 0.0)

    def idle(self, now: float) -> bytes:
        """Send a ping.

        Raises:
            BrokerSilentError: The answer to what was said last is overdue.
        """
        if self._waits_since is not None:
            raise BrokerSilentError("mqtt: the broker does not answer")
        return self._ask(mqtt.PING, now)

    def _ask(self, packet: bytes, now: float) -> bytes:
        self._waits_since = self._said_at = now
        return packet

    def _answer_to(self, packet: BoardPacket, now: float) -> bytes:
        if packet.kind == PacketType.CONNACK:
            return self._logged_in(mqtt.return_code(packet), now)
        if packet.kind == PacketType.SUBACK:
            self._waits_since = None
            if mqtt.return_code(packet) >= _SUBSCRIPTION_REFUSED:
                raise LoginRefusedError("mqtt subscribe refused", final=True)
            self._log.tell("link_app", 188, "mqtt subscribed")
        elif packet.kind == PacketType.PINGRESP:
            self._waits_since = None
        elif packet.kind == PacketType.PUBLISH and self._topics is not None:
            return self._echo(packet, self._topics[1])
        return b""

    def _logged_in(self, code: int, now: float) -> bytes:
        self._waits_since = None
        if code != mqtt.ACCEPTED:
            raise LoginRefusedError(f"mqtt connect refused, {code}", final=code in _FINAL_CODES)
        self.up = True
        self._log.tell("link_app", 174, f"mqtt connected as {self._login.device_name}")
        return b"" if self._topics is None else self._ask(mqtt.subscribe(1, self._topics[0]), now)

    def _echo(self, packet: BoardPacket, topic: str) -> bytes:
        came = mqtt.published(packet)
        self._beside(self._hooks.beside_with(came.payload))
        answer = mqtt.publish(topic, self._hooks.payload(came.payload))
        return answer if came.acknowledge is None else mqtt.acknowledge(came.acknowledge) + answer
