"""The simulated transports that a board file names: entry points of the group `harness.simulators`.

The configuration is read by plain attribute access, so any object with these attributes will do:
    * i2c: `address`, `device`.
    * serial: `device`.
    * console: `file`, `app`, `device`, `fault`; may also have `server_code`, `cipher_text` and `carrier`.
    * device: `command_set`, `key_type`, `key`, `id`, `answers`, `fault`, `vendor`, `seed`.
"""

from pathlib import Path

from harness.errors import UsageError
from harness.simulator.bus import I2cSlave, SimulatedI2c
from harness.simulator.chip_model import ChipModel
from harness.simulator.console_board import (
    BoardKind,
    ConsoleBoard,
    ConsoleConfig,
    ConsoleDevice,
    PlayedConsole,
)
from harness.simulator.fault import Fault, Layer
from harness.simulator.faults import find
from harness.simulator.fm1280 import ADDRESS, Fm1280Slave
from harness.simulator.line import SimulatedLine
from harness.simulator.randomness import random_source
from harness.simulator.settings import chip_config, device_fault, device_key, device_seed, make_chip
from harness.simulator.wire import HexLineChip
from harness.transport.base import Transport

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
    """Return a serial console on a pseudo-terminal: a captured one, or a board that runs `id2_app`.

    It starts to print when the transport is opened.

    Raises:
        UsageError: the configuration says something that cannot be.
    """
    board = console_device(config)
    return SimulatedLine(name, lambda: board, board.identity)


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
        raise UsageError(f"simulated console: no program {str(app)[:40]!a}; there is id2_app")
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
