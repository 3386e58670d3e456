"""The simulated transports that a board file names.

The configuration is read by plain attribute access, so any object with these attributes will do:
    * i2c: `address`, `device`.
    * spi: `device`.
    * serial: `device`.
    * console: `file`, `app`, `device`, `fault`; may also have `server_code`, `cipher_text` and `carrier`.
      For `app` `link_app` it has `fault` and `link`: `settings` (`device_name`, `mqtt`, `echo`, `keepalive_s`),
      `flash`, `carrier`, `key_type`, `fingerprint`, `provisioning`.
    * device: `command_set`, `key_type`, `key`, `id`, `answers`, `fault`, `vendor`, `seed`.
"""

from pathlib import Path

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.simulator.bus.i2c import I2cSlave, SimulatedI2c
from harness.simulator.bus.line import SimulatedLine
from harness.simulator.bus.spi import SimulatedSpi
from harness.simulator.chip.fm1280 import ADDRESS, Fm1280Slave
from harness.simulator.chip.fm1280_spi import Fm1280SpiSlave
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.chip.model import ChipModel
from harness.simulator.chip.randomness import random_source
from harness.simulator.console.board import (
    BoardKind,
    ConsoleBoard,
    ConsoleConfig,
    ConsoleDevice,
    PlayedConsole,
)
from harness.simulator.faults.catalogue import find
from harness.simulator.faults.fault import Fault, Layer
from harness.simulator.link.app import Behaviour
from harness.simulator.link.board import LinkBoard
from harness.simulator.settings import chip_config, device_fault, device_key, device_seed, make_chip
from harness.transport.base import Transport

_IROT_TYPES = {"km": 1, "tee": 4}
_OTHER_STREAM = 0x5EED  # the board's random numbers are not those of its chip


def simulated_i2c(name: str, config: object) -> Transport:
    """Return a bus in this process with one chip behind FM1280 framing.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    chip, slaves = i2c_chip(config)
    return SimulatedI2c(name, slaves, f"{chip.identity}, on a simulated I²C bus")


def i2c_chip(config: object) -> tuple[ChipModel, dict[int, I2cSlave]]:
    """Return the chip behind a simulated I²C transport, and what is on the bus by address.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    device = _device(config)
    chip = make_chip(chip_config(device))
    fault = device_fault(device)
    _require_layer(fault, (Layer.CHIP, Layer.FRAMING), "a chip on I²C")
    slave = Fm1280Slave(chip, fault.framing_hooks() if fault else None)
    address = getattr(config, "address", None)
    return chip, {ADDRESS if address is None else int(address): slave}


def simulated_spi(name: str, config: object) -> Transport:
    """Return an SPI bus in this process with one chip behind the FM1280's framing for SPI.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    device = _device(config)
    chip = make_chip(chip_config(device))
    _require_layer(device_fault(device), (Layer.CHIP,), "a chip on SPI")
    return SimulatedSpi(name, Fm1280SpiSlave(chip), f"{chip.identity}, on a simulated SPI bus")


def simulated_serial(name: str, config: object) -> Transport:
    """Return a serial line on a pseudo-terminal with one chip at its end, one hex APDU a line.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    chip = line_chip(config)
    return SimulatedLine(name, lambda: HexLineChip(chip.session()), chip.identity)


def line_chip(config: object) -> ChipModel:
    """Return the chip at the end of a simulated serial line.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    device = _device(config)
    chip = make_chip(chip_config(device))
    _require_layer(device_fault(device), (Layer.CHIP,), "a chip behind hex lines")
    return chip


def simulated_console(name: str, config: object) -> Transport:
    """Return a serial console on a pseudo-terminal: a captured one, or a board that runs `id2_app` or `link_app`.

    It starts to print when the transport is opened.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    if str(getattr(config, "app", None)) == "link_app":
        firmware = link_board(config)
        return SimulatedLine(name, lambda: firmware, firmware.identity)
    board = console_device(config)
    return SimulatedLine(name, lambda: board, board.identity)


def link_board(config: object) -> LinkBoard:
    """Return the board behind a simulated console that runs `link_app`.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    link = getattr(config, "link", None)
    if link is None:
        raise UsageError(
            "simulated console: link_app needs to know what its link does",
            hint="write a link section into the board file",
        )
    name = getattr(config, "fault", None)
    fault = None if name is None else find(str(name))
    _require_layer(fault, (Layer.LINK,), "a board that runs link_app")
    does = link.settings
    topics = None if does.echo is None else (str(does.echo.subscribe), str(does.echo.publish))
    behaviour = Behaviour(
        key_type=KeyType(link.key_type),
        fingerprint=str(link.fingerprint),
        device_name=str(does.device_name),
        mqtt=bool(does.mqtt),
        topics=topics,
        keepalive=int(does.keepalive_s),
        by_wrapper=str(link.provisioning) == "wrapper",
        irot_type=_IROT_TYPES[str(link.carrier)],
    )
    return LinkBoard(behaviour, link.flash, fault=fault)


def console_device(config: object, *, on_power: bool = True) -> ConsoleDevice:
    """Return the board behind a simulated console.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    fault = _console_fault(config)
    file = getattr(config, "file", None)
    if file is not None:
        return PlayedConsole(Path(str(file)), on_power=on_power, fault=fault)
    app = getattr(config, "app", None) or "id2_app"
    if str(app) != "id2_app":
        hint = (
            "link_app runs inside the harness, from a board file with a link section"
            if str(app) == "link_app"
            else ""
        )
        raise UsageError(f"simulated console: no program {str(app)[:40]!a}; there is id2_app", hint=hint)
    device = _device(config)
    chip_side = chip_config(device)
    _require_layer(chip_side.fault, (Layer.CHIP, Layer.CONSOLE), "a console")
    kind = BoardKind(str(getattr(config, "carrier", None) or BoardKind.SE))
    seed = device_seed(device)
    return ConsoleBoard(
        ConsoleConfig(
            id_text=chip_side.id_text,
            key=device_key(device),
            chip=make_chip(chip_side) if kind is BoardKind.SE else None,
            random=random_source(None if seed is None else seed + _OTHER_STREAM),
            server_code=str(getattr(config, "server_code", None) or ""),
            cipher_text=str(getattr(config, "cipher_text", None) or ""),
            fault=fault if fault is not None and fault.layer is Layer.CONSOLE else None,
        ),
        on_power=on_power,
    )


def _console_fault(config: object) -> Fault | None:
    """Return the one fault, which may stand at the console or at its device."""
    name = getattr(config, "fault", None)
    own = None if name is None else find(str(name))
    _require_layer(own, (Layer.CONSOLE,), "a console itself")
    inner = device_fault(getattr(config, "device", None))
    if own is not None and inner is not None:
        raise UsageError(
            f"simulated console: faults {own.name!r} and {inner.name!r}; a device has one",
            hint="leave one of them out",
        )
    return own or inner


def _device(config: object) -> object:
    device: object = getattr(config, "device", None)
    if device is None:
        raise UsageError("simulated device: device is missing")
    return device


def _require_layer(fault: Fault | None, layers: tuple[Layer, ...], what: str) -> None:
    if fault is not None and fault.layer not in layers:
        raise UsageError(
            f"fault {fault.name!r} sits in the {fault.layer} layer; {what} cannot have it",
            hint="`harness simulate faults` lists the layers",
        )
