"""A board in use: locked, its transports recorded, its parts opened when they are first asked for."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from harness.board.models import BoardFile, Chip
from harness.board.opening.locks import Locks
from harness.board.opening.places import locked
from harness.board.opening.resolve import Resolver
from harness.board.opening.secrets_of_probe import HiddenTraffic, HiddenTransport, Numbers
from harness.board.opening.watched import Hearing, WatchedChannel
from harness.board.opening.wiring import Wiring
from harness.carrier.kind import CARRIERS, CarrierContext, CarrierKind
from harness.chip.carrier_chip import CarrierChip
from harness.chip.channel import ApduChannel
from harness.chip.framing import FramingContext
from harness.chip.observed import ObservedChannel, Observer
from harness.chip.session import ChipSession
from harness.errors import BenchError, HarnessError, UsageError
from harness.id2.keys import Key
from harness.kinds import made_by
from harness.secret import Secret
from harness.settings.link_flash import LinkFirmware, LinkFlash
from harness.transport.base import Transport
from harness.transport.printable import safe_text
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.redaction import Redaction
from harness.transport.recording.writer import Recording

if TYPE_CHECKING:
    from harness.board.opening.firmware import Firmware
    from harness.carrier.base import Carrier
    from harness.console.reader import Console
    from harness.console.shell import Shell
    from harness.console.shell_prompt import Credentials
    from harness.probe.link import Answer, ProbeLink


_FIRMWARE = "SHA-256 of a firmware"


@dataclass(slots=True)
class AskedStart:
    """A start of the board that the harness has asked for.

    Attributes:
        at: When it began to, in monotonic seconds.
        until: When it had asked; infinite as long as it is about to.
        limit: Seconds from then on in which the board may take its time.
        crash: Whether the board was to crash for it.
        seen: Whether the board has started since.
    """

    at: float
    until: float
    limit: float
    crash: bool = False
    seen: bool = False


class Board:
    """The board that a board file describes.

    Invariants:
        * Nothing is opened before it is asked for; the locks are taken before anything is opened.
        * What was opened is closed by `close`, the last first, whatever goes wrong in between.
        * Every error that leaves here names the board and, where there is one, the transport.
        * A transport keeps one recording for the whole life of the board, however often it is opened.

    Args:
        file: The loaded board file.
        recordings: Gives the path of the recording for the name of a transport; None records nothing.
        on_open: Called with the name and the identity of each transport when it is first opened.
        run: Name of the run, for whoever finds the board locked.
        environment: Where `env` references are looked up; the process's own when left out.
        locks: Folder of the locks; the machine-wide one when left out.
        wait: Seconds to wait for the locks.
        on_wait: Called with the holder for whom it begins to wait.
        wiring: What stands between the harness and the devices: a recorded run, faults; nothing when left out.
        on_note: Called with each event of a transport: a fault that strikes, a device that leaves and returns.
        random: Gives the random bytes that the harness shows to the device.
        on_chip: Shown the chip each time a session opens, selected; what it returns says whether the session may
            be used on. When not, another one is opened, which is not shown.
        on_exchange: Called with each command to the chip and its answer.
        numbers: Keeps what a replay needs of calls whose traffic is not recorded.
        on_call: Called with each call of the probe that came back: the function, what went into slot a, the answer.
        on_decrypt: Called with each ciphertext that a carrier is about to be given.
        on_firmware: Called with each file that was built for the board or flashed into it.
        on_console_closes: Called with the console before it is closed, for who must have read it to its end.
    """

    def __init__(
        self,
        file: BoardFile,
        *,
        recordings: Callable[[str], Path] | None = None,
        on_open: Callable[[str, str], None] | None = None,
        run: str = "",
        environment: Mapping[str, str] | None = None,
        locks: Path | None = None,
        wait: float = 0,
        on_wait: Callable[[str], None] | None = None,
        wiring: Wiring | None = None,
        on_note: Callable[[str], None] | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        on_chip: Callable[[CarrierChip], bool] | None = None,
        on_exchange: Observer | None = None,
        numbers: Numbers | None = None,
        on_call: Callable[[str, bytes, Answer], None] = lambda *_: None,
        on_decrypt: Callable[[bytes], None] = lambda _: None,
        on_firmware: Callable[[Path], None] = lambda _: None,
        on_console_closes: Callable[[Console], None] = lambda _: None,
    ) -> None:
        self.file = file
        self._on_chip = on_chip
        self.resolver = Resolver(file, environment)
        self._recordings = recordings
        self._on_open = on_open
        self.run = run
        self._lock_folder = locks
        self._wait = wait
        self._on_wait = on_wait
        self._wiring = wiring or Wiring()
        self._on_note = on_note
        self._random = random
        self._on_exchange = on_exchange
        self._numbers = numbers
        self._on_call = on_call
        self._on_decrypt = on_decrypt
        self._on_firmware = on_firmware
        self._on_console_closes = on_console_closes
        self.asked_starts: list[AskedStart] = []
        self._locks: Locks | None = None
        self._closing = ExitStack()
        self._transports: dict[str, Transport] = {}
        self._recorded: dict[str, Recording] = {}
        self._redaction = Redaction()
        self._opened: set[str] = set()
        self._told: dict[str, str] = {}
        self._session: ChipSession | None = None
        self._chip: CarrierChip | None = None
        self._console: Console | None = None
        self._carrier: Carrier | None = None
        self._probe: ProbeLink | None = None
        self._shell: Shell | None = None
        self._key: Key | None = None
        self._flash = LinkFlash()
        self._built: set[str] = set()
        self._gives_power: Callable[[], None] | None = None
        self._hearing = Hearing()

    @property
    def name(self) -> str:
        """Name of the board."""
        return self.file.name

    @property
    def replayed(self) -> bool:
        """Whether a recorded run stands in for the devices."""
        return self._wiring.replay is not None

    @property
    def identities(self) -> dict[str, str]:
        """What was found at the other end of each transport that has been opened, by its name."""
        return dict(self._told)

    def lock(self) -> None:
        """Take the board and every device path it leads to, for this process alone; once is enough.

        A board of simulated transports only, or one whose run is replayed, occupies nothing, so any number of runs
        may use it at once.

        Raises:
            BenchError: Another run has the board or one of its devices (the message names the holder), or
                a USB adapter that the board file names is not plugged in.
        """
        if self._locks is not None:
            return
        try:
            names = [] if self._wiring.replay is not None else locked(self.file)
            locks = Locks(
                names,
                board=self.name,
                run=self.run,
                folder=self._lock_folder,
                wait=self._wait,
                on_wait=self._on_wait,
            )
            locks.acquire()
        except HarnessError as error:
            error.at(board=self.name)
            raise
        self._locks = locks

    def transport(self, name: str) -> Transport:
        """Return the transport of this name, recorded, not opened: the part that uses it opens it.

        Raises:
            UsageError: The board file has no transport of this name.
            BenchError: Locked by another run, unplugged, or its recording cannot be written.
            ToolError: No simulator of this kind is installed.
        """
        if name in self._transports:
            return self._transports[name]
        if name in self.file.transports:
            self.lock()
        try:
            transport = self._wiring.make(
                self.file,
                name,
                self.resolver,
                lambda text: self._note(name, text),
                self._flash,
                self._redaction,
            )
            if self._recordings is not None:
                recording = Recording(self._recordings(name), transport, self._redaction)
                self._closing.callback(recording.close)
                self._recorded[name] = recording
                transport = Recorded(transport, recording)
            if self.file.console is not None and self.file.console.transport == name:
                from harness.console.guard import Guarded

                transport = Guarded(transport, self.file.dialect)
        except HarnessError as error:
            error.at(board=self.name, transport=name)
            raise
        self._closing.callback(transport.close)
        self._transports[name] = transport
        return transport

    def session(self) -> ChipSession:
        """Return the open conversation with the chip; APDUs of any kind go through it.

        Raises:
            UsageError: The board file has no chip section.
            HarnessError: As for `chip`.
        """
        self.chip()
        assert self._session is not None
        return self._session

    def chip(self) -> CarrierChip:
        """Return the chip, open and, unless the board file says otherwise, selected.

        Raises:
            UsageError: The board file has no chip section.
            BenchError: The transport cannot be opened, or nothing answers.
            DeviceError: The chip answers, and answers wrongly.
        """
        if self._chip is not None:
            return self._chip
        settings = self.file.chip
        if settings is None:
            raise UsageError("the board file has no chip section", board=self.name)
        transport = self.transport(self._way_to_chip(settings))
        try:
            channel = WatchedChannel(
                self._observed(self._channel(settings, transport)),
                probe=settings.command_set_kind.probe().to_bytes(),
                timeout=settings.timeout_s,
                hearing=self._hearing,
            )
            session, chip = self._open_session(settings, channel, transport)
            if self._on_chip is not None and not self._shown(self._on_chip, chip):
                channel.close()
                session, chip = self._open_session(settings, channel, transport)
        except HarnessError as error:
            error.at(board=self.name, transport=transport.name)
            raise
        self._session, self._chip = session, chip
        return chip

    def _way_to_chip(self, settings: Chip) -> str:
        """Return the name of the transport that commands to the chip take."""
        if settings.transport is not None:
            return settings.transport
        assert self.file.console is not None, "a probe is on a console"
        return self.file.console.transport

    def _open_session(
        self, settings: Chip, channel: ApduChannel, transport: Transport
    ) -> tuple[ChipSession, CarrierChip]:
        channel.open()
        try:
            self._tell(transport)
            session = ChipSession(channel)
            command_set = settings.command_set_kind
            what = f"command set {settings.command_set!r}: its driver"
            chip = made_by(command_set, lambda: command_set.chip(session), CarrierChip, what)  # type: ignore[type-abstract]  # a sort
            chip.start()
        except BaseException:
            channel.close()
            raise
        return session, chip

    @staticmethod
    def _shown(on_chip: Callable[[CarrierChip], bool], chip: CarrierChip) -> bool:
        try:
            return on_chip(chip)
        except BaseException:
            chip.session.channel.close()
            raise

    def close_chip(self) -> None:
        """End the conversation with the chip; the next `chip` begins a new one, in the same recording."""
        session, self._session, self._chip, self._carrier = self._session, None, None, None
        if session is not None:
            session.channel.close()

    def console(self) -> Console:
        """Return the console, open: from here on everything the board prints is kept.

        Raises:
            UsageError: The board file has no console section.
            BenchError: The transport cannot be opened.
        """
        if self._console is not None:
            return self._console
        settings = self.file.console
        if settings is None:
            raise UsageError("the board file has no console section", board=self.name)
        transport = self.transport(settings.transport)
        # Opening the port may reset a board, whose banner comes when it is up; and it starts a simulated one.
        try:
            from harness.console.reader import Console

            console = Console(transport)
            with self.starting(settings.boot_timeout_s):
                console.open()
        except HarnessError as error:
            error.at(board=self.name, transport=settings.transport)
            raise
        self._closing.callback(console.close)
        self._tell(transport)
        self._console = console
        return console

    @property
    def console_is_open(self) -> bool:
        """Whether the console is open; a simulated board has no power while it is not."""
        return self._console is not None

    def close_console(self) -> None:
        """Close the console; the next `console` opens it anew, in the same recording."""
        self.will_start()
        console, self._console = self._console, None
        self._probe = self._shell = None
        if console is not None:
            self._on_console_closes(console)
            console.close()

    def probe(self) -> ProbeLink:
        """Return the way to the probe in the firmware, on the open console; it is greeted when it is first used.

        Raises:
            UsageError: The board file has no probe section.
            HarnessError: As for `console`.
        """
        settings = self.file.probe
        if settings is None:
            raise UsageError(
                "the board file has no probe section",
                hint="link the probe into the firmware (firmware/probe) and write `probe: {}`",
                board=self.name,
            )
        console = self.console()
        if self._probe is None:
            recording = self._recorded.get(console.name)
            from harness.console.crash import crash_in
            from harness.probe.link import ProbeLink

            self._probe = ProbeLink(
                console,
                settings,
                crash_in=lambda output: crash_in(output, self.file.dialect),
                secrecy=HiddenTraffic(console, recording, self._numbers, replayed=self.replayed),
                on_call=self._on_call,
                on_start=lambda: self.expects_start(crash=True),
                log_in=self._log_in,
                asked_starts=lambda: len(self.asked_starts),
            )
        return self._probe

    @property
    def open_console(self) -> Console | None:
        """The console when it is open."""
        return self._console

    @contextmanager
    def starting(self, limit: float | None = None, *, crash: bool = False) -> Iterator[None]:
        """Remember that what is done in the block has the board start, so that it is not taken for its own doing.

        Args:
            limit: Seconds from the end of the block in which the start may show; those of a start when left out.
            crash: Whether the board is to crash for it.
        """
        if about := next((one for one in self.asked_starts if one.until == inf), None):
            about.crash = about.crash or crash
            yield  # a part of what has the board start already: it is one start
            return
        if limit is None:
            limit = self._longest_start_s
        asked = AskedStart(time.monotonic(), inf, limit, crash)
        self.asked_starts.append(asked)
        try:
            yield
        finally:
            asked.until = time.monotonic()

    def expects_start(self, *, crash: bool = False) -> None:
        """Remember that the harness has the board start now.

        Args:
            crash: Whether it is to crash for it.
        """
        with self.starting(crash=crash):
            pass

    @property
    def _longest_start_s(self) -> float:
        """Seconds from a reset to the first sign of the start, at the most."""
        console, probe = self.file.console, self.file.probe
        return max(console.boot_timeout_s if console else 0.0, 3 * probe.start_s if probe else 0.0)

    def shell(self) -> Shell:
        """Return the shell on the open console.

        Raises:
            UsageError: The dialect of the console has none, or the password of its login is nowhere to be found.
            HarnessError: As for `console`.
        """
        console = self.console()
        try:
            if self._shell is None:
                from harness.console.shell import Shell

                self._shell = Shell(
                    console,
                    self.file.dialect,
                    login=self._credentials(),
                    hide=self.redact,
                    token=lambda: self._random(4).hex(),
                    on_start=self.expects_start,
                )
        except HarnessError as error:
            error.at(board=self.name)
            raise
        return self._shell

    def _log_in(self) -> None:
        """Bring the shell to its prompt where somebody has to log in before a line reaches the probe."""
        settings = self.file.console
        if settings is not None and settings.login is not None:
            self.shell().ready(settings.boot_timeout_s)

    def _credentials(self) -> Credentials | None:
        settings = self.file.console
        if settings is None or settings.login is None:
            return None
        password = settings.login.password
        from harness.console.shell_prompt import Credentials

        if password is None:
            return Credentials(settings.login.user)
        return Credentials(settings.login.user, self.resolver.secret(password, "console.login.password"))

    def will_start(self) -> None:
        """Forget what the board's firmware was asked through its probe: the board is about to start anew."""
        if self._probe is None:
            return
        if self.file.chip is not None and self.file.chip.through is not None:
            self.close_chip()
        self._probe.will_start()

    def flash_link(
        self, product_key: str, product_secret: Secret, host: str, port: int, *, erase: bool = False
    ) -> None:
        """Flash a simulated board with what its firmware needs for the link; it takes effect at its next start.

        Args:
            product_key: ProductKey of the product.
            product_secret: ProductSecret of the product.
            host: Where the harness waits for the board.
            port: Its port.
            erase: Whether the ID² that the board holds goes, as when the whole flash is erased.

        Raises:
            UsageError: The board is a real one, or has no link section.
        """
        if self.file.link is None or not self.file.simulated:
            what = "the firmware of a real board" if self.file.link else "a board without a link section"
            raise UsageError(
                f"{what} cannot be flashed by the harness",
                hint="compile ProductKey, ProductSecret and the address of this machine into the firmware",
                board=self.name,
            )
        self._flash.firmware = LinkFirmware(product_key, product_secret, host, port)
        if erase:
            self._flash.erase()

    def carrier(self, random: Callable[[int], bytes] | None = None) -> Carrier:
        """Return the carrier of the plan; its `init` is for the caller to call.

        Args:
            random: Gives the device random of its codes, for a carrier of its own; the board's one when left out.

        Raises:
            UsageError: Nothing says how the API of the plan's carrier is called.
            HarnessError: As for `chip`, `console` and `transport`.
        """
        kind = self.file.client
        if kind is None:
            raise UsageError(
                f"nothing says how the id2_client API of carrier {self.file.plan.carrier} is called",
                hint=f"write a carrier section; kinds: {', '.join(CARRIERS.names)}",
                board=self.name,
            )
        if random is not None:
            return self._open_carrier(kind, random)
        if self._carrier is None:
            self._carrier = self._open_carrier(kind, self._random)
        return self._carrier

    def another_carrier(self) -> Carrier:
        """Return a new client of the device over its second connection; its `init` is for the caller to call.

        Raises:
            UsageError: The board file names no second connection.
            HarnessError: As for `carrier`.
        """
        kind = None if self.file.client is None else self.file.client.another()
        if kind is None:
            raise UsageError("the carrier section names no second connection", board=self.name)
        return self._open_carrier(kind, self._random)

    def _secrecy(self, name: str) -> HiddenTransport:
        return HiddenTransport(self._recorded.get(name), self._numbers, replayed=self.replayed)

    def _open_carrier(self, kind: CarrierKind, random: Callable[[int], bytes]) -> Carrier:
        context = CarrierContext(
            self.file.plan.key_type,
            self.chip,
            self.console,
            self.probe,
            self._opened_transport,
            random,
            self._secrecy,
            self.file.folder,
        )
        try:
            what = f"carrier kind {kind.kind!r}: its carrier"
            from harness.carrier.base import Carrier

            made = made_by(kind, lambda: kind.open(context), Carrier, what)  # type: ignore[type-abstract]  # a sort
        except HarnessError as error:
            error.at(board=self.name)
            raise
        made.on_decrypt = self._on_decrypt
        return made

    def _opened_transport(self, name: str) -> Transport:
        transport = self.transport(name)
        if name not in self._opened:
            try:
                transport.open()
            except HarnessError as error:
                error.at(board=self.name, transport=name)
                raise
            self._opened.add(name)
            self._tell(transport)
        return transport

    def key(self) -> Key | None:
        """Return the ID² key of the device, or None when the board file names none.

        Raises:
            UsageError: The reference leads nowhere, or to something that is no key of the plan's type.
        """
        if self._key is None:
            try:
                self._key = self.resolver.device_key()
            except HarnessError as error:
                error.at(board=self.name)
                raise
        return self._key

    def redact(self, secret: Secret) -> None:
        """Write stars in place of this secret in every recording from now on."""
        self._redaction.add(secret)

    @property
    def built(self) -> frozenset[str]:
        """SHA-256 of each firmware that was built for the board since it is in use."""
        return frozenset(self._built)

    def firmware_known(self, firmware: Firmware, *, built: bool = False) -> None:
        """Write down what was built for the board or flashed into it, for the journal, the header and a replay."""
        if built:
            self._built.add(firmware.sha256)
        self.note(f"firmware {safe_text(firmware.path.name, 200)}, SHA-256 {firmware.sha256}")
        if self._numbers is not None:
            self._numbers.number(_FIRMWARE, lambda: int(firmware.sha256, 16))
        self._on_firmware(firmware.path)

    def firmware_replayed(self) -> Firmware:
        """Return the firmware that the recorded run built at this point: its hash alone, there is no file.

        Raises:
            BenchError: It built none.
        """
        if self._numbers is None:
            raise BenchError("a replay without the inputs of its run knows no firmware", board=self.name)
        sha256 = f"{self._numbers.number(_FIRMWARE, lambda: 0):064x}"
        from harness.board.opening.firmware import Firmware

        return Firmware(Path("of-the-recorded-run"), sha256)

    def mark(self, text: str) -> None:
        """Write a note into every recording, such as the start of a scenario.

        Raises:
            BenchError: The disk refuses.
        """
        for recording in self._recorded.values():
            recording.note(text)

    def note(self, text: str) -> None:
        """Write what is done to the board into every recording, and report it with `on_note`."""
        self.mark(text)
        if self._on_note is not None:
            self._on_note(text)

    def _note(self, name: str, text: str) -> None:
        """Write an event of a transport, such as a fault, into its recording, and report it with `on_note`."""
        if (recording := self._recorded.get(name)) is not None:
            recording.note(text)
        if self.file.console is not None and self.file.console.transport == name:
            self.expects_start()  # a device that comes back has been without power
        if self._on_note is not None:
            self._on_note(f"transport {name}: {text}")

    @property
    def without_power(self) -> bool:
        """Whether its power was taken away, or may have been, and was not given back."""
        return self._gives_power is not None

    def takes_power(self, gives_back: Callable[[], None]) -> None:
        """Remember, before the power is taken away, what gives it back when nothing else has by the time of `close`."""
        self._gives_power = gives_back

    def restore_power(self) -> None:
        """Give the power back when it was taken away and not given back.

        Raises:
            BenchError: It cannot be given back; `close` tries once more.
        """
        if self._gives_power is not None:
            self._gives_power()
            self._gives_power = None

    def has_power(self) -> None:
        """Remember that the power was given back."""
        self._gives_power = None

    def close(self) -> None:
        """Give the power back, close whatever is open, the last first, and let the locks go.

        It may be called more than once.
        """
        with ExitStack() as stack:
            locks, self._locks = self._locks, None
            if locks is not None:
                stack.callback(locks.release)
            stack.push(self._closing.pop_all())
            stack.callback(self.close_chip)
            stack.callback(self.restore_power)
            self._console = self._carrier = self._probe = self._shell = None
            self._opened.clear()
            self._transports.clear()
            self._recorded.clear()

    def __enter__(self) -> Self:
        self.lock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _observed(self, channel: ApduChannel) -> ApduChannel:
        return channel if self._on_exchange is None else ObservedChannel(channel, self._on_exchange)

    def _channel(self, settings: Chip, transport: Transport) -> ApduChannel:
        if settings.through is not None:
            from harness.chip.probe import ChannelThroughDriver

            return ChannelThroughDriver(self.probe(), timeout=settings.timeout_s)
        kind = self.file.transports[transport.name]
        context = FramingContext(
            transport,
            settings.timeout_s,
            kind.bus_address,
            stands_in=kind.stands_in is not None or self._wiring.replay is not None,
        )
        framing = settings.framing_kind
        what = f"framing {settings.framing!r}: its channel"
        return made_by(framing, lambda: framing.channel(context), ApduChannel, what)  # type: ignore[type-abstract]  # a sort

    def _tell(self, transport: Transport) -> None:
        identity = transport.identity
        if self._told.get(transport.name) == identity:
            return
        self._told[transport.name] = identity
        if self._on_open is not None:
            self._on_open(transport.name, identity)
