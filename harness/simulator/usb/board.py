"""A virtual board: the simulated transports of a board file as USB devices in this machine's kernel.

The chips and consoles are the ones that serve in this process and on a pseudo-terminal; only what carries
their bytes is another, which each kind says in `usb_twin`.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from harness.errors import BenchError, UsageError
from harness.simulator.kind import SimulatedKind
from harness.simulator.usb.descriptors import Identity
from harness.simulator.usb.nodes import node
from harness.simulator.usb.twin import SEPARATOR
from harness.simulator.usb.vhci import Plug, detach, plugged_in
from harness.transport.kind import TransportContext


@dataclass(frozen=True, slots=True)
class Attached:
    """A transport that leads through the kernel now.

    Attributes:
        name: Its name in the board file.
        kind: Kind of transport that leads to it.
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
        return {"kind": self.kind, "usb": usb}


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
        self._twins = {context.name: settings.usb_twin(context) for settings, context in transports}
        self.plugs = {name: Plug(twin.device) for name, twin in self._twins.items()}
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
        twin = self._twins[name]
        path = str(node(plug.place, twin.nodes))
        return Attached(name, twin.kind, plug.place, path, plug.device.descriptors.identity)


def detach_board(board: str) -> int:
    """Pull out every device of a board, whichever program plugged it in; return how many there were.

    Raises:
        BenchError: the kernel has no virtual controller, or this user may not.
    """
    mine = _ports_of(board)
    for port in mine:
        detach(port)
    return len(mine)


def _ports_of(board: str) -> list[int]:
    return [port for port, text in plugged_in().items() if text.rpartition(SEPARATOR)[0] == board]
