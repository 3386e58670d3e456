"""An access point for the tests of a firmware with a link: real sockets, one product in memory, a broker of its own."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.id2 import authcode, ciphers, codetext, otp, servercode
from harness.id2.codes import ItlsAlert
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.itls.alerts import AlertMessage
from harness.itls.errors import ItlsError
from harness.itls.events import Alerted, DataReceived, Established, ObservedRecord, StreamEnded
from harness.itls.messages import ClientHello
from harness.itls.misbehaviour.case import Misbehaviour
from harness.itls.server import Admission, ServerConnection, ServerHooks
from harness.secret import Secret
from harness.settings.link_flash import LinkFirmware, LinkFlash
from harness.simulator.faults.catalogue import find
from harness.simulator.faults.fault import Fault
from harness.simulator.link import mqtt
from harness.simulator.link.app import Behaviour
from harness.simulator.link.board import LinkBoard
from harness.simulator.link.mqtt import BoardPacket, PacketBuffer, PacketType
from harness.simulator.link.session import Patience

TOKEN = "i110123456789ABCDEFxxxxxxxxxxxxx"
PRODUCT_KEY = "a1WO4Z9qHRw"
NAME = "gateway"
TOPICS = ("/{product_key}/{device_name}/user/get", "/{product_key}/{device_name}/user/update")
ECHOED = f"/{PRODUCT_KEY}/{NAME}/user/update"
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
QUICK = Patience(connect=5, answer=3, first_pause=0.02, longest_pause=0.08)
LIMIT = 30.0


@dataclass
class Products:
    """Who knows the devices of one product; any challenge that was answered counts."""

    devices: dict[str, Key] = field(default_factory=dict)
    token: str = TOKEN
    refuses_provisioning: ItlsAlert | None = None
    fingerprints: list[str] = field(default_factory=list)

    def challenge(self, hello: ClientHello) -> str:
        if hello.id2 not in self.devices:
            raise ItlsError("unknown", ItlsAlert.NO_ID)
        return CHALLENGE

    def provision(self, hello: ClientHello) -> bytes:
        if self.refuses_provisioning is not None:
            raise ItlsError("refused", self.refuses_provisioning)
        report = otp.open_device_code(otp.parse_token(self.token), otp.parse_device_code(hello.auth_code))
        self.fingerprints.append(report.fingerprint.decode("latin-1"))
        number = len(self.devices) + 1
        id2 = f"00FFFFFF{number:016X}"
        self.devices[id2] = Key(report.key_type, Secret(bytes((number,)) * report.key_type.key_size))
        return otp.build_data(report.session_key.reveal(), id2, self.devices[id2]).data

    def admit(self, hello: ClientHello, challenge: str | None) -> Admission:
        del challenge
        key = self.devices[hello.id2 or ""]
        try:
            authcode.verify(key, hello.id2 or "", codetext.parse(hello.auth_code.decode("latin-1")))
        except Id2Error as error:
            raise ItlsError(str(error), ItlsAlert.AUTH_CODE) from None
        code = servercode.build(key, hello.id2 or "", hello.random.hex().upper())
        return Admission(code.text, lambda plain: ciphers.encrypt(key, plain))


@dataclass
class Met:
    """One connection, as the server saw it."""

    number: int
    began: float = field(default_factory=time.monotonic)
    hellos: list[ClientHello] = field(default_factory=list)
    established: bool = False
    packets: list[BoardPacket] = field(default_factory=list)
    raw: bytes = b""
    alert: AlertMessage | None = None
    closed: str = ""
    seen: list[ObservedRecord] = field(default_factory=list)
    wire: bytes = b""
    error: str = ""
    connection: ServerConnection | None = None
    line: socket.socket | None = None

    def of(self, kind: PacketType) -> list[BoardPacket]:
        return [packet for packet in self.packets if packet.kind == kind]

    @property
    def login(self) -> str:
        """The client id of the CONNECT."""
        body = self.of(PacketType.CONNECT)[0].body[10:]
        return body[2 : 2 + int.from_bytes(body[:2])].decode()

    @property
    def keepalive(self) -> int:
        return int.from_bytes(self.of(PacketType.CONNECT)[0].body[8:10])


class LinkServer:
    """Listens on a free port of loopback; one thread a connection, all ended by `close`."""

    def __init__(self, *, login_code: int = 0, mqtt: bool = True) -> None:
        self.products = Products()
        self.met: list[Met] = []
        self.login_code = login_code
        self.mqtt = mqtt
        self.pongs = True
        self.misbehaviour: Callable[[], ServerHooks] = ServerHooks
        self._news = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()[:2]
        return host, port

    def misbehave(self, misbehaviour: Misbehaviour | None) -> None:
        self.misbehaviour = ServerHooks if misbehaviour is None else misbehaviour.hooks

    def wait(self, wanted: Callable[[], object], what: str = "") -> None:
        with self._news:
            assert self._news.wait_for(wanted, LIMIT), f"{what or 'nothing such'} in {LIMIT} s: {self.told()}"

    def told(self) -> str:
        return "; ".join(
            f"{met.number}: {len(met.hellos)} hellos, {met.established=}, {met.alert}, {met.error}, {met.closed}"
            for met in self.met[-8:]
        )

    def subscribed(self, count: int = 1) -> Met:
        """Wait until that many connections have come to their SUBSCRIBE, and return the newest of them."""
        self.wait(
            lambda: sum(bool(met.of(PacketType.SUBSCRIBE)) for met in self.met) >= count, f"{count} sessions"
        )
        return [met for met in self.met if met.of(PacketType.SUBSCRIBE)][-1]

    def send(self, met: Met, data: bytes) -> None:
        assert met.connection is not None
        with self._news:
            met.connection.send(data)
            self._flush(met)

    def publish(self, met: Met, payload: bytes) -> None:
        self.send(met, mqtt.publish(f"/{PRODUCT_KEY}/{NAME}/user/get", payload))

    def echoes(self, met: Met) -> list[bytes]:
        return [mqtt.published(packet).payload for packet in met.of(PacketType.PUBLISH)]

    def end(self, met: Met, *, clean: bool) -> None:
        assert met.connection is not None
        assert met.line is not None
        with self._news:
            if clean:
                met.connection.close()
                self._flush(met)
                return
        met.line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End everything; may be called more than once."""
        if self._listener.fileno() < 0:
            return
        # Shutting down a listener wakes whoever accepts on it.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for met in self.met:
            try:
                assert met.line is not None
                met.line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(LIMIT)
            assert not thread.is_alive()

    def _listen(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            met = Met(len(self.met), line=taken)
            met.connection = ServerConnection(
                self.products, hooks=self.misbehaviour(), observe=met.seen.append
            )
            thread = threading.Thread(target=self._serve, args=(met,))
            self._threads.append(thread)
            with self._news:
                self.met.append(met)
                self._news.notify_all()
            thread.start()

    def _serve(self, met: Met) -> None:
        assert met.line is not None
        packets = PacketBuffer()
        with met.line:
            while not met.closed:
                try:
                    data = met.line.recv(65536)
                except OSError:
                    data = b""
                with self._news:
                    met.wire += data
                    self._take(met, data, packets)
                    self._news.notify_all()

    def _take(self, met: Met, data: bytes, packets: PacketBuffer) -> None:
        connection = met.connection
        assert connection is not None
        hello = connection.hello
        try:
            events = connection.receive(data) if data else connection.end_of_stream()
        except ItlsError as error:
            events, met.error, met.closed = [], str(error), "refused"
        if connection.hello is not None and connection.hello is not hello:
            met.hellos.append(connection.hello)
        for event in events:
            if isinstance(event, Established):
                met.established = True
            elif isinstance(event, DataReceived):
                met.raw += event.data
                if self.mqtt:
                    for packet in packets.add(event.data):
                        self._packet(met, packet)
            elif isinstance(event, Alerted):
                met.alert = event.message
            elif isinstance(event, StreamEnded):
                met.closed = "clean" if event.clean else "unclean"
        if not data:
            met.closed = met.closed or "end"
        self._flush(met)
        if connection.cut_off:
            met.closed = "cut"

    def _packet(self, met: Met, packet: BoardPacket) -> None:
        met.packets.append(packet)
        answers = {
            PacketType.CONNECT: bytes((PacketType.CONNACK << 4, 2, 0, self.login_code)),
            PacketType.SUBSCRIBE: bytes((PacketType.SUBACK << 4, 3)) + packet.body[:2] + b"\x01",
        }
        if self.pongs:
            answers[PacketType.PINGREQ] = bytes((PacketType.PINGRESP << 4, 0))
        if packet.kind in answers:
            assert met.connection is not None
            met.connection.send(answers[PacketType(packet.kind)])

    def _flush(self, met: Met) -> None:
        assert met.connection is not None
        assert met.line is not None
        try:
            met.line.sendall(met.connection.take())
        except OSError:
            met.closed = met.closed or "reset"


class Bench:
    """One board and what its console said, without a terminal between them."""

    def __init__(
        self,
        server: LinkServer,
        fault: str | None = None,
        *,
        patience: Patience = QUICK,
        token: str = TOKEN,
        key_type: KeyType = KeyType.AES_128,
        **behaviour: object,
    ) -> None:
        self.flash = LinkFlash(LinkFirmware(PRODUCT_KEY, Secret(token), *server.address))
        made: Fault | None = None if fault is None else find(fault)
        told = {"topics": TOPICS, "keepalive": 60} | behaviour
        does = Behaviour(key_type, "fingerprint-1", NAME, **told)
        self.board = LinkBoard(does, self.flash, fault=made, patience=patience)
        self._text = ""

    @property
    def text(self) -> str:
        """Everything that the board has printed in all its starts."""
        self._text += b"".join(output.data for output in self.board.speak()).decode()
        return self._text

    def printed(self, text: str, times: int = 1) -> None:
        """Wait until the board has printed this."""
        deadline = time.monotonic() + LIMIT
        while self.text.count(text) < times:
            assert time.monotonic() < deadline, f"not printed: {text!r}; but\n{self.text}"
            time.sleep(0.002)

    def start(self) -> "Bench":
        self.stop()
        self.board.power_on()
        return self

    def stop(self) -> None:
        _ = self.text
        self.board.power_off()
        _ = self.text
