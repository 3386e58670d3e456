"""Both sides of iTLS in memory: an authority that knows one device, and a wire between the sides."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from harness.id2 import authcode, ciphers, codetext, otp, servercode
from harness.id2.codes import ItlsAlert
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.itls.client import ClientConnection
from harness.itls.connection import Connection
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.itls.events import Event, ObservedRecord
from harness.itls.messages import ClientHello
from harness.itls.server import Admission, ServerConnection

ID2 = "2122232425262728292A2B2C"
KEY = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
PRODUCT_KEY = "a1WO4Z9qHRw"
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
TOKEN = "i110123456789ABCDEFxxxxxxxxxxxxx"


@dataclass
class OneDevice:
    """Knows one ID² and hands one out; nothing is ever used up.

    `any_challenge` takes a code over whatever challenge it names, so that a device which answers a wrong one is let
    in and its defect shows.
    """

    id2: str = ID2
    key: Key = KEY
    challenge_text: str = CHALLENGE
    token: str = TOKEN
    any_challenge: bool = False
    provisioned: list[str] = field(default_factory=list)

    def challenge(self, hello: ClientHello) -> str:
        if hello.id2 != self.id2:
            raise ItlsError("another device", ItlsAlert.NO_ID)
        return self.challenge_text

    def provision(self, hello: ClientHello) -> bytes:
        try:
            report = otp.open_device_code(otp.parse_token(self.token), otp.parse_device_code(hello.auth_code))
        except Id2Error as error:
            raise ItlsError(str(error), ItlsAlert.GENERIC) from None
        self.provisioned.append(report.fingerprint.decode())
        return otp.build_data(report.session_key.reveal(), self.id2, self.key).data

    def admit(self, hello: ClientHello, challenge: str | None) -> Admission:
        text = hello.auth_code.decode("latin-1")
        try:
            code = codetext.parse(text)
            authcode.verify(self.key, self.id2, code)
        except Id2Error as error:
            raise ItlsError(str(error), ItlsAlert.AUTH_CODE) from None
        if not self.any_challenge and code.random != challenge:
            raise ItlsError("a code over another challenge", ItlsAlert.CHALLENGE)
        answer = servercode.build(self.key, self.id2, hello.random.hex().upper())
        return Admission(answer.text, lambda plain: ciphers.encrypt(self.key, plain))


@dataclass
class Link:
    """A client and a server, and what came of them.

    Attributes:
        client_events, server_events: What each side understood.
        client_error, server_error: Why a side gave up.
    """

    client: ClientConnection
    server: ServerConnection
    client_events: list[Event] = field(default_factory=list)
    server_events: list[Event] = field(default_factory=list)
    client_error: ItlsError | None = None
    server_error: ItlsError | None = None
    client_seen: list[ObservedRecord] = field(default_factory=list)
    server_seen: list[ObservedRecord] = field(default_factory=list)

    def pump(self, pieces: Iterator[int] | None = None) -> None:
        """Carry bytes both ways until neither side says anything; `pieces` cuts them into sizes."""
        while True:
            up, down = self.client.take(), self.server.take()
            if self.client.cut_off or self.server.cut_off:
                self._to_client(down, pieces)
                self._to_server(up, pieces)
                self.client_events += self.client.end_of_stream()
                self.server_events += self.server.end_of_stream()
                return
            if not up and not down:
                return
            self._to_server(up, pieces)
            self._to_client(down, pieces)

    def _to_server(self, data, pieces):
        for piece in cut(data, pieces):
            try:
                self.server_events += self.server.receive(piece)
            except ItlsError as error:
                self.server_events += self.server.before_error
                self.server_error = self.server_error or error

    def _to_client(self, data, pieces):
        for piece in cut(data, pieces):
            try:
                self.client_events += self.client.receive(piece)
            except ItlsError as error:
                self.client_events += self.client.before_error
                self.client_error = self.client_error or error

    @property
    def established(self) -> bool:
        return self.client.established and self.server.established


def cut(data: bytes, pieces: Iterator[int] | None) -> list[bytes]:
    if pieces is None:
        return [data] if data else []
    out = []
    while data:
        size = max(1, next(pieces, len(data)))
        out.append(data[:size])
        data = data[size:]
    return out


def linked(
    *,
    authority=None,
    identity=None,
    policy=None,
    client=ClientConnection,
    settings=None,
    hooks=None,
    client_limits=None,
    server_limits=None,
) -> Link:
    authority = authority or OneDevice()
    identity = identity or KeyIdentity(authority.id2, authority.key)
    client_seen: list[ObservedRecord] = []
    server_seen: list[ObservedRecord] = []
    client = client(identity, PRODUCT_KEY, policy=policy, limits=client_limits, observe=client_seen.append)
    server = ServerConnection(
        authority, settings=settings, hooks=hooks, limits=server_limits, observe=server_seen.append
    )
    return Link(client, server, client_seen=client_seen, server_seen=server_seen)


def handshaken(**how) -> Link:
    """Both sides after the handshake, however it ended."""
    link = linked(**how)
    link.client.start()
    link.pump()
    return link


@pytest.fixture
def far_end() -> OneDevice:
    return OneDevice()


def both(link: Link) -> tuple[Connection, Connection]:
    return link.client, link.server


def buffered(connection: Connection) -> int:
    """Return how many bytes of the peer a connection holds, because a record or message is not whole yet."""
    return len(connection._in) + len(connection._message)
