"""What the gateway's tests share: a mock with a gateway in front, and devices that call it over real sockets."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.gateway.gateway import Gateway
from harness.gateway.settings import GatewaySettings
from harness.id2.codes import ItlsAlert
from harness.id2.keys import KeyType
from harness.itls.alerts import AlertMessage
from harness.itls.client import ClientConnection
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.itls.events import Alerted, DataReceived, Event, StreamEnded
from harness.secret import Secret
from harness.service.mock import token
from harness.service.mock.admin.admin import Admin
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.service.mock.store.products import Product
from tests.service.service_bench import Device, new_device

PATIENCE_S = 10.0


@dataclass
class Caller:
    """A device on a real socket."""

    connection: ClientConnection
    socket: socket.socket
    events: list[Event] = field(default_factory=list)
    error: ItlsError | None = None
    eof: bool = False

    def shake_hands(self) -> "Caller":
        """Go through the handshake, or as far as the gateway lets it come."""
        self.connection.start()
        self.flush()
        while not self.connection.established and not self.eof and self.error is None:
            self.step()
        return self

    def step(self) -> None:
        """Read once, and answer."""
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.eof = True
            self.events += self.connection.end_of_stream()
            return
        try:
            self.events += self.connection.receive(data)
        except ItlsError as error:
            self.error = error
        self.flush()

    def flush(self) -> None:
        if data := self.connection.take():
            self.socket.sendall(data)

    def send(self, data: bytes) -> None:
        self.connection.send(data)
        self.flush()

    def read(self, count: int) -> bytes:
        """Return this much application data."""
        have, seen = 0, 0
        while True:
            have += sum(len(event.data) for event in self.events[seen:] if isinstance(event, DataReceived))
            seen = len(self.events)
            if have >= count or self.eof:
                return b"".join(self.received)
            self.step()

    def read_to_end(self) -> None:
        while not self.eof:
            self.step()

    @property
    def received(self) -> list[bytes]:
        return [event.data for event in self.events if isinstance(event, DataReceived)]

    @property
    def alerts(self) -> list[AlertMessage]:
        return [event.message for event in self.events if isinstance(event, Alerted)]

    @property
    def alert(self) -> ItlsAlert | None:
        fatal = [message for message in self.alerts if message.fatal]
        return ItlsAlert(fatal[0].number) if fatal else None

    @property
    def ended_cleanly(self) -> bool:
        return StreamEnded(clean=True) in self.events

    def close(self) -> None:
        self.socket.close()


@dataclass(frozen=True)
class GatewayBench:
    """A mock service, a gateway, and what a test needs to be a device in front of it."""

    mock: MockService
    gateway: Gateway
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def admin(self) -> Admin:
        return self.mock.admin

    def product(self, licences: int = 50, algorithm: KeyType = KeyType.AES_128, **how: object) -> Product:
        return self.admin.create_product("lock", algorithm=algorithm, licences=licences, **how)

    def device(self, key_type: KeyType = KeyType.AES_128) -> Device:
        made = new_device(key_type)
        self.admin.add_device(made.id2, made.key)
        return made

    def call(
        self,
        product: Product | str,
        device: Device | KeyIdentity,
        *,
        kind: type[ClientConnection] = ClientConnection,
    ) -> Caller:
        """Connect, and say nothing yet."""
        identity = device if isinstance(device, KeyIdentity) else KeyIdentity(device.id2, device.key)
        product_key = product if isinstance(product, str) else product.product_key
        return Caller(kind(identity, product_key), self.plain())

    def plain(self) -> socket.socket:
        """Return a connection to the gateway that says nothing by itself."""
        made = socket.create_connection(self.gateway.address, PATIENCE_S)
        self.sockets.append(made)
        return made

    def established(self, product: Product | None = None, device: Device | None = None) -> Caller:
        caller = self.call(product or self.product(), device or self.device()).shake_hands()
        assert caller.connection.established, (caller.alerts, caller.error)
        return caller

    def last(self) -> int:
        """Return the number of the newest session, -1 when there is none."""
        seen = self.gateway.sessions()
        return seen[-1].number if seen else -1


def blank(product: Product, *, fingerprint: bytes = b"demo-uid", secret: str | None = None) -> KeyIdentity:
    """Return a device without an ID², with a product secret."""
    given = product.product_secret if secret is None else Secret(secret)
    return KeyIdentity(None, None, token=token.parse(given), fingerprint=fingerprint)


@contextlib.contextmanager
def running_bench(
    settings: GatewaySettings | None = None, mock_settings: Settings | None = None, **how
) -> Iterator[GatewayBench]:
    """Run a mock service and a gateway."""
    with MockService(settings=mock_settings) as mock, Gateway(mock, settings=settings, **how) as gateway:
        made = GatewayBench(mock, gateway)
        try:
            yield made
        finally:
            # A test that fails half-way must not fail the next one too, by a socket that nobody closed.
            for left in made.sockets:
                left.close()


def other_key(device: Device) -> Device:
    """The same ID², with a key that is not its own."""
    return Device(device.id2, new_device(device.key.key_type).key)
