"""Simulated console boards: one that runs the vendor's `id2_app`, and one that plays a captured console."""

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from harness.chip.command_set import COMMAND_SETS
from harness.errors import UsageError
from harness.id2 import authcode, ciphers, servercode
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.chip.model import ChipModel
from harness.simulator.chip.randomness import RandomSource, system_random
from harness.simulator.console.app import CHALLENGE, EXTRA, Id2App
from harness.simulator.console.carriers import (
    BoardCarrier,
    DemoKeyStore,
    MtkAdapter,
    StandardAdapter,
)
from harness.simulator.console.client import BoardClient
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.console.log import SdkLog
from harness.simulator.faults.fault import Fault

_CHUNK = 4096


_ADAPTERS: Mapping[str, type[StandardAdapter | MtkAdapter]] = MappingProxyType(
    {"STD": StandardAdapter, "MTK": MtkAdapter}
)
"""The adapters of the vendor's SDK, by the word in CONFIG_CHIP_TYPE."""


def now_ms() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """Dates that the C compiler put into the program, and switches of the build.

    Attributes:
        client: Build of the client library.
        carrier: Build of the demo carrier.
        report: Build of the program's report.
        otp: Whether field provisioning was built in.
        dumps: Whether the SE adapter prints every APDU (on in the vendor's template).
    """

    client: str = "Mar 15 2026 09:30:00"
    carrier: str = "Mar 15 2026 09:30:01"
    report: str = "Mar 15 2026 09:30:02"
    otp: bool = False
    dumps: bool = True


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """A board that runs `id2_app`.

    Attributes:
        id_text: The ID of the demo carrier; a chip brings its own.
        key: The ID² key, symmetric. With a chip, only its type is used.
        chip: The secure element; None for the demo carrier.
        build: How the program was built.
        random: Device randoms and device challenges.
        now_ms: Milliseconds since 1970.
        server_code: Server code that was compiled in, made for the program's constant challenge; empty for
            none.
        cipher_text: Ciphertext of the ID in hex that was compiled in; empty for none.
        line_end: What the UART driver makes of a line feed.
        fault: The one fault of the console, None for a sound board.
    """

    id_text: str
    key: Key = field(repr=False)
    chip: ChipModel | None = None
    build: BuildInfo = field(default_factory=BuildInfo)
    random: RandomSource = field(default=system_random, repr=False)
    now_ms: Callable[[], int] = field(default=now_ms, repr=False)
    server_code: str = ""
    cipher_text: str = ""
    line_end: str = "\n"
    fault: Fault | None = None


class ConsoleDevice(StreamDevice):
    """Something that prints by itself, and everything again when a line is sent to it, as after a reset.

    Args:
        on_power: Whether it prints at power on.
        hooks: Where a fault may change what is sent.
    """

    def __init__(self, *, on_power: bool = True, hooks: ConsoleHooks | None = None) -> None:
        self.hooks = hooks or ConsoleHooks()
        self._on_power = on_power

    def power_on(self) -> Iterator[Output]:
        """Print everything, or nothing for a program that waits for a line (`on_power` is false)."""
        return self._print() if self._on_power else iter(())

    def receive(self, data: bytes) -> Iterator[Output]:
        """Print everything again when a line ends in `data`."""
        return self._print() if b"\n" in data or b"\r" in data else iter(())

    @property
    @abstractmethod
    def identity(self) -> str:
        """What this is, for reports; says that it is simulated."""

    @abstractmethod
    def text(self) -> Iterator[bytes]:
        """Yield the whole output once, in pieces of any size."""

    def pause(self) -> float:
        """Return the seconds of silence before each piece."""
        return 0.0

    def _print(self) -> Iterator[Output]:
        for piece in self.hooks.sent(self.text()):
            for start in range(0, len(piece), _CHUNK):
                yield Output(piece[start : start + _CHUNK], self.pause())


class ConsoleBoard(ConsoleDevice):
    """A board that runs `id2_app` 3.1.0 from power up.

    Raises:
        UsageError: a key type that the program cannot work with, or a fault that cannot show on this board.
    """

    def __init__(self, config: ConsoleConfig, *, on_power: bool = True) -> None:
        if not config.key.key_type.symmetric:
            raise UsageError(
                f"simulated console: id2_app 3.1.0 makes no auth codes with key type {config.key.key_type}",
                hint="take a symmetric key type",
            )
        fault = config.fault
        super().__init__(on_power=on_power, hooks=fault.console_hooks() if fault else None)
        self._config = _with_bait(config, self.hooks)
        if config.chip is not None:
            _adapter(config.chip)
        if self._demo() and config.key.key_type is KeyType.SM1_128:
            raise UsageError("simulated console: SM1 is secret, so only a chip may have such a key")

    @property
    def identity(self) -> str:
        """What this is, and that it is simulated."""
        config = self._config
        where = config.chip.identity if config.chip else f"the demo carrier, {config.key.key_type}"
        text = f"simulated console, id2_app 3.1.0 on {where}"
        return f"{text}, broken on purpose: {config.fault.name}" if config.fault else text

    def text(self) -> Iterator[bytes]:
        """Yield one run of the program."""
        config, log = self._config, SdkLog()
        client = BoardClient(
            self._carrier(log),
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
            now_ms=config.now_ms,
            server_code=config.server_code,
            cipher_text=config.cipher_text,
        )
        for part in app.run():
            if part:
                yield part.replace("\n", config.line_end).encode("latin-1")

    def _demo(self) -> bool:
        return self._config.chip is None or self.hooks.demo_carrier

    def _carrier(self, log: SdkLog) -> BoardCarrier:
        config = self._config
        if config.chip is None or self._demo():
            return DemoKeyStore(log, config.id_text, config.key, config.build.carrier)
        return _adapter(config.chip)(log, config.chip, config.key.key_type, dumps=config.build.dumps)


def _adapter(chip: ChipModel) -> type[StandardAdapter | MtkAdapter]:
    """Return the SDK's adapter for a chip.

    Raises:
        UsageError: The SDK has none for its command set.
    """
    name = chip.config.command_set
    adapter = _ADAPTERS.get(COMMAND_SETS.get(name).build_word())
    if adapter is None:
        raise UsageError(
            f"simulated console: the vendor's SDK has no adapter for the command set {name!r}",
            hint="take a chip of command set ica or mtk, or the demo carrier",
        )
    return adapter


class PlayedConsole(ConsoleDevice):
    """Plays a captured console.

    Args:
        file: The capture; it is read again for each play, piece by piece, however long it is.
        chunk: Bytes in a piece.
        pacing: Seconds of silence before each piece.
        on_power: Whether it plays at power on; a line sent to it always plays it again.
        fault: A fault of the serial line that is laid over the capture, None for none.

    Raises:
        UsageError: the file cannot be read, or the fault cannot be laid over a capture.
    """

    def __init__(
        self,
        file: Path,
        *,
        chunk: int = _CHUNK,
        pacing: float = 0.0,
        on_power: bool = True,
        fault: Fault | None = None,
    ) -> None:
        super().__init__(on_power=on_power, hooks=_line_hooks(fault) if fault else None)
        if chunk < 1 or pacing < 0:
            raise UsageError(f"played console: pieces of {chunk} bytes every {pacing:g} s cannot be")
        self._file = file
        self._chunk = chunk
        self._pacing = pacing
        self._fault = fault
        try:
            with file.open("rb"):
                pass
        except OSError as error:
            raise UsageError(f"captured console {file}: {error.strerror}", hint="check the path") from error

    @property
    def identity(self) -> str:
        """What this is, and that it is played."""
        text = f"captured console {self._file.name}, played back"
        return f"{text}, broken on purpose: {self._fault.name}" if self._fault else text

    def text(self) -> Iterator[bytes]:
        """Yield the file once; a file that has vanished meanwhile is a board that fell silent."""
        with suppress(OSError), self._file.open("rb") as capture:
            while piece := capture.read(self._chunk):
                yield piece

    def pause(self) -> float:
        """Return the pacing."""
        return self._pacing


def _line_hooks(fault: Fault) -> ConsoleHooks:
    """Return the hooks of a fault of the serial line itself; no other can be laid over a capture.

    Raises:
        UsageError: the fault sits elsewhere.
    """
    hooks = fault.console_hooks()
    if type(hooks).sent is ConsoleHooks.sent:
        raise UsageError(
            f"fault {fault.name!r} cannot be laid over a captured console",
            hint="simulate the program instead: leave the file out",
        )
    return hooks


def _with_bait(config: ConsoleConfig, hooks: ConsoleHooks) -> ConsoleConfig:
    """Give a board that accepts what it must refuse something to accept, when nothing was compiled in."""
    try:
        if not hooks.checks_server_code and not config.server_code:
            return replace(config, server_code=wrong_server_code(config))
        if not hooks.checks_padding and not config.cipher_text:
            return replace(config, cipher_text=badly_padded_id(config))
    except Id2Error as error:
        raise UsageError(f"simulated console: {error}") from error
    return config


def wrong_server_code(config: ConsoleConfig) -> str:
    """Return a server code that is right but for one bit of its signature."""
    code = servercode.build(config.key, config.id_text, CHALLENGE, EXTRA.encode())
    sign = bytes((code.sign[0] ^ 0x01,)) + code.sign[1:]
    return authcode.AuthCode(code.type, code.hash, code.device_random, code.random, sign).text


def badly_padded_id(config: ConsoleConfig) -> str:
    """Return the ciphertext of the ID with a padding of which only the last byte is right."""
    block = config.key.key_type.block_size
    plain = config.id_text.encode()
    count = block - len(plain) % block
    padded = plain + bytes(range(count + 1, 2 * count)) + bytes((count,))
    return ciphers.ecb_encrypt(config.key, padded).hex().upper()
