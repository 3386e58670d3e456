"""Makes transports from their settings, and says what each one occupies on this machine."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from harness.board.models import (
    BoardFile,
    CarrierKind,
    FtdiI2cSettings,
    I2cSettings,
    SerialSettings,
    SimulatedI2cSettings,
    SimulatedSerialSettings,
    SimulatedSettings,
    SimulatedSpiSettings,
    SocketSettings,
    TransportSettings,
    UserSpaceSettings,
)
from harness.board.opening.resolve import Resolver
from harness.errors import HarnessError, ToolError, UsageError
from harness.id2.keys import Key, KeyType
from harness.settings.link import Link
from harness.settings.link_flash import LinkFlash
from harness.settings.simulated_device import AnswerStyle, CommandSet, SimulatedDevice
from harness.transport.base import Transport
from harness.transport.i2c.adapters import find_adapter
from harness.transport.i2c.bus import I2cPatience, I2cTransport
from harness.transport.identity import UsbSelector
from harness.transport.serial.find import find_port
from harness.transport.serial.port import SerialTransport
from harness.transport.socket import SocketTransport
from harness.transport.usb_identity import UsbIdentity

SIMULATORS = "harness.simulators"
"""Entry-point group; its names are `i2c`, `spi`, `serial` and `console`."""

_FINGERPRINT_MAX = 100  # bytes; device-protocol.md g, ls_hal_get_dev_id


@dataclass(frozen=True, slots=True)
class ReadyDevice:
    """A simulated device with its references resolved: what a simulator reads.

    Attributes:
        command_set: APDU set of the chip.
        key_type: Type of the ID² key.
        key: The ID² key itself.
        id: Its ID.
        answers: How the chip hands over answer data.
        fault: Name of its one fault, None for a sound device.
        vendor: Vendor id.
        seed: Seed of its random numbers.
    """

    command_set: CommandSet
    key_type: KeyType
    key: Key
    id: str
    answers: AnswerStyle
    fault: str | None
    vendor: int
    seed: int


@dataclass(frozen=True, slots=True)
class ReadyLink:
    """What a simulated board that runs `link_app` is given.

    Attributes:
        settings: What its firmware does.
        flash: Its flash.
        carrier: Where its key lives: `km` or `tee`.
        key_type: Type of the ID² key that it was built for.
        fingerprint: What it is provisioned by, ASCII.
        provisioning: `wrapper` or `handshake`.
    """

    settings: Link
    flash: LinkFlash
    carrier: CarrierKind
    key_type: KeyType
    fingerprint: str
    provisioning: str


@dataclass(frozen=True, slots=True)
class ReadySimulation:
    """A simulated transport with its references resolved: what an entry point of the group is given.

    Attributes:
        kind: Kind in the board file, e.g. `simulated-i2c`.
        device: The device; None for a console that is only played back.
        address: 7-bit bus address, for `simulated-i2c`.
        file: Captured console to play back, for `simulated-console`.
        app: Program that prints, for `simulated-console`.
        fault: The console's own fault, for `simulated-console`.
        carrier: Where the simulated program says its key lives, for `simulated-console`.
        link: What `link_app` is given, for `simulated-console`.
    """

    kind: str
    device: ReadyDevice | None
    address: int = 0x71
    file: Path | None = None
    app: str = "id2_app"
    fault: str | None = None
    carrier: CarrierKind = CarrierKind.SE
    link: ReadyLink | None = None


Simulator = Callable[[str, ReadySimulation], Transport]


def make_transport(
    board: BoardFile, name: str, resolver: Resolver, flash: LinkFlash | None = None
) -> Transport:
    """Return one transport of a board, not yet opened.

    Args:
        board: The board file.
        name: Name of the transport in it.
        resolver: Finds the keys of simulated devices.
        flash: The flash of a simulated board with a link; an empty one when left out.

    Raises:
        UsageError: There is no such transport, or its settings ask for something that cannot be.
        BenchError: The USB adapter that is named is not plugged in.
        ToolError: No simulator of this kind is installed.
    """
    settings = board.transports.get(name)
    if settings is None:
        raise UsageError(f"the board has no transport {name!r}; it has {', '.join(board.transports)}")
    try:
        if isinstance(settings, I2cSettings):
            return _i2c(name, settings)
        if isinstance(settings, SerialSettings):
            return _serial(name, settings)
        if isinstance(settings, UserSpaceSettings):
            return settings.make(name)
        if isinstance(settings, SocketSettings):
            if settings.path is not None:
                return SocketTransport(name, path=str(board.folder / settings.path))
            return SocketTransport(name, host=settings.host, port=settings.port)
        ready = ready_simulation(board, name, settings, resolver, flash)
        return _simulator(settings.kind.removeprefix("simulated-"))(name, ready)
    except HarnessError as error:
        error.at(board=board.name, transport=name)
        raise


def occupies(settings: TransportSettings, folder: Path) -> str | None:
    """Return what the transport occupies on this machine, in words that are equal for equal things.

    Simulated transports occupy nothing.

    Raises:
        BenchError: The USB adapter or reader that is named is not plugged in.
        UsageError: Several have that identity.
    """
    if isinstance(settings, I2cSettings):
        # Two chips on one bus do not disturb each other: the kernel keeps their transfers apart.
        return f"{_real_path(i2c_bus(settings))} address {settings.address:#x}"
    if isinstance(settings, UserSpaceSettings):
        place = settings.make("").place()
        return f"{place} address {settings.address:#x}" if isinstance(settings, FtdiI2cSettings) else place
    if isinstance(settings, SocketSettings):
        return _real_path(folder / settings.path) if settings.path else f"{settings.host}:{settings.port}"
    if isinstance(settings, SerialSettings):
        port = serial_port(settings)
        if "://" not in port:
            return _real_path(port)
        url = urlsplit(port)
        return url.netloc or port
    return None


def _real_path(path: Path | str) -> str:
    return os.path.realpath(path)  # unlike Path.resolve, it does not raise for links that go in a circle


def serial_port(settings: SerialSettings) -> str:
    """Return the port, as a path or URL; a USB identity is looked up now.

    Raises:
        BenchError: No adapter, or more than one, has that identity.
    """
    if settings.port is not None:
        return settings.port
    usb = cast("UsbIdentity", settings.usb)  # the model has one or the other
    return find_port(usb.vid, usb.pid, usb.serial_number, usb.interface, usb.location)


def i2c_bus(settings: I2cSettings) -> str:
    """Return the path of the bus; an adapter named by its name or USB identity is looked up now.

    Raises:
        BenchError: There is no such adapter.
        UsageError: Several adapters fit.
    """
    if settings.bus is not None:
        return settings.bus
    return find_adapter(_adapter(settings)).device


def _adapter(settings: I2cSettings) -> UsbSelector | str:
    return settings.usb.selector() if settings.usb is not None else cast("str", settings.adapter)


def _i2c(name: str, settings: I2cSettings) -> Transport:
    patience = I2cPatience(
        nak_tries=settings.nak_tries, nak_time=settings.nak_time_s, clock_stretch=settings.clock_stretch_s
    )
    return I2cTransport(name, settings.bus or _adapter(settings), patience)


def _serial(name: str, settings: SerialSettings) -> Transport:
    return SerialTransport(
        name,
        serial_port(settings),
        baudrate=settings.baudrate,
        bytesize=settings.bytesize,
        parity=settings.parity,
        stopbits=settings.stopbits,
        rtscts=settings.rtscts,
        xonxoff=settings.xonxoff,
        dtr=settings.dtr,
        rts=settings.rts,
    )


def ready_simulation(
    board: BoardFile,
    name: str,
    settings: SimulatedSettings,
    resolver: Resolver,
    flash: LinkFlash | None = None,
) -> ReadySimulation:
    """Return what the simulator of a transport is given.

    Raises:
        UsageError: The key of the simulated device cannot be read.
    """
    device = _ready_device(name, settings.device, resolver) if settings.device else None
    if isinstance(settings, SimulatedI2cSettings):
        return ReadySimulation(settings.kind, device, address=settings.address)
    if isinstance(settings, (SimulatedSpiSettings, SimulatedSerialSettings)):
        return ReadySimulation(settings.kind, device)
    file = board.folder / settings.file if settings.file else None
    carrier = CarrierKind.DEMO if board.plan.carrier is CarrierKind.DEMO else CarrierKind.SE
    link = None
    if settings.app == "link_app" and board.link is not None:
        link = ReadyLink(
            board.link,
            LinkFlash() if flash is None else flash,
            board.plan.carrier,
            board.plan.key_type,
            settings.fingerprint or f"simulated {board.name}"[:_FINGERPRINT_MAX],
            settings.provisioning,
        )
    return ReadySimulation(
        settings.kind, device, file=file, app=settings.app, fault=settings.fault, carrier=carrier, link=link
    )


def _ready_device(name: str, device: SimulatedDevice, resolver: Resolver) -> ReadyDevice:
    return ReadyDevice(
        command_set=device.command_set,
        key_type=device.key_type,
        key=resolver.simulated_key(device, name),
        id=device.reported_id,
        answers=device.answers,
        fault=device.fault,
        vendor=device.vendor,
        seed=device.seed,
    )


def _simulator(name: str) -> Simulator:
    found: tuple[EntryPoint, ...] = tuple(entry_points(group=SIMULATORS, name=name))
    if not found:
        raise ToolError(
            f"no simulator {name!r} is installed (entry-point group {SIMULATORS})",
            hint="install the project into this Python, for example with `pip install --editable .`",
        )
    try:
        return cast("Simulator", found[0].load())
    except (ImportError, AttributeError) as error:
        raise ToolError(f"the simulator {name!r} ({found[0].value}) cannot be loaded: {error}") from error
