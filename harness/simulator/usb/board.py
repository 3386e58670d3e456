"""A virtual board: the simulated transports of a board file as USB devices in this machine's kernel.

The chips and consoles are the ones that serve in this process and on a pseudo-terminal; only what carries
their bytes is another: `simulated-i2c` becomes an i2c-tiny-usb adapter, `simulated-serial` an FTDI-style one,
`simulated-console` a CDC-ACM port.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Self

from harness.errors import BenchError, UsageError
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.chip.transports import SimulatedI2cSettings, SimulatedSerialSettings
from harness.simulator.console.transport import SimulatedConsoleSettings
from harness.simulator.kind import SimulatedKind
from harness.simulator.usb import cdc_acm, ftdi, i2c_adapter
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.descriptors import Identity
from harness.simulator.usb.device import UsbDevice
from harness.simulator.usb.ftdi import FtdiSerial
from harness.simulator.usb.i2c_adapter import I2cTinyUsb
from harness.simulator.usb.nodes import node
from harness.simulator.usb.vhci import Plug, detach, plugged_in
from harness.transport.kind import TransportContext

_NODES = {"simulated-i2c": "i2c-*", "simulated-serial": "ttyUSB*", "simulated-console": "ttyACM*"}
_SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class Attached:
    """A transport that leads through the kernel now.

    Attributes:
        name: Its name in the board file.
        kind: Its simulated kind.
        place: Where the kernel has the device, `3-1`.
        node: Path of the device node.
        identity: USB identity of the device.
    """

    name: str
    kind: str
    place: str
    node: str
    identity: Identity

    def settings(self) -> dict[str, object]:
        """Return how a board file names it; the address on an I²C bus is left to the file."""
        who = self.identity
        usb = {"vid": f"{who.vid:#06x}", "pid": f"{who.pid:#06x}", "serial_number": who.serial_number}
        return {"kind": "i2c" if self.kind == "simulated-i2c" else "serial", "usb": usb}


def usb_device(settings: SimulatedKind, context: TransportContext) -> UsbDevice:
    """Return the USB device for one simulated transport; names of board and transport are its serial number.

    Args:
        settings: The transport.
        context: What it is made for.

    Raises:
        UsageError: The settings say something that cannot be.
    """
    if isinstance(settings, SimulatedI2cSettings):
        slaves = settings.slaves(settings.chip(context))
        return I2cTinyUsb(slaves, _named(i2c_adapter.DEFAULT, context))
    if isinstance(settings, SimulatedSerialSettings):
        chip = settings.chip(context)
        return FtdiSerial(lambda: HexLineChip(chip.session()), _named(ftdi.DEFAULT, context))
    if isinstance(settings, SimulatedConsoleSettings) and not settings.runs_link_app:
        settings.board(context)  # what cannot be is said now, not when a program opens the port
        return CdcAcm(lambda: settings.board(context), _named(cdc_acm.DEFAULT, context))
    what = "that runs link_app" if settings.runs_link_app else f"of kind {settings.kind!r}"
    raise UsageError(f"transport {context.name!r}: a device {what} cannot be plugged into the kernel")


class VirtualBoard:
    """The simulated devices of one board, in the ports of this machine's kernel.

    Args:
        board: Name of the board.
        transports: Its simulated transports, each with what it is made for.

    Raises:
        UsageError: One of them says something that cannot be, or there is none.
    """

    def __init__(self, board: str, transports: Sequence[tuple[SimulatedKind, TransportContext]]) -> None:
        if not transports:
            raise UsageError(f"board {board!r} has no simulated transports", hint="attach a virtual board")
        self._board = board
        self._kinds = {context.name: settings.kind for settings, context in transports}
        self.plugs = {context.name: Plug(usb_device(settings, context)) for settings, context in transports}
        self._inserted = ExitStack()

    def insert(self) -> tuple[Attached, ...]:
        """Plug all of them in and return where they are; all or none.

        Raises:
            BenchError: the kernel has no virtual controller, did not take a device, or has the board already.
        """
        if _ports_of(self._board):
            raise BenchError(
                f"board {self._board!r} is attached already", hint=f"harness simulate detach {self._board}"
            )
        with ExitStack() as inserted:
            found = tuple(self._insert(inserted, name, plug) for name, plug in self.plugs.items())
            self._inserted = inserted.pop_all()
            return found

    def remove(self) -> None:
        """Pull all of them out; may be called more than once."""
        self._inserted.close()

    def wait_until_out(self, timeout: float) -> bool:
        """Wait until all of them are pulled out; tell whether they are after `timeout` seconds for each."""
        return all(plug.wait_until_out(timeout) for plug in self.plugs.values())

    def __enter__(self) -> Self:
        self.insert()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _insert(self, inserted: ExitStack, name: str, plug: Plug) -> Attached:
        inserted.enter_context(plug)
        kind = self._kinds[name]
        path = str(node(plug.place, _NODES[kind]))
        return Attached(name, kind, plug.place, path, plug.device.descriptors.identity)


def detach_board(board: str) -> int:
    """Pull out every device of a board, whichever program plugged it in; return how many there were.

    Raises:
        BenchError: the kernel has no virtual controller, or this user may not.
    """
    mine = _ports_of(board)
    for port in mine:
        detach(port)
    return len(mine)


def _named(identity: Identity, context: TransportContext) -> Identity:
    return replace(identity, serial_number=f"{context.board}{_SEPARATOR}{context.name}")


def _ports_of(board: str) -> list[int]:
    return [port for port, text in plugged_in().items() if text.rpartition(_SEPARATOR)[0] == board]
