"""The firmware of a simulated board with a link, from one start to the loss of power.

Banner, ID² (provisioned over the wire when the flash has none), iTLS, MQTT inside, an echo; after a loss it connects
again with growing pauses. Source: device-protocol.md c.6, g, h, i.1; service.md 6.3, 6.5.
"""

from dataclasses import dataclass
from typing import Protocol

from harness.id2 import otp
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType
from harness.secret import Secret
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.link.km import Flash, SoftKm
from harness.simulator.link.log import LiveLog
from harness.simulator.link.mqtt import Login
from harness.simulator.link.outcome import AttemptOutcome, ReconnectPauses
from harness.simulator.link.power import Power
from harness.simulator.link.session import (
    AccessPoint,
    BoardContext,
    Patience,
    connect,
    provision,
    tell_beside,
)
from harness.simulator.link.traffic import MqttEcho, RawEcho, Traffic

_RULE = "-" * 43


class Firmware(Protocol):
    """What is compiled in."""

    @property
    def product_key(self) -> str:
        """ProductKey."""
        ...

    @property
    def product_secret(self) -> Secret:
        """ProductSecret."""
        ...

    @property
    def host(self) -> str:
        """Address of the access point."""
        ...

    @property
    def port(self) -> int:
        """Its port."""
        ...


class FlashedFirmware(Flash, Protocol):
    """The whole flash."""

    @property
    def firmware(self) -> Firmware | None:
        """What is compiled in; None for a board that nobody has flashed."""
        ...


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the firmware was written to do.

    Attributes:
        key_type: Type of the ID² key that it was built for.
        fingerprint: Device id, ASCII.
        device_name: DeviceName.
        mqtt: MQTT runs in the session; else what comes is sent back as it is.
        topics: Subscribed and published topic, which may hold `{product_key}` and `{device_name}`; None for no echo.
        keepalive: Seconds.
        by_wrapper: An ID² is asked for by an exchange of its own; else inside the handshake.
        irot_type: How the banner names where the key lives: 1 is KM, 4 is TEE.
        built: Build date and time in the banner.
    """

    key_type: KeyType
    fingerprint: str
    device_name: str
    mqtt: bool = True
    topics: tuple[str, str] | None = None
    keepalive: int = 60
    by_wrapper: bool = True
    irot_type: int = 1
    built: str = "Mar 15 2026 09:30:00"


class LinkApp:
    """The program.

    Args:
        behaviour: What it was written to do.
        flash: What is compiled in, and the ID² that it keeps.
        power: The power, whose failure ends it.
        log: Where it prints.
        hooks: Where a fault takes hold.
        patience: How long it waits for what.
        random: Where random bytes come from.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        flash: FlashedFirmware,
        power: Power,
        log: LiveLog,
        *,
        hooks: LinkHooks,
        patience: Patience,
        random: RandomSource,
    ) -> None:
        self._behaviour = behaviour
        self._flash = flash
        self._power = power
        self._log = log
        self._hooks = hooks
        self._patience = patience
        self._random = random

    def run(self) -> None:
        """Run until the power fails.

        Raises:
            PowerOff: It failed.
        """
        self._banner()
        firmware = self._flash.firmware
        if firmware is None:
            self._log.tell("link_app", 58, "no product key in this firmware, nothing to connect to")
            self._power.wait(None, 0, None)
            return
        board = self._board(firmware)
        if note := self._hooks.remark(firmware.product_secret.reveal()):
            self._log.tell("link_app", 61, note)
        self._say_state(board.km)
        self._connect_for_ever(board)
        self._log.tell("link_app", 97, "gives up until the next start")
        self._power.wait(None, 0, None)

    def _connect_for_ever(self, board: BoardContext) -> None:
        """Provision where needed, connect, and connect again, until there is no sense in it any more."""
        told = False
        backoff = ReconnectPauses(self._hooks, self._patience.first_pause, self._patience.longest_pause)
        while True:
            if not told and (held := board.km.held) is not None:
                told = True
                tell_beside(board, self._hooks.beside_at_start(*held))
            outcome = self._attempt(board)
            if outcome.useful and not told:
                continue  # the ID² has just come: nothing to wait for
            pause = backoff.after(outcome)
            if pause is None or (board.km.id2 is None and not board.km.may_ask):
                return
            self._power.pause(pause)

    def _attempt(self, board: BoardContext) -> AttemptOutcome:
        if board.km.id2 is None and self._behaviour.by_wrapper:
            return provision(board)
        self._log.tell("hal_itls_establish_timeout", 206, "iTLS Library, Version: 2.0.0")
        return connect(board, self._traffic(board))

    def _traffic(self, board: BoardContext) -> Traffic:
        behaviour = self._behaviour

        def beside(data: bytes) -> None:
            tell_beside(board, data)

        if not behaviour.mqtt:
            return RawEcho(self._hooks, beside)
        plain = Login(board.access_point.product_key, behaviour.device_name)
        login = Login(plain.product_key, plain.device_name, self._hooks.login_suffix(plain.suffix))
        return MqttEcho(
            login,
            behaviour.keepalive,
            _named(behaviour.topics, plain),
            answer=self._patience.answer,
            log=self._log,
            hooks=self._hooks,
            beside=beside,
        )

    def _board(self, firmware: Firmware) -> BoardContext:
        try:
            token = otp.parse_token(firmware.product_secret.reveal().decode("latin-1"))
        except Id2Error as error:
            self._log.tell_error("id2_client_get_otp_auth_code", 640, f"invalid token, {error}")
            token = None
        km = SoftKm(
            self._flash,
            token=token,
            fingerprint=self._behaviour.fingerprint,
            log=self._log,
            hooks=self._hooks,
            random=self._random,
        )
        access_point = AccessPoint(firmware.host, firmware.port, firmware.product_key)
        return BoardContext(
            access_point, km, self._log, self._hooks, self._power, self._patience, self._random
        )

    def _banner(self) -> None:
        log = self._log
        log.line("ID2 Client Version: 0x00030100")
        log.line(f"ID2 Client Build Time: {self._behaviour.built}")
        log.line(_RULE)
        log.line("CONFIG_ID2_DEBUG is not defined!")
        log.line("CONFIG_ID2_OTP is defined!")
        log.line(f"CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_{self._behaviour.key_type.family}")
        log.line(_RULE)
        log.tell("id2_client_init", 928, f"id2 irot type, {self._behaviour.irot_type}")

    def _say_state(self, km: SoftKm) -> None:
        if km.id2 is not None:
            self._log.line("id2 has been provisioned")
            return
        self._log.tell("km_get_id2", 529, "not find id2, s_id2_len = 0")
        self._log.line("id2 has not been provisioned, need to do provisioning!")


def _named(topics: tuple[str, str] | None, login: Login) -> tuple[str, str] | None:
    if topics is None:
        return None
    subscribe, publish = (
        topic.replace("{product_key}", login.product_key).replace("{device_name}", login.device_name)
        for topic in topics
    )
    return subscribe, publish
