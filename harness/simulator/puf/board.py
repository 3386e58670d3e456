"""A simulated board with a PUF: it runs the vendor's `id2_app` 3.1.0 from power up, and has a probe."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.id2.keys import Key
from harness.simulator.bus.stream import Output
from harness.simulator.chip.randomness import RandomSource, system_random
from harness.simulator.console.app import Id2App
from harness.simulator.console.board import BuildInfo, ConsoleDevice, now_ms
from harness.simulator.console.carriers import GENERIC, BoardCarrier
from harness.simulator.console.client import BoardClient
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.console.log import SdkError, SdkLog
from harness.simulator.faults.fault import Fault
from harness.simulator.puf.api import PufApi
from harness.simulator.puf.device import PufDevice, PufError
from harness.simulator.puf.hooks import PufHooks
from harness.simulator.puf.probe import SimulatedProbe

_FIRST_BOOT = 0x9F00


class PufKeyStore(BoardCarrier):
    """The SDK's adapter for a PUF."""

    irot_type = 3

    def __init__(self, log: SdkLog, puf: PufDevice) -> None:
        self._log = log
        self._puf = puf

    def init(self) -> None:
        """Print the configuration of the chip and its ID."""
        curve = f"CHIP_ECDP_TYPE_SECP{self._puf.key_type.key_size * 8}K1"
        for number, text in (
            (17, "CONFIG_CHIP_DEBUG is not defined!"),
            (21, "CONFIG_CHIP_KEY_TYPE: CONFIG_CHIP_KEY_ECC"),
            (39, f"CONFIG_CHIP_ECDP_TYPE: {curve}"),
            (45, "=" * 40),
        ):
            self._log.line(f"I _dump_chip_conf_info {number}: {text}")
        self._log.line(f"I _load_id2_info 188: id2 id: {self._puf.get_id()}")

    def cleanup(self) -> None:
        """Do nothing."""

    def get_id(self) -> str:
        """Ask the PUF."""
        return self._puf.get_id()

    def cipher(self, data: bytes, *, encrypt: bool) -> bytes:
        """Refuse: there is no symmetric key."""
        del data, encrypt
        raise SdkError(GENERIC)

    def sign(self, message: bytes) -> bytes:
        """Have the PUF sign."""
        try:
            return self._puf.sign(message)
        except PufError:
            raise SdkError(GENERIC) from None

    def open(self, cipher: bytes) -> bytes:
        """Have the PUF open a ciphertext."""
        try:
            return self._puf.decrypt(cipher)
        except PufError:
            raise SdkError(GENERIC) from None


@dataclass(frozen=True, slots=True)
class PufConfig:
    """A board with a PUF.

    Attributes:
        id_text: Its ID.
        key: Its ECC key, with the private half.
        random: Device randoms, device challenges and nonces.
        build: How the program was built.
        probe: Whether the firmware has a probe; one to be shipped has none.
        cipher_text: Ciphertext of the ID in hex that was compiled into the program; empty for none.
        fault: Its one fault; None for a sound board.
    """

    id_text: str
    key: Key = field(repr=False)
    random: RandomSource = field(default=system_random, repr=False)
    build: BuildInfo = field(default_factory=BuildInfo)
    probe: bool = True
    cipher_text: str = ""
    fault: Fault | None = None


class PufBoard(ConsoleDevice):
    """The board.

    Raises:
        UsageError: A key that no PUF has.
    """

    def __init__(self, config: PufConfig) -> None:
        super().__init__(hooks=config.fault.console_hooks() if config.fault else ConsoleHooks())
        self._config = config
        self._starts = 0
        self._puf_hooks = PufHooks()
        self._puf = self._made_puf()
        self._probe: SimulatedProbe | None = None

    @property
    def identity(self) -> str:
        """What this is, and that it is simulated."""
        config = self._config
        text = f"simulated board with a PUF, {config.key.key_type}, id2_app 3.1.0"
        return f"{text}, broken on purpose: {config.fault.name}" if config.fault else text

    def power_on(self) -> Iterator[Output]:
        """Print what the program prints, and then the greeting of the probe."""
        self._starts += 1
        self._puf = self._made_puf()
        self._probe = None
        yield from super().power_on()
        if self._config.probe:
            api = PufApi(self._puf, self._config.random, self._puf_hooks)
            self._probe = SimulatedProbe(api.functions, api.call, _FIRST_BOOT + self._starts)
            for piece in self._probe.greeting():
                yield Output(piece)

    def receive(self, data: bytes) -> Iterator[Output]:
        """Have the probe carry out what comes; without one, print everything again."""
        if self._probe is None:
            yield from () if self._config.probe else super().receive(data)
            return
        for piece in self._probe.take(data):
            yield Output(piece)

    def text(self) -> Iterator[bytes]:
        """Yield one run of the program."""
        config, log = self._config, SdkLog()
        client = BoardClient(
            PufKeyStore(log, self._puf),
            log,
            config.key.key_type,
            hooks=self.hooks,
            random=config.random,
            built=config.build.client,
            otp=config.build.otp,
        )
        app = Id2App(
            client,
            log,
            hooks=self.hooks,
            built=config.build.report,
            now_ms=now_ms,
            cipher_text=config.cipher_text,
        )
        for part in app.run():
            if part:
                yield part.encode("latin-1")

    def _made_puf(self) -> PufDevice:
        config = self._config
        self._puf_hooks = config.fault.puf_hooks() if config.fault else PufHooks()
        return PufDevice(config.id_text, config.key, config.random, self._puf_hooks)
