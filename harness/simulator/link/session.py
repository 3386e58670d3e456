"""One connection of a firmware: provisioning, or the handshake and what runs inside it.

Source: device-protocol.md c.6, h; the logs in tests/vectors/itls.json and otp.json.
"""

import time
from dataclasses import dataclass

from harness.itls.client import WRAPPER_POLICY, ClientConnection
from harness.itls.errors import ItlsError
from harness.itls.events import Alerted, DataReceived, Established, Event, StreamEnded
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.link.km import SoftKm
from harness.simulator.link.log import LiveLog
from harness.simulator.link.outcome import AttemptOutcome
from harness.simulator.link.power import LinkWire, Power, WireLost
from harness.simulator.link.traffic import BrokerSilentError, LoginRefusedError, Traffic

_ESTABLISH = "hal_itls_establish_timeout"
_HANDSHAKE_FAILED = "-0x7980"
_ALERT_RECEIVED = "-0x7780"
_NO_CONNECTION = "-0x0044"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a firmware waits, in seconds. The vendor's client waits 10 to connect and 20 to receive.

    Attributes:
        connect: To connect, and for the server to take what is sent.
        answer: For the next word of a handshake or a login.
        first_pause: Before the second attempt to connect.
        longest_pause: Between two attempts at most.
    """

    connect: float = 10.0
    answer: float = 5.0
    first_pause: float = 0.1
    longest_pause: float = 3.0


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """Where the firmware connects to, and as what.

    Attributes:
        host: Address.
        port: Port.
        product_key: ProductKey.
    """

    host: str
    port: int
    product_key: str


@dataclass(frozen=True, slots=True)
class BoardContext:
    """What every connection of one start of the board shares.

    Attributes:
        access_point: Where it connects to.
        km: The identity.
        log: Where it prints.
        hooks: Where a fault takes hold.
        power: The board's power.
        patience: How long it waits.
        random: Where random bytes come from.
    """

    access_point: AccessPoint
    km: SoftKm
    log: LiveLog
    hooks: LinkHooks
    power: Power
    patience: Patience
    random: RandomSource

    def wire(self) -> LinkWire:
        """Connect.

        Raises:
            WireLost: The server cannot be reached.
        """
        return LinkWire(self.access_point.host, self.access_point.port, self.power, self.patience.connect)


def tell_beside(board: BoardContext, data: bytes) -> None:
    """Send data in clear over a connection of its own; nothing when there is none."""
    if not data:
        return
    try:
        with board.wire() as wire:
            wire.send(data)
    except WireLost:
        return


def provision(board: BoardContext) -> AttemptOutcome:
    """Ask for an ID² as the provisioning wrapper does: one exchange, no handshake."""
    log, access_point, km = board.log, board.access_point, board.km
    log.tell("id2_client_wrap_do_provisioning", 823, f"host: {access_point.host}")
    log.tell("id2_client_wrap_do_provisioning", 824, f"port: {access_point.port}")
    connection = ClientConnection(km, access_point.product_key, policy=WRAPPER_POLICY, random=board.random)
    alert = None
    try:
        with board.wire() as wire:
            connection.start()
            while km.id2 is None and not connection.closed:
                wire.send(connection.take())
                data = wire.receive(board.patience.answer)
                if data is None:
                    raise WireLost("network receive data timeout")  # noqa: TRY301 - handled where every loss is
                for event in connection.receive(data):
                    if isinstance(event, Alerted):
                        log.alert(event.message.level, event.message.number)
                        alert = event.message.number if event.message.fatal else alert
    except (ItlsError, WireLost) as error:
        log.tell_error("id2_client_wrap_do_provisioning", 861, _told(error))
    if km.id2 is None:
        log.tell("link_app", 112, "id2 client do provisioning fail, -1")
    return AttemptOutcome(useful=km.id2 is not None, alert=alert)


def connect(board: BoardContext, traffic: Traffic) -> AttemptOutcome:
    """Connect, make the handshake, and carry traffic until the session ends."""
    log, access_point = board.log, board.access_point
    log.tell(_ESTABLISH, 239, f"  . Connecting to tcp/{access_point.host}/{access_point.port}...")
    try:
        wire = board.wire()
    except WireLost as error:
        log.tell(_ESTABLISH, 247, f"failed, {error.what}")
        log.raw(f"  ! mbedtls_net_connect returned {_NO_CONNECTION}\n")
        return AttemptOutcome()
    log.tell(_ESTABLISH, 253, "ok")
    log.tell(_ESTABLISH, 258, "  . Setting up the SSL/TLS structure...")
    log.tell(_ESTABLISH, 266, " ok")
    connection = board.hooks.connection(
        board.km, access_point.product_key, policy=board.hooks.policy, random=board.random
    )
    with wire:
        return _Session(wire, connection, board, traffic).run()


class _Session:
    """A connection from its first hello to its end."""

    def __init__(
        self, wire: LinkWire, connection: ClientConnection, board: BoardContext, traffic: Traffic
    ) -> None:
        self._wire = wire
        self._connection = connection
        self._board = board
        self._log = board.log
        self._traffic = traffic
        self._alert: int | None = None
        self._ended = False

    def run(self) -> AttemptOutcome:
        log = self._log
        log.tell(_ESTABLISH, 306, "  . Performing the SSL/TLS handshake...")
        refused, failed = False, ""
        try:
            self._connection.start()
            self._flush()
            while not self._ended:
                self._step()
        except ItlsError as error:
            failed = _told(error)
            self._farewell()
        except (WireLost, BrokerSilentError) as error:
            failed = _told(error)
        except LoginRefusedError as error:
            failed, refused = str(error), error.final
            self._connection.close()
            self._farewell()
        if not self._connection.established:
            log.tell(_ESTABLISH, 309, " failed")
            number = _HANDSHAKE_FAILED if self._alert is None else _ALERT_RECEIVED
            log.raw(f"  ! mbedtls_ssl_handshake returned {number}\n")
        if failed:
            log.tell("link_app", 141, failed)
        log.tell("hal_itls_destroy", 342, "itls disconnect")
        return AttemptOutcome(useful=self._traffic.up, alert=self._alert, refused=refused)

    def _step(self) -> None:
        """Wait for what comes next: bytes, or the time to say something."""
        up = self._connection.established
        data = self._wire.receive(
            self._traffic.patience(time.monotonic()) if up else self._board.patience.answer
        )
        if data is None:
            if not up:
                raise WireLost("network receive data timeout")
            self._say(self._traffic.idle(time.monotonic()))
            return
        for event in self._connection.receive(data):
            self._act(event)
        self._flush()

    def _act(self, event: Event) -> None:
        if isinstance(event, Established):
            self._log.tell(_ESTABLISH, 313, " ok")
            self._say(self._traffic.begin(time.monotonic()))
        elif isinstance(event, DataReceived):
            self._say(self._traffic.receive(event.data, time.monotonic()))
        elif isinstance(event, Alerted) and not event.message.closes:
            self._log.alert(event.message.level, event.message.number)
            if event.message.fatal:
                self._alert = event.message.number
        elif isinstance(event, StreamEnded):
            self._end(event)

    def _end(self, event: StreamEnded) -> None:
        if event.clean and not self._board.hooks.heeds_close:
            self._board.power.wait(None, 0, None)
        self._ended = True
        self._connection.close()
        self._flush()

    def _say(self, data: bytes) -> None:
        if data and not self._connection.closed:
            self._connection.send(self._board.hooks.stream(data))
            self._flush()

    def _flush(self) -> None:
        if data := self._connection.take():
            self._wire.send(data)

    def _farewell(self) -> None:
        """Send the alert that says why this side leaves, to whoever still listens."""
        try:
            self._flush()
        except WireLost:
            return


def _told(error: Exception) -> str:
    """Return what happened, without what the server may have put into it."""
    return "".join(char if " " <= char <= "~" else "?" for char in str(error))[:200]
